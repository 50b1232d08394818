import os
import psycopg
def test_database_is_there():
    with psycopg.connect(os.environ["AIRSTAIR_DATABASE_URL"]) as s:
        assert s.execute("select current_user").fetchone() == ("airstair",)
