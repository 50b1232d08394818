"""SAFTE-FAST: how tired crew members are by the model of that name, run inside Airstair; nothing flows anywhere."""
