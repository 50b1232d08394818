"""Messages that cannot be taken back, as people see them and decide about them. The engine sends them."""
