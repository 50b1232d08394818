"""Tables of checklists. What has never been touched has no row: a flight's list is its rows and the rules together."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator


def part_of_flight(table: str) -> OperatorReference:
    """The row belongs to a flight and goes with it."""
    return OperatorReference(name=f"{table}_flight", field="flight_id", to="flights_flight", cascade=True)


class Handler(OperatorRow):
    """A company that looks after aircraft at one or more airports. Never deleted: flights remember who handled them."""

    name = models.CharField(max_length=120)
    airports = ArrayField(models.CharField(max_length=4), default=list)
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    phone_after_hours = models.CharField(max_length=40, blank=True, default="")
    frequency = models.CharField(max_length=20, blank=True, default="")  # on which it answers by radio, in MHz
    services = ArrayField(models.CharField(max_length=40), default=list)  # services without their side: HANDLING, FUEL
    notes = models.TextField(blank=True, default="")
    retired = models.BooleanField(default=False)

    class Meta:
        db_table = "checklist_handler"
        constraints = [of_operator("checklist_handler")]
        indexes = [models.Index("operator_id", Lower("name"), name="checklist_handler_by_name")]


class Definition(OperatorRow):
    """A kind of item, as one operator has it: its label, place, and the statuses that it may have."""

    key = models.CharField(max_length=40)
    label = models.CharField(max_length=60)
    section = models.CharField(max_length=12)
    side = models.CharField(max_length=4, blank=True, default="")  # "ADEP", "ADES"; empty: of the flight as a whole
    statuses = ArrayField(models.CharField(max_length=3))
    default_status = models.CharField(max_length=3)
    auto_add = models.CharField(max_length=10, blank=True, default="")  # on which flights it stands unasked
    enabled = models.BooleanField(default=True)
    place = models.PositiveIntegerField(default=0)  # in lists, smallest first

    class Meta:
        db_table = "checklist_definition"
        constraints = [
            of_operator("checklist_definition"),
            models.UniqueConstraint("operator_id", "key", name="checklist_definition_key"),
        ]


class Item(OperatorRow):
    """One item of one flight, from the first time that somebody or something touched it."""

    flight_id = models.BigIntegerField()
    definition_id = models.BigIntegerField()
    status = models.CharField(max_length=3)
    note = models.TextField(blank=True, default="")  # the answer, as it is shown
    details = models.TextField(blank=True, default="")  # what the provider is told
    confirmation = models.CharField(max_length=60, blank=True, default="")  # the provider's number
    handler_id = models.BigIntegerField(null=True)  # the provider, where it is not arranged through an application
    application_id = models.BigIntegerField(null=True)  # through which it is, or was last, arranged
    ticked = models.BooleanField(default=False)  # asked of that application now
    designation = models.CharField(max_length=12, blank=True, default="")  # its last answer; empty once that lapsed
    removed = models.BooleanField(default=False)  # taken off this flight's list

    class Meta:
        db_table = "checklist_item"
        constraints = [
            of_operator("checklist_item"),
            part_of_flight("checklist_item"),
            OperatorReference(name="checklist_item_definition", field="definition_id", to="checklist_definition"),
            OperatorReference(name="checklist_item_handler", field="handler_id", to="checklist_handler"),
            models.UniqueConstraint("operator_id", "flight_id", "definition_id", name="checklist_item_once"),
            models.CheckConstraint(
                name="checklist_item_ticked", condition=Q(ticked=False) | Q(application_id__isnull=False, removed=False)
            ),
        ]


class File(OperatorRow):
    """A document that goes with an item: a permit, a confirmation, a menu."""

    item_id = models.BigIntegerField()
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=40)
    content = models.BinaryField()
    added_by = models.CharField(max_length=200)
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "checklist_file"
        constraints = [
            of_operator("checklist_file"),
            OperatorReference(name="checklist_file_item", field="item_id", to="checklist_item", cascade=True),
        ]
        indexes = [models.Index("operator_id", "item_id", name="checklist_file_of_item")]


class Module(OperatorRow):
    """What one application is asked for on one flight, and what it says of the flight as a whole (its EDIT service)."""

    flight_id = models.BigIntegerField()
    application_id = models.BigIntegerField()
    application_name = models.CharField(max_length=120)
    adep_handler_id = models.BigIntegerField(null=True)
    ades_handler_id = models.BigIntegerField(null=True)
    status = models.CharField(max_length=12, blank=True, default="")  # the designation that it answered for EDIT
    note = models.TextField(blank=True, default="")
    submission = models.PositiveIntegerField(default=0)  # how often it has been submitted
    submitted_at = models.DateTimeField(null=True)
    removed = models.BooleanField(default=False)  # off the list; what was submitted goes on
    proposed_std = models.DateTimeField(null=True)
    proposed_sta = models.DateTimeField(null=True)
    proposed_by = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "checklist_module"
        constraints = [
            of_operator("checklist_module"),
            part_of_flight("checklist_module"),
            OperatorReference(name="checklist_module_adep_handler", field="adep_handler_id", to="checklist_handler"),
            OperatorReference(name="checklist_module_ades_handler", field="ades_handler_id", to="checklist_handler"),
            models.UniqueConstraint("operator_id", "flight_id", "application_id", name="checklist_module_once"),
        ]
        indexes = [models.Index("operator_id", "application_id", "flight_id", name="checklist_module_by_application")]


class KeptModule(OperatorRow):
    """An application whose module stands on every flight's list without being added."""

    application_id = models.BigIntegerField()
    application_name = models.CharField(max_length=120)

    class Meta:
        db_table = "checklist_kept_module"
        constraints = [
            of_operator("checklist_kept_module"),
            models.UniqueConstraint("operator_id", "application_id", name="checklist_kept_module_once"),
        ]


class AvailableServices(OperatorRow):
    """What an application offers at one airport. It has a row for any: it offers nothing at those without one."""

    application_id = models.BigIntegerField()
    airport = models.CharField(max_length=4)
    services = ArrayField(models.CharField(max_length=40))

    class Meta:
        db_table = "checklist_available"
        constraints = [
            of_operator("checklist_available"),
            models.UniqueConstraint("operator_id", "application_id", "airport", name="checklist_available_once"),
        ]


class Permit(OperatorRow):
    """A permit for a flight, as the application that arranges it tells of it."""

    flight_id = models.BigIntegerField()
    application_id = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    country = models.CharField(max_length=2, blank=True, default="")
    airport = models.CharField(max_length=4, blank=True, default="")
    number = models.CharField(max_length=60, blank=True, default="")
    valid_until = models.DateTimeField(null=True)
    designation = models.CharField(max_length=12)
    note = models.TextField(blank=True, default="")

    class Meta:
        db_table = "checklist_permit"
        constraints = [of_operator("checklist_permit"), part_of_flight("checklist_permit")]
        indexes = [models.Index("operator_id", "flight_id", name="checklist_permit_of_flight")]


class Message(OperatorRow):
    """What an application, or somebody who uses it, writes to the operator about a flight."""

    flight_id = models.BigIntegerField()
    application_id = models.BigIntegerField()
    content = models.TextField()
    created_by = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "checklist_message"
        constraints = [of_operator("checklist_message"), part_of_flight("checklist_message")]
        indexes = [models.Index("operator_id", "flight_id", name="checklist_message_of_flight")]


class Mail(OperatorRow):
    """A handling request by e-mail. Written with the item's change; sent afterwards, again until it has gone out."""

    flight_id = models.BigIntegerField()
    handler_id = models.BigIntegerField()
    side = models.CharField(max_length=4)
    address = models.CharField(max_length=254)
    reply_to = models.CharField(max_length=254, blank=True, default="")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    made_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True, default="")  # why it has not gone out yet

    class Meta:
        db_table = "checklist_mail"
        constraints = [
            of_operator("checklist_mail"),
            part_of_flight("checklist_mail"),
            OperatorReference(name="checklist_mail_handler", field="handler_id", to="checklist_handler"),
        ]
        indexes = [
            models.Index("operator_id", "flight_id", name="checklist_mail_of_flight"),
            models.Index(fields=["made_at"], condition=Q(sent_at=None), name="checklist_mail_waiting"),
        ]


class MailSetting(OperatorRow):
    """Where an operator's requests go. Its id is the operator's."""

    test_address = models.CharField(max_length=254, blank=True, default="")  # all go here, and to no handler

    class Meta:
        db_table = "checklist_mail_setting"
        constraints = [of_operator("checklist_mail_setting")]
