"""ForeFlight Dispatch, flight planning: the flights of the coming month go out to it, with crew and passengers."""
