"""The schedule system calls: registered once, verified to the byte, and good for nothing but to be asked."""

from __future__ import annotations

import hmac
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from connect.clock import utc_now
from connect.pages import hooks
from connect.sealing import unseal
from connect.sync import connecting, hooking
from connect.sync.models import Connection

from .both import Both

BODY = b'{"id": 1, "kind": "flight.changed", "flight_ids": [70]}'


@pytest.fixture
def both(db: None) -> Both:
    return Both()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(hooks, "wake", found.append)
    return found


def call(both: Both, body: bytes = BODY, hook: str = "", **changed: str) -> tuple[int, bytes]:
    """Status and body of the answer to a call with these headers, as from somewhere else: no cookie, no form token."""
    headers = {
        **both.fake.signed(BODY, utc_now()),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    path = hook or both.failure().hook
    answer = Client(enforce_csrf_checks=True).post(
        f"/hooks/{path}", body, content_type="application/json", headers=headers
    )
    return answer.status_code, answer.content


def test_it_is_registered_once_with_the_scope_that_there_is(both: Both) -> None:
    assert both.server.keep_hook() is True and both.server.keep_hook() is True
    (made,) = both.fake.webhooks.values()
    kept = both.failure()
    assert made["topics"] == ["support"] and made["url"] == f"{django_settings.URL}/hooks/{kept.hook}"
    assert kept.hook_remote == made["id"] and made["secret"] not in kept.hook_secret
    assert unseal(kept.hook_secret) == made["secret"] and kept.hook is not None and len(kept.hook) == 32
    assert both.another().keep_hook() is True and len(both.fake.webhooks) == 1, "nor again after a restart"


def test_what_is_missing_is_registered_again(both: Both, settings: Any) -> None:
    both.server.keep_hook()
    first = both.failure().hook
    both.fake.live_webhooks()[0]["ended_at"] = "2031-04-07T08:15:00Z"
    assert both.server.keep_hook() is True and both.failure().hook != first
    settings.URL = "https://connect.example"
    assert both.server.keep_hook() is True and both.fake.live_webhooks()[-1]["url"].startswith("https://connect.")
    settings.SECRET_KEY = "another key, under which nothing can be read"
    kept = both.failure()
    both.connection.refresh_from_db()
    connecting.keep_tokens(both.connection, _tokens(both))
    assert both.server.keep_hook() is True and both.failure().hook_secret != kept.hook_secret
    assert [one["url"] for one in both.fake.live_webhooks() if "connect.example" in one["url"]] == [
        hooking.address_of(str(both.failure().hook))
    ], "the one that nobody can verify has ended"


def _tokens(both: Both) -> Any:
    from connect.wire.oauth import Tokens

    return Tokens(both.fake.access, both.fake.refresh, both.now + timedelta(minutes=30))


def test_a_lost_answer_leaves_no_second_webhook(both: Both) -> None:
    both.fake.lose_answers = 0
    asked = both.fake._webhooks

    def lose(request: Any) -> Any:
        answer = asked(request)
        both.fake.lose_answers = int(request.method == "POST")
        return answer

    both.fake._webhooks = lose  # type: ignore[method-assign]
    assert both.server.keep_hook() is None and both.failure().hook is None
    both.fake._webhooks = asked  # type: ignore[method-assign]
    assert both.server.keep_hook() is True and len(both.fake.live_webhooks()) == 1


def test_a_paused_one_is_left_alone_and_not_relied_upon(both: Both) -> None:
    both.server.keep_hook()
    both.fake.live_webhooks()[0]["paused_at"] = "2031-04-07T08:15:00Z"
    assert both.server.keep_hook() is False and len(both.fake.webhooks) == 1


@pytest.mark.parametrize("status", [403, 404, 422, 302, 200])  # 200: a page of something else
def test_a_system_without_webhooks_is_asked_by_the_clock(
    both: Both, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    both.fake.no_webhooks = status
    with caplog.at_level(logging.WARNING):
        assert both.server.keep_hook() is False and both.server.keep_hook() is False
    assert caplog.text.count("asks by the clock") == 1, "it is said once"
    both.submitted()
    assert both.failure().state == Connection.WORKING and both.failure().hook is None


def test_no_answer_is_no_refusal(both: Both, caplog: pytest.LogCaptureFixture) -> None:
    both.fake.down = True
    assert both.server.keep_hook() is None
    both.fake.down, both.fake.no_webhooks = False, 500
    assert both.server.keep_hook() is None and "asks by the clock" not in caplog.text
    assert both.failure().state == Connection.WORKING


def test_a_genuine_call_wakes_and_a_repeated_one_no_more(both: Both, woken: list[int]) -> None:
    both.server.keep_hook()
    assert call(both) == (204, b"") and woken == [both.connection.id]
    assert call(both) == (204, b""), "a replay within its minutes does what the first did: it is asked what is new"
    assert both.fake.calls.count("/api/graphql/") == 0, "the call itself asks and believes nothing"


def test_any_other_call_is_refused_and_told_nothing(both: Both, woken: list[int]) -> None:
    both.server.keep_hook()
    (one,) = both.fake.live_webhooks()
    now = utc_now()
    stale, early = (both.fake.signed(BODY, now + timedelta(seconds=by)) for by in (-400, 400))
    words = hmac.new(one["secret"].encode(), BODY, "sha256").hexdigest()
    for changed in (
        stale, early, {"Airstair-Webhook-Signature": f"v1={words}"}, {"Airstair-Webhook-Signature": ""},
        {"Airstair-Webhook-Signature": "v1=é"}, {"Airstair-Webhook-Timestamp": ""},
        {"Airstair-Webhook-Timestamp": "-1"}, {"Airstair-Webhook-Timestamp": "9" * 5000},
        {"Airstair-Webhook-Timestamp": str(int(now.timestamp()) + 100)},
    ):  # fmt: skip
        assert call(both, **changed) == (403, b""), changed
    assert call(both, BODY + b" ") == (403, b"")
    assert call(both, b"") == (403, b"")
    assert call(both, hook="x" * 32) == (403, b"") == call(both, hook="None")
    assert call(both, b" " * (hooking.LONGEST_BODY + 1)) == (413, b"")
    assert Client().get(f"/hooks/{both.failure().hook}").status_code == 405
    assert woken == []


def test_nobody_is_let_in_without_a_secret(both: Both, woken: list[int]) -> None:
    """As after the installation's key has changed: an empty secret would be one that everybody knows."""
    both.server.keep_hook()
    hook = str(both.failure().hook)
    timestamp = str(int(utc_now().timestamp()))
    empty = hmac.new(b"", timestamp.encode() + b"." + BODY, "sha256").hexdigest()
    forged = {"Airstair-Webhook-Timestamp": timestamp, "Airstair-Webhook-Signature": f"v1={empty}"}
    for sealed in ("", "not sealed under this key"):
        Connection.objects.update(hook_secret=sealed)
        assert call(both, hook=hook, **forged) == (403, b"")
    assert woken == []


def test_withdrawing_ends_it(both: Both, woken: list[int]) -> None:
    both.server.keep_hook()
    hook, headers = str(both.failure().hook), both.fake.signed(BODY, utc_now())
    connecting.disconnect(both.world.admin, both.fake.transport())
    kept = both.failure()
    assert both.fake.live_webhooks() == [] and (kept.hook, kept.hook_secret, kept.hook_remote) == (None, "", None)
    answer = Client().post(f"/hooks/{hook}", BODY, content_type="application/json", headers=headers)
    assert answer.status_code == 403 and woken == []


def test_what_it_says_is_not_read(both: Both, woken: list[int]) -> None:
    both.server.keep_hook()
    for body in (b"\xff\xfe", b"[" * 60_000, json.dumps({"flight_ids": [2**80]}).encode()):
        headers = both.fake.signed(body, utc_now())
        assert call(both, body, **headers) == (204, b"")
    assert woken == [both.connection.id] * 3
