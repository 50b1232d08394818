"""Calls and results as rows of the tables: clipped to what a column takes, and free of what PostgreSQL cannot keep.

A partner's words are anybody's. One odd answer must not keep the results of all other partners from being written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from airstair.hub.engine.results import Asking, CallMade, Result
from airstair.kernel.outcome import PartnerMessage

_LONGEST_MESSAGE = 2_000  # characters of one message of a partner
_MOST_MESSAGES = 500  # of one call; more say nothing new


def call_row(call: CallMade, call_id: int) -> tuple[Any, ...]:
    """The call as a row of the call log."""
    exchange, first = call.exchange, call.results[0]
    assert exchange is not None
    titles = ", ".join(result.title for result in call.results)
    return (
        first.operator_id,
        call_id,
        first.connection_id,
        call.addon,
        first.flow,
        text_array([str(result.unit) for result in call.results]),
        _text(titles if len(titles) <= 120 else titles[:119] + "…", 120),
        exchange.at,
        exchange.duration_ms,
        _text(exchange.method, 8),
        _text(exchange.url, 500),
        exchange.status,
        call.outcome.kind.value,
        sum(result.outcome.sent for result in call.results),
        _messages([m for result in call.results for m in result.outcome.messages]),
        _headers(exchange.request_headers),
        digest(call),
        _headers(exchange.response_headers),
        exchange.response_body,
        _text(exchange.failure, 500),
    )


def body_row(call: CallMade) -> tuple[Any, ...]:
    """What the call sent, kept once however often it is sent."""
    assert call.exchange is not None
    parts = [part for result in call.results for part in result.document.parts]
    return (
        call.results[0].operator_id,
        digest(call),
        call.exchange.request_body,
        text_array([part.key[:40] for part in parts]),
        text_array([part.title[:160] for part in parts]),
    )


def digest(call: CallMade) -> bytes:
    """Names the body that the call sent."""
    assert call.exchange is not None
    if len(call.results) == 1 and call.exchange.sent == call.results[0].document.body:
        return call.results[0].fingerprint
    return hashlib.blake2b(call.exchange.request_body, digest_size=16).digest()


def ledger_row(result: Result, call_id: int | None) -> tuple[Any, ...]:
    """The result as a row of the ledger."""
    outcome, holding = result.outcome, result.holding
    accepted = result.fingerprint if outcome.kind.delivered else None
    return (
        result.operator_id,
        result.connection_id,
        result.flow,
        str(result.unit),
        _text(result.title, 80),
        accepted if holding is None else holding.fingerprint,
        _text(outcome.remote_id if holding is None else holding.remote_id, 120),
        result.at,
        result.at if outcome.kind.delivered else None,
        result.at if result.changed else None,
        result.next_due,
        outcome.kind.value,
        outcome.http_status,
        _messages(outcome.messages),
        _messages(result.document.warnings),
        outcome.sent,
        result.tries,
        call_id,
    )


def asking_row(result: Result, asking: Asking) -> dict[str, Any]:
    """What is written down about a person to be asked."""
    return {
        "operator": result.operator_id,
        "connection": result.connection_id,
        "flow": result.flow,
        "unit": str(result.unit),
        "question": asking.question,
        "answered": asking.answered,
        "bodies": None if asking.bodies is None else list(asking.bodies),
        "ended": asking.ended,
    }


def message_row(result: Result, call_id: int | None) -> tuple[Any, ...]:
    """The result as what is known of the message from now on."""
    outcome, message = result.outcome, result.message
    assert message is not None
    return (
        result.operator_id,
        message.id,
        message.state.value,
        result.at,
        outcome.kind.value,
        outcome.http_status,
        _messages(outcome.messages),
        _text(outcome.remote_id, 120),
        call_id,
    )


def _text(text: str, longest: int) -> str:
    """The text as a column takes it: PostgreSQL keeps neither NUL nor halves of surrogate pairs."""
    if text.isascii() and "\x00" not in text:
        return text[:longest]
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()[:longest]


def _messages(messages: Sequence[PartnerMessage]) -> str:
    kept = [
        {name: _text(getattr(m, name), _LONGEST_MESSAGE) for name in m.__struct_fields__}
        for m in messages[:_MOST_MESSAGES]
    ]
    return msgspec.json.encode(kept).decode()


def _headers(headers: Mapping[str, str]) -> str:
    return msgspec.json.encode({_text(k, 200): _text(v, _LONGEST_MESSAGE) for k, v in headers.items()}).decode()


def columns(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Rows as `unnest` takes them, each column as one array."""
    return [_column(column) for column in zip(*rows, strict=True)]


def _column(values: Sequence[Any]) -> Any:
    # psycopg's own way of writing arrays takes ten times as long.
    first = next((value for value in values if value is not None), None)
    if isinstance(first, str):
        return text_array(values)
    written = _WRITTEN.get(type(first))
    if written is None:
        return list(values)
    return "{" + ",".join(["NULL" if value is None else written(value) for value in values]) + "}"


_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    int: repr,
    float: repr,
    datetime: datetime.isoformat,
    timedelta: lambda value: f"{value.total_seconds()}s",
    bytes: lambda value: f'"\\\\x{value.hex()}"',
}


def text_array(texts: Sequence[str]) -> str:
    """The texts as PostgreSQL writes an array of them."""
    if not texts:
        return "{}"
    joined = "\n".join([text.replace("\n", " ") for text in texts])
    tidy = _text(joined.replace("\\", "\\\\").replace('"', '\\"'), len(joined) * 2)
    return '{"' + tidy.replace("\n", '","') + '"}'
