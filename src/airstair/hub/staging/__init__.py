"""Pulls that a person brings in: what was fetched or handed in is kept, shown, and taken in when the person says so."""
