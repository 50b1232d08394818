"""Who may listen: the browser's session cookie, looked up like the pages do, in a thread of its own."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.http import HttpRequest

from airstair.kernel.errors import NotFound
from airstair.kernel.scope import operator_scope
from airstair.records.fleet.queries import visible_aircraft
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Right
from airstair.web.acting import OPERATOR_KEY
from airstair.web.live.happenings import Sight


def session_key(cookie_header: str) -> str:
    """The session's key from a `Cookie` header; empty when there is none."""
    try:
        cookies: SimpleCookie = SimpleCookie(cookie_header)
    except CookieError:
        return ""
    found = cookies.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""


def sight_of(key: str) -> Sight | None:
    """What the session's person may hear of; `None` for nobody. Blocking: to be called in a thread."""
    try:
        return _sight_of(key) if key and key.isalnum() and len(key) < 100 else None
    finally:
        # A thread that keeps its connection would keep it from the pages' pool.
        connections.close_all()


def _sight_of(key: str) -> Sight | None:
    session = SessionStore(key)
    user = get_user(cast(HttpRequest, SimpleNamespace(session=session)))
    operator_id: Any = session.get(OPERATOR_KEY)
    if not user.is_authenticated or not isinstance(operator_id, int):
        return None
    with operator_scope(operator_id):
        try:
            actor = operators.actor_for_user(user.id, operator_id)
        except NotFound:
            return None
        if not actor.may(Right.SCHEDULE_VIEW):
            return None
        return Sight(operator_id=operator_id, aircraft=visible_aircraft(actor))
