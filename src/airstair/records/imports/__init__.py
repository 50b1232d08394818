"""Reading files that people bring: comma-separated tables, the mapping of their columns, the report of what came in.

What the rows mean is said by the room that imports them (`fleet/imports.py`, `flights/imports/`). Nothing here
writes to the record.
"""
