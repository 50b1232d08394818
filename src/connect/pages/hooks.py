"""Where a schedule system calls when something is new. It is asked then: nothing of what it says here is read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connect.sync.hooking import LONGEST_BODY, called
from connect.sync.waking import wake


@csrf_exempt
@require_POST
def hook(request: HttpRequest, hook: str) -> HttpResponse:
    """204, and whoever serves the connection is woken; 403 to anybody else, who learns nothing from it."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > LONGEST_BODY:
        return HttpResponse(status=413)
    connection_id = called(hook, request.headers, request.body)
    if connection_id is None:
        return HttpResponse(status=403)
    wake(connection_id)
    return HttpResponse(status=204)
