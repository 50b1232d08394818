"""Handling orders, their lines, slots and payments, and the one table that says what every change does to them."""
