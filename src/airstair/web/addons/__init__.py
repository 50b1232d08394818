"""Add-ons: their cards, about, configuration and activity; the call log; notices."""
