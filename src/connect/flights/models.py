"""The table of flights. Written by `connect.sync.commands` and `connect.flights.commands` only."""

from __future__ import annotations

from django.db import models

from connect.parties.models import Organisation


class Flight(models.Model):
    """A flight that an operator submitted. After a change that needs a new flight, the same `nid` has the next
    `generation`, and the old one stays as it was cancelled.
    """

    SYNCHRONISED, NOT_SYNCHRONISED, CANCELLED = "synchronised", "not synchronised", "cancelled"

    operator = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    """The main organisation, whose schedule system it comes from."""
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="flights")
    """The one that owns the aircraft; none while the flight is not synchronised."""
    nid = models.BigIntegerField()
    generation = models.IntegerField(default=1)
    state = models.CharField(max_length=20)
    reason = models.CharField(max_length=300, blank=True)
    """Why it is not synchronised or cancelled."""

    flight_no = models.CharField(max_length=20, blank=True)
    trip_nid = models.BigIntegerField(null=True)
    trip_number = models.CharField(max_length=40, blank=True)
    registration = models.CharField(max_length=20, blank=True)
    call_sign = models.CharField(max_length=20, blank=True)
    icao_type = models.CharField(max_length=10, blank=True)
    adep = models.CharField(max_length=10)
    ades = models.CharField(max_length=10)
    std = models.DateTimeField()
    sta = models.DateTimeField()
    pax = models.IntegerField(null=True)
    crew = models.IntegerField(null=True)
    flight_type = models.CharField(max_length=60, blank=True)
    mission = models.CharField(max_length=120, blank=True)
    previous = models.JSONField(null=True)
    next = models.JSONField(null=True)
    """The neighbours of the same aircraft: nid, flight_no, adep, ades, std, sta."""

    submission = models.IntegerField(default=0)
    """Of the schedule system's submissions, the last that was applied here."""
    sides = models.JSONField(default=dict)
    """By ADEP and ADES what was asked there: see `connect.sync.state.Side`."""
    heard = models.JSONField(null=True)
    """What was last heard of it, as it came."""
    changed_here = models.BooleanField(default=False)
    """Somebody changed the schedule in Connect; the next update replaces that."""
    applied_at = models.DateTimeField()
    changed_at = models.DateTimeField(auto_now=True)
    answers_due = models.BooleanField(default=False)
    """The schedule system has yet to be told how this flight and its services stand."""
    answers_after = models.DateTimeField(null=True)
    """Not before: it did not take them the last time."""
    version = models.IntegerField(default=0)
    """Counts every change of the flight, its orders, lines and slots."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operator", "nid", "generation"], name="one_flight_of_a_generation")
        ]
        indexes = [
            models.Index(fields=["operator", "std"]),
            models.Index(fields=["operator"], condition=models.Q(answers_due=True), name="flights_answers_due"),
        ]

    def __str__(self) -> str:
        return f"{self.flight_no} {self.adep}-{self.ades}"
