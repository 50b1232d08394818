"""Tables of the fleet."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator
from airstair.records.fleet.cam import Counts, Cycles


class Aircraft(OperatorRow):
    """An aircraft of the operator's fleet. Its registration can change; its id never does."""

    registration = models.CharField(max_length=10)
    icao_type = models.CharField(max_length=4, blank=True, default="")  # ICAO Doc 8643 designator
    iata_type = models.CharField(max_length=3, blank=True, default="")
    model = models.CharField(max_length=80, blank=True, default="")
    serial_number = models.CharField(max_length=30, blank=True, default="")
    call_sign = models.CharField(max_length=12, blank=True, default="")
    home_base = models.CharField(max_length=4, blank=True, default="")  # airport code; empty while not known
    seats = models.PositiveSmallIntegerField(default=0)
    owner = models.CharField(max_length=120, blank=True, default="")
    subsidiary_id = models.BigIntegerField(null=True)
    # Block-time estimates: block time = taxi + climb and approach allowance + distance / cruise speed.
    cruise_speed_kt = models.PositiveSmallIntegerField(default=0)
    taxi_minutes = models.PositiveSmallIntegerField(default=0)
    climb_minutes = models.PositiveSmallIntegerField(default=0)
    range_nm = models.PositiveIntegerField(default=0)
    mx_set_up = models.CharField(max_length=200, blank=True, default="")  # maintenance program and tracking system
    active = models.BooleanField(default=True)  # false once sold or returned

    class Meta:
        db_table = "fleet_aircraft"
        constraints = [
            of_operator("fleet_aircraft"),
            models.UniqueConstraint("operator_id", "registration", name="fleet_aircraft_registration"),
            OperatorReference(name="fleet_aircraft_subsidiary", field="subsidiary_id", to="operators_subsidiary"),
            models.CheckConstraint(
                name="fleet_aircraft_written", condition=Q(registration__regex=r"^[A-Z0-9]+(-[A-Z0-9]+)?$")
            ),
        ]


class Cam(OperatorRow):
    """From when on, and from which totals, an airframe's hours and cycles are counted. `id` is the aircraft's own."""

    start_date = models.DateField()  # counted from 00:00 UTC of that day
    start_minutes = models.PositiveIntegerField()  # time since new at that moment
    start_cycles = models.PositiveIntegerField()
    counts = models.CharField(max_length=5, default=Counts.AIR.value)
    cycles = models.CharField(max_length=8, default=Cycles.FLIGHTS.value)

    class Meta:
        db_table = "fleet_cam"
        constraints = [
            of_operator("fleet_cam"),
            OperatorReference(name="fleet_cam_aircraft", field="id", to="fleet_aircraft"),
            models.CheckConstraint(name="fleet_cam_counts", condition=Q(counts__in=[c.value for c in Counts])),
            models.CheckConstraint(name="fleet_cam_cycles", condition=Q(cycles__in=[c.value for c in Cycles])),
        ]


class Engine(OperatorRow):
    """An engine on an aircraft, or one that was: from when on, and from which totals, it is counted there."""

    aircraft_id = models.BigIntegerField()
    position = models.PositiveSmallIntegerField()  # 1 is the leftmost
    serial = models.CharField(max_length=30)
    start_date = models.DateField()
    start_minutes = models.PositiveIntegerField()
    start_cycles = models.PositiveIntegerField()
    removed_on = models.DateField(null=True)  # from 00:00 UTC of that day it no longer flies with the aircraft

    class Meta:
        db_table = "fleet_engine"
        constraints = [
            of_operator("fleet_engine"),
            OperatorReference(name="fleet_engine_aircraft", field="aircraft_id", to="fleet_aircraft"),
            models.UniqueConstraint(
                fields=["operator_id", "aircraft_id", "position"],
                condition=Q(removed_on=None),
                name="fleet_engine_position",
            ),
            models.CheckConstraint(
                name="fleet_engine_removed", condition=Q(removed_on=None) | Q(removed_on__gte=F("start_date"))
            ),
        ]
        indexes = [models.Index("operator_id", "aircraft_id", name="fleet_engine_by_aircraft")]
