"""OPS: the board of flights, and the editors of trips, flights and events."""
