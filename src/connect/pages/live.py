"""Regions of a page that keep themselves current: the page's script asks twice a second, and mostly hears “as before”.

The tag is made of the region's own text, so that it can neither miss a change nor show one that is none. Lists, which
cost more than one flight does, begin it with the version of all that the person may see: while that is the same, the
list is not even made. Must not know what a region shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string

from connect.orders.queries import version
from connect.pages.acting import Acting, shown

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')  # masked anew in each answer


def tag_of(text: str) -> str:
    """The same for the same text, whatever the masks of its forms' tokens."""
    return blake2b(_TOKEN.sub("", text).encode(), digest_size=12).hexdigest()


def with_list(request: Acting, template: str, region: str, build: Callable[[], dict[str, Any]]) -> HttpResponse:
    """As `with_region`, of a region that depends on nothing but orders and flights; `build` makes its context."""
    now = version(request.actor)  # before what is shown is read: a change in between is seen the next time
    held = request.headers.get("If-None-Match", "")
    if "X-Live" in request.headers and held.startswith(f'"{now}.'):
        return _marked(HttpResponseNotModified(), held)
    return with_region(request, template, region, build(), now)


def with_region(
    request: Acting, template: str, region: str, context: dict[str, Any], beginning: str = ""
) -> HttpResponse:
    """The page, or, for its script, the region alone; 304 when that is as the script has it."""
    text = render_to_string(f"connect/{region}", {"actor": request.actor, **context}, request)
    tag = f'"{beginning}.{tag_of(text)}"'
    if "X-Live" not in request.headers:
        return shown(request, template, **context, region=text, etag=tag, live=request.get_full_path())
    same = request.headers.get("If-None-Match") == tag
    return _marked(HttpResponseNotModified() if same else HttpResponse(text), tag)


def _marked(answer: HttpResponse, tag: str) -> HttpResponse:
    answer.headers["ETag"] = tag
    answer.headers["Vary"] = "X-Live, Cookie"
    return answer
