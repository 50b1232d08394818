"""Tables of duties and of the roster's effective date. Flights name their crew themselves, by code."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator
from airstair.records.crewing.rules import LONGEST_DUTY, DutyKind, PublishedBy


class Duty(OperatorRow):
    """What a crew member does beside flying: positioning, training, standby, leave."""

    crew_member_id = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    start = models.DateTimeField()
    end = models.DateTimeField()
    start_airport = models.CharField(max_length=4, blank=True, default="")
    end_airport = models.CharField(max_length=4, blank=True, default="")
    title = models.CharField(max_length=120, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    deleted = models.BooleanField(default=False)

    class Meta:
        db_table = "crewing_duty"
        constraints = [
            of_operator("crewing_duty"),
            OperatorReference(name="crewing_duty_crew_member", field="crew_member_id", to="people_crew_member"),
            models.CheckConstraint(name="crewing_duty_kind", condition=Q(kind__in=[kind.value for kind in DutyKind])),
            models.CheckConstraint(name="crewing_duty_times", condition=Q(end__gt=F("start"))),
            models.CheckConstraint(name="crewing_duty_longest", condition=Q(end__lte=F("start") + LONGEST_DUTY)),
            models.CheckConstraint(
                name="crewing_duty_positioning",
                condition=~Q(kind=DutyKind.POSITIONING.value) | (~Q(start_airport="") & ~Q(end_airport="")),
            ),
        ]
        indexes = [models.Index("operator_id", "crew_member_id", "end", name="crewing_duty_by_crew")]


class Roster(OperatorRow):
    """How far the operator's roster is published. One row, made by the first publishing; `id` is the operator's own."""

    effective_date = models.DateField()  # the last day that is published
    published_by = models.CharField(max_length=8)  # PublishedBy: a day, or the whole month
    publisher = models.CharField(max_length=200)
    published_at = models.DateTimeField()

    class Meta:
        db_table = "crewing_roster"
        constraints = [
            of_operator("crewing_roster"),
            models.CheckConstraint(name="crewing_roster_one", condition=Q(id=F("operator_id"))),
            models.CheckConstraint(
                name="crewing_roster_published_by", condition=Q(published_by__in=[by.value for by in PublishedBy])
            ),
        ]
