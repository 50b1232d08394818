"""Subscriptions: a selection that is carried out whenever something happens, and posted to an address."""
