"""A schedule system's webhooks, as a client: which there are of ours, one more, one less. Stores nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from connect.wire.graphql import Api
from connect.wire.problems import NotTaken

PATH = "/api/v1/webhooks"
TOPIC = "support"
"""That a flight has changed which was submitted to us: of all topics the one that our scope is enough for."""


class Webhook(msgspec.Struct, frozen=True):
    """One that tells us of changes, unless it is paused."""

    id: int
    url: str
    paused: bool = False


class NewWebhook(msgspec.Struct, frozen=True):
    """One that was just made, and what its calls are signed with."""

    id: int
    secret: str


def webhooks(api: Api) -> list[Webhook]:
    """Those of this grant that have not ended. Raises `NotTaken` where there is no such thing, and as the API does."""
    found = _good(api.rest("GET", PATH), 200)
    listed = found if isinstance(found, list) else []
    return [
        Webhook(one["id"], str(one.get("url", "")), one.get("paused_at") is not None)
        for one in listed
        if isinstance(one, dict) and isinstance(one.get("id"), int) and one.get("ended_at") is None
    ]


def subscribe(api: Api, label: str, url: str) -> NewWebhook:
    """Ask to be told there. Raises as `webhooks`."""
    made = _good(api.rest("POST", PATH, {"label": label, "url": url, "topics": [TOPIC]}), 201)
    id_, secret = (made.get("id"), made.get("secret")) if isinstance(made, dict) else (None, None)
    if not isinstance(id_, int) or not isinstance(secret, str) or not secret:
        raise NotTaken("The schedule system made a webhook and did not say which.")
    return NewWebhook(id_, secret)


def unsubscribe(api: Api, webhook_id: int) -> None:
    """End one. That it has gone already is as good."""
    api.rest("DELETE", f"{PATH}/{webhook_id}")


def _good(answer: tuple[int, Any], wanted: int) -> Any:
    status, body = answer
    if status != wanted:
        said = str(body.get("detail", ""))[:300] if isinstance(body, dict) else ""
        raise NotTaken(f"The schedule system answers {status}. {said}".strip())
    return body
