"""The Network Manager's messages: what goes out is what the schema allows, what comes in is read with tolerance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import fromstring

import pytest
import xmlschema

from airstair.addons.eurocontrol import wire

NOW = datetime(2026, 10, 1, 8, 0, 30, tzinfo=UTC)
_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"
REPLY = """<?xml version="1.0"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
<fl:FlightListByAircraftOperatorReply xmlns:fl="eurocontrol/cfmu/b2b/FlightServices">
 <requestId>B2B_CUR1:1</requestId><sendTime>2026-10-01 08:00:01</sendTime><status>OK</status>
 <data><flights><flight>
  <flightId><id>AA00000042</id><keys><aircraftId>ABC123</aircraftId><aerodromeOfDeparture>LFPB</aerodromeOfDeparture>
   <nonICAOAerodromeOfDeparture>false</nonICAOAerodromeOfDeparture><airFiled>false</airFiled>
   <aerodromeOfDestination>EPWA</aerodromeOfDestination><nonICAOAerodromeOfDestination>false</nonICAOAerodromeOfDestination>
   <estimatedOffBlockTime>2026-10-01 09:30</estimatedOffBlockTime></keys></flightId>
  <calculatedTakeOffTime>2026-10-01 10:12</calculatedTakeOffTime>
  <estimatedTimeOfArrival>2026-10-01 11:58</estimatedTimeOfArrival>
  <calculatedTimeOfArrival>2026-10-01 12:25</calculatedTimeOfArrival><slotIssued>true</slotIssued><delay>0027</delay>
  <estimatedElapsedTime>0213</estimatedElapsedTime>
  <mostPenalisingRegulationCause><reason>AERODROME_CAPACITY</reason><iataDelayCode>89</iataDelayCode>
  </mostPenalisingRegulationCause>
  <filedRegistrationMark>SPXYZ</filedRegistrationMark><flightState>FILED_SLOT_ISSUED</flightState>
 </flight></flights></data>
</fl:FlightListByAircraftOperatorReply></soap:Body></soap:Envelope>"""


def _at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-01 {clock}").replace(tzinfo=UTC)


def _root(request: bytes):
    return fromstring(request).find(_BODY)[0]


@pytest.mark.parametrize(
    ("request_", "root", "children"),
    [
        (
            wire.flights_of_operator(NOW, "abc", NOW, NOW + timedelta(hours=24)),
            "{eurocontrol/cfmu/b2b/FlightServices}FlightListByAircraftOperatorRequest",
            ["sendTime", "dataset", "includeProposalFlights", "includeForecastFlights", "trafficType", "trafficWindow",
             *["requestedFlightFields"] * len(wire.FIELDS), "aircraftOperators"],
        ),
        (
            wire.plan_of(NOW, "AA00000042"),
            "{eurocontrol/cfmu/b2b/FlightServices}FlightRetrievalRequest",
            ["sendTime", "dataset", "includeProposalFlights", "flightId", "requestedFlightDatasets",
             "requestedDataFormat"],
        ),
        (
            wire.subscription(NOW, ["SP-XYZ", "sp-abc"]),
            "{eurocontrol/cfmu/b2b/FlightServices}FlightDataSubscriptionCreationRequest",
            ["sendTime", "description", "messageFilter", "payloadConfiguration"],
        ),
        (
            wire.resume(NOW, "5a9d0001-0000-4000-8000-000000000001"),
            "{eurocontrol/cfmu/b2b/PublishsubscribeServices}SubscriptionResumeRequest",
            ["sendTime", "uuid"],
        ),
        (
            wire.pull(NOW, "ABC.flights", 200),
            "{eurocontrol/cfmu/b2b/PublishsubscribeServices}MessagePullRequest",
            ["sendTime", "queueName", "maxSize", "destructive"],
        ),
    ],
    ids=["list", "plan", "subscribe", "resume", "pull"],
)  # fmt: skip
def test_only_the_root_is_qualified_and_children_have_their_order(request_, root, children) -> None:
    found = _root(request_)
    assert found.tag == root
    assert [one.tag for one in found] == children
    assert found.findtext("sendTime") == "2026-10-01 08:00:30"


@pytest.mark.parametrize(
    "build",
    [
        lambda: wire.flights_of_operator(NOW, "ABCD", NOW, NOW),
        lambda: wire.plan_of(NOW, "42"),
        lambda: wire.pull(NOW, "queue", 1001),
        lambda: wire.subscription(NOW, []),
    ],
    ids=["operator", "plan", "pull", "subscribe"],
)
def test_what_the_schema_does_not_allow_is_never_sent(build) -> None:
    with pytest.raises(xmlschema.XMLSchemaException):
        build()


def test_a_subscription_names_registrations_twenty_by_twenty() -> None:
    found = _root(wire.subscription(NOW, [f"SP-{n:03}" for n in range(45)]))
    items = found.findall("messageFilter/flightSet/item/aircraftRegistrations")
    assert [len(one) for one in items] == [20, 20, 5]
    assert items[0][0].text == "SP000"


@pytest.mark.req("ECT-02")
def test_a_flight_is_read_whole() -> None:
    reply = wire.read_reply(REPLY.encode())
    assert reply is not None
    assert reply.status == "OK"
    (flight,) = wire.read_flights(reply.data)
    assert flight == wire.Status(
        flight=wire.Named(
            ifpl_id="AA00000042", aircraft_id="ABC123", adep="LFPB", ades="EPWA", eobt=_at("09:30"),
            registration="SPXYZ",
        ),
        state="FILED_SLOT_ISSUED",
        eta=_at("12:25"),
        eet_minutes=133,
        ctot=_at("10:12"),
        delay_minutes=27,
        delay_code=89,
    )  # fmt: skip


def test_a_calculated_time_without_a_slot_is_none() -> None:
    reply = wire.read_reply(REPLY.replace("<slotIssued>true", "<slotIssued>false").encode())
    assert reply is not None
    assert wire.read_flights(reply.data)[0].ctot is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"not xml", b"<a/>", REPLY[:400].encode(),
        b'<!DOCTYPE a [<!ENTITY b "c">]><status>&b;</status>',
        b'<s:Envelope xmlns:s="x"><s:Header/></s:Envelope>',
    ],
)  # fmt: skip
def test_what_is_no_reply_is_none(body: bytes) -> None:
    assert wire.read_reply(body) is None


def test_a_bare_reply_with_objections_is_read() -> None:
    reply = wire.read_reply(
        b"<r><status>INVALID_INPUT</status>"
        b"<inputValidationErrors><attributes><item>aircraftOperators</item></attributes>"
        b"<group>FLIGHT</group><type>INVALID_ATTRIBUTE_VALUE</type><message>Unknown.</message></inputValidationErrors></r>"
    )
    assert reply == wire.Reply(status="INVALID_INPUT", words=("aircraftOperators: Unknown.",))


@pytest.mark.parametrize(
    ("text", "found"),
    [("0213", 133), ("000000", 0), ("021545", 135), ("", None), (None, None), ("2:13", None), ("OTHER:X", None)],
)
def test_durations(text, found) -> None:
    assert wire.minutes(text) == found


@pytest.mark.parametrize("text", ["", None, "soon", "2026-13-01 10:00", "2026-10-01T10:00", "2026-10-01"])
def test_what_is_no_time_is_none(text) -> None:
    assert wire.moment(text) is None
