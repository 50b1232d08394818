"""Tables of the fleet."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator


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
