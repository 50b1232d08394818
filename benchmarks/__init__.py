"""Measures Airstair on the machine at hand: `make bench`, or `python -m benchmarks upload` for one part. See README.md."""
