"""The watchman: looks at every connection apart from the deliveries, and tells people what they should know.

A notice is opened once when a promise is broken (calls do not get through, a clock's cadence or a change is late), and
closed once when it is kept again;
each is mailed once to the operator's admins, not once a call.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, Exists, OuterRef
from django.db.models.functions import Coalesce

from airstair.hub.connections.queries import ConnectionFacts, connections, typed_settings
from airstair.hub.contract import Addon
from airstair.hub.health import LedgerLine, NoticeLine, lines_of, notice_line, stands
from airstair.hub.models import Connection, LedgerRow, Notice
from airstair.hub.promises import Stand
from airstair.hub.registry import addon, addons
from airstair.hub.troubles import FAILING, LATE, WAITING, to_look_at
from airstair.kernel.about import about
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import UnitKind
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Role

log = logging.getLogger(__name__)

# Recipients get one message for each round of exports, and never more often than this.
_ROUND = timedelta(minutes=5)


def watch(*, clock: Clock | None = None) -> list[NoticeLine]:
    """Look at every connection; open and close notices. Answers those that were opened or closed.

    Two SQL statements, and about a dozen more for each operator where there may be something to open or close.
    """
    now = (clock or SystemClock()).now()
    moved: list[NoticeLine] = []
    for operator_id, ids in to_look_at(now).items():
        suspects = [facts for facts in connections(operator_id) if facts.id in ids and facts.addon in addons()]
        lines = lines_of(operator_id, suspects, now=now)
        standing = stands(operator_id, suspects, lines, now)
        opened = _open_notices(operator_id, ids)
        for facts in suspects:
            moved += _watch_one(facts, lines[facts.id], standing[facts.id], opened.get(facts.id, {}), now)
    return moved


Opened = dict[str, Notice]  # the open notices of a connection, by their kind


def _open_notices(operator_id: int, connection_ids: Iterable[int]) -> dict[int, Opened]:
    found: dict[int, Opened] = {}
    for notice in Notice.objects.filter(operator_id=operator_id, connection_id__in=connection_ids, closed_at=None):
        found.setdefault(notice.connection_id, {})[notice.kind] = notice
    return found


def _watch_one(
    facts: ConnectionFacts, lines: list[LedgerLine], stand: Stand, opened: Opened, now: datetime
) -> list[NoticeLine]:
    """While a connection fails it is told of once: that it is late as well goes without saying."""
    return [*_promises(facts, lines, stand, opened, now), *_waiting(facts, stand, opened.get(WAITING), now)]


def _waiting(facts: ConnectionFacts, stand: Stand, notice: Notice | None, now: datetime) -> list[NoticeLine]:
    """What only a person can decide is told of apart from how the connection does, to those who work with it."""
    if notice is not None and not stand.waiting:
        return [_close(notice, facts, now, mail=False)]
    return _open(facts, WAITING, stand.waiting, now) if notice is None and stand.waiting else []


def _promises(
    facts: ConnectionFacts, lines: list[LedgerLine], stand: Stand, opened: Opened, now: datetime
) -> list[NoticeLine]:
    failing, late = opened.get(FAILING), opened.get(LATE)
    moved: list[NoticeLine] = []
    recovered = failing is not None and _has_recovered(facts, stand, lines)
    if failing is not None and recovered:
        moved.append(_close(failing, facts, now, mail=facts.on))
    elif failing is None and stand.failing:
        moved += _open(facts, FAILING, stand.failing, now)
    if stand.failing or (failing is not None and not recovered):
        return moved
    if late is not None and not stand.late:
        moved.append(_close(late, facts, now, mail=facts.on and not recovered))
    elif late is None and stand.late:
        moved += _open(facts, LATE, stand.late, now)
    return moved


def _has_recovered(facts: ConnectionFacts, stand: Stand, lines: list[LedgerLine]) -> bool:
    """A failing connection has recovered when every unit's latest call got through, or when it is off."""
    return not facts.on or (not stand.failing and all(line.outcome is None or line.outcome.delivered for line in lines))


def _close(notice: Notice, facts: ConnectionFacts, now: datetime, *, mail: bool) -> NoticeLine:
    """`mail`: not when it was switched off (who did it knows, and it is no recovery), nor twice for one recovery."""
    notice.closed_at = now
    notice.closed_mailed_at = None if mail else now
    notice.save(update_fields=["closed_at", "closed_mailed_at"])
    _log(notice, "is kept again" if facts.on else "is not asked for any more: it was switched off")
    return notice_line(notice, facts.addon)


def _open(facts: ConnectionFacts, kind: str, broken: str, now: datetime) -> list[NoticeLine]:
    sentence = f"{addon(facts.addon).name} ({facts.name}): {broken}"
    notice = Notice(
        operator_id=facts.operator_id, connection_id=facts.id, kind=kind, sentence=sentence[:500], opened_at=now
    )
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
    except IntegrityError:
        return []  # another watchman was quicker
    _log(notice, "is broken")
    return [notice_line(notice, facts.addon)]


def _log(notice: Notice, what: str) -> None:
    """Without its sentence, which quotes the partner."""
    promise = {FAILING: "that calls get through", LATE: "to be in time", WAITING: "to need nobody"}[notice.kind]
    with about(operator=notice.operator_id, connection=notice.connection_id):
        log.info("The promise %s %s (notice %s).", promise, what, notice.id)


def mail_notices(*, clock: Clock | None = None) -> int:
    """Mail what has not been mailed yet to the admins concerned; answers how many messages went out.

    A notice is marked as mailed in the transaction that sends it: if sending fails it is tried again next time.
    """
    now = (clock or SystemClock()).now()
    sent = 0
    for opening in (True, False):
        field = "opened_mailed_at" if opening else "closed_mailed_at"
        waiting = Notice.objects.filter(**{field: None})
        waiting = waiting if opening else waiting.exclude(closed_at=None)
        for operator_id, notice_id in list(waiting.values_list("operator_id", "id")):
            try:
                sent += _mail_one(operator_id, notice_id, field, now)
            except OSError as refused:  # one address that the mail server refuses must not keep others from theirs
                log.warning("The mail of notice %s could not be sent (%s). It is tried again.", notice_id, refused)
    return sent


def _mail_one(operator_id: int, notice_id: int, field: str, now: datetime) -> int:
    with transaction.atomic():
        notice = (
            Notice.objects.select_for_update(skip_locked=True)
            .filter(operator_id=operator_id, id=notice_id, **{field: None})
            .first()
        )
        if notice is None:
            return 0
        roles = (Role.ADMIN, Role.OPS) if notice.kind == WAITING else (Role.ADMIN,)
        admins = [m.email for m in operators.members(operator_id) if m.role in roles and m.active]
        over = field == "closed_mailed_at"
        subject, text = _words(notice, over=over)
        if admins:
            send_mail(subject, text, None, admins)
        setattr(notice, field, now)
        notice.save(update_fields=[field])
    return 1


def _words(notice: Notice, *, over: bool) -> tuple[str, str]:
    name = notice.sentence.split(":")[0]
    what = {FAILING: "is failing", LATE: "is late", WAITING: "waits for you"}[notice.kind]
    if over:
        subject = f"{name} is well again"
        text = f"It was over at {notice.closed_at:%Y-%m-%d %H:%M}Z. What it had missed is being sent by itself."
    else:
        subject = f"{name} {what}"
        text = f"Since {notice.opened_at:%Y-%m-%d %H:%M}Z. You will hear once more, when it is over."
    if notice.kind == WAITING:
        text = f"Since {notice.opened_at:%Y-%m-%d %H:%M}Z. It stays as it is until somebody decides."
    return subject, f"{notice.sentence}\n\n{text}\n\nAdd-ons > {name} > Activity shows every call.\n"


def tell_recipients(*, clock: Clock | None = None) -> int:
    """Send each connection's recipients one message about the exports since they were last told.

    One SQL statement, and some more for each connection that has recipients and made a call since then.
    """
    now = (clock or SystemClock()).now()
    sent = 0
    for operator_id, codes in _to_be_told(now).items():
        for facts in connections(operator_id):
            if facts.id not in codes:
                continue
            try:
                sent += _tell(facts, codes[facts.id], now)
            except OSError as refused:  # as above
                log.warning("Recipients of connection %s could not be told (%s).", facts.id, refused)
    return sent


def _to_be_told(now: datetime) -> dict[int, dict[int, list[str]]]:
    """Operator → connection → codes of those who may want to hear of something new. One SQL statement for all."""
    telling = {key: one for key, one in addons().items() if one.recipients is not None}
    rows = Connection.objects.filter(on=True, addon__in=list(telling)).order_by("operator_id")
    told_at = Coalesce(OuterRef("recipients_told_at"), datetime.min.replace(tzinfo=UTC), output_field=DateTimeField())
    calls = LedgerRow.objects.filter(operator_id=OuterRef("operator_id"), connection_id=OuterRef("id"))
    rows = rows.filter(Exists(calls.filter(last_attempt__gt=told_at))).exclude(recipients_told_at__gt=now - _ROUND)
    found: dict[int, dict[int, list[str]]] = {}
    for operator_id, id_, key, stored in rows.values_list("operator_id", "id", "addon", "settings"):
        if codes := _recipients(telling[key], operator_id, stored):
            found.setdefault(operator_id, {})[id_] = codes
    return found


def _recipients(one: Addon, operator_id: int, stored: dict[str, Any]) -> list[str]:
    assert one.recipients is not None
    try:
        return list(one.recipients(typed_settings(one, operator_id, stored, b"")))
    except Invalid:
        return []


def _tell(facts: ConnectionFacts, codes: list[str], now: datetime) -> int:
    emails = [m.email for m in operators.members(facts.operator_id) if m.code in codes and m.active]
    if not emails:
        return 0
    with transaction.atomic():
        row = (
            Connection.objects.select_for_update(skip_locked=True, no_key=True)  # deliveries go on meanwhile
            .filter(operator_id=facts.operator_id, id=facts.id)
            .first()
        )
        if row is None or (row.recipients_told_at is not None and now - row.recipients_told_at < _ROUND):
            return 0
        lines = lines_of(facts.operator_id, [facts], now=now)[facts.id]
        since = row.recipients_told_at
        fresh = [line for line in lines if line.last_attempt and (since is None or line.last_attempt > since)]
        under_way = any(line.sending or line.asked_at for line in lines)
        long_ago = since is not None and now - since >= 2 * _ROUND
        if not fresh or (under_way and not long_ago):
            return 0  # nothing new, or a round is still going on: one message when it has ended
        send_mail(*_export_words(facts, fresh), None, emails)
        row.recipients_told_at = now
        row.save(update_fields=["recipients_told_at"])
    return 1


def _export_words(facts: ConnectionFacts, lines: list[LedgerLine]) -> tuple[str, str]:
    name = addon(facts.addon).name
    good = [line for line in lines if line.outcome in (OutcomeKind.ACCEPTED, OutcomeKind.UNCHANGED)]
    flights = any(line.unit.kind is UnitKind.FLIGHT for line in lines)
    subject = f"{name}: exported {len(good)} of {len(lines)} {'flights' if flights else 'aircraft'}"
    told = [f"{line.title}: {line.outcome.label if line.outcome else 'not yet'}{_parts(line)}" for line in lines]
    words = [f"  {message.text}" for line in lines for message in line.messages]
    return subject, "\n".join([*told, "", *words]).strip() + "\n"


def _parts(line: LedgerLine) -> str:
    return f", {line.sent} activities" if line.unit.kind is UnitKind.AIRCRAFT else ""
