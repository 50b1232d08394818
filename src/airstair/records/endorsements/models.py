"""Tables of endorsements. `partner` is the add-on that a row comes from; empty: it is the operator's own."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator


class Definition(OperatorRow):
    """A kind of endorsement: a type rating, a medical, a line check, the approach to a certain airport."""

    name = models.CharField(max_length=120)
    airport = models.CharField(max_length=4, blank=True, default="")  # code, where it is for one airport
    place = models.PositiveIntegerField(default=0)  # in lists, smallest first
    when_expiring = models.CharField(max_length=8, default="warn")
    warn_days = models.PositiveSmallIntegerField(default=60)
    partner = models.CharField(max_length=40, blank=True, default="")
    partner_name = models.CharField(max_length=80, blank=True, default="")
    remote_id = models.CharField(max_length=120, blank=True, default="")
    seen_at = models.DateTimeField(null=True)  # when the partner last said that it exists

    class Meta:
        db_table = "endorsements_definition"
        constraints = [
            of_operator("endorsements_definition"),
            models.UniqueConstraint(
                "operator_id", "partner", "remote_id", name="endorsements_definition_remote", condition=~Q(partner="")
            ),
            models.CheckConstraint(name="endorsements_definition_ours", condition=Q(partner="") | ~Q(remote_id="")),
        ]


class Endorsement(OperatorRow):
    """That a crew member has an endorsement, from when until when."""

    crew_member_id = models.BigIntegerField()
    definition_id = models.BigIntegerField()
    number = models.CharField(max_length=60, blank=True, default="")
    issued = models.DateField(null=True)
    expires = models.DateField(null=True)  # the last day on which it is good
    notes = models.TextField(blank=True, default="")
    document_name = models.CharField(max_length=120, blank=True, default="")
    partner = models.CharField(max_length=40, blank=True, default="")
    partner_name = models.CharField(max_length=80, blank=True, default="")
    remote_id = models.CharField(max_length=120, blank=True, default="")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "endorsements_endorsement"
        constraints = [
            of_operator("endorsements_endorsement"),
            OperatorReference(
                name="endorsements_endorsement_crew", field="crew_member_id", to="people_crew_member", cascade=True
            ),
            OperatorReference(
                name="endorsements_endorsement_definition", field="definition_id", to="endorsements_definition"
            ),
            models.UniqueConstraint(
                "operator_id", "partner", "remote_id", name="endorsements_endorsement_remote", condition=~Q(partner="")
            ),
            models.CheckConstraint(name="endorsements_endorsement_ours", condition=Q(partner="") | ~Q(remote_id="")),
        ]
        indexes = [
            models.Index("operator_id", "crew_member_id", name="endorsements_of_crew"),
            models.Index("operator_id", "definition_id", name="endorsements_of_definition"),
        ]


class Scan(OperatorRow):
    """The document of an endorsement: a scan or photograph. Its id is the endorsement's."""

    media_type = models.CharField(max_length=40)
    content = models.BinaryField()

    class Meta:
        db_table = "endorsements_scan"
        constraints = [
            of_operator("endorsements_scan"),
            OperatorReference(
                name="endorsements_scan_endorsement", field="id", to="endorsements_endorsement", cascade=True
            ),
        ]


class PartnerPerson(OperatorRow):
    """Somebody as a partner knows them. They are one of ours where a crew member has the same work email."""

    partner = models.CharField(max_length=40)
    partner_name = models.CharField(max_length=80)
    remote_id = models.CharField(max_length=120)
    name = models.CharField(max_length=160, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "endorsements_partner_person"
        constraints = [
            of_operator("endorsements_partner_person"),
            models.UniqueConstraint("operator_id", "partner", "remote_id", name="endorsements_partner_person_remote"),
        ]
