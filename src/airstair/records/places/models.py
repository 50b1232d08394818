"""The operator's own airports: corrections of published ones, and strips that no published list has."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from airstair.changes.keys import OperatorRow, of_operator


class AirportOverride(OperatorRow):
    """What this operator says about an airport, in place of the published record."""

    code = models.CharField(max_length=4)  # ICAO code, or the operator's own four letters
    iata = models.CharField(max_length=3, blank=True, default="")
    name = models.CharField(max_length=120)
    city = models.CharField(max_length=80, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")  # ISO 3166-1
    latitude = models.FloatField()  # degrees, north positive
    longitude = models.FloatField()  # degrees, east positive
    time_zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        db_table = "places_airport_override"
        constraints = [
            of_operator("places_airport_override"),
            models.UniqueConstraint("operator_id", "code", name="places_airport_override_code"),
            models.CheckConstraint(name="places_airport_code", condition=Q(code__regex=r"^[A-Z][A-Z0-9]{3}$")),
            models.CheckConstraint(
                name="places_airport_position",
                condition=Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180)),
            ),
        ]
