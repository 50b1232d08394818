import os, pytest
@pytest.mark.django_db
def test_x():
    from django.db import connection
    with connection.cursor() as c:
        c.execute("select current_database(), inet_server_port()")
        print(c.fetchone(), os.environ["AIRSTAIR_DATABASE_URL"][-14:])
        assert os.environ["AIRSTAIR_DATABASE_URL"].split(":")[-1].startswith(connection.settings_dict["PORT"])
