"""Connect: ground handling orders and slots, for operators and the handlers that serve them.

A program of its own: own database, own pages, own sign-ins. It reaches the schedule system of an operator only through
OAuth2 and that system's published API, and imports nothing of it.
"""
