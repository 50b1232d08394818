"""Connect's tests run in a process of their own, with Connect's settings: one Django has one project.

`test_in_its_own_process.py` starts it from the suite; by hand: `python -m pytest tests/connect --ds=connect.settings`.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

OURS = os.environ.get("DJANGO_SETTINGS_MODULE") == "connect.settings" or (
    settings.configured and settings.SETTINGS_MODULE == "connect.settings"
)
collect_ignore_glob = ["test_in_its_own_process.py"] if OURS else ["test_[!i]*.py", "pages*"]

if OURS:
    from connect.settings import database_from

    parts = urlsplit(os.environ["AIRSTAIR_TEST_DATABASE_URL"])
    settings.DATABASES["default"].update(database_from(urlunsplit(parts._replace(path="/connect"))))
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # slow ones are slow in every world
