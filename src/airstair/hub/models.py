"""Tables of the hub: connections, what each partner last accepted, the calls, the notices."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator
from airstair.hub.flows import MessageState
from airstair.kernel.outcome import OutcomeKind


class Connection(OperatorRow):
    """One operator's configured add-on. The default one serves every aircraft that has no connection of its own."""

    addon = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    is_default = models.BooleanField(default=True)
    on = models.BooleanField(default=False)
    all_aircraft = models.BooleanField(default=False)  # the default connection only: new aircraft are ticked too
    settings = models.JSONField(default=dict)  # without secrets
    secrets = models.BinaryField(default=b"")  # encrypted; never leaves the hub but into a call
    account = models.CharField(max_length=64, default="")  # what the partner counts calls by, hashed
    checked_at = models.DateTimeField(null=True)  # when the partner last said that the credentials work
    check_problem = models.CharField(max_length=500, blank=True, default="")
    recipients_told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hub_connection"
        constraints = [
            of_operator("hub_connection"),
            models.UniqueConstraint("operator_id", "addon", "name", name="hub_connection_name"),
            models.UniqueConstraint(
                fields=["operator_id", "addon"], condition=Q(is_default=True), name="hub_connection_one_default"
            ),
            models.CheckConstraint(
                name="hub_connection_all_aircraft", condition=Q(is_default=True) | Q(all_aircraft=False)
            ),
        ]


class TickedAircraft(models.Model):
    """An aircraft that an add-on is allowed to send, and through which connection. At most one for each add-on."""

    pk = models.CompositePrimaryKey("operator_id", "addon", "aircraft_id")
    operator_id = models.BigIntegerField()
    addon = models.CharField(max_length=40)
    aircraft_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()

    class Meta:
        db_table = "hub_ticked_aircraft"
        constraints = [
            of_operator("hub_ticked_aircraft"),
            OperatorReference(name="hub_ticked_aircraft_aircraft", field="aircraft_id", to="fleet_aircraft"),
            OperatorReference(
                name="hub_ticked_aircraft_connection", field="connection_id", to="hub_connection", cascade=True
            ),
        ]


class Cursor(models.Model):
    """How far a connection has read the change log, and whether it is pausing."""

    pk = models.CompositePrimaryKey("operator_id", "connection_id")
    operator_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    snapshot = models.TextField()  # a saved pg_snapshot
    saved_at = models.DateTimeField()
    compared_at = models.DateTimeField(null=True)  # when everything was last compared, as the proof
    paused_until = models.DateTimeField(null=True)  # the partner is away: nobody asks before then
    failures = models.PositiveIntegerField(default=0)  # in a row, for the length of the next pause

    class Meta:
        db_table = "hub_cursor"
        constraints = [
            OperatorReference(name="hub_cursor_connection", field="connection_id", to="hub_connection", cascade=True)
        ]


class LedgerRow(models.Model):
    """What one partner last accepted of one unit, how the latest call went, and when the next is due."""

    pk = models.CompositePrimaryKey("operator_id", "connection_id", "flow", "unit")
    operator_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    flow = models.CharField(max_length=40)
    unit = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    # Of the document last accepted. Of flights: empty when the partner holds nothing, and knows that from us.
    fingerprint = models.BinaryField(null=True)
    remote_id = models.CharField(max_length=120, blank=True, default="")
    last_attempt = models.DateTimeField(null=True)  # when the latest call ended, so that a floor counts from it
    last_success = models.DateTimeField(null=True)
    last_change = models.DateTimeField(null=True)  # when the partner last accepted something new
    next_due = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)  # a person asked for an export that has not been made yet
    sending_since = models.DateTimeField(null=True)  # written before a call that must not be made twice
    outcome = models.CharField(max_length=24, blank=True, default="")
    http_status = models.IntegerField(null=True)
    messages = models.JSONField(default=list)  # the partner's words about the latest call
    warnings = models.JSONField(default=list)  # our own words about the latest document
    sent = models.PositiveIntegerField(default=0)  # parts in the latest document
    tries = models.PositiveIntegerField(default=0)  # failed calls in a row
    call_id = models.BigIntegerField(null=True)
    # Flows with `ask_first` only: the body last accepted and, after it, those that may have arrived since; the
    # fingerprint of the document that a person is asked about, and of the one that a person said yes to.
    bodies = ArrayField(models.BinaryField(), null=True)
    question = models.BinaryField(null=True)
    approved = models.BinaryField(null=True)

    class Meta:
        db_table = "hub_ledger"
        constraints = [
            OperatorReference(name="hub_ledger_connection", field="connection_id", to="hub_connection", cascade=True),
            models.CheckConstraint(
                name="hub_ledger_outcome", condition=Q(outcome__in=["", *(k.value for k in OutcomeKind)])
            ),
        ]


class CallBody(models.Model):
    """What was sent, kept once however often the same was sent again."""

    pk = models.CompositePrimaryKey("operator_id", "digest")
    operator_id = models.BigIntegerField()
    digest = models.BinaryField()
    body = models.BinaryField()
    parts = ArrayField(models.CharField(max_length=40), default=list)  # keys of what it held, in wire order
    part_titles = ArrayField(models.CharField(max_length=160), default=list)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "hub_call_body"
        constraints = [of_operator("hub_call_body")]


class CallRow(OperatorRow):
    """One request to a partner, or of a partner's, and its answer, with secrets removed."""

    connection_id = models.BigIntegerField()
    addon = models.CharField(max_length=40)
    flow = models.CharField(max_length=40)
    units = ArrayField(models.CharField(max_length=40))
    title = models.CharField(max_length=120)
    at = models.DateTimeField()
    duration_ms = models.FloatField()
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=500)
    http_status = models.IntegerField(null=True)
    outcome = models.CharField(max_length=24)
    sent = models.PositiveIntegerField(default=0)
    messages = models.JSONField(default=list)
    request_headers = models.JSONField(default=dict)
    request_digest = models.BinaryField(null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.BinaryField(default=b"")
    failure = models.CharField(max_length=500, blank=True, default="")
    direction = models.CharField(
        max_length=8, db_default="out"
    )  # "in": the partner came to us; "handoff": a person left

    class Meta:
        db_table = "hub_call"
        constraints = [of_operator("hub_call")]
        indexes = [
            models.Index("operator_id", "at", name="hub_call_at"),
            models.Index("operator_id", "connection_id", "at", name="hub_call_connection_at"),
        ]


class Notice(OperatorRow):
    """Something about a connection that a person should know: opened once, closed once, mailed once each."""

    connection_id = models.BigIntegerField()
    kind = models.CharField(max_length=20)  # "failing" or "late"
    sentence = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    opened_mailed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_mailed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hub_notice"
        constraints = [
            of_operator("hub_notice"),
            OperatorReference(name="hub_notice_connection", field="connection_id", to="hub_connection", cascade=True),
            models.UniqueConstraint(
                fields=["operator_id", "connection_id", "kind"], condition=Q(closed_at=None), name="hub_notice_one_open"
            ),
        ]


class ExportRun(OperatorRow):
    """An export that somebody asked for: which units, and how far it has come."""

    connection_id = models.BigIntegerField()
    asked_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    units = ArrayField(models.CharField(max_length=40))

    class Meta:
        db_table = "hub_export_run"
        constraints = [
            of_operator("hub_export_run"),
            OperatorReference(
                name="hub_export_run_connection", field="connection_id", to="hub_connection", cascade=True
            ),
        ]
        indexes = [models.Index("operator_id", "connection_id", "started_at", name="hub_export_run_started")]


class Message(OperatorRow):
    """A message that goes out at most once. `identity` tells the messages of one unit apart: the flow's rule."""

    connection_id = models.BigIntegerField()
    flow = models.CharField(max_length=40)
    unit = models.CharField(max_length=40)
    identity = models.CharField(max_length=120)
    title = models.CharField(max_length=160)
    state = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200, blank=True, default="")  # who sent it by hand; empty: it went by itself
    asked_at = models.DateTimeField(null=True)
    choices = models.JSONField(default=dict)  # what that person chose
    decided_by = models.CharField(max_length=200, blank=True, default="")  # who said that it arrived, or dropped it
    may_be_there = models.BooleanField(default=False)  # a call of it was accepted, or its answer lost
    wanted_again_at = models.DateTimeField(null=True)  # the record is back at what it says, after a later one went out
    sent_at = models.DateTimeField(null=True)  # when the latest call began
    sent_order = models.BigIntegerField(null=True)  # of calls about one unit: clocks of two hosts may differ
    ended_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)  # calls made of it; more than one only where none before was seen
    outcome = models.CharField(max_length=24, blank=True, default="")
    http_status = models.IntegerField(null=True)
    messages = models.JSONField(default=list)  # the partner's words about the latest call, or ours
    remote_id = models.CharField(max_length=120, blank=True, default="")
    call_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "hub_message"
        constraints = [
            of_operator("hub_message"),
            OperatorReference(name="hub_message_connection", field="connection_id", to="hub_connection", cascade=True),
            models.UniqueConstraint(
                "operator_id", "connection_id", "flow", "unit", "identity", name="hub_message_identity"
            ),
            # One unit never has two messages on their way: so they go out in order.
            models.UniqueConstraint(
                fields=["operator_id", "connection_id", "flow", "unit"],
                condition=Q(state__in=["ready", "sending"]),
                name="hub_message_one_on_its_way",
            ),
            models.CheckConstraint(name="hub_message_state", condition=Q(state__in=[s.value for s in MessageState])),
            models.CheckConstraint(
                name="hub_message_outcome", condition=Q(outcome__in=["", *(k.value for k in OutcomeKind)])
            ),
        ]
        indexes = [
            models.Index("operator_id", "connection_id", "made_at", name="hub_message_made"),
            models.Index(
                fields=["operator_id", "connection_id", "state"],
                condition=~Q(state__in=["delivered", "withdrawn"]) | Q(wanted_again_at__isnull=False),
                name="hub_message_open",
            ),
        ]


class PullState(models.Model):
    """How far a connection has fetched through one flow, and when it fetches next."""

    pk = models.CompositePrimaryKey("operator_id", "connection_id", "flow")
    operator_id = models.BigIntegerField()
    connection_id = models.BigIntegerField()
    flow = models.CharField(max_length=40)
    cursor = models.TextField(
        null=True
    )  # the partner's, or the add-on's; kept in the transaction of the page before it
    run_id = models.BigIntegerField(null=True)  # the run under way: no other may move the cursor
    begun_at = models.DateTimeField(null=True)  # when the latest run began, so that a floor holds
    next_due = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=200, blank=True, default="")
    last_success = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # runs in a row
    first_day = models.DateField(null=True)  # what a person chose, of a staged pull
    last_day = models.DateField(null=True)

    class Meta:
        db_table = "hub_pull"
        constraints = [
            OperatorReference(name="hub_pull_connection", field="connection_id", to="hub_connection", cascade=True)
        ]


class PullRun(OperatorRow):
    """One run of a pull. `new`, `updated`, `unchanged` and `skipped` add up to `fetched`."""

    connection_id = models.BigIntegerField()
    flow = models.CharField(max_length=40)
    asked_by = models.CharField(max_length=200, blank=True, default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(default=0)
    fetched = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=list)  # [title, reason] of what was skipped, the first few hundred
    outcome = models.CharField(max_length=24, blank=True, default="")
    http_status = models.IntegerField(null=True)
    messages = models.JSONField(default=list)

    class Meta:
        db_table = "hub_pull_run"
        constraints = [
            of_operator("hub_pull_run"),
            OperatorReference(name="hub_pull_run_connection", field="connection_id", to="hub_connection", cascade=True),
            models.CheckConstraint(
                name="hub_pull_run_adds_up",
                condition=Q(
                    fetched=models.F("new") + models.F("updated") + models.F("unchanged") + models.F("skipped")
                ),
            ),
            models.CheckConstraint(
                name="hub_pull_run_outcome", condition=Q(outcome__in=["", *(k.value for k in OutcomeKind)])
            ),
        ]
        indexes = [models.Index("operator_id", "connection_id", "started_at", name="hub_pull_run_started")]


class AccountBudget(models.Model):
    """The calls that a partner account has left. Shared by all workers, and by operators who share an account."""

    account = models.CharField(max_length=64, primary_key=True)
    tokens = models.FloatField()
    at = models.DateTimeField()  # when `tokens` was true
    blocked_until = models.DateTimeField(null=True)  # the partner said Retry-After

    class Meta:
        db_table = "hub_account_budget"


# Tables of rooms within this one; imported last, since they refer to those above.
from airstair.hub.doors.models import Door, KeptReply  # noqa: E402, F401
from airstair.hub.staging.models import PullStage  # noqa: E402, F401
