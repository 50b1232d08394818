"""Who acts, and what they may. Pure: an actor is made by `queries.actor_for`, and carried through every command."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from connect.errors import Forbidden, NotFound


class Module(StrEnum):
    """The parts of Connect that rights are given for."""

    FLIGHTS = "flights"
    ORDERS = "orders"
    ORGANISATION = "organisation"
    CATALOGUE = "catalogue"


class Act(StrEnum):
    """What may be done in a module."""

    VIEW = "VIEW"
    CREATE = "CREATE"
    MODIFY = "MODIFY"
    DELETE = "DELETE"


EVERYTHING: dict[str, frozenset[str]] = {module.value: frozenset(act.value for act in Act) for module in Module}
# What an operations contact needs, for flights and orders to be synchronised in its name.
NEEDED_TO_SYNCHRONISE = frozenset((module, act) for module in (Module.FLIGHTS, Module.ORDERS) for act in Act)


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who acts for one organisation; `main_id` is the operator above a subsidiary, else itself."""

    name: str
    organisation_id: int
    main_id: int
    kind: str
    user_id: int | None = None
    rights: dict[str, frozenset[str]] = {}

    def may(self, module: Module, act: Act) -> bool:
        return act.value in self.rights.get(module.value, frozenset())

    def need(self, module: Module, act: Act) -> None:
        """Raises `Forbidden` unless the actor has the right."""
        if not self.may(module, act):
            raise Forbidden(module.value, act.value)

    def need_kind(self, kind: str, what: str) -> None:
        """Raises `NotFound` for the other party: what is not theirs to do does not exist for them."""
        if self.kind != kind:
            raise NotFound(what)
