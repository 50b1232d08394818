"""The engine: notices what each mirror should show, compares it with what the partner last accepted, and
makes the difference go away. Knows flows and their facts; knows no partner.
"""
