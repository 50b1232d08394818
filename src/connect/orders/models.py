"""The tables of orders. Written by `commands` of this room and of `connect.sync` only."""

from __future__ import annotations

from django.db import models

from connect.flights.models import Flight
from connect.orders.words import Kind, OrderStatus, Payment, Progress, SlotStatus
from connect.parties.models import Organisation, User


class Order(models.Model):
    """What an operator orders of one handler for one flight at one airport."""

    number = models.CharField(max_length=30, unique=True)
    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="orders")
    side = models.CharField(max_length=4)
    airport = models.CharField(max_length=10)
    handler = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=10, default=Kind.HANDLING.value)
    generation = models.IntegerField(default=1)
    """Of the handling orders of one flight and side, the how-manieth."""
    status = models.CharField(max_length=40, default=OrderStatus.AWAITING_QUOTE.value)
    payment = models.CharField(max_length=30, default=Payment.NONE.value)
    acknowledged_at = models.DateTimeField(null=True)
    terms = models.CharField(max_length=60, blank=True)
    """Payment terms, which a quote must have."""
    note = models.TextField(blank=True)
    warning = models.CharField(max_length=300, blank=True)
    """What people must know of it: stands in the notes that the schedule system is told."""
    cancelled_by_submission = models.IntegerField(null=True)
    """The flight's submission when it was cancelled: a later one makes a new order."""
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["flight", "side", "generation"], condition=models.Q(kind="handling"), name="no_order_twice"
            ),
            models.UniqueConstraint(
                fields=["flight", "side"],
                condition=models.Q(kind="handling") & ~models.Q(status="Cancelled"),
                name="one_live_order_per_airport",
            ),
        ]
        indexes = [models.Index(fields=["handler", "status"])]

    def __str__(self) -> str:
        return self.number


class Line(models.Model):
    """One service of an order. `service` is the checklist's word, empty for what Connect's people add."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    service = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=120)
    details = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=10, decimal_places=2, default=1)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    progress = models.CharField(max_length=20, default=Progress.NOT_PLANNED.value)
    unticked = models.BooleanField(default=False)
    """The operator unticked it when it could not be deleted any more."""
    position = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "service"], condition=~models.Q(service=""), name="one_line_per_service"
            )
        ]
        ordering = ["position", "id"]


class Slot(models.Model):
    """The slot of an order, from being asked for to approved."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="slot")
    status = models.CharField(max_length=20, default=SlotStatus.ASKED.value)
    number = models.CharField(max_length=40, blank=True)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    accepted_time = models.DateTimeField(null=True)
    """The time that the operator accepted in Connect; the schedule system is told it as a proposed change."""
    accepted_told = models.BooleanField(default=False)


class Event(models.Model):
    """What happened to a flight or an order, in words: the history that both parties see."""

    flight = models.ForeignKey(Flight, on_delete=models.CASCADE, related_name="events")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, related_name="events")
    at = models.DateTimeField()
    who = models.CharField(max_length=200)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    words = models.CharField(max_length=400)

    class Meta:
        ordering = ["id"]


class Numbering(models.Model):
    """How many orders a day has had."""

    day = models.DateField(primary_key=True)
    last = models.IntegerField(default=0)
