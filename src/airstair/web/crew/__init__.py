"""Crew: the list, endorsements, the phonebook, the timeline and the roster."""
