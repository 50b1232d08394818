"""Settings: the operator, its people, its airports, and the audit trail."""
