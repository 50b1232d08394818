"""Conditions for the list of any partner: how often calls come, with what headers, what they hold, what users see.

Each is a plain function of the case, or makes one. What the partner's rules are stands in the add-on's description;
what only the partner calls so (a header, a rule of its imitation's) is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from airstair.hub.flows import Backoff, Every, NextTick
from airstair.hub.golive.case import NOTHING_SENT, Case, ShownCall
from airstair.hub.golive.received import Upload
from airstair.hub.setting import SettingKind, read_settings, settings_of
from airstair.hub.verdicts import Judgement, Verdict, first_of, judged
from airstair.kernel.errors import Invalid

_MINUTE = timedelta(minutes=1)
_GRACE = timedelta(seconds=1)  # two calls never travel equally long
_SAME_CALL = timedelta(seconds=60)  # between the stamps that we and the receiver put on one call
_CALLS_FOR_AN_INTERVAL = 3
_LEAST_JITTER = 0.75  # of a wait that grows, which is spread by a quarter
_LEGIBLE = 4  # characters of a secret's end that a receiver keeps


# -- how often ----------------------------------------------------------------------------------------------------


def regular_interval(case: Case) -> Judgement:
    """Every aircraft was sent at the interval that is set for it, in its latest calls and until now."""
    wrong = []
    for registration, uploads in case.uploads.items():
        interval = _interval(case, case.connection_of[registration].settings)
        if interval is None:
            wrong.append(f"{registration} is sent only when somebody asks. Switch on that it is sent by itself.")
        elif len(uploads) < _CALLS_FOR_AN_INTERVAL:
            wrong.append(f"{registration} was sent {len(uploads)} times; {_CALLS_FOR_AN_INTERVAL} show an interval.")
        else:
            wrong += _irregular(case, registration, uploads[-4:], interval)
    if not case.uploads:
        wrong.append("No aircraft is ticked.")
    return judged(wrong, f"Each of {len(case.uploads)} aircraft was sent at its interval in its latest calls.")


def _interval(case: Case, settings: Any) -> timedelta | None:
    """How often an aircraft is sent by the clock; `None` when it is only sent on demand."""
    trigger = case.flow.trigger
    minutes = trigger.minutes(settings) if isinstance(trigger, Every) else None
    return None if minutes is None else timedelta(minutes=minutes)


def _irregular(case: Case, registration: str, latest: list[Upload], interval: timedelta) -> Iterator[str]:
    late = interval + max(_MINUTE, interval / 2)
    times = [upload.call.at for upload in latest] + [case.sources.now]
    for one, other in pairwise(times):
        if other - one > late:
            yield f"{registration} was not sent for {(other - one) // _MINUTE} minutes after {one:%d %b %H:%M}Z."


def never_closer(case: Case, *, than: timedelta, rules: Iterable[str] = ()) -> Judgement:
    """No two calls for an aircraft came closer together, and no setting could make them."""
    wrong = case.audited(*rules) + list(_intervals_taken_below(case, than))
    if case.flow.floor is None or case.flow.floor < than:
        wrong.append(f"The flow allows two calls for one aircraft within {case.flow.floor or 'no time'}.")
    for registration, connection in case.connection_of.items():
        interval = _interval(case, connection.settings)
        if interval is not None and interval < than:
            wrong.append(f"{registration} is set to {interval // _MINUTE} minutes.")
    wrong += _too_soon(case, lambda one, other: than)
    shortest = f"{than // _MINUTE} minutes" if than >= _MINUTE else f"{than.total_seconds():.0f} seconds"
    return judged(wrong, f"Intervals under {shortest} are refused, and no two calls for an aircraft were closer.")


def _intervals_taken_below(case: Case, than: timedelta) -> Iterator[str]:
    """Every setting in minutes, tried with less than it may be."""
    minutes = than // _MINUTE
    for one in settings_of(case.addon.settings):
        if one.kind is not SettingKind.NUMBER or one.meaning.unit != "minutes":
            continue
        for typed in (minutes - 1, 1, 0, -minutes, str(minutes - 1)):
            try:
                taken = _interval(case, read_settings(case.addon.settings, {one.name: typed}))
            except Invalid as refusal:
                if all(problem.field != one.name for problem in refusal.problems):
                    yield f"An interval of {typed} minutes is refused without naming the field."
            else:
                if taken is not None and taken < than:
                    yield f"An interval of {typed} minutes is taken."


def not_repeated(case: Case, *, wait: timedelta | None = None, rules: Iterable[str] = ()) -> Judgement:
    """A failed call was not made again before its time: `wait`, else what the flow and the answer say.

    With `wait` the partner wants no repeats at all: only the next regular call may be the next attempt.
    """
    wrong = case.audited(*rules)
    if wait is not None and not isinstance(case.flow.retry, NextTick):
        wrong.append("The flow repeats failed calls.")
    wrong += _too_soon(case, lambda one, other: wait or _own_wait(case, one, other), after_failure_only=True)
    failed = sum(not upload.call.succeeded for upload in case.every_upload)
    if isinstance(case.flow.retry, NextTick):
        return judged(wrong, f"The flow knows no retry; after {failed} failed calls, the next came with its interval.")
    return judged(wrong, f"After {failed} failed calls, none was repeated before its time.")


def _own_wait(case: Case, failed: Upload, again: Upload) -> timedelta:
    """How long that call had to wait at least, by the mirrors' own rules and the answer's wish.

    Once the partner has answered another call as usual it is back, and only its own wish still counts.
    """
    asked = failed.call.asked_to_wait
    between = (one for one in case.every_upload if failed.call.at <= one.call.at <= again.call.at)
    if any(one.call.answered_as_usual for one in between if one is not again):
        return asked
    backoffs = (flow.retry.first * _LEAST_JITTER for flow in case.addon.mirrors if isinstance(flow.retry, Backoff))
    return max(min(backoffs, default=timedelta(0)), case.flow.floor or timedelta(0), asked)


def _too_soon(
    case: Case, wait: Callable[[Upload, Upload], timedelta], *, after_failure_only: bool = False
) -> Iterator[str]:
    """Calls that came sooner after the one before than `wait` of the two says."""
    # What is sent on change may go again at once when it has changed: only the same words are a repetition.
    by_words = after_failure_only and not isinstance(case.flow.trigger, Every)
    for registration, uploads in _series(case, by_words=by_words):
        for one, other in pairwise(uploads):
            gap = other.call.at - one.call.at
            if not (after_failure_only and one.call.succeeded) and gap < wait(one, other) - _GRACE:
                how = "" if one.call.succeeded else ", which had failed"
                seconds = gap.total_seconds()
                yield f"{registration}: {seconds:.0f} s after the call of {one.call.at:%d %b %H:%M:%S}Z{how}."


def _series(case: Case, *, by_words: bool) -> Iterator[tuple[str, list[Upload]]]:
    """Each aircraft's calls to one address, oldest first; `by_words`: and with one body."""
    for registration, uploads in case.uploads.items():
        series: dict[tuple[str, ...], list[Upload]] = {}
        for upload in uploads:
            same = (upload.call.method, upload.call.place, upload.call.body if by_words else "")
            series.setdefault(same, []).append(upload)
        yield from ((registration, one) for one in series.values())


# -- as whom ------------------------------------------------------------------------------------------------------


def companys_own(case: Case, *, header: str, setting: str) -> Judgement:
    """Aircraft without a connection of their own were last sent with the default one's secret, in that header."""
    default = case.sources.default
    if not getattr(default.settings if default is not None else case.addon.settings(), setting):
        label = next(one.meaning.label for one in settings_of(case.addon.settings) if one.name == setting).lower()
        return Verdict.FAIL, (f"The company's connection has no {label}. Enter it in the configuration.",)
    shared = [one for one in case.uploads if one not in _with_own(case)]
    return _sent_as(case, shared, header, setting, "the company's own key")


def aircrafts_own(case: Case, *, header: str, setting: str) -> Judgement:
    """Aircraft that have a connection of their own were last sent with its secret, in that header."""
    own = _with_own(case)
    if not own:
        return Verdict.PERSON, (
            "No ticked aircraft has a connection of its own, so no call could show one."
            " Give one aircraft its own key in the configuration, let it be sent, and check again.",
        )
    return _sent_as(case, own, header, setting, "the aircraft's own key")


def _with_own(case: Case) -> list[str]:
    default = case.sources.default
    return sorted(title for title, one in case.connection_of.items() if default is None or one.id != default.id)


def _sent_as(case: Case, registrations: list[str], header: str, setting: str, whose: str) -> Judgement:
    """Whether these were last sent with the key that is set for them; the receiver keeps a key's end only."""
    wrong, seen, hidden = [], 0, 0
    for registration in registrations:
        if not case.uploads[registration]:
            wrong.append(f"{registration} was not sent yet.")
            continue
        expected = getattr(case.connection_of[registration].settings, setting)
        carried = case.uploads[registration][-1].call.header(header)
        end = carried[-_LEGIBLE:]
        if len(end) < _LEGIBLE or not end.isascii() or carried.endswith("(hidden)"):
            hidden += 1
        elif not expected or not expected.endswith(end):
            wrong.append(f"{registration} was sent with a key that ends in {end}, which is not {whose}.")
        else:
            seen += 1
    if hidden and not wrong:
        return Verdict.PERSON, (f"The keys of {hidden} calls are hidden here. Look them up where they were received.",)
    return judged(wrong or ([] if seen else [NOTHING_SENT]), f"{seen} aircraft were last sent with {whose}.")


def software_named(case: Case, *, header: str, begins: str, rules: Iterable[str] = ()) -> Judgement:
    """Every call names this software in that header."""
    wrong, named = case.nothing_sent() + case.audited(*rules), set()
    for upload in case.every_upload:
        name = upload.call.header(header)
        named.add(name)
        if not name.startswith(begins):
            wrong.append(f"{upload.registration}: the call of {upload.when} names “{name}”.")
    return judged(wrong, f"Every call says {header}: {', '.join(sorted(named))}.")


# -- what they hold -----------------------------------------------------------------------------------------------


def audited(*rules: str) -> Callable[[Case], Judgement]:
    """The imitation's own audit found nothing against these of its rules in what it received, which is not nothing."""

    def judging(case: Case) -> Judgement:
        titles = [rule.get("title") or rule["rule"] for rule in case.audit.get("rules", []) if rule["rule"] in rules]
        return judged(case.amiss(*rules), f"Found in none of {case.counted}: {'; '.join(titles)}.")

    return judging


def for_a_person(says: str) -> Callable[[Case], Judgement]:
    """What no program can know: `says` what is to be asked, and whom."""
    return lambda case: (Verdict.PERSON, (says,))


# -- what is seen of them -----------------------------------------------------------------------------------------


def users_see(case: Case) -> Judgement:
    """Each aircraft's latest call is shown with its status and every word of the partner's in its answer."""
    wrong = case.nothing_sent()
    for upload in case.within_reach:
        shown = case.shown(upload.registration)
        same = [one for one in shown if abs(one.at - upload.call.at) <= _SAME_CALL]
        newer = any(one.at > upload.call.at for one in shown)
        hidden = [_hidden_from_users(case, upload, one) for one in same]
        if hidden:
            least = min(hidden, key=len)
            wrong += least
        elif not shown:
            wrong.append(f"{upload.registration}: no call is shown, but one was received {upload.when}.")
        elif case.shown_by_log or not newer:
            wrong.append(f"{upload.registration}: the call shown is older than the one of {upload.when}.")
    words_known = any(case.words_in(upload.call.answer) is not None for upload in case.latest)
    how = "with every message of its answer" if words_known else "as it was answered"
    return judged(wrong, f"{len(case.within_reach)} aircraft show their latest call {how}.")


def _hidden_from_users(case: Case, upload: Upload, shown: ShownCall) -> list[str]:
    call, hidden = upload.call, []
    if not call.succeeded and not shown.messages:
        hidden.append(f"{upload.registration}: the call of {upload.when} failed, and no words are shown of it.")
    if call.status is None or (call.spoiled and shown.http_status is None):
        return hidden  # no answer arrived, or not all of it
    # Of a unit that takes several calls, the log has the last one.
    as_good = case.shown_by_log and call.succeeded and shown.outcome.delivered
    if shown.http_status != call.status and not as_good:
        hidden.append(f"{upload.registration}: answered {call.status}, but {shown.http_status} is shown.")
    for words in case.words_in(call.answer) or ():
        if not any(words in message.text for message in shown.messages):
            hidden.append(f"{upload.registration}: {case.addon.name}'s words “{words}” are not shown.")
    return hidden


def objects_to_nothing(case: Case) -> Judgement:
    """The imitation's own audit of all that it received, from whomever: a warning is for a person to weigh."""
    wrong: list[str] = []
    doubtful: list[str] = []
    for rule in case.audit.get("rules", []):
        if rule.get("count") or rule.get("kept") is False:
            known = [item.get("text", "") if isinstance(item, dict) else str(item) for item in rule.get("evidence", [])]
            says = f"{rule.get('title') or rule['rule']}: {' '.join(known[:1]) or 'not so.'}"
            (doubtful if rule.get("severity") == "warning" else wrong).append(says)
    if doubtful and not wrong:
        return Verdict.PERSON, first_of(doubtful)
    titles = [str(rule.get("title") or rule["rule"]).rstrip(".") for rule in case.audit.get("rules", [])]
    return judged(wrong + doubtful, f"Kept in all calls that it received: {'; '.join(titles)}.")
