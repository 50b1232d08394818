"""Times, rights and links as templates write them. All times are shown in UTC with a Z."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django import template
from django.forms import BoundField, CheckboxInput, MultiWidget
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from airstair.hub.contract import Addon
from airstair.hub.doors.handing import in_the_menu, standing_at
from airstair.hub.visits import Handoff, HandoffPlace
from airstair.kernel.actor import Actor
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.snapshots import ActualTimes
from airstair.records.operators.rules import Right
from airstair.records.people.queries import crew_by_code
from airstair.records.people.snapshots import CrewMemberFacts
from airstair.web.live.address import live_url as address_of_stream
from airstair.web.ops.looks import BOOK_LETTERS, BOOK_NAMES

register = template.Library()


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC)


@register.filter
def z(when: datetime | None) -> str:
    """`06:00Z`."""
    return f"{_utc(when):%H:%M}Z" if when else ""


@register.filter
def zfull(when: datetime | None) -> str:
    """`11 May 2027 06:00Z`."""
    return f"{_utc(when):%-d %b %Y %H:%M}Z" if when else ""


@register.filter
def zshort(when: datetime | None) -> str:
    """`11 May 06:00Z`."""
    return f"{_utc(when):%-d %b %H:%M}Z" if when else ""


@register.filter
def zsec(when: datetime | None) -> str:
    """`11 May 06:00:12Z`: for calls and changes."""
    return f"{_utc(when):%-d %b %H:%M:%S}Z" if when else ""


@register.filter
def iso(when: datetime | date | None) -> str:
    """For `datetime=` attributes."""
    if isinstance(when, datetime):
        return _utc(when).strftime("%Y-%m-%dT%H:%M:%SZ")
    return when.isoformat() if when else ""


@register.filter
def day(when: date | datetime | None) -> str:
    """`Tue 11 May`."""
    if isinstance(when, datetime):
        when = _utc(when)
    return f"{when:%a %-d %b}" if when else ""


@register.filter
def timetag(when: datetime | None) -> SafeString | str:
    """A `<time>` with the full time on hover: `11 May 06:00Z`."""
    if when is None:
        return "–"
    return format_html('<time class="nowrap" datetime="{}" title="{}">{}</time>', iso(when), zfull(when), zshort(when))


@register.filter
def minutes(length: int | None) -> str:
    """Whole minutes as `2:35`."""
    return f"{length // 60}:{length % 60:02d}" if length is not None else ""


@register.filter
def money(amount: Decimal | None) -> str:
    """`12,500` or `12,500.50`, without a currency."""
    if amount is None:
        return ""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


@register.filter
def may(actor: Actor | None, right: str) -> bool:
    """Whether to offer something at all; the command checks again."""
    return actor is not None and actor.may(right)


_ACRONYMS = frozenset({"PAX", "FBO", "AOG", "CAT", "NCO", "NCC", "STD", "STA"})


@register.filter
def words(code: object) -> str:
    """`PART_91K` as `Part 91K`, `accepted_with_errors` as `Accepted with errors`, `duty.created` as `Duty created`."""
    text = str(code).replace("_", " ").replace(".", " ").strip()
    parts = [part if part in _ACRONYMS or any(c.isdigit() for c in part) else part.lower() for part in text.split()]
    joined = " ".join(parts)
    return joined[:1].upper() + joined[1:]


@register.filter
def live_url(request: HttpRequest) -> str:
    return address_of_stream(request)


@dataclass(frozen=True)
class Place:
    name: str
    address: str
    here: bool


_PLACES = (
    ("OPS", "ops"),
    ("FLEET", "fleet"),
    ("CREW", "crew"),
    ("PHONEBOOK", "phonebook"),
    ("ADD-ONS", "addons"),
    ("SETTINGS", "settings"),
)
_PLACES_FOR = {"crew": Right.CREW_VIEW, "phonebook": Right.PHONEBOOK_VIEW}  # about people: not for everybody


@register.simple_tag
def places(request: HttpRequest) -> list[Place]:
    """The links of the top bar. A place whose pages are not installed, or not for the person, is left out."""
    found = []
    for name, url_name in _PLACES:
        if url_name in _PLACES_FOR and not may(getattr(request, "actor", None), _PLACES_FOR[url_name]):
            continue
        try:
            address = reverse(url_name)
        except NoReverseMatch:
            continue
        found.append(Place(name=name, address=address, here=request.path.startswith(address)))
    return found


@register.simple_tag
def crew_of(flight: FlightFacts) -> list[tuple[str, str, CrewMemberFacts | None]]:
    """Position, code, and whom the code names; a code that names nobody stays as it is. One statement, or none."""
    named = crew_by_code(flight.operator_id, flight.crew.values()) if flight.crew else {}
    return [(position, code, named.get(code)) for position, code in flight.crew.items()]


@register.simple_tag
def handoffs(place: str) -> list[tuple[Addon, Handoff]]:
    """The partners' pages that people can be handed over to at this place."""
    return standing_at(HandoffPlace(place))


@register.simple_tag
def menu_handoffs(request: HttpRequest) -> list[tuple[Addon, Handoff]]:
    """Those that the operator has switched on, for the main menu."""
    actor: Actor | None = getattr(request, "actor", None)
    return in_the_menu(actor) if actor is not None else []


@register.simple_tag(takes_context=True)
def query(context: dict[str, object], **changed: object) -> str:
    """The page's own query string with some values changed; `None` or empty removes one."""
    request = context["request"]
    assert isinstance(request, HttpRequest)  # the request context processor is switched on
    values = request.GET.copy()
    for name, value in changed.items():
        if value in (None, ""):
            values.pop(name, None)
        else:
            values[name] = str(value)
    return f"?{values.urlencode()}"


@register.inclusion_tag("web/_field.html")
def field(bound: BoundField, css: str = "", help: str = "") -> dict[str, object]:  # templates say help=…
    """A form's field with its label, help and errors, as base.css has them."""
    attrs: dict[str, str | bool] = {}
    described = [f"{bound.auto_id}-help"] if help or bound.help_text else []
    if bound.errors:
        attrs["aria-invalid"] = "true"
        described.insert(0, f"{bound.auto_id}-error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    checkbox = isinstance(bound.field.widget, CheckboxInput)
    several = isinstance(bound.field.widget, MultiWidget)
    return {
        "bound": bound,
        "control": bound.as_widget(attrs={**bound.field.widget.attrs, **attrs}),
        "css": css,
        "help": help or bound.help_text,
        "checkbox": checkbox,
        "several": several,
    }


_ACTUAL_WORDS = {"off_block": "off block", "take_off": "take-off", "landing": "landing", "on_block": "on block"}


@register.filter
def actual(books: tuple[ActualTimes, ...], name: str) -> SafeString | str:
    """One actual time with a small letter for the book it is from, and on hover who wrote it."""
    for times in books:
        if (when := getattr(times, name)) is not None:
            said = getattr(times, "sources", {}).get(name) or times.source
            title = f"{_ACTUAL_WORDS[name]} {zfull(when)}, {BOOK_NAMES.get(times.book, times.book).lower()}: {said}"
            letter = BOOK_LETTERS.get(times.book, "A")
            return format_html('<span title="{}">{}<abbr class="src">{}</abbr></span>', title, z(when), letter)
    return ""
