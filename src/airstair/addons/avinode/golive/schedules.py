"""The schedules that Avinode's side received, beside what the record says of the same aircraft."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from airstair.hub.golive.listings import Listings
from airstair.hub.golive.received import ReceivedCall
from airstair.records.flights.snapshots import Activity, AircraftSchedule


class Schedules(Listings):
    """A case whose uploads are schedules, and what they list activities."""

    listed_as = "activities"
    named_by = "activityId"
    specimen_settings = ({"share_services": True}, {"share_services": False})

    def is_upload(self, call: ReceivedCall) -> bool:
        return call.method == "PUT" and call.place.endswith("/schedules")

    def words_in(self, answer: str) -> list[str]:
        try:
            meta = msgspec.json.decode(answer or "{}").get("meta", {})
            return [str(item["title"]) for items in meta.values() if isinstance(items, list) for item in items]
        except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
            return []  # no envelope, no words

    def known_in(self, snapshot: AircraftSchedule | None) -> Mapping[str, Activity]:
        activities = snapshot.activities if snapshot is not None else ()
        return {one.key.replace("flight:", "f-").replace("event:", "e-"): one for one in activities}
