"""Avinode, the charter marketplace: each aircraft's schedule goes out to it, whole, at a regular interval."""
