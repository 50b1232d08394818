"""`python -m connect`."""

from connect.cli import main

main()
