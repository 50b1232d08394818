"""What callers read: one module for each room of the record."""
