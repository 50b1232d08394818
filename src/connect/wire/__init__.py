"""The schedule system's OAuth2 and GraphQL, as a client sees them. Knows no table of ours."""
