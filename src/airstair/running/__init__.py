"""How Airstair is set up and run on one machine: the state folder, the private PostgreSQL, the processes.

Knows nothing of flights, partners or Django; imports `airstair.kernel` at most.
"""
