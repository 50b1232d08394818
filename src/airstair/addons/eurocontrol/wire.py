"""NM B2B messages: SOAP 1.1, document/literal. Strict out (checked against the schema), tolerant in.

Only the root of a request is qualified, and the order of its children matters (documented: the B2B reference manuals
and their schemas; the parts that are assumed are named in `schema/messages.xsd`). All times are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, register_namespace, tostring

import msgspec

if TYPE_CHECKING:
    import xmlschema

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
FLIGHTS = "eurocontrol/cfmu/b2b/FlightServices"
MESSAGES = "eurocontrol/cfmu/b2b/PublishsubscribeServices"
_SCHEMAS = {FLIGHTS: "flights.xsd", MESSAGES: "messages.xsd"}
# What is asked of each flight, in the schema's own words (documented).
FIELDS = (
    "estimatedTakeOffTime", "calculatedTakeOffTime", "actualTakeOffTime", "estimatedTimeOfArrival",
    "calculatedTimeOfArrival", "actualTimeOfArrival", "estimatedElapsedTime", "readyEstimatedOffBlockTime",
    "cdmEstimatedOffBlockTime", "slotIssued", "delay", "mostPenalisingRegulationCause", "filedRegistrationMark",
    "flightState",
)  # fmt: skip
# Those that a subscription may carry (documented): no elapsed time among them.
PUBLISHED = (
    "filedRegistrationMark", "estimatedTakeOffTime", "calculatedTakeOffTime", "actualTakeOffTime", "delay",
    "mostPenalisingRegulationCause", "estimatedTimeOfArrival", "calculatedTimeOfArrival", "actualTimeOfArrival",
    "flightState",
)  # fmt: skip
_REGISTRATIONS_IN_ITEM = 20
_ITEMS = 50

Tree = Sequence[tuple[str, Any]]  # children in order: text, or children again

register_namespace("soap", ENVELOPE)
register_namespace("fl", FLIGHTS)
register_namespace("ps", MESSAGES)


# ── Out ─────────────────────────────────────────────────────────────────────────────────────────────


def flights_of_operator(now: datetime, operator: str, wef: datetime, unt: datetime) -> bytes:
    """Every flight of the operator that is in the air, or planned to be, in the window."""
    return _request(
        FLIGHTS,
        "FlightListByAircraftOperatorRequest",
        [
            ("sendTime", _second(now)),
            ("dataset", [("type", "OPERATIONAL")]),
            ("includeProposalFlights", "false"),
            ("includeForecastFlights", "false"),
            ("trafficType", "LOAD"),
            ("trafficWindow", [("wef", _minute(wef)), ("unt", _minute(unt))]),
            *(("requestedFlightFields", name) for name in FIELDS),
            ("aircraftOperators", operator.upper()),
        ],
    )


def plan_of(now: datetime, ifpl_id: str) -> bytes:
    """The flight plan of one flight."""
    return _request(
        FLIGHTS,
        "FlightRetrievalRequest",
        [
            ("sendTime", _second(now)),
            ("dataset", [("type", "OPERATIONAL")]),
            ("includeProposalFlights", "false"),
            ("flightId", [("id", ifpl_id)]),
            ("requestedFlightDatasets", "flightPlan"),
            ("requestedDataFormat", "NM_B2B"),
        ],
    )


def subscription(now: datetime, registrations: Iterable[str]) -> bytes:
    """A subscription to the flights of these aircraft, by registration: charter operators often have no IATA code."""
    marks = sorted({plain_registration(one) for one in registrations})[: _ITEMS * _REGISTRATIONS_IN_ITEM]
    groups = [marks[at : at + _REGISTRATIONS_IN_ITEM] for at in range(0, len(marks), _REGISTRATIONS_IN_ITEM)]
    items = [("item", [("aircraftRegistrations", [("item", one) for one in group])]) for group in groups]
    return _request(
        FLIGHTS,
        "FlightDataSubscriptionCreationRequest",
        [
            ("sendTime", _second(now)),
            ("description", "Airstair flight watch"),
            ("messageFilter", [("flightSet", items)]),
            ("payloadConfiguration", [("flightFields", [("item", name) for name in PUBLISHED])]),
        ],
    )


def resume(now: datetime, uuid: str) -> bytes:
    """Begin to fill the queue: a new subscription is paused (documented)."""
    return _request(MESSAGES, "SubscriptionResumeRequest", [("sendTime", _second(now)), ("uuid", uuid)])


def pull(now: datetime, queue: str, most: int) -> bytes:
    """Take messages off the queue."""
    tree = [("sendTime", _second(now)), ("queueName", queue), ("maxSize", str(most)), ("destructive", "true")]
    return _request(MESSAGES, "MessagePullRequest", tree)


def _request(namespace: str, name: str, tree: Tree) -> bytes:
    """The envelope. Raises `xmlschema.XMLSchemaValidationError` where the schema does not allow what is in it."""
    envelope = Element(f"{{{ENVELOPE}}}Envelope")
    root = SubElement(SubElement(envelope, f"{{{ENVELOPE}}}Body"), f"{{{namespace}}}{name}")
    _grow(root, tree)
    _schema(namespace).validate(root)
    written: bytes = tostring(envelope, encoding="utf-8", xml_declaration=True)
    return written


def _grow(parent: Element, tree: Tree) -> None:
    for name, content in tree:
        child = SubElement(parent, name)
        if isinstance(content, str):
            child.text = content
        else:
            _grow(child, content)


@cache
def _schema(namespace: str) -> xmlschema.XMLSchema:
    folder = resources.files(__package__).joinpath("schema")
    import xmlschema  # here: it takes half a second, which no process without Eurocontrol has to spend

    return xmlschema.XMLSchema(folder.joinpath(_SCHEMAS[namespace]).read_text(encoding="utf-8"))


def _second(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _minute(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def plain_registration(registration: str) -> str:
    """As it is filed: without hyphens."""
    return registration.replace("-", "").replace(" ", "").upper()


# ── In ──────────────────────────────────────────────────────────────────────────────────────────────


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of any service. `status` is the partner's word; `words` say what it objects to."""

    status: str
    words: tuple[str, ...] = ()
    data: Any = None  # Element | None


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A flight by the names that it is filed under."""

    ifpl_id: str
    aircraft_id: str
    adep: str
    ades: str
    eobt: datetime
    registration: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What the Network Manager says of one flight now. `None`: it does not say."""

    flight: Named
    state: str = ""
    off_block: datetime | None = None  # estimated anew, by the pilot or by the airport
    take_off: datetime | None = None
    landing: datetime | None = None
    eta: datetime | None = None
    eet_minutes: int | None = None
    ctot: datetime | None = None
    delay_minutes: int | None = None
    delay_code: int | None = None  # IATA
    whole: bool = True  # says all that was asked for; a published message carries only what may be published


class OnBoard(msgspec.Struct, frozen=True, kw_only=True):
    """How many persons its flight plan says are on board, crew included."""

    flight: Named
    persons: int


def read_reply(body: bytes) -> Reply | None:
    """The answer inside of its envelope, or bare; `None` for what is none. Entities are not resolved."""
    root = read_xml(body)
    if root is None:
        return None
    found = next(iter(root), None) if _local(root) == "Envelope" else root
    while found is not None and _local(found) in ("Header", "Body"):
        found = next(iter(found), None) if _local(found) == "Body" else _after(root, found)
    if found is None or (status := found.findtext("status")) is None:
        return None
    return Reply(status=status.strip(), words=tuple(_words(found)), data=found.find("data"))


def read_xml(text: bytes) -> Element | None:
    """The root of a document that holds no definitions of its own; `None` for anything else."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        return None
    try:
        return fromstring(text)  # noqa: S314 - without definitions there is nothing to expand
    except (ParseError, ValueError):
        return None


def _after(root: Element, child: Element) -> Element | None:
    children = list(root)
    at = children.index(child) + 1
    return children[at] if at < len(children) else None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _words(reply: Element) -> Iterable[str]:
    if reason := (reply.findtext("reason") or "").strip():
        yield reason
    for group in ("inputValidationErrors", "outputValidationErrors"):
        for error in reply.findall(group):
            items = ", ".join((item.text or "").strip() for item in error.findall("attributes/item"))
            message = (error.findtext("message") or error.findtext("type") or "").strip()
            yield f"{items}: {message}" if items else message


def read_flights(data: Element) -> list[Status]:
    """Every flight of a list that can be told apart; plans that nobody flies yet are left out."""
    found = (read_flight(one) for one in data.findall("flights/flight"))
    return [one for one in found if one is not None]


def read_flight(element: Element, *, whole: bool = True) -> Status | None:
    """One flight; `None` without the keys that say which it is."""
    keys = element.find("flightId/keys")
    eobt = moment(keys.findtext("estimatedOffBlockTime") if keys is not None else None)
    if keys is None or eobt is None:
        return None
    slot = (element.findtext("slotIssued") or "").strip() == "true" or not whole
    named = Named(
        ifpl_id=(element.findtext("flightId/id") or "").strip(),
        aircraft_id=(keys.findtext("aircraftId") or "").strip(),
        adep=(keys.findtext("aerodromeOfDeparture") or "").strip(),
        ades=(keys.findtext("aerodromeOfDestination") or "").strip(),
        eobt=eobt,
        registration=(element.findtext("filedRegistrationMark") or "").strip(),
    )
    return Status(
        flight=named,
        state=(element.findtext("flightState") or "").strip(),
        off_block=moment(element.findtext("readyEstimatedOffBlockTime"))
        or moment(element.findtext("cdmEstimatedOffBlockTime")),
        take_off=moment(element.findtext("actualTakeOffTime")),
        landing=moment(element.findtext("actualTimeOfArrival")),
        eta=moment(element.findtext("calculatedTimeOfArrival")) or moment(element.findtext("estimatedTimeOfArrival")),
        eet_minutes=minutes(element.findtext("estimatedElapsedTime")),
        ctot=moment(element.findtext("calculatedTakeOffTime")) if slot else None,
        delay_minutes=minutes(element.findtext("delay")),
        delay_code=_number(element.findtext("mostPenalisingRegulationCause/iataDelayCode")),
        whole=whole,
    )


def persons_on_board(data: Element) -> int | None:
    """Item 19 P/ of the plan that was retrieved, wherever the release puts it; `None` where it does not say."""
    return next((_number(one.text) for one in data.iter("numberOfPersons")), None)


def read_subscription(data: Element | None) -> tuple[str, str] | None:
    """Id and queue of a subscription that was just made."""
    found = data.find("subscription") if data is not None else None
    uuid = (found.findtext("uuid") or "").strip() if found is not None else ""
    queue = (found.findtext("queueName") or "").strip() if found is not None else ""
    return (uuid, queue) if uuid and queue else None


def read_messages(data: Element) -> list[Status]:
    """The flights that pulled messages tell of. Each message is XML of its own, as text or as children (assumed)."""
    found = []
    for item in data.findall("marshalledMessages/item"):
        message = next(iter(item), None)
        if message is None:
            message = read_xml((item.text or "").strip().encode())
        flight = message.find("flightData") if message is not None else None
        status = read_flight(flight, whole=False) if flight is not None else None
        if status is not None:
            found.append(status)
    return found


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?")
_DURATION = re.compile(r"(\d{2})(\d{2})(\d{2})?")


def moment(text: str | None) -> datetime | None:
    """A time to the minute; `None` for what is none."""
    text = (text or "").strip()
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(second=0, tzinfo=UTC)
    except ValueError:
        return None


def minutes(text: str | None) -> int | None:
    """Minutes of `HHMM` or `HHMMSS`."""
    found = _DURATION.fullmatch((text or "").strip())
    return int(found[1]) * 60 + int(found[2]) if found else None


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
