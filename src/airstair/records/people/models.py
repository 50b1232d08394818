"""Tables of people. Dates of birth and numbers of documents are sealed: a copy of the database does not tell them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from airstair.changes.keys import OperatorReference, OperatorRow, of_operator


class CrewMember(OperatorRow):
    """Somebody who flies for the operator. Flights name crew members by `code`; partners know them by `email`."""

    code = models.CharField(max_length=8)
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    email = models.CharField(max_length=254, blank=True, default="")  # at work
    phone = models.CharField(max_length=40, blank=True, default="")
    sex = models.CharField(max_length=6, blank=True, default="")
    positions = ArrayField(models.CharField(max_length=6), default=list)  # that they can take, the captain's first
    home_base = models.CharField(max_length=4, blank=True, default="")  # airport code
    nationality = models.CharField(max_length=2, blank=True, default="")  # ISO 3166-1
    born_sealed = models.BinaryField(default=b"")
    notes = models.TextField(blank=True, default="")
    active = models.BooleanField(default=True)  # false once they have left

    class Meta:
        db_table = "people_crew_member"
        constraints = [
            of_operator("people_crew_member"),
            models.UniqueConstraint("operator_id", "code", name="people_crew_member_code"),
            models.UniqueConstraint(
                "operator_id", Lower("email"), name="people_crew_member_email", condition=~Q(email="")
            ),
            models.CheckConstraint(name="people_crew_member_written", condition=Q(code__regex=r"^[A-Z0-9]{2,8}$")),
        ]


class Company(OperatorRow):
    """A company of the phonebook: a client, a broker, a handler."""

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, default="client")
    country = models.CharField(max_length=2, blank=True, default="")
    address = models.CharField(max_length=400, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    notes = models.TextField(blank=True, default="")

    class Meta:
        db_table = "people_company"
        constraints = [
            of_operator("people_company"),
            models.UniqueConstraint("operator_id", Lower("name"), name="people_company_name"),
        ]


class Contact(OperatorRow):
    """A contact person, usually somebody at a company."""

    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    job = models.CharField(max_length=80, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    company_id = models.BigIntegerField(null=True)
    notes = models.TextField(blank=True, default="")

    class Meta:
        db_table = "people_contact"
        constraints = [
            of_operator("people_contact"),
            OperatorReference(name="people_contact_company", field="company_id", to="people_company"),
        ]


class Passenger(OperatorRow):
    """Somebody who flies with the operator, as the phonebook keeps them; flights hold their own passenger lists."""

    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    category = models.CharField(max_length=6, default="male")
    nationality = models.CharField(max_length=2, blank=True, default="")
    born_sealed = models.BinaryField(default=b"")
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    company_id = models.BigIntegerField(null=True)
    notes = models.TextField(blank=True, default="")

    class Meta:
        db_table = "people_passenger"
        constraints = [
            of_operator("people_passenger"),
            OperatorReference(name="people_passenger_company", field="company_id", to="people_company"),
        ]


class PersonDocument(OperatorRow):
    """A licence or travel document of one crew member or one passenger."""

    crew_member_id = models.BigIntegerField(null=True)
    passenger_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=16)
    number_sealed = models.BinaryField(default=b"")
    country = models.CharField(max_length=2, blank=True, default="")  # that issued it
    issued = models.DateField(null=True)
    expires = models.DateField(null=True)
    notes = models.CharField(max_length=200, blank=True, default="")  # “ATPL(A), C56X”

    class Meta:
        db_table = "people_document"
        constraints = [
            of_operator("people_document"),
            OperatorReference(
                name="people_document_crew", field="crew_member_id", to="people_crew_member", cascade=True
            ),
            OperatorReference(
                name="people_document_passenger", field="passenger_id", to="people_passenger", cascade=True
            ),
            models.CheckConstraint(
                name="people_document_one_holder",
                condition=Q(crew_member_id__isnull=True) ^ Q(passenger_id__isnull=True),
            ),
        ]
        indexes = [
            models.Index("operator_id", "crew_member_id", name="people_document_of_crew"),
            models.Index("operator_id", "passenger_id", name="people_document_of_passenger"),
        ]
