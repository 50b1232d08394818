"""Partners that come to us: who is let in, what they find, what is kept of each visit. It knows no partner by name."""
