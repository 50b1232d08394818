"""Mutations: trips, flights, crew, passengers, checklists. Commands do it, acting as the token; all or nothing."""
