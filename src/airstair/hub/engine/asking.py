"""Asks a person first: what a partner accepted last is compared with what is about to go out, where a flow wants it.

Everything is in the ledger, so that neither a crash nor another worker forgets what the partner may hold, what a person
is asked about, and what a person said yes to. What was said yes to is one document, by its fingerprint.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from airstair.hub.engine import statements
from airstair.hub.engine.calling import CannotBeMade
from airstair.hub.engine.judging import DOUBTFUL
from airstair.hub.engine.results import Asking
from airstair.hub.engine.store import Store
from airstair.hub.flows import Mirror, UnitDocument
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit

log = logging.getLogger(__name__)


class _Stands(NamedTuple):
    """How a unit stands: what the partner may hold, what is asked about, what was said yes to."""

    bodies: tuple[bytes, ...] = ()
    question: bytes | None = None
    approved: bytes | None = None


class Asker:
    """Asks for one flow of one connection."""

    def __init__(self, store: Store, key: tuple[int, int, str], flow: Mirror) -> None:
        self._store = store
        self._key = key
        self._flow = flow
        self._stands: dict[Unit, _Stands] = {}  # of the units under way

    async def learn(self, units: Iterable[Unit]) -> None:
        """Have at hand how these stand."""
        self._stands.update(dict.fromkeys(units, _Stands()))
        found = await self._store.read(statements.ASKED_OF, [*self._key, [str(unit) for unit in units]])
        for name, bodies, question, approved in found:
            self._stands[Unit.read(name)] = _Stands(tuple(bodies or ()), question, approved)

    def question(self, one: UnitDocument, fingerprint: bytes) -> str | None:
        """Why a person must say yes before this goes out; `None`: it may. Raises `CannotBeMade`."""
        stands = self._stands.get(one.unit, _Stands())
        if one.removes or stands.approved == fingerprint:
            return None
        assert self._flow.ask_first is not None
        try:
            asked = (self._flow.ask_first(body, one.document) for body in stands.bodies)
            return next((sentence for sentence in asked if sentence), None)
        except Exception as fault:  # a fault in one add-on must not hold up its other units
            log.exception("An add-on could not compare what was accepted with what is to be sent.")
            raise CannotBeMade from fault

    def asks_already(self, unit: Unit, fingerprint: bytes) -> bool:
        return self._stands.get(unit, _Stands()).question == fingerprint

    async def about_to_send(self, documents: Iterable[UnitDocument]) -> None:
        """From now on the partner may hold these. Their units' rows are there: the calls were written down."""
        for one in documents:
            if not one.removes:
                await self._store.write(statements.ABOUT_TO_SEND, [one.document.body, *self._key, str(one.unit)])

    async def not_sent(self, documents: Sequence[UnitDocument]) -> None:
        """These were not sent after all."""
        units = [str(one.unit) for one in documents if not one.removes]
        if units:
            await self._store.write(statements.NOT_SENT, [*self._key, units])

    # ── What is written down beside a result ────────────────────────────────────────────────────

    @staticmethod
    def held(fingerprint: bytes) -> Asking:
        """This document waits for a person."""
        return Asking(question=fingerprint)

    def no_more(self, unit: Unit) -> Asking | None:
        """Nothing is to be sent of it: whatever was asked about is not asked any more. `None`: nothing was."""
        stands = self._stands.pop(unit, _Stands())
        return None if stands.question is None else Asking()

    def ended(self, one: UnitDocument, kind: OutcomeKind) -> Asking:
        """Its call has ended."""
        self._stands.pop(one.unit, None)
        if kind.delivered:
            return Asking(bodies=() if one.removes else (one.document.body,), answered=True)
        return Asking(ended=kind not in DOUBTFUL and not one.removes)
