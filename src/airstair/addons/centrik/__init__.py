"""Centrik: kinds of endorsement and crew members' endorsements come in; its login page opens from the menu."""
