"""Add-ons: one folder for each partner, the same file names in each."""
