"""Changing somebody who signs in: rights, a new password, whether they may. A command like those in `commands`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from connect.errors import Invalid, NotFound
from connect.parties.commands import set_rights
from connect.parties.models import User
from connect.parties.rights import Act, Actor, Module


class PersonEdit(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as the users' page writes them. No password: the old one stays."""

    rights: Mapping[str, frozenset[str]]
    active: bool = True
    password: str = ""


@transaction.atomic
def change_person(actor: Actor, user_id: int, edit: PersonEdit) -> User:
    """All of it, or nothing. Nobody shuts themselves out."""
    actor.need(Module.ORGANISATION, Act.MODIFY)
    found = User.objects.select_for_update().filter(id=user_id, organisation_id=actor.organisation_id).first()
    if found is None:
        raise NotFound("The person")
    if user_id == actor.user_id and not edit.active:
        raise Invalid(("active", "You cannot shut yourself out. Somebody else who may MODIFY can do it."))
    if edit.password:
        try:
            validate_password(edit.password, found)
        except ValidationError as weak:
            raise Invalid(*(("password", sentence) for sentence in weak.messages)) from None
        found.set_password(edit.password)
    found.is_active = edit.active
    found.save(update_fields=["password", "is_active"])
    set_rights(actor, user_id, edit.rights)
    return found
