"""The inspector page of one aircraft: its schedule as stored and as read, its latest calls, and the objections."""

from __future__ import annotations

from urllib.parse import quote

from airstair.addons.avinode.sandbox.airports import record_of
from airstair.addons.avinode.sandbox.availability import Interval, equivalent_of
from airstair.addons.avinode.sandbox.checks import RULES
from airstair.addons.avinode.sandbox.model import STATUSES, UPDATE_TYPES, Activity, Aircraft
from airstair.addons.avinode.sandbox.page_parts import BASE, SEVERE, View, form, fresh, live, utc
from airstair.addons.avinode.sandbox.timeline import timeline
from airstair.sandbox.journal import CallRecord, same_registration
from airstair.sandbox.markup import Html, el, join, options, table


def aircraft_page(plane: Aircraft, view: View, calls: list[CallRecord]) -> Html:
    """The whole page's content; `calls` are the latest, oldest first."""
    intervals = view.market.intervals(plane)
    mapping = view.market.companies[plane.company].mapping
    summary = el(
        "p",
        fresh(plane, view.now),
        f" · {view.market.companies[plane.company].name} · {plane.status} · {plane.update_type} · home base ",
        el("strong", plane.home_base or "unknown"),
        " · adopted at its first call" if plane.adopted else "",
    )
    activities = [
        _activity_row(activity, equivalent_of(mapping, activity.activity_type)) for activity in plane.activities
    ]
    heads = ["Id", "Type", "Read as", "From", "To", "Start", "End", "Trip", "Pax", "Marketing", "More"]
    return join(
        [
            live(
                "summary",
                summary,
                el("h2", "Availability as read"),
                timeline(intervals, mapping, plane.activities, view.now),
            ),
            live("intervals", _intervals(intervals)),
            el("h2", "Activities as stored"),
            live("activities", table(heads, activities, empty="No activities: the schedule is empty.")),
            el("h2", "Objections"),
            live("objections", _objection_table(view, plane.tail)),
            el("h2", "Latest calls"),
            live("calls", *[_call(record) for record in reversed(calls)] or [el("p", "No calls yet.", class_="empty")]),
            el("h2", "What Avinode's staff can change"),
            _edit(plane),
        ]
    )


def _edit(plane: Aircraft) -> Html:
    return form(
        "set-aircraft",
        f"{BASE}/aircraft/{quote(plane.tail, safe='')}",
        el("label", "Home base ", el("input", name="home_base", value=plane.home_base or "", size=6)),
        el("label", "Status ", el("select", *options(list(STATUSES), plane.status), name="status")),
        el(
            "label",
            "Schedule update type ",
            el("select", *options(list(UPDATE_TYPES), plane.update_type), name="update_type"),
        ),
        tail=plane.tail,
    )


def _activity_row(activity: Activity, equivalent: str) -> list[object]:
    window = ""
    if activity.marketing_start or activity.marketing_end:
        window = f"{utc(activity.marketing_start)} to {utc(activity.marketing_end)}"
    if activity.marketing_verified:
        window += " verified"
    if activity.price is not None:
        window += f" {activity.price:g} {activity.currency}"
    more = [activity.flight_number, activity.flight_regulations, activity.note]
    more += [f"{len(activity.services)} services"] if activity.services else []
    more += [f"unknown: {', '.join(activity.unknown_properties)}"] if activity.unknown_properties else []
    return [
        el("code", activity.activity_id or "(none)"),
        activity.activity_type,
        equivalent,
        _airport(activity.start_airport, activity.sent_start_airport),
        _airport(activity.end_airport, activity.sent_end_airport),
        utc(activity.start),
        utc(activity.end),
        " ".join(part for part in (activity.external_trip_id, activity.trip_id) if part),
        "" if activity.pax_count is None else activity.pax_count,
        window.strip(),
        " · ".join(part for part in more if part),
    ]


def _airport(stored: str | None, sent: str) -> Html:
    """A stored airport; marked where it stands for a code that does not exist."""
    if stored is not None and record_of(sent) is not None:
        return el("span", stored)
    return el("span", f"{stored or 'unknown'} for {sent or 'no code'}", class_="mark warn")


def _intervals(intervals: list[Interval]) -> Html:
    rows: list[list[object]] = []
    for interval in intervals:
        where = interval.start_airport or "unknown"
        if interval.end_airport != interval.start_airport:
            where += f" → {interval.end_airport or 'unknown'}"
        ahead = interval.next_commitment
        kind = {"available": "good", "occupied": "", "ignored": "warn"}[interval.state]
        rows.append(
            [
                utc(interval.start) or "always before",
                utc(interval.end) or "from then on",
                where,
                el("span", interval.state, class_=f"mark {kind}"),
                interval.why,
                f"{ahead.airport} by {utc(ahead.by)}, leaving by {utc(ahead.latest_departure) or 'unknown'}"
                if ahead
                else "",
            ]
        )
    shown = table(["From", "To", "Where", "Read as", "Why", "Must then be at"], rows, empty="")
    return el("details", el("summary", f"{len(rows)} intervals"), shown, id="all-intervals", open=len(rows) <= 60)


def _call(record: CallRecord) -> Html:
    from_line = f"{record.at:%m-%d %H:%M:%S} · {record.method} {record.path} · "
    answer = str(record.status) if record.status is not None else "no answer"
    fault = f" · {record.fault}" if record.fault else ""
    summary = el(
        "summary", from_line, el("span", answer, class_=f"mark {'good' if record.succeeded else 'bad'}"), fault
    )
    bodies = [el("pre", record.body[:20_000] or "(empty)"), el("pre", record.answer[:20_000] or "(no answer)")]
    link = el("a", f"Call {record.seq} in full", href=f"{BASE}/calls/{record.seq}")
    return el("details", summary, *bodies, link, id=f"call-{record.seq}")


def _objection_table(view: View, tail: str) -> Html:
    trail = view.auditor.trails.get(same_registration(tail))
    rows: list[list[object]] = []
    for name, objection in (trail.objections if trail else {}).items():
        rule = RULES[name]
        latest = objection.evidence[-1]
        link = el("a", f"call {latest.seq}", href=f"{BASE}/calls/{latest.seq}")
        rows.append(
            [
                el("span", rule.severity, class_=f"mark {SEVERE[rule.severity]}"),
                rule.title,
                objection.count,
                latest.text,
                link,
            ]
        )
    return table(["Weight", "Rule", "Times", "Latest evidence", ""], rows, empty="None.")
