"""An operator with a subsidiary, two handlers and their people, in the database; and flights in any state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from connect.flights.models import Flight
from connect.orders.words import Side
from connect.parties.commands import (
    NewPerson,
    OrganisationEdit,
    add_aircraft,
    add_airports,
    add_person,
    create_organisation,
    set_operations_contact,
    set_slot_required,
)
from connect.parties.models import Organisation, User
from connect.parties.queries import actor_for, installation
from connect.parties.rights import Actor
from connect.sync.state import Handler, Heard, Register, State
from connect.sync.store import save

from .places import NOW, heard

PASSWORD = "a-long-enough-one"


@dataclass
class World:
    """Who is there. `aviation` is the operator's subsidiary, which owns the aircraft."""

    operator: Organisation
    aviation: Organisation
    blue: Organisation
    harbour: Organisation
    admin: Actor
    desk: Actor
    harbour_desk: Actor
    stranger: Actor
    stranger_desk: Actor

    def register(self) -> Register:
        return Register(
            owner_id=self.aviation.id,
            airports={"KEWR": True, "KDCA": True, "KBOS": False},
            adep_handler=self.blue.id,
            ades_handler=self.harbour.id,
        )

    def put(self, state: State, nid: int, now: datetime = NOW) -> Flight:
        """A flight that stands like this."""
        flight = Flight(operator=self.operator, nid=nid, applied_at=now)
        return save(flight, None, state, "test", now)


def make_world() -> World:
    """Make everybody."""
    root = installation()
    add_airports(root, {"KEWR": "Newark", "KDCA": "Washington", "KBOS": "Boston", "KTEB": "Teterboro"})
    for icao in ("KEWR", "KDCA"):
        set_slot_required(root, icao, True)
    operator, admin = _organisation("operator", "Demo Air", "admin@demo.example")
    stranger = _organisation("operator", "Stranger Air", "admin@stranger.example")[1]
    edit = OrganisationEdit(name="Demo Aviation", email="aoc@demo.example")
    aviation = create_organisation(root, "operator", edit, operator.id)
    add_aircraft(root, aviation.id, "N123AB", "C56X", "DEMO1")
    blue, desk = _organisation("handler", "Blue Apron Handling", "desk@blue.example", "KEWR", "KBOS")
    harbour, harbour_desk = _organisation("handler", "Harbour Jet Centre", "ops@harbour.example", "KDCA")
    stranger_desk = _organisation("handler", "Third Ramp", "desk@third.example", "KTEB", "KEWR")[1]
    return World(
        operator, aviation, blue, harbour, actor_for(admin), actor_for(desk), actor_for(harbour_desk),
        actor_for(stranger), actor_for(stranger_desk),
    )  # fmt: skip


def _organisation(kind: str, name: str, email: str, *stations: str) -> tuple[Organisation, User]:
    root = installation()
    made = create_organisation(root, kind, OrganisationEdit(name=name, email=email, stations=stations))
    person = add_person(root, made.id, NewPerson(email=email, name=f"{name}’s person", password=PASSWORD))
    set_operations_contact(root, person.id, made.id)
    return made, User.objects.get(id=person.id)


HANDLERS = {
    Side.ADEP: Handler(1, "Blue Apron Handling", "desk@blue.example"),
    Side.ADES: Handler(2, "Harbour Jet Centre", "ops@harbour.example"),
}


def heard_of_them(nid: int = 70, **changes: Any) -> Heard:
    """The first submission, with the handlers of this world."""
    one = heard(nid=nid)
    for side, handler in HANDLERS.items():
        one = replace(one, **{side.value.lower(): replace(one.side(side), handler=handler)})
    return replace(one, **changes)
