"""What crew members do: duties, positionings, the published roster, and how tired it makes them."""
