"""Tables of operators, their subsidiaries, and the people who sign in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from airstair.changes.keys import NextId, OperatorReference, OperatorRow, of_operator
from airstair.records.operators.rules import Role


class Operator(models.Model):
    """A company whose schedule is kept here: the tenant. Everything of its own carries its id first."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId())
    code = models.CharField(max_length=12, unique=True)  # what the command line calls it
    name = models.CharField(max_length=120)
    icao_code = models.CharField(max_length=3, blank=True, default="")
    iata_code = models.CharField(max_length=3, blank=True, default="")
    base_time_zone = models.CharField(max_length=64, default="UTC")  # for reading only; times are kept in UTC
    trip_prefix = models.CharField(max_length=4, default="T")  # PNR prefix: the letters before a trip's number
    ops_email = models.EmailField(blank=True, default="")
    sales_email = models.EmailField(blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    address = models.TextField(blank=True, default="")
    main_organisation = models.CharField(max_length=120, blank=True, default="")
    trips_numbered = models.BigIntegerField(default=0)  # the running number last given; it only grows

    class Meta:
        db_table = "operators_operator"
        constraints = [
            models.CheckConstraint(name="operators_operator_code", condition=Q(code__regex=r"^[A-Z0-9-]{2,12}$")),
        ]


class Subsidiary(OperatorRow):
    """A company of the operator's group that owns aircraft."""

    name = models.CharField(max_length=120)

    class Meta:
        db_table = "operators_subsidiary"
        constraints = [
            of_operator("operators_subsidiary"),
            models.UniqueConstraint("operator_id", Lower("name"), name="operators_subsidiary_name"),
        ]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in with an email address. What they may do, their memberships say."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        db_table = "operators_user"
        constraints = [models.UniqueConstraint(Lower("email"), name="operators_user_email_ci")]


class Membership(OperatorRow):
    """One person's place at one operator: a role, single rights given or refused, and a short code."""

    user_id = models.BigIntegerField()
    code = models.CharField(max_length=8)  # the three letters that colleagues know a person by
    role = models.CharField(max_length=20)
    granted = ArrayField(models.CharField(max_length=40), default=list)
    refused = ArrayField(models.CharField(max_length=40), default=list)
    aircraft_ids = ArrayField(models.BigIntegerField(), default=list)  # an owner's aircraft
    active = models.BooleanField(default=True)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "operators_membership"
        constraints = [
            of_operator("operators_membership"),
            OperatorReference(name="operators_membership_user", field="user_id", to="operators_user", whole=True),
            models.UniqueConstraint("operator_id", "user_id", name="operators_membership_once"),
            models.UniqueConstraint("operator_id", "code", name="operators_membership_code"),
            models.CheckConstraint(name="operators_membership_role", condition=Q(role__in=[r.value for r in Role])),
        ]
        indexes = [models.Index("user_id", name="operators_membership_person")]
