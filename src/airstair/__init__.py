"""Airstair: the operator's schedule of record, and a hub that keeps every partner equal to it."""

__version__ = "0.1.0"
