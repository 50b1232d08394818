"""The Leon-compatible GraphQL interface at /api/graphql/: over the record's queries and commands; holds no rule.

`schema/*.graphql` is the whole contract. Each module that answers a part of it has a list `BINDABLES`, and is found by
`building.py`; there is no list to keep.
"""
