"""Webhooks: other programs hear of changes at an address of theirs.

Each line of the change log becomes a delivery of its own for every subscription that is to hear of it: a webhook tells
*that* something happened, in order, where a mirror keeps *how it now is*. Knows no partner, and no format but its own.
"""
