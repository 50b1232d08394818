"""How every list works: pages in order of ids, or what changed since a cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from ninja import Path, Query

from airstair.api.rest import places
from airstair.api.rest.places import ListPlace
from airstair.api.rest.schemas import Moment, Page, ProblemOut
from airstair.changes import since
from airstair.changes.since import Place
from airstair.records.access.snapshots import Caller

Limit = Annotated[int, Query(ge=1, le=500, description="The most items on a page.")]
Cursor = Annotated[str | None, Query(max_length=30_000, description="The `cursor` of the page before.")]
ChangedSince = Annotated[
    str | None,
    Query(
        max_length=30_000,
        description="The `changed_since` of the latest answer: what has changed since, each thing once as it is now,"
        " deleted ones too. Filters do not apply.",
    ),
]
WindowStart = Annotated[Moment | None, Query(description="Only what ends after this time.")]
WindowEnd = Annotated[Moment | None, Query(description="Only what begins before this time.")]
Id = Annotated[int, Path(ge=1, le=2**53 - 1, description="Its id.")]
MaybeId = Annotated[int | None, Query(ge=1, le=2**53 - 1, description="Only this aircraft's.")]

PROBLEMS = dict.fromkeys((401, 403, 404, 422), ProblemOut)
WRITING = {**PROBLEMS, 400: ProblemOut, 409: ProblemOut}

Item = TypeVar("Item")


def page(
    caller: Caller,
    thing: str,
    limit: int,
    cursor: str | None,
    changed_since: str | None,
    ids_after: Callable[[int, int], Sequence[int]],
    fetch: Callable[[Sequence[int]], Sequence[Item]],
) -> Page[Item]:
    """A page of things. `ids_after(last, count)` and `fetch(ids)` each take a fixed number of statements."""
    if changed_since is not None:
        place = places.read(changed_since, Place, "changed_since")
        found = since.things_changed(caller.operator_id, thing, place, limit, aircraft=caller.aircraft)
        items = sorted(fetch(found.ids), key=_id) if found.ids else []
        gone = [] if caller.aircraft is None else sorted(set(found.ids) - {_id(one) for one in items})
        following_place = places.written(found.place)
        return Page(items=items, cursor=None, changed_since=following_place, more=found.more, gone=gone)
    at = places.read(cursor, ListPlace, "cursor") if cursor else ListPlace(last=0, began=since.now())
    ids = list(ids_after(at.last, limit + 1))
    more, ids = len(ids) > limit, ids[:limit]
    items = sorted(fetch(ids), key=_id) if ids else []
    following = places.written(ListPlace(last=ids[-1], began=at.began)) if more else None
    return Page(items=items, cursor=following, changed_since=places.written(at.began), more=more)


def _id(item: object) -> int:
    return int(item.id)  # type: ignore[attr-defined]
