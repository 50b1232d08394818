"""What a program sent to an endpoint, in whichever form it sent it: fields, several of a name, all of them text.

Forms, multipart, JSON and bare `name=value` without a content type are all in use by clients of such interfaces.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

import msgspec
from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

Fields = dict[str, list[str]]
_MOST_FIELDS = 200
_LONGEST = 100_000  # bytes of a body
_SCOPE = re.compile(r"scope(\[[0-9]*\])?")


class Unreadable(Exception):
    """The body cannot be read; the text says how to send it."""


def fields_of(request: HttpRequest) -> Fields:
    """The body's fields. Raises `Unreadable`."""
    try:
        if request.content_type == "multipart/form-data":
            return _fields((name, one) for name in request.POST for one in request.POST.getlist(name))
        body = request.body
    except (MultiPartParserError, RequestDataTooBig, TooManyFieldsSent, UnreadablePostError):
        raise Unreadable("The body cannot be read. Send it as a form.") from None
    if len(body) > _LONGEST:
        raise Unreadable("The body is too long.")
    if (request.content_type or "").endswith("json") or body.lstrip().startswith(b"{"):
        return _fields(_of_json(body))
    try:
        return _fields(parse_qsl(body.strip().decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Unreadable("The body is no form in UTF-8.") from None


def query_of(request: HttpRequest) -> Fields:
    """The fields of the address. Raises `Unreadable`."""
    return _fields((name, one) for name in request.GET for one in request.GET.getlist(name))


def _of_json(body: bytes) -> list[tuple[str, str]]:
    try:
        said = msgspec.json.decode(body, type=dict[str, str | int | list[str] | None])
    except (msgspec.MsgspecError, RecursionError):
        raise Unreadable("The body is no JSON object of texts.") from None
    several = ((name, one if isinstance(one, list) else [one]) for name, one in said.items() if one is not None)
    return [(name, str(one)) for name, values in several for one in values]


def _fields(pairs: Iterable[tuple[str, str]]) -> Fields:
    """By name. All that scopes were asked by (a list with blanks, `scope[]`, `scope[0]`) becomes one field."""
    found: Fields = {}
    scopes: list[str] = []
    for name, value in pairs:
        if not (name.isprintable() and value.isprintable()):
            raise Unreadable("A field holds a character that text cannot have.")
        if _SCOPE.fullmatch(name):
            scopes += value.split()
        else:
            found.setdefault(name, []).append(value)
    return found | ({"scope": [" ".join(scopes)]} if scopes else {})


class _Payload(OAuth2Payload):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    @property
    def data(self) -> dict[str, str]:
        return {name: values[-1] for name, values in self._fields.items()}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, self._fields)


class Asked(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib reads it."""

    def __init__(self, method: str, fields: Fields, authorization: str = "") -> None:
        headers: Mapping[str, str] = {"Authorization": authorization} if _decodes(authorization) else {}
        # Whether plain http is good enough is decided by whoever sets the installation up, not by the library.
        super().__init__(method, "https://here/", headers=headers)
        self.payload = _Payload(fields)

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data


def _decodes(authorization: str) -> bool:
    """Authlib takes it for granted that what is called Basic is base64 of UTF-8."""
    try:
        base64.b64decode(authorization.partition(" ")[2]).decode()
    except (binascii.Error, ValueError):
        return False
    return bool(authorization)
