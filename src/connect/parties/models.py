"""The tables of those who take part. Written by `commands` only."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower


class Organisation(models.Model):
    """An operator, one of its subsidiaries (`main` is then the operator), or a handler."""

    OPERATOR, HANDLER = "operator", "handler"

    kind = models.CharField(max_length=10, choices=[(OPERATOR, "Operator"), (HANDLER, "Handler")])
    main = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="subsidiaries")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    stations = ArrayField(models.CharField(max_length=4), default=list)
    """Of a handler: the ICAO codes of the airports where it serves."""
    emergency_email = models.EmailField(blank=True)
    accounting_email = models.EmailField(blank=True)
    operations_contact = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("kind", Lower("name"), name="one_organisation_of_a_name"),
            models.CheckConstraint(
                condition=models.Q(main__isnull=True) | models.Q(kind="operator"), name="only_operators_have_a_main"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class People(BaseUserManager["User"]):
    """Django's sign-in asks for these."""


class User(AbstractBaseUser):
    """Somebody who signs in, for one organisation."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    is_active = models.BooleanField(default=True)

    objects = People()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.name


class Right(models.Model):
    """What somebody may do in one module. Without a row the module is hidden from them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="rights")
    module = models.CharField(max_length=20)
    acts = ArrayField(models.CharField(max_length=10), default=list)
    """Of VIEW, CREATE, MODIFY, DELETE."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "module"], name="one_right_per_module")]


class Airport(models.Model):
    """An airport that Connect knows."""

    icao = models.CharField(max_length=4, primary_key=True)
    name = models.CharField(max_length=120, blank=True)
    slot_required = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.icao


class Aircraft(models.Model):
    """An aircraft in the fleet of an operator or a subsidiary."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="fleet")
    registration = models.CharField(max_length=20)
    icao_type = models.CharField(max_length=4)
    call_sign = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "registration"], name="one_tail_per_fleet")]

    def __str__(self) -> str:
        return self.registration


class CatalogueService(models.Model):
    """What a handler offers, and for how much."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="catalogue")
    category = models.CharField(max_length=40, default="Services")
    title = models.CharField(max_length=120)
    reference = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=60, blank=True)
    """The checklist's service that it answers, without its airport (`FUEL`); its price is proposed for such lines."""
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    shown = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "title"], name="one_title_per_catalogue")]

    def __str__(self) -> str:
        return self.title
