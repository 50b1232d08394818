"""OAuth2: the pages and endpoints by which third parties get tokens, on Authlib. No rule about tokens is here."""
