"""Places: airports of the world, with each operator's own additions and corrections."""
