"""Each request works for the operator that its session acts for; before somebody has signed in, for none.

The pages check that the person has a place there (`acting.py`). This is the wall behind them, and behind every query.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from airstair.kernel.scope import no_operator, operator_scope
from airstair.web.acting import OPERATOR_KEY


class OperatorScope:
    """Middleware, after those of sessions and sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with no_operator():
            operator_id = request.session.get(OPERATOR_KEY) if request.user.is_authenticated else None
            if not isinstance(operator_id, int):
                return self.get_response(request)
            with operator_scope(operator_id):
                return self.get_response(request)
