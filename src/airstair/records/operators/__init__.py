"""Operators: whose schedule it is, who works there, and what each person may do."""
