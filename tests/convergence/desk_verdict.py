"""What must be true at the desks: no message twice, none forgotten, no page lost and none taken in twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from airstair.hub.flows import MessageState
from airstair.hub.messages.queries import MOST, messages_waiting
from airstair.hub.models import Message, PullState
from airstair.records.flights.models import Flight

from . import truth
from .desks import FILED, PLANS, SOURCE
from .world import World

_FOR_A_PERSON = (MessageState.DOUBTFUL, MessageState.REFUSED)


def wrong_at_desks(world: World) -> list[str]:
    """Everything, when the faults have stopped and one round has passed."""
    return [*_messages(world), *_pages(world)]


# -- messages -----------------------------------------------------------------------------------------------------


def _messages(world: World) -> Iterator[str]:
    of = {"operator_id": world.operator.id}
    rows = {(int(m.unit.partition(":")[2]), m.identity): m for m in Message.objects.filter(**of)}
    filed = Counter(world.plans.filed)
    yield from _more_than_once(world, filed)
    for flight, says in filed:
        row = rows.get((flight, says))
        if row is None or not row.may_be_there:
            yield f"{PLANS} got “{says}” of flight:{flight}, and nothing says that it may have"
    for flight, says in _wanted(world):
        row = rows.get((flight, says))
        if row is None:
            yield f"{PLANS} should have “{says}” of flight:{flight}, and there is no such message"
        elif row.state in (MessageState.READY, MessageState.SENDING):
            yield f"“{says}” of flight:{flight} is {row.state} and does not go out"
        elif row.state == MessageState.WITHDRAWN and not row.decided_by:
            yield f"“{says}” of flight:{flight} was withdrawn, and the record asks for it"
        elif row.state == MessageState.DELIVERED and not row.decided_by and not filed[flight, says]:
            yield f"“{says}” of flight:{flight} counts as delivered, and {PLANS} never got it"
        elif row.state == MessageState.DELIVERED and not row.decided_by and row.wanted_again_at is None:
            yield from _is_the_last(world, flight, says)
    yield from _visible(world, list(rows.values()))


def _wanted(world: World) -> Iterator[tuple[int, str]]:
    """The messages that the record asks for, found by the simplest means there are."""
    tables = truth.Tables(world.operator.id)
    for one in tables.kept():
        for flight in tables.flights_of(one.aircraft) if one.connection.addon == PLANS else ():
            if flight.number == FILED and flight.status != "CANCELLED":
                yield flight.id, f"{flight.adep}-{flight.ades} {flight.std:%d%H%M}"


def _more_than_once(world: World, filed: Counter[tuple[int, str]]) -> Iterator[str]:
    """A message came again without a person's word."""
    repeated: Counter[int] = Counter()
    for (flight, _), count in filed.items():
        repeated[flight] += count - 1
    for flight, count in repeated.items():
        if count > world.sent_again[flight]:
            texts = {says: n for (of, says), n in filed.items() if of == flight and n > 1}
            yield f"{PLANS} got messages of flight:{flight} again, and nobody had said so: {texts}"


def _is_the_last(world: World, flight: int, says: str) -> Iterator[str]:
    """Nobody is asked to send it again: then it is what the partner got last."""
    last = [text for of, text in world.plans.filed if of == flight][-1]
    if last != says and not world.sent_again[flight]:
        yield f"{PLANS} got “{last}” of flight:{flight} last, the record says “{says}”, and nobody is asked"


def _visible(world: World, rows: list[Message]) -> Iterator[str]:
    """Whatever waits for a person is in the list that a person sees."""
    waiting = {row.id for row in rows if row.state in _FOR_A_PERSON or row.wanted_again_at is not None}
    shown = {line.id for line in messages_waiting(world.operator.id)}
    if len(waiting) <= MOST and waiting != shown:
        yield f"Messages {sorted(waiting ^ shown)} wait for a person and are not shown, or the other way round"


# -- pages --------------------------------------------------------------------------------------------------------


def pages_taken_in(world: World) -> int:
    """How many pages of the source the cursor says are in the record."""
    row = PullState.objects.filter(operator_id=world.operator.id, flow="flights").first()
    return int(row.cursor or 0) if row else 0


def changes_by_the_source(world: World) -> Counter[tuple[str, int]]:
    """The changes that the log must have of flights that were fetched: each item that was told made one."""
    told = world.source.published.versions(pages_taken_in(world))
    flights = Flight.objects.filter(operator_id=world.operator.id, import_key__startswith="src-")
    return Counter({("flight", id_): told[key] for key, id_ in flights.values_list("import_key", "id")})


def _pages(world: World) -> Iterator[str]:
    published, taken = world.source.published, pages_taken_in(world)
    on = any(one.connection.addon == SOURCE for one in truth.Tables(world.operator.id).kept())
    if on and taken != len(published.pages):
        yield f"{SOURCE} has told {len(published.pages)} pages, and {taken} were taken in"
    found = Flight.objects.filter(operator_id=world.operator.id, import_key__startswith="src-")
    held = {flight.import_key: (flight.ades, flight.std) for flight in found}
    wanted = {key: (item.ades, item.std) for key, item in published.latest(taken).items()}
    for key in sorted(held.keys() | wanted.keys()):
        if held.get(key) != wanted.get(key):
            yield f"{key} of {SOURCE} is {held.get(key)} in the record and must be {wanted.get(key)}"
