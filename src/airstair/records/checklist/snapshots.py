"""Frozen pictures of checklists, handlers, and what applications are asked for. No database behind them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from airstair.records.checklist.rules import SECTIONS, STATUSES, AutoAdd, PermitKind, StatusWord, overall, permit_status


class HandlerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A handler of the directory. Field meanings as in the table."""

    id: int
    operator_id: int
    name: str
    airports: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    phone_after_hours: str = ""
    frequency: str = ""
    services: tuple[str, ...] = ()
    notes: str = ""
    retired: bool = False


class DefinitionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of item. `id` is 0 while the operator's own ones have not been made from the starting table."""

    id: int
    operator_id: int
    key: str
    label: str
    section: str
    side: str
    statuses: tuple[str, ...]
    default_status: str
    auto_add: str
    enabled: bool
    place: int

    @property
    def on_deck(self) -> bool:
        """Whether it stands on every flight's list."""
        return self.auto_add == AutoAdd.ALWAYS


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A document of an item, without its content."""

    id: int
    name: str
    media_type: str
    added_by: str
    added_at: datetime


class FileContent(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    media_type: str
    content: bytes


class ItemFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One item of one flight. `id` is 0 for one that stands on the list unasked and has never been touched.

    `designation` is what the application answered last, empty once a change of the flight made that doubtful.
    """

    id: int
    flight_id: int
    definition: DefinitionFacts
    status: str
    note: str = ""
    details: str = ""
    confirmation: str = ""
    handler: HandlerFacts | None = None
    application_id: int | None = None
    application_name: str = ""
    ticked: bool = False
    designation: str = ""
    files: tuple[FileFacts, ...] = ()

    @property
    def word(self) -> StatusWord:
        return STATUSES[self.status]


class MessageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an application wrote about a flight."""

    id: int
    content: str
    created_by: str
    at: datetime


class ModuleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An application on one flight's list. `id` is 0 for one that is kept on the deck and was never touched here.

    `new_std` and `new_sta` are when the flight would be under way if the proposal were accepted; `None` without one.
    """

    id: int
    flight_id: int
    application_id: int
    application_name: str
    adep_handler: HandlerFacts | None = None
    ades_handler: HandlerFacts | None = None
    status: str = ""
    note: str = ""
    submission: int = 0
    submitted_at: datetime | None = None
    removed: bool = False
    on_deck: bool = False
    proposed_std: datetime | None = None
    proposed_sta: datetime | None = None
    proposed_by: str = ""
    new_std: datetime | None = None
    new_sta: datetime | None = None
    messages: tuple[MessageFacts, ...] = ()

    @property
    def word(self) -> StatusWord:
        """How it stands with the flight as a whole, as the checklist shows it."""
        if not self.status:
            return STATUSES["PND" if self.submission else "UNT"]
        return STATUSES["REJ" if self.status == "CANCELLED" else "RQS"]


class GroupFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The items of one section at one airport, or (`side` empty) of the flight as a whole."""

    side: str
    section: str
    label: str
    items: tuple[ItemFacts, ...]

    @property
    def colour(self) -> str:
        return overall(item.status for item in self.items)


class MailFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A handling request by e-mail. `trouble`: why it has not gone out yet."""

    id: int
    side: str
    address: str
    subject: str
    made_at: datetime
    sent_at: datetime | None = None
    trouble: str = ""


class PermitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A permit for a flight. Field meanings as in the table."""

    application_id: int
    kind: PermitKind
    country: str
    airport: str
    number: str
    valid_until: datetime | None
    designation: str
    note: str

    @property
    def word(self) -> StatusWord:
        return STATUSES[permit_status(self.designation)]

    @property
    def title(self) -> str:
        """`LANDING PL EPWA 123 CONFIRMED until 2031-04-09 00:00Z (72 hours)`."""
        until = f"until {self.valid_until:%Y-%m-%d %H:%M}Z" if self.valid_until else ""
        note = f"({self.note})" if self.note else ""
        said = (self.kind, self.country, self.airport, self.number, self.designation, until, note)
        return " ".join(filter(None, said))


class ChecklistFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One flight's whole list: its items in their order, modules, requests by e-mail, and permits."""

    flight_id: int
    items: tuple[ItemFacts, ...]
    modules: tuple[ModuleFacts, ...] = ()
    mails: tuple[MailFacts, ...] = ()
    permits: tuple[PermitFacts, ...] = ()

    @property
    def colour(self) -> str:
        return overall(item.status for item in self.items)

    def groups(self, side: str) -> tuple[GroupFacts, ...]:
        """The sections of one side that have items, in the order of their first one."""
        sections: dict[str, list[ItemFacts]] = {}
        for item in self.items:
            if item.definition.side == side:
                sections.setdefault(item.definition.section, []).append(item)
        return tuple(
            GroupFacts(side=side, section=section, label=SECTIONS[section], items=tuple(items))
            for section, items in sections.items()
        )

    def side_colour(self, side: str) -> str:
        return overall(item.status for item in self.items if item.definition.side == side)


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list's history: what changed, from what to what."""

    at: datetime
    actor_label: str
    kind: str
    changes: tuple[tuple[str, str, str], ...]  # (name, before, after)


# --- for applications ------------------------------------------------------------------------------------------------


class SupportHandler(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the operator wants at one end of a flight."""

    id: int
    name: str
    email: str
    phone: str
    airport: str


class SupportNeighbour(msgspec.Struct, frozen=True, kw_only=True):
    """The flight before or after of the same aircraft."""

    flight_id: int
    number: str
    adep: str
    ades: str
    std: datetime
    sta: datetime
    status: str


class SupportService(msgspec.Struct, frozen=True, kw_only=True):
    """One service as it is, or was, asked of an application.

    `designation` is what the application answered last, empty where the checklist no longer shows that answer (a
    change made it doubtful, or nothing has been answered yet): who keeps answers equal sends it again then.
    """

    service: str
    is_requested: bool
    details: str
    note: str
    designation: str
    status: str  # as the checklist shows it: RQS, CNF …


class SupportFlight(msgspec.Struct, frozen=True, kw_only=True):
    """The whole present state of a flight for one application that support was asked of."""

    flight_id: int
    number: str
    trip_id: int
    trip_number: str
    aircraft_id: int
    registration: str
    call_sign: str
    aircraft_icao_type: str
    adep: str
    ades: str
    std: datetime
    sta: datetime
    pax_count: int
    crew_count: int
    flight_type: str
    sales_type: str
    status: str
    cancelled: bool  # or deleted
    modified_at: datetime | None
    adep_handler: SupportHandler | None
    ades_handler: SupportHandler | None
    previous: SupportNeighbour | None
    next: SupportNeighbour | None
    submission: int
    submitted_at: datetime | None
    edit_status: str  # the designation that it answered for EDIT
    edit_note: str
    services: tuple[SupportService, ...]
