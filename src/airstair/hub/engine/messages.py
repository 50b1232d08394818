"""Which message a unit's snapshot asks for: the add-on's pure functions, called so that a fault of theirs is told.

Used by the engine and by the command that sends by hand, so that both make the same message of the same thing.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine.calling import CANNOT_BE_MADE, CannotBeMade
from airstair.hub.engine.reading import CannotBeRead
from airstair.hub.flows import ByHand, Document, Post
from airstair.kernel.errors import AirstairError
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit, UnitKind

log = logging.getLogger(__name__)

LONGEST_IDENTITY = 120  # characters
_NEVER_MADE = "could not be made"  # the identity of what is not there: one such row a unit is enough


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The message that a unit asks for. Without a document nothing is asked for; `refused` says why none could be."""

    title: str = ""
    document: Document | None = None
    identity: str | None = None
    refused: tuple[PartnerMessage, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Why nothing can go out."""
        ours = self.identity == _NEVER_MADE
        return Outcome(kind=OutcomeKind.UNREADABLE if ours else OutcomeKind.REFUSED, messages=self.refused)


def title_of(unit: Unit, snapshot: Any, connection: LiveConnection) -> str | None:
    """What a person calls the unit; `None` when it is not, or no longer, this connection's to send."""
    if unit.kind is UnitKind.AIRCRAFT:
        return connection.aircraft.get(unit.id)
    if unit.kind is UnitKind.FLIGHT:
        return str(snapshot.title) if snapshot.aircraft_id in connection.aircraft else None
    raise NotImplementedError(f"No message is sent about a {unit.kind.value} yet.")


def make_message(
    flow: Post,
    connection: LiveConnection,
    unit: Unit,
    snapshot: Any,
    now: datetime,
    *,
    asked: bool,
    choices: Mapping[str, str],
) -> Made:
    """The message. `asked`: a person wants it, so it need not be due."""
    if snapshot is None:
        return Made(title=str(unit))
    if isinstance(snapshot, CannotBeRead):
        return Made(title=str(unit), identity=_NEVER_MADE, refused=_our_words(CANNOT_BE_MADE))
    title = title_of(unit, snapshot, connection)
    if title is None:
        return Made(title=str(unit))
    try:
        document, identity = _document(flow, connection, snapshot, now, asked=asked, choices=choices)
    except AirstairError as refusal:
        return Made(title=title, identity=_named(f"refused: {refusal}"), refused=_our_words(str(refusal)))
    except CannotBeMade:
        return Made(title=title, identity=_NEVER_MADE, refused=_our_words(CANNOT_BE_MADE))
    if document is None:
        return Made(title=title)
    return Made(title=title, document=document, identity=identity)


def _document(
    flow: Post, connection: LiveConnection, snapshot: Any, now: datetime, *, asked: bool, choices: Mapping[str, str]
) -> tuple[Document | None, str]:
    """The document and its identity."""
    settings = connection.settings
    try:
        if not asked and (isinstance(flow.trigger, ByHand) or not flow.due(snapshot, settings, now)):
            return None, ""
        if asked and flow.message_by_hand is not None:
            document = flow.message_by_hand(snapshot, settings, now, choices)
        else:
            document = flow.message(snapshot, settings, now)
        if document is None:
            return None, ""
        return document, _named(flow.identity(snapshot, document) or fingerprint(document).hex())
    except AirstairError:
        raise  # a rule of the partner's that the add-on knows: its sentence is for the person
    except Exception as fault:  # a fault in one add-on's mapping must not hold up its other units
        log.exception("The add-on %s could not make its message.", connection.addon.key)
        raise CannotBeMade from fault


def fingerprint(document: Document) -> bytes:
    return hashlib.blake2b(document.body, digest_size=16).digest()


def _named(identity: str) -> str:
    """As the table takes it: what is too long is told apart by its fingerprint."""
    if len(identity) <= LONGEST_IDENTITY and identity.isprintable():
        return identity
    return hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _our_words(sentence: str) -> tuple[PartnerMessage, ...]:
    return (PartnerMessage(level="error", text=sentence),)
