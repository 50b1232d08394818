"""Tags that templates share."""
