"""Keeping Connect and an operator's schedule system equal: what is heard, what follows, what is told back."""
