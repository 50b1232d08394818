"""Interfaces for other programs. Beside the pages, on top of the record; holds no rule and saves no model."""
