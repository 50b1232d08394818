"""Measures Airstair on the machine at hand: `make bench`, or `python -m benchmarks upload` for one part.

What is measured and how to read it: README.md.
"""
