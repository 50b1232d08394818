"""RocketRoute: flights go out to be planned and filed there. One way; each flight sent makes a plan of its own."""
