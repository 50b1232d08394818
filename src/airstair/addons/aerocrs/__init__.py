"""AeroCRS: the reservation system. Its scheduled flights come in when a person asks for them; nothing goes out."""
