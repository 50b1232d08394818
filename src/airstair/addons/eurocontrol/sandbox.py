"""The Network Manager's B2B services, imitated: flights of one operator, their plans, one subscription and its queue.

Documented: SOAP envelope, order of children, unqualified children, statuses, field names. Observed: Basic credentials
of the API gateway. Assumed: the requests around the queue. It shares no code with the add-on that it checks.

Actions: add-flight (registration, call_sign, adep, ades, eobt such as 2027-03-04T14:00Z, and any of takeoff, landing,
eta, ctot, eet, delay, code, persons, ready), change-flight (call_sign and what is new), drop-slot (call_sign),
too-many (most flights in one answer), clear.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.markup import el
from airstair.sandbox.partner import Answer, Call, Imitation, Page, Partner, Refusal, json_bytes

KEY_ID = "sandbox-nm"
KEY_SECRET = "nm-sandbox-only"  # noqa: S105 - opens the sandbox and nothing else
OPERATOR = "TST"
_PATH = re.compile(r"/B2B_OPS/gateway/spec/(\d+\.\d+\.\d+)")
# Documented: what may stand under each root, in this order.
_ORDER = {
    "FlightListByAircraftOperatorRequest": (
        "endUserId", "onBehalfOfUnit", "sendTime", "dataset", "includeProposalFlights", "includeForecastFlights",
        "trafficType", "trafficWindow", "worstLoadStateAtReferenceLocationType", "compareWithOtherTrafficType",
        "requestedFlightFields", "countsInterval", "aircraftOperators", "includeInvisibleFlights", "calculationType",
    ),
    "FlightRetrievalRequest": (
        "endUserId", "onBehalfOfUnit", "sendTime", "dataset", "includeProposalFlights", "flightId",
        "requestedFlightDatasets", "requestedFlightFields", "requestedDataFormat",
    ),
    "FlightDataSubscriptionCreationRequest": (
        "endUserId", "onBehalfOfUnit", "sendTime", "description", "queueName", "messageFilter", "payloadConfiguration",
    ),
    "SubscriptionResumeRequest": ("endUserId", "onBehalfOfUnit", "sendTime", "uuid", "heartbeatEnabled"),
    "MessagePullRequest": ("endUserId", "onBehalfOfUnit", "sendTime", "queueName", "maxSize", "destructive"),
}  # fmt: skip
_NEEDED = ("registration", "call_sign", "adep", "ades", "eobt")
# Elements of a flight in the schema's order, with what they are made of here.
_ELEMENTS = (
    ("estimatedTakeOffTime", "etot"), ("calculatedTakeOffTime", "ctot"), ("actualTakeOffTime", "takeoff"),
    ("estimatedTimeOfArrival", "eta"), ("actualTimeOfArrival", "landing"), ("readyEstimatedOffBlockTime", "ready"),
)  # fmt: skip


class NetworkManager(Imitation):
    """Flights by call sign, and what has happened to them since somebody subscribed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = False
        self._forget()

    def _forget(self) -> None:
        self._flights: dict[str, dict[str, Any]] = {}
        self._queue: list[str] | None = None  # call signs; None: nobody has subscribed
        self._paused = True
        self._most = 1000
        self._next_id = 42

    # ── Answering ───────────────────────────────────────────────────────────────────────────────

    def answer(self, call: Call) -> Answer:
        wanted = base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {wanted}":
            return self.expired_credentials()
        if not _PATH.fullmatch(call.path) or call.method != "POST":
            return Answer(400, b"Bad request", content_type="text/plain")
        try:
            root = _body_of(call.body)
        except (ElementTree.ParseError, ValueError) as problem:
            return Answer(400, f"Bad request: {problem}".encode(), content_type="text/plain")
        name = root.tag.rpartition("}")[2]
        objection = _objection(root, name)
        if objection:
            return self._reply(name, "INVALID_INPUT", error=objection)
        return {
            "FlightListByAircraftOperatorRequest": self._list,
            "FlightRetrievalRequest": self._retrieve,
            "FlightDataSubscriptionCreationRequest": self._subscribe,
            "SubscriptionResumeRequest": self._resume,
            "MessagePullRequest": self._pull,
        }[name](root, name)

    def _list(self, root: ElementTree.Element, name: str) -> Answer:
        operators = [one.text for one in root.findall("aircraftOperators")]
        if operators != [OPERATOR]:
            return self._reply(name, "NOT_AUTHORISED", reason=f"Operators {operators} are not open to this user.")
        wef, unt = (_read(root.findtext(f"trafficWindow/{end}") or "") for end in ("wef", "unt"))
        found = [one for one in self._flights.values() if wef <= _read(one["eobt"]) < unt]
        if len(found) > self._most:
            return self._reply(name, "TOO_MANY_RESULTS", reason="Narrow the window.")
        flights = "".join(f"<flights>{_flight(one)}</flights>" for one in found)
        window = f"<effectiveTrafficWindow><wef>{wef:%Y-%m-%d %H:%M}</wef><unt>{unt:%Y-%m-%d %H:%M}</unt>"
        return self._reply(name, "OK", data=f"{flights}{window}</effectiveTrafficWindow>")

    def _retrieve(self, root: ElementTree.Element, name: str) -> Answer:
        wanted = root.findtext("flightId/id")
        one = next((one for one in self._flights.values() if one["id"] == wanted), None)
        if one is None:
            return self._reply(name, "OBJECT_NOT_FOUND", reason="No such flight.")
        persons = f"<numberOfPersons>{one['persons']}</numberOfPersons>" if "persons" in one else ""
        plan = f"<flightPlan><supplementaryInformation>{persons}</supplementaryInformation></flightPlan>"
        return self._reply(name, "OK", data=f"<latestFlightPlan><structured>{plan}</structured></latestFlightPlan>")

    def _subscribe(self, root: ElementTree.Element, name: str) -> Answer:
        if not root.findall("messageFilter/flightSet/item/aircraftRegistrations/item"):
            return self._reply(name, "INVALID_INPUT", error="messageFilter: it is empty")
        self._queue, self._paused, self._changed = [], True, True
        made = (
            "<uuid>5a9d0001-0000-4000-8000-000000000001</uuid><queueName>TST.flights</queueName><state>PAUSED</state>"
        )
        return self._reply(name, "OK", data=f"<subscription>{made}</subscription>")

    def _resume(self, root: ElementTree.Element, name: str) -> Answer:
        if self._queue is None:
            return self._reply(name, "OBJECT_NOT_FOUND", reason="No such subscription.")
        self._paused, self._changed = False, True
        return self._reply(name, "OK")

    def _pull(self, root: ElementTree.Element, name: str) -> Answer:
        if self._queue is None:
            return self._reply(name, "OBJECT_NOT_FOUND", reason="No such queue.")
        most = int(root.findtext("maxSize") or "1")
        taken, self._queue = self._queue[:most], self._queue[most:]
        self._changed = True
        items = "".join(f"<item>{escape(_message(self._flights[sign]))}</item>" for sign in taken)
        more = "true" if self._queue else "false"
        data = f"<marshalledMessages>{items}</marshalledMessages><hasMoreMessages>{more}</hasMoreMessages>"
        return self._reply(name, "OK", data=data)

    def _reply(self, name: str, status: str, *, data: str = "", reason: str = "", error: str = "") -> Answer:
        now = f"{self._clock.now():%Y-%m-%d %H:%M:%S}"
        parts = [
            f"<requestReceptionTime>{now}</requestReceptionTime><requestId>B2B_CUR1:1</requestId>",
            f"<sendTime>{now}</sendTime><status>{status}</status>",
        ]
        if error:
            item, _, words = error.partition(": ")
            parts.append(
                f"<inputValidationErrors><attributes><item>{escape(item)}</item></attributes><group>FLIGHT</group>"
                f"<category>GEN</category><type>INVALID_ATTRIBUTE_VALUE</type><message>{escape(words)}</message>"
                "</inputValidationErrors>"
            )
        if reason:
            parts.append(f"<reason>{escape(reason)}</reason>")
        if data:
            parts.append(f"<data>{data}</data>")
        root = name.replace("Request", "Reply")
        inner = f'<fl:{root} xmlns:fl="eurocontrol/cfmu/b2b/FlightServices">{"".join(parts)}</fl:{root}>'
        return Answer(200, _envelope(inner), content_type="text/xml; charset=utf-8")

    def failure(self, status: int, title: str) -> Answer:
        fault = f"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{escape(title)}</faultstring></soap:Fault>"
        return Answer(status, _envelope(fault), content_type="text/xml; charset=utf-8")

    def expired_credentials(self) -> Answer:
        return Answer(401, b"Unauthorized", content_type="text/plain")

    def aircraft_of(self, call: Call) -> str | None:
        return None

    # ── What it holds ───────────────────────────────────────────────────────────────────────────

    def state(self) -> dict[str, Any]:
        return {"flights": self._flights, "queue": self._queue, "paused": self._paused, "next_id": self._next_id}

    def audit(self) -> dict[str, Any]:
        return {"rules": []}

    def reset(self) -> None:
        self._forget()
        self._changed = True

    def changed_documents(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, False
        return {"network.json": json_bytes(self.state())} if changed else {}

    def restore(self, documents: Mapping[str, bytes]) -> None:
        if "network.json" in documents:
            kept = json.loads(documents["network.json"])
            self._flights, self._queue = kept["flights"], kept["queue"]
            self._paused, self._next_id = kept["paused"], kept["next_id"]

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        if name == "clear":
            self._flights = {}
        elif name == "too-many":
            self._most = int(wish.get("most", 1))
        elif name == "add-flight":
            missing = [field for field in _NEEDED if field not in wish]
            if missing:
                raise Refusal(f"A flight needs {', '.join(missing)}.")
            self._flights[wish["call_sign"]] = {**wish, "id": f"AA{self._next_id:08}"}
            self._next_id += 1
            self._publish(wish["call_sign"])
        elif name in ("change-flight", "drop-slot"):
            sign = wish.get("call_sign")
            if sign not in self._flights:
                raise Refusal(f"There is no flight {sign!r}. Add it with add-flight.")
            if name == "drop-slot":
                self._flights[sign].pop("ctot", None)
            else:
                self._flights[sign].update(wish)
            self._publish(sign)
        else:
            raise Refusal(f"Nobody can do {name!r} here. Use add-flight, change-flight, drop-slot, too-many or clear.")
        self._changed = True

    def _publish(self, sign: str) -> None:
        if self._queue is not None and not self._paused:
            self._queue.append(sign)

    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        raise Refusal(f"There is no question {name!r}.")

    def credentials(self) -> dict[str, str]:
        return {"api_key_id": KEY_ID, "api_key_secret": KEY_SECRET}

    def pages(self) -> list[tuple[str, str]]:
        return [("", "Flights")]

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        return Page("Flights", el("pre", json.dumps(self.state(), indent=1))) if path == "" else None


def _envelope(inner: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soap:Body>{inner}</soap:Body></soap:Envelope>"
    ).encode()


def _body_of(body: bytes) -> ElementTree.Element:
    """The request: in an envelope, or bare (observed: both are taken)."""
    root = ElementTree.fromstring(body)  # noqa: S314 - the sandbox reads what Airstair sends
    if root.tag.endswith("}Envelope"):
        inside = root.find("{http://schemas.xmlsoap.org/soap/envelope/}Body/*")
        if inside is None:
            raise ValueError("an empty envelope")
        root = inside
    if root.tag.rpartition("}")[2] not in _ORDER:
        raise ValueError(f"unknown request {root.tag}")
    return root


def _objection(root: ElementTree.Element, name: str) -> str:
    """What the schema has against it (documented: unqualified children, in this order)."""
    if not root.tag.startswith("{eurocontrol/cfmu/b2b/"):
        return "request: the root is not qualified"
    order, at = _ORDER[name], 0
    for child in root.iter():
        if child is not root and child.tag.startswith("{"):
            return f"{child.tag}: children are unqualified"
    for child in root:
        if child.tag not in order:
            return f"{child.tag}: it does not belong here"
        if order.index(child.tag) < at:
            return f"{child.tag}: it is out of order"
        at = order.index(child.tag)
    return "" if root.find("sendTime") is not None else "sendTime: it is missing"


def _read(written: str) -> datetime:
    return datetime.fromisoformat(written.replace("Z", "").replace("T", " "))


def _flight(one: Mapping[str, Any]) -> str:
    keys = (
        f"<aircraftId>{one['call_sign']}</aircraftId><aerodromeOfDeparture>{one['adep']}</aerodromeOfDeparture>"
        "<nonICAOAerodromeOfDeparture>false</nonICAOAerodromeOfDeparture><airFiled>false</airFiled>"
        f"<aerodromeOfDestination>{one['ades']}</aerodromeOfDestination>"
        "<nonICAOAerodromeOfDestination>false</nonICAOAerodromeOfDestination>"
        f"<estimatedOffBlockTime>{_read(one['eobt']):%Y-%m-%d %H:%M}</estimatedOffBlockTime>"
    )
    parts = [f"<flightId><id>{one['id']}</id><keys>{keys}</keys></flightId>"]
    parts += [f"<{tag}>{_read(one[name]):%Y-%m-%d %H:%M}</{tag}>" for tag, name in _ELEMENTS if name in one]
    parts.append(f"<slotIssued>{'true' if 'ctot' in one else 'false'}</slotIssued>")
    if "delay" in one:
        parts.append(f"<delay>{one['delay']}</delay><mostPenalisingRegulation>LFPB01M</mostPenalisingRegulation>")
    if "eet" in one:
        parts.append(f"<estimatedElapsedTime>{one['eet']}</estimatedElapsedTime>")
    if "code" in one:
        cause = f"<reason>AERODROME_CAPACITY</reason><iataDelayCode>{one['code']}</iataDelayCode>"
        parts.append(f"<mostPenalisingRegulationCause>{cause}</mostPenalisingRegulationCause>")
    parts.append(f"<filedRegistrationMark>{one['registration']}</filedRegistrationMark>")
    parts.append("<flightState>FILED</flightState>")
    return f"<flight>{''.join(parts)}</flight>"


def _message(one: Mapping[str, Any]) -> str:
    flight = _flight(one).removeprefix("<flight>").removesuffix("</flight>")
    return (
        '<ps:FlightDataMessage xmlns:ps="eurocontrol/cfmu/b2b/PublishsubscribeServices">'
        f"<type>BUSINESS_MESSAGE</type><topic>FLIGHT_DATA</topic><flightData>{flight}</flightData>"
        "<eventType>TAC</eventType></ps:FlightDataMessage>"
    )


PARTNER = Partner(
    key="eurocontrol",
    name="Eurocontrol",
    about="The Network Manager: slots, estimates and actual times of flights.",
    start=NetworkManager,
)
