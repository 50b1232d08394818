"""Connect's pages: what operators and handlers see and press. They call commands and queries; no rule stands here."""
