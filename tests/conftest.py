"""Gives every test run a database of its own.

`-p airstair.running.testing` does it before Django's settings are read, for tests under src too; this does it for a
run that names no plugin. Holds nothing else: fixtures live in plugins of their own.
"""

from django.conf import settings

from airstair.running.testing import provide_database


def _point_settings_at(address: str) -> None:
    """pytest-django may have read the settings before this file; nothing has connected yet."""
    from airstair.settings import database_from

    settings.DATABASES["default"].update(database_from(address))


_address = provide_database()
if settings.configured and settings.SETTINGS_MODULE == "airstair.settings":  # Connect's tests have their own
    _point_settings_at(_address)
