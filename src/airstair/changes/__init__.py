"""The spine: every command writes its change here, in its own transaction.

One log is the audit trail, the outbox that wakes the hub, and the cursor of every *changed since* reader.
"""
