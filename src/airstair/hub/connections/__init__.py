"""One operator's configured add-ons: settings, secrets, which aircraft, on or off."""
