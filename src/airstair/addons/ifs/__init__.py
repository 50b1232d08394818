"""IFS: the partner posts the log of a flight that was flown; it goes into flight watch and the journey log."""
