"""The product's own processes with the test's partners among their add-ons: a worker, or the pages for a web server.

`python -m tests.convergence.serving` is a worker; `tests.convergence.serving:application` are the pages.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")
django.setup()

from airstair.hub.worker import work  # noqa: E402 - Django first
from airstair.wsgi import application  # noqa: E402

from .desks import register_addons  # noqa: E402
from .partners import IN_SECONDS  # noqa: E402

__all__ = ["application"]

register_addons(IN_SECONDS)

if __name__ == "__main__":
    work(lambda: print("ready", flush=True))
