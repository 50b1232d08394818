"""Polling: what pages do while the stream cannot be reached."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse

from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.live.happenings import Sight
from airstair.web.live.reading import since
from airstair.web.ops.answering import sight


@page(Right.SCHEDULE_VIEW, doing="follow changes", methods=("GET",))
def poll(request: PageRequest) -> HttpResponse:
    """`{"cursor": …, "change": {…} | null}` since `?after=`, the cursor of the page or of the poll before."""
    mine = Sight(operator_id=request.operator.id, aircraft=sight(request))
    cursor, what = since(mine, request.GET.get("after", ""))
    body = msgspec.json.encode({"cursor": cursor, "change": what})
    return HttpResponse(body, content_type="application/json")
