"""Live changes: a small stream of its own beside the pages, and the polling that stands in for it."""
