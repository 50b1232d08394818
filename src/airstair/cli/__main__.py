"""`python -m airstair.cli`: the same as `airstair`, for processes that start others."""

from airstair.cli import main

main(prog_name="airstair")
