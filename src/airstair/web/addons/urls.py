"""Addresses of the add-ons' pages, under /addons/."""

from __future__ import annotations

from django.urls import path, register_converter

from airstair.web.addons import (
    about,
    activity,
    call_pages,
    cards,
    configuration,
    doors,
    exporting,
    handing,
    people,
    traffic,
)
from airstair.web.converters import IdConverter

# A name of its own: the other pages register theirs, in an order that nobody should have to know.
register_converter(IdConverter, "hub_id")

urlpatterns = [
    path("", cards.cards, name="addons"),
    path("people", people.suggestions, name="addons-people"),
    path("calls", call_pages.calls, name="calls"),
    path("calls/<hub_id:call_id>", call_pages.call, name="call"),
    path("calls/<hub_id:call_id>/<str:side>", call_pages.body, name="call-body"),
    path("<slug:key>", about.about, name="addon"),
    path("<slug:key>/configuration", configuration.configuration, name="addon-configuration"),
    path("<slug:key>/connections/<hub_id:connection_id>/remove", configuration.remove, name="connection-remove"),
    path("<slug:key>/activity", activity.activity, name="addon-activity"),
    path("<slug:key>/connections/<hub_id:connection_id>/export", exporting.export, name="addon-export"),
    path("<slug:key>/connections/<hub_id:connection_id>/approve/<slug:flow>", exporting.approve, name="addon-approve"),
    path("<slug:key>/messages/<hub_id:message_id>/<slug:decision>", traffic.decide, name="message-decide"),
    path("<slug:key>/connections/<hub_id:connection_id>/fetch/<slug:flow>", traffic.fetch, name="addon-fetch"),
    path("<slug:key>/connections/<hub_id:connection_id>/reset", traffic.reset, name="addon-reset"),
    path("<slug:key>/runs/<hub_id:run_id>", exporting.run, name="addon-run"),
    path("<slug:key>/connections/<hub_id:connection_id>/credentials", doors.issue, name="credentials-issue"),
    path("<slug:key>/handoff/<slug:flow>", handing.handoff, name="addon-handoff"),
    path("<slug:key>/handoff/<slug:flow>/<hub_id:flight_id>", handing.handoff, name="addon-handoff-flight"),
]
