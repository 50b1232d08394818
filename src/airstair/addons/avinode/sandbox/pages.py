"""The imitated Avinode's inspector pages: what a member and Avinode's staff would see, and a little more.

Only the markup is here; what it shows comes from the market, the gate and the auditor.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote

from airstair.addons.avinode.sandbox.aircraft_page import aircraft_page
from airstair.addons.avinode.sandbox.emptylegs import Offer
from airstair.addons.avinode.sandbox.model import EQUIVALENTS, STATUSES, UPDATE_TYPES, Aircraft, Company, Connection
from airstair.addons.avinode.sandbox.page_parts import BASE, SEVERE, View, form, fresh, live, objections, utc
from airstair.sandbox.journal import CallRecord, same_registration
from airstair.sandbox.markup import Html, el, join, options, table
from airstair.sandbox.partner import Page

PAGES = [
    ("", "Aircraft"),
    ("mapping", "Mapping table"),
    ("emptylegs", "Empty legs"),
    ("audit", "Audit"),
    ("connections", "Connections"),
]


def page(path: str, view: View, calls: Callable[[str], list[CallRecord]]) -> Page | None:
    """The page at `path`, or None."""
    if path.startswith("aircraft/"):
        plane = view.market.find(unquote(path.removeprefix("aircraft/")))
        return None if plane is None else Page(plane.tail, aircraft_page(plane, view, calls(plane.tail)))
    builders: dict[str, Callable[[View], Page]] = {
        "": lambda view: Page("Aircraft", _fleet(view)),
        "mapping": lambda view: Page("Activity type mapping", _mapping(view)),
        "emptylegs": lambda view: Page("Empty legs", _empty_legs(view)),
        "audit": lambda view: Page("Audit", _audit(view)),
        "connections": lambda view: Page("Companies and API connections", _connections(view)),
    }
    return builders[path](view) if path in builders else None


# -- aircraft --------------------------------------------------------------------------------------------------------


def _fleet(view: View) -> Html:
    rows: list[list[object]] = []
    for plane in sorted(view.market.aircraft.values(), key=lambda plane: plane.tail):
        trail = view.auditor.trails.get(same_registration(plane.tail))
        reading = view.market.reading(plane)
        rows.append(
            [
                el("a", plane.tail, href=f"{BASE}/aircraft/{quote(plane.tail, safe='')}"),
                view.market.companies[plane.company].name,
                fresh(plane, view.now),
                len(plane.activities),
                reading.position_at(view.now) or "unknown",
                plane.home_base or "unknown",
                el("span", f"{plane.status}, {plane.update_type}", class_=None if _open(plane) else "mark warn"),
                trail.calls if trail else 0,
                objections(view, plane.tail),
            ]
        )
    heads = [
        "Aircraft",
        "Company",
        "Schedule",
        "Activities",
        "Now at",
        "Home base",
        "Status",
        "Uploads seen",
        "Objections",
    ]
    adopting = [company.name for company in view.market.companies.values() if company.adopts]
    note = (
        f"{' and '.join(adopting)}: an unknown aircraft becomes theirs at its first call. "
        "The real marketplace has no such convenience; it is switched off under Connections."
        if adopting
        else "No company takes up unknown aircraft: they get 403, as in the real marketplace."
    )
    return join([el("p", note, class_="note"), live("fleet", table(heads, rows, empty="No aircraft."))])


def _open(plane: Aircraft) -> bool:
    return plane.status == STATUSES[0] and plane.update_type == UPDATE_TYPES[0]


# -- mapping, empty legs, audit, connections -------------------------------------------------------------------------


def _mapping(view: View) -> Html:
    parts = [
        el(
            "p",
            "New activity types appear here by themselves, as Occupied and black. A change is effective at once.",
            class_="note",
        )
    ]
    for company in view.market.companies.values():
        rows: list[list[object]] = []
        for name, row in sorted(company.mapping.items()):
            fields = [
                el(
                    "select",
                    *options(list(EQUIVALENTS), row.equivalent),
                    name="equivalent",
                    aria_label=f"{name} is read as",
                ),
                el("input", type="color", name="colour", value=row.colour, aria_label=f"Colour of {name}"),
            ]
            hidden = {"company": company.key, "type": name}
            rows.append([el("code", name), form("set-mapping", f"{BASE}/mapping", *fields, **hidden)])
        parts.append(el("h2", company.name))
        empty = "No activity types were sent yet."
        parts.append(live(f"mapping-{company.key}", table(["Activity type", "Read as, and colour"], rows, empty=empty)))
    return join(parts)


def _empty_legs(view: View) -> Html:
    found = view.market.offers(view.now)
    shown = [_offer_row(leg) for leg in found if leg.withheld is None]
    withheld = [[*_offer_row(leg), leg.withheld] for leg in found if leg.withheld is not None]
    heads = ["Aircraft", "From", "To", "Flight", "Marketed from", "Marketed to", "Verified", "Price", "Message"]
    note = el(
        "p",
        "Verified ones rank first. A search also finds legs whose line passes near the wanted airports.",
        class_="note",
    )
    return join(
        [
            note,
            el("h2", "On offer"),
            live("shown", table(heads, shown, empty="No empty leg is on offer.")),
            el("h2", "Withheld"),
            live("withheld", table([*heads, "Why"], withheld, empty="None.")),
        ]
    )


def _offer_row(leg: Offer) -> list[object]:
    activity = leg.activity
    return [
        el("a", leg.tail, href=f"{BASE}/aircraft/{quote(leg.tail, safe='')}"),
        activity.start_airport or "unknown",
        activity.end_airport or "unknown",
        utc(activity.start),
        utc(leg.start),
        utc(leg.end),
        el("span", "verified", class_="mark good") if leg.verified else "no",
        f"{activity.price:g} {activity.currency}" if activity.price is not None else "",
        activity.marketing_message,
    ]


def _audit(view: View) -> Html:
    report = view.auditor.report(view.now)
    rows: list[list[object]] = []
    for rule in report["rules"]:
        good = rule["count"] == 0
        severity = "good" if good else SEVERE[rule["severity"]]
        evidence = "; ".join(f"{item.get('aircraft') or ''} {item['text']}".strip() for item in rule["evidence"][-3:])
        rows.append(
            [
                el("span", "clean" if good else rule["severity"], class_=f"mark {severity}"),
                rule["title"],
                rule["count"],
                evidence,
            ]
        )
    calls = report["calls"]
    summary = (
        f"{calls['total']} uploads seen: {calls['accepted']} accepted, "
        f"of these {calls['acceptedWithErrors']} with errors; {calls['failed']} failed."
    )
    verdict = el(
        "span", "would pass" if report["ok"] else "would fail", class_=f"mark {'good' if report['ok'] else 'bad'}"
    )
    clear = form("clear-audit", f"{BASE}/audit", label="Begin a new audit")
    return join(
        [
            live(
                "audit",
                el("p", verdict, f" {summary}"),
                table(["", "Rule", "Times", "Latest evidence"], rows, empty=""),
            ),
            clear,
        ]
    )


def _connections(view: View) -> Html:
    back = f"{BASE}/connections"
    companies = [_company_row(company, back) for company in view.market.companies.values()]
    connections = [_connection_row(view, connection, back) for connection in view.gate.connections.values()]
    heads = ["Connection", "Company", "State", "Permissions", "Authorization key", ""]
    return join(
        [
            el("p", "These credentials open this sandbox and nothing else.", class_="note"),
            el("h2", "Companies"),
            live("companies", table(["Company", "Id", "Takes up unknown aircraft", ""], companies, empty="")),
            el("h2", "API connections"),
            live("connections", table(heads, connections, empty="")),
            el("p", f"At most {view.gate.calls_an_hour} calls an hour and connection.", class_="note"),
        ]
    )


def _company_row(company: Company, back: str) -> list[object]:
    switch = form(
        "set-adoption",
        back,
        label="Switch off" if company.adopts else "Switch on",
        company=company.key,
        on="off" if company.adopts else "on",
    )
    return [company.name, f"company-{company.number}", "yes" if company.adopts else "no", switch]


def _connection_row(view: View, connection: Connection, back: str) -> list[object]:
    switch = form(
        "set-connection",
        back,
        label="Deactivate" if connection.active else "Activate",
        connection=connection.key,
        active="false" if connection.active else "true",
    )
    key = el("pre", f"Bearer {connection.token}")
    active = "active" if connection.active else "not active"
    return [
        connection.key,
        view.market.companies[connection.company].name,
        el("span", active, class_=f"mark {'good' if connection.active else 'bad'}"),
        ", ".join(connection.permissions),
        el("details", el("summary", "show"), key, id=f"token-{connection.key}"),
        switch,
    ]
