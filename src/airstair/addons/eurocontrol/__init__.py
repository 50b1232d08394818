"""Eurocontrol's Network Manager: what it knows of flights, for flight watch. Nothing is sent but questions."""
