"""Flight Support: what a connected application reads of submitted flights, and what it answers."""
