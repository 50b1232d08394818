"""Flights: trips, flights, aircraft events, empty legs, services and block times."""
