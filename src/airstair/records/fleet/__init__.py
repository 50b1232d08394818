"""Fleet: the aircraft of an operator and what is known about each."""
