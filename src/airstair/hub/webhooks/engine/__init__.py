"""What tells subscriptions: reads the change log, takes what is due, calls, and writes down how it went."""
