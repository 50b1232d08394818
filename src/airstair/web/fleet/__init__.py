"""Fleet: the aircraft, and the form that changes one."""
