"""The convergence test has no fixtures of its own: each sequence makes its world, in pytest as by itself."""
