"""What somebody would build instead: a task for each change and connection, with Celery on Redis or with pgqueuer.

The peers live in an environment of their own (`place.py`), made by this benchmark and used by nothing else. Their tasks
do the same work with the product's own reader and document (`work.py`). How this is kept fair:
docs/why/against-peers.md.
"""
