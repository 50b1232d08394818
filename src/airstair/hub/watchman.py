"""The watchman: looks at every connection apart from the deliveries, and tells people what they should know.

A notice is opened once when a connection starts failing or falls silent, and closed once when that is over;
each is mailed once to the operator's admins, not once a call.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.core.mail import send_mail
from django.db import IntegrityError, transaction

from airstair.hub.connections.queries import ConnectionFacts, connections, typed_settings
from airstair.hub.health import Health, LedgerLine, NoticeLine, judge, lines_of, notice_line
from airstair.hub.models import Connection, Notice
from airstair.hub.registry import addon, addons
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Role

log = logging.getLogger(__name__)

# Recipients get one message for each round of exports, and never more often than this.
_ROUND = timedelta(minutes=5)


def watch(*, clock: Clock | None = None) -> list[NoticeLine]:
    """Look at every connection; open and close notices. Answers those that were opened or closed."""
    now = (clock or SystemClock()).now()
    moved: list[NoticeLine] = []
    for operator_id in _operators_with_connections():
        configured = [facts for facts in connections(operator_id) if facts.addon in addons()]
        lines = lines_of(operator_id, configured)
        for facts in configured:
            moved += _watch_one(facts, lines[facts.id], now)
    return moved


def _operators_with_connections() -> list[int]:
    rows = Connection.objects.filter(addon__in=list(addons()))
    return sorted(set(rows.values_list("operator_id", flat=True)))


def _watch_one(facts: ConnectionFacts, lines: list[LedgerLine], now: datetime) -> list[NoticeLine]:
    one = addon(facts.addon)
    health, sentence = judge(facts, one, lines, now) if facts.on else (Health.OFF, "It was switched off.")
    moved = []
    for kind, bad in (("failing", health is Health.FAILING), ("late", health is Health.LATE)):
        notice = Notice.objects.filter(
            operator_id=facts.operator_id, connection_id=facts.id, kind=kind, closed_at=None
        ).first()
        if bad and notice is None:
            moved += _open(facts, kind, f"{one.name} ({facts.name}): {sentence}", now)
        elif notice is not None and not bad and _is_over(kind, facts, lines):
            notice.closed_at = now
            # Who switched it off knows: that is no recovery, and is not mailed as one.
            notice.closed_mailed_at = None if facts.on else now
            notice.save(update_fields=["closed_at", "closed_mailed_at"])
            moved.append(notice_line(notice, facts.addon))
    return moved


def _is_over(kind: str, facts: ConnectionFacts, lines: list[LedgerLine]) -> bool:
    """A failing connection has recovered when every unit's latest call got through, or when it is off."""
    if kind != "failing" or not facts.on:
        return True
    return not facts.unusable and all(line.outcome is None or line.outcome.delivered for line in lines)


def _open(facts: ConnectionFacts, kind: str, sentence: str, now: datetime) -> list[NoticeLine]:
    notice = Notice(
        operator_id=facts.operator_id, connection_id=facts.id, kind=kind, sentence=sentence[:500], opened_at=now
    )
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
    except IntegrityError:
        return []  # another watchman was quicker
    return [notice_line(notice, facts.addon)]


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
        admins = [m.email for m in operators.members(operator_id) if m.role is Role.ADMIN and m.active]
        over = field == "closed_mailed_at"
        subject, text = _words(notice, over=over)
        if admins:
            send_mail(subject, text, None, admins)
        setattr(notice, field, now)
        notice.save(update_fields=[field])
    return 1


def _words(notice: Notice, *, over: bool) -> tuple[str, str]:
    name = notice.sentence.split(":")[0]
    what = {"failing": "is failing", "late": "is late"}[notice.kind]
    if over:
        subject = f"{name} is well again"
        text = f"It was over at {notice.closed_at:%Y-%m-%d %H:%M}Z. What it had missed is being sent by itself."
    else:
        subject = f"{name} {what}"
        text = f"Since {notice.opened_at:%Y-%m-%d %H:%M}Z. You will hear once more, when it is over."
    return subject, f"{notice.sentence}\n\n{text}\n\nAdd-ons > {name} > Activity shows every call.\n"


def tell_recipients(*, clock: Clock | None = None) -> int:
    """Send each connection's recipients one message about the exports since they were last told."""
    now = (clock or SystemClock()).now()
    sent = 0
    for operator_id in _operators_with_connections():
        for facts in connections(operator_id):
            one = addons().get(facts.addon)
            if one is None or one.recipients is None or not facts.on:
                continue
            try:
                sent += _tell(facts, list(_recipients(facts)), now)
            except OSError as refused:  # as above
                log.warning("Recipients of connection %s could not be told (%s).", facts.id, refused)
    return sent


def _recipients(facts: ConnectionFacts) -> list[str]:
    one = addon(facts.addon)
    assert one.recipients is not None
    try:
        return list(one.recipients(typed_settings(one, facts.operator_id, facts.settings, b"")))
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
        lines = lines_of(facts.operator_id, [facts])[facts.id]
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
    subject = f"{name}: exported {len(good)} of {len(lines)} aircraft"
    told = [
        f"{line.title}: {line.outcome.label if line.outcome else 'not yet'}, {line.sent} activities" for line in lines
    ]
    words = [f"  {message.text}" for line in lines for message in line.messages]
    return subject, "\n".join([*told, "", *words]).strip() + "\n"
