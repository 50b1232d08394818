"""DeliSky: a person is handed over to its order page with the flight's details; no data flows by itself."""
