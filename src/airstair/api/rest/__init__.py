"""The REST interface under /api/v1: who calls, what a key opens, lists and writes over the record."""
