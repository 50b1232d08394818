"""The schedules that Avinode's side received, beside what the record says of the same aircraft."""

from __future__ import annotations

from functools import cached_property

import msgspec

from airstair.hub.golive.listings import Listings, SentObject
from airstair.hub.golive.received import ReceivedCall
from airstair.records.flights.snapshots import Activity, ActivityKind


class Schedules(Listings):
    """A case whose uploads are schedules, and what they list activities."""

    listed_as = "activities"
    named_by = "activityId"

    def is_upload(self, call: ReceivedCall) -> bool:
        return call.method == "PUT" and call.place.endswith("/schedules")

    def words_in(self, answer: str) -> list[str]:
        try:
            meta = msgspec.json.decode(answer or "{}").get("meta", {})
            return [str(item["title"]) for items in meta.values() if isinstance(items, list) for item in items]
        except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
            return []  # no envelope, no words

    @cached_property
    def matched(self) -> list[tuple[SentObject, Activity]]:
        """What was sent last, beside what the record says of the same thing."""
        found = []
        for upload in self.latest:
            picture = self.units[upload.registration].snapshot
            known = {_id_of(one): one for one in (picture.activities if picture is not None else ())}
            found += [(sent, known[sent.id]) for sent in self.listed[upload] or () if sent.id in known]
        return found


def _id_of(activity: Activity) -> str:
    return f"{'f' if activity.kind is ActivityKind.FLIGHT else 'e'}-{activity.id}"
