"""Fatigue from work and sleep: the published SAFTE model, sleep estimated from duties, and tables of both. Pure."""
