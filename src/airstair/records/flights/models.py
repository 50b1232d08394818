"""Tables of trips, flights, aircraft events, empty legs, services, block times, flight watch and journey log."""

from __future__ import annotations

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator
from airstair.records.flights.books import FuelUnit
from airstair.records.flights.rules import (
    LONGEST_EVENT,
    LONGEST_FLIGHT,
    MARKETING_WINDOW_MAX,
    Book,
    EventKind,
    FlightRules,
    FlightType,
    Regulation,
    SalesType,
    ServedParty,
    ServiceKind,
    Status,
)


def one_of(table: str, field: str, words: type[StrEnum], *, blank: bool = False) -> models.CheckConstraint:
    """The column holds one of the words, or nothing where `blank` allows it."""
    allowed = [w.value for w in words] + ([""] if blank else [])
    return models.CheckConstraint(name=f"{table}_{field}", condition=Q(**{f"{field}__in": allowed}))


class Trip(OperatorRow):
    """What a client booked: flights in order, under one number that never changes."""

    number = models.CharField(max_length=20)
    status = models.CharField(max_length=12, default=Status.CONFIRMED.value)
    client = models.CharField(max_length=120, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    # The requests at partners that this trip was booked from: "add-on key:partner's id".
    booked_from = ArrayField(models.CharField(max_length=80), default=list)

    class Meta:
        db_table = "flights_trip"
        constraints = [
            of_operator("flights_trip"),
            models.UniqueConstraint("operator_id", "number", name="flights_trip_number"),
            one_of("flights_trip", "status", Status),
        ]


class Flight(OperatorRow):
    """One flight of one aircraft, with its block times as scheduled."""

    trip_id = models.BigIntegerField()
    aircraft_id = models.BigIntegerField()
    number = models.CharField(max_length=10)
    adep = models.CharField(max_length=4)
    ades = models.CharField(max_length=4)
    altn = models.CharField(max_length=4, blank=True, default="")
    altn2 = models.CharField(max_length=4, blank=True, default="")
    std = models.DateTimeField()  # scheduled off-block
    sta = models.DateTimeField()  # scheduled on-block
    status = models.CharField(max_length=12, default=Status.CONFIRMED.value)
    flight_type = models.CharField(max_length=12, default=FlightType.COMMERCIAL.value)
    regulation = models.CharField(max_length=12, blank=True, default="")
    flight_rules = models.CharField(max_length=1, default=FlightRules.IFR.value)
    sales_type = models.CharField(max_length=8, default=SalesType.PAX.value)
    ferry = models.BooleanField(default=False)
    pax_count = models.PositiveSmallIntegerField(default=0)
    pax_by_category = models.JSONField(default=dict)  # {"male": 2, "child": 1}
    pax_list = models.JSONField(default=list)  # [{"name": …, "category": …}]
    crew = models.JSONField(default=dict)  # {"CPT": "ABC", "FO": "DEF"}: position to crew code
    cargo_kg = models.PositiveIntegerField(default=0)
    catering_kg = models.PositiveIntegerField(default=0)
    notes = models.TextField(blank=True, default="")
    deleted = models.BooleanField(default=False)  # cancelled and out of sight; never out of the audit trail
    import_key = models.CharField(max_length=120, null=True, default=None)  # what an import knows it by
    imported = models.JSONField(null=True, default=None)  # the values that the last import brought, field by field

    class Meta:
        db_table = "flights_flight"
        constraints = [
            of_operator("flights_flight"),
            OperatorReference(name="flights_flight_trip", field="trip_id", to="flights_trip"),
            OperatorReference(name="flights_flight_aircraft", field="aircraft_id", to="fleet_aircraft"),
            models.UniqueConstraint("operator_id", "import_key", name="flights_flight_import_key"),
            models.CheckConstraint(name="flights_flight_times", condition=Q(sta__gt=F("std"))),
            models.CheckConstraint(name="flights_flight_longest", condition=Q(sta__lte=F("std") + LONGEST_FLIGHT)),
            models.CheckConstraint(
                name="flights_flight_deleted", condition=Q(deleted=False) | Q(status=Status.CANCELLED.value)
            ),
            models.CheckConstraint(name="flights_flight_ferry_pax", condition=Q(ferry=False) | Q(pax_count=0)),
            one_of("flights_flight", "status", Status),
            one_of("flights_flight", "flight_type", FlightType),
            one_of("flights_flight", "regulation", Regulation, blank=True),
            one_of("flights_flight", "flight_rules", FlightRules),
            one_of("flights_flight", "sales_type", SalesType),
        ]
        indexes = [
            models.Index("operator_id", "aircraft_id", "sta", name="flights_flight_by_aircraft"),
            models.Index("operator_id", "std", name="flights_flight_by_day"),
            models.Index("operator_id", "trip_id", name="flights_flight_by_trip"),
        ]


class AircraftEvent(OperatorRow):
    """A reservation, maintenance or grounding that occupies an aircraft at one airport."""

    aircraft_id = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    airport = models.CharField(max_length=4)
    start = models.DateTimeField()
    end = models.DateTimeField()
    title = models.CharField(max_length=120, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    deleted = models.BooleanField(default=False)

    class Meta:
        db_table = "flights_event"
        constraints = [
            of_operator("flights_event"),
            OperatorReference(name="flights_event_aircraft", field="aircraft_id", to="fleet_aircraft"),
            models.CheckConstraint(name="flights_event_times", condition=Q(end__gt=F("start"))),
            models.CheckConstraint(name="flights_event_longest", condition=Q(end__lte=F("start") + LONGEST_EVENT)),
            one_of("flights_event", "kind", EventKind),
        ]
        indexes = [models.Index("operator_id", "aircraft_id", "end", name="flights_event_by_aircraft")]


class EmptyLeg(OperatorRow):
    """The offer that goes with a flight marked empty. `id` is the flight's own id."""

    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    marketing_start = models.DateTimeField(null=True)
    marketing_end = models.DateTimeField(null=True)
    message = models.CharField(max_length=1000, blank=True, default="")
    # Who looked at this very leg and said that it can be sold. Cleared when route, time or aircraft change.
    verified_by = models.BigIntegerField(null=True)
    verified_by_name = models.CharField(max_length=120, blank=True, default="")
    verified_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "flights_empty_leg"
        constraints = [
            of_operator("flights_empty_leg"),
            OperatorReference(name="flights_empty_leg_flight", field="id", to="flights_flight", cascade=True),
            OperatorReference(name="flights_empty_leg_verifier", field="verified_by", to="operators_user", whole=True),
            models.CheckConstraint(
                name="flights_empty_leg_window",
                condition=Q(marketing_start=None, marketing_end=None)
                # "Not null" is said outright: a check whose answer is null would pass.
                | Q(marketing_start__isnull=False, marketing_end__isnull=False)
                & Q(marketing_end__gt=F("marketing_start"))
                & Q(marketing_end__lte=F("marketing_start") + MARKETING_WINDOW_MAX),
            ),
            models.CheckConstraint(
                name="flights_empty_leg_price", condition=Q(price=None) | (Q(price__gte=0) & ~Q(currency=""))
            ),
            models.CheckConstraint(
                name="flights_empty_leg_verified",
                condition=Q(verified_by=None, verified_at=None)
                | Q(verified_by__isnull=False, verified_at__isnull=False) & ~Q(verified_by_name=""),
            ),
        ]


class FlightService(OperatorRow):
    """Handling, fuel, catering and the like, arranged for one end of a flight."""

    flight_id = models.BigIntegerField()
    airport = models.CharField(max_length=4)
    kind = models.CharField(max_length=10)
    served = models.CharField(max_length=10, default=ServedParty.ALL.value)
    provider_id = models.CharField(max_length=60)
    provider_name = models.CharField(max_length=120)
    source = models.CharField(max_length=40, default="PROPRIETARY")  # whose provider ids these are
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "flights_service"
        constraints = [
            of_operator("flights_service"),
            OperatorReference(name="flights_service_flight", field="flight_id", to="flights_flight", cascade=True),
            one_of("flights_service", "kind", ServiceKind),
            one_of("flights_service", "served", ServedParty),
        ]
        indexes = [models.Index("operator_id", "flight_id", name="flights_service_by_flight")]


class BlockTimes(OperatorRow):
    """A flight's actual times as one book has them, with who said so."""

    flight_id = models.BigIntegerField()
    book = models.CharField(max_length=12)
    off_block = models.DateTimeField(null=True)
    take_off = models.DateTimeField(null=True)
    landing = models.DateTimeField(null=True)
    on_block = models.DateTimeField(null=True)
    source = models.CharField(max_length=200)  # the person or partner who wrote last, as pages show it
    sources = models.JSONField(default=dict)  # who said each time: {"off_block": "Ann Lee"}

    class Meta:
        db_table = "flights_block_times"
        constraints = [
            of_operator("flights_block_times"),
            OperatorReference(name="flights_block_times_flight", field="flight_id", to="flights_flight", cascade=True),
            models.UniqueConstraint("operator_id", "flight_id", "book", name="flights_block_times_once"),
            one_of("flights_block_times", "book", Book),
            models.CheckConstraint(
                name="flights_block_times_order",
                condition=(Q(off_block=None) | Q(on_block=None) | Q(on_block__gte=F("off_block")))
                & (Q(off_block=None) | Q(take_off=None) | Q(take_off__gte=F("off_block")))
                & (Q(take_off=None) | Q(landing=None) | Q(landing__gte=F("take_off")))
                & (Q(landing=None) | Q(on_block=None) | Q(on_block__gte=F("landing")))
                & (Q(take_off=None) | Q(on_block=None) | Q(on_block__gte=F("take_off")))
                & (Q(off_block=None) | Q(landing=None) | Q(landing__gte=F("off_block"))),
            ),
        ]


class FlightWatch(OperatorRow):
    """What flight watch expects of a flight, beside its times. `id` is the flight's own id."""

    etd = models.DateTimeField(null=True)
    eet_minutes = models.PositiveSmallIntegerField(null=True)
    eta = models.DateTimeField(null=True)
    ctot = models.DateTimeField(null=True)
    pax = models.PositiveSmallIntegerField(null=True)
    delays = models.JSONField(default=list)  # [{"code": "93", "minutes": 12}]
    sources = models.JSONField(default=dict)  # who said each value: {"pax": "Ann Lee"}

    class Meta:
        db_table = "flights_watch"
        constraints = [
            of_operator("flights_watch"),
            OperatorReference(name="flights_watch_flight", field="id", to="flights_flight", cascade=True),
        ]


class JourneyLog(OperatorRow):
    """What the journey log tells of a flight, beside its times. `id` is the flight's own id. Fuel as it was read."""

    pax = models.PositiveSmallIntegerField(null=True)
    landings = models.PositiveSmallIntegerField(null=True)
    pilot_flying = models.CharField(max_length=60, blank=True, default="")
    block_fuel = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    block_fuel_unit = models.CharField(max_length=3, blank=True, default="")
    uplift = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    uplift_unit = models.CharField(max_length=3, blank=True, default="")
    remaining_fuel = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    remaining_fuel_unit = models.CharField(max_length=3, blank=True, default="")
    delays = models.JSONField(default=list)  # [{"code": "93", "minutes": 12}]
    apu_hours = models.DecimalField(max_digits=9, decimal_places=2, null=True)  # the APU's own counter, as read
    sources = models.JSONField(default=dict)  # who said each value

    class Meta:
        db_table = "flights_journey_log"
        constraints = [
            of_operator("flights_journey_log"),
            OperatorReference(name="flights_journey_log_flight", field="id", to="flights_flight", cascade=True),
            *(
                models.CheckConstraint(
                    name=f"flights_journey_log_{fuel}",
                    condition=Q(**{fuel: None, f"{fuel}_unit": ""})
                    | Q(**{f"{fuel}__gte": 0, f"{fuel}_unit__in": [unit.value for unit in FuelUnit]}),
                )
                for fuel in ("block_fuel", "uplift", "remaining_fuel")
            ),
            models.CheckConstraint(name="flights_journey_log_apu", condition=Q(apu_hours=None) | Q(apu_hours__gte=0)),
        ]
        # The latest reading of an aircraft that has none is otherwise looked for in all that was ever logged.
        indexes = [
            models.Index(
                fields=["operator_id", "id"], condition=Q(apu_hours__isnull=False), name="flights_journey_log_apu_read"
            )
        ]


class ImportMapping(OperatorRow):
    """A named way of reading one kind of file: which column is what."""

    name = models.CharField(max_length=60)
    columns = models.JSONField()  # field of the record → column of the file

    class Meta:
        db_table = "flights_import_mapping"
        constraints = [
            of_operator("flights_import_mapping"),
            models.UniqueConstraint("operator_id", "name", name="flights_import_mapping_name"),
        ]
