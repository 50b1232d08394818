"""Addresses of the pages, by place in the product."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from airstair.web import signing
from airstair.web.converters import IdConverter
from airstair.web.crew import (
    documents,
    endorsements,
    kinds,
    members,
    phonebook,
    roster,
    timeline_fatigue,
    timeline_views,
)
from airstair.web.fleet import cam
from airstair.web.fleet import views as fleet
from airstair.web.live import views as live
from airstair.web.ops import (
    airports,
    board,
    books,
    checklist,
    events,
    extras,
    flights,
    imports,
    logexport,
    sending,
    trips,
    watch,
)
from airstair.web.ops import checklistmodules as modules
from airstair.web.settings import airports as own_airports
from airstair.web.settings import applications, definitions, handlers, keys, operator, people, status, webhooks
from airstair.web.settings import trail as audit

register_converter(IdConverter, "id")

_signing = [
    path("sign-in", signing.sign_in, name="sign-in"),
    path("sign-out", signing.sign_out, name="sign-out"),
    path("operator", signing.choose_operator, name="choose-operator"),
]
_checklist = [
    path("ops/flights/<id:flight_id>/checklist", checklist.checklist, name="checklist"),
    path("ops/flights/<id:flight_id>/checklist/add", checklist.add, name="checklist-add"),
    path("ops/flights/<id:flight_id>/checklist/files/<id:file_id>", checklist.file, name="checklist-file"),
    path(
        "ops/flights/<id:flight_id>/checklist/files/<id:file_id>/remove",
        checklist.remove_file,
        name="checklist-file-remove",
    ),
    path("ops/flights/<id:flight_id>/checklist/mail/<slug:side>", checklist.request_handling, name="checklist-mail"),
    path("ops/flights/<id:flight_id>/checklist/modules/<id:application_id>", modules.module, name="checklist-module"),
    path(
        "ops/flights/<id:flight_id>/checklist/modules/<id:application_id>/remove",
        modules.remove_module,
        name="checklist-module-remove",
    ),
    path(
        "ops/flights/<id:flight_id>/checklist/modules/<id:application_id>/accept",
        modules.accept,
        name="checklist-accept",
    ),
    path(
        "ops/flights/<id:flight_id>/checklist/modules/<id:application_id>/dismiss",
        modules.dismiss,
        name="checklist-dismiss",
    ),
    path("ops/flights/<id:flight_id>/checklist/items/<slug:definition_key>", checklist.item, name="checklist-item"),
    path(
        "ops/flights/<id:flight_id>/checklist/items/<slug:definition_key>/status",
        checklist.set_status,
        name="checklist-status",
    ),
    path(
        "ops/flights/<id:flight_id>/checklist/items/<slug:definition_key>/files",
        checklist.add_file,
        name="checklist-file-add",
    ),
    path(
        "ops/flights/<id:flight_id>/checklist/items/<slug:definition_key>/remove",
        checklist.remove,
        name="checklist-remove",
    ),
]
_ops = [
    path("ops/", board.ops, name="ops"),
    path("ops/rows", board.timeline_rows, name="ops-rows"),
    path("ops/airports", airports.suggest, name="airport-suggestions"),
    path("ops/watch/", watch.watch, name="flight-watch"),
    path("ops/watch/<id:flight_id>", watch.watch_row, name="flight-watch-row"),
    path("ops/journey-log/", books.journey_log, name="journey-log"),
    path("ops/journey-log/export/<slug:kind>", logexport.export_log, name="journey-log-export"),
    path("ops/trips/new", trips.new_trip, name="trip-new"),
    path("ops/trips/leg", trips.new_leg, name="trip-leg"),
    path("ops/trips/<id:trip_id>", trips.trip, name="trip"),
    path("ops/trips/<id:trip_id>/edit", trips.edit_trip, name="trip-edit"),
    path("ops/trips/<id:trip_id>/status", trips.trip_status, name="trip-status"),
    path("ops/trips/<id:trip_id>/flights/new", trips.add_flight, name="trip-add-flight"),
    path("ops/flights/check", flights.check_flight, name="flight-check"),
    path("ops/flights/<id:flight_id>", flights.flight, name="flight"),
    path("ops/flights/<id:flight_id>/edit", flights.edit_flight, name="flight-edit"),
    path("ops/flights/<id:flight_id>/swap", flights.swap_aircraft, name="flight-swap"),
    path("ops/flights/<id:flight_id>/empty-leg", extras.edit_empty_leg, name="flight-empty-leg"),
    path("ops/flights/<id:flight_id>/services", extras.edit_services, name="flight-services"),
    path("ops/flights/<id:flight_id>/times/<slug:book>", books.edit_book, name="flight-times"),
    *_checklist,
    path("ops/flights/<id:flight_id>/<slug:action>", flights.act_on_flight, name="flight-act"),
    path("ops/imports/<id:connection_id>/<slug:flow>", imports.import_window, name="import-window"),
    path("ops/imports/<id:connection_id>/<slug:flow>/<id:run_id>", imports.import_run, name="import-run"),
    path("ops/send/<id:connection_id>/<slug:flow>", sending.send_window, name="send-window"),
    path("ops/events/new", events.new_event, name="event-new"),
    path("ops/events/<id:event_id>", events.event, name="event"),
    path("ops/events/<id:event_id>/delete", events.delete_event, name="event-delete"),
]
_fleet = [
    path("fleet/", fleet.fleet, name="fleet"),
    path("fleet/new", fleet.new_aircraft, name="aircraft-new"),
    path("fleet/cam", cam.cam_fleet, name="fleet-cam"),
    path("fleet/<id:aircraft_id>/cam", cam.cam, name="aircraft-cam"),
    path("fleet/<id:aircraft_id>/engines/new", cam.new_engine, name="engine-new"),
    path("fleet/<id:aircraft_id>/engines/<id:engine_id>", cam.engine, name="engine"),
    path("fleet/<id:aircraft_id>", fleet.aircraft, name="aircraft"),
    path("fleet/<id:aircraft_id>/retire", fleet.retire, name="aircraft-retire"),
    path("fleet/<id:aircraft_id>/reinstate", fleet.reinstate, name="aircraft-reinstate"),
]
_crew = [
    path("crew/", members.crew, name="crew"),
    path("crew/new", members.new_member, name="crew-new"),
    path("crew/<id:crew_member_id>", members.member, name="crew-member"),
    path("crew/<id:crew_member_id>/retire", members.retire, name="crew-retire"),
    path("crew/<id:crew_member_id>/reinstate", members.reinstate, name="crew-reinstate"),
    path("crew/<id:crew_member_id>/endorsements/new", endorsements.new_endorsement, name="endorsement-new"),
    path("crew/endorsements/", endorsements.every_endorsement, name="endorsements"),
    path("crew/endorsements/<id:endorsement_id>", endorsements.one_endorsement, name="endorsement"),
    path("crew/endorsements/<id:endorsement_id>/remove", endorsements.remove_endorsement, name="endorsement-remove"),
    path("crew/endorsements/<id:endorsement_id>/document", endorsements.endorsement_scan, name="endorsement-scan"),
    path("crew/kinds/", kinds.kinds, name="endorsement-kinds"),
    path("crew/kinds/new", kinds.new_kind, name="endorsement-kind-new"),
    path("crew/kinds/<id:definition_id>", kinds.kind, name="endorsement-kind"),
    path("crew/kinds/<id:definition_id>/move", kinds.move_kind, name="endorsement-kind-move"),
    path("crew/kinds/<id:definition_id>/remove", kinds.remove_kind, name="endorsement-kind-remove"),
    path("people/<id:holder_id>/documents/new", documents.new_document, name="document-new"),
    path("people/documents/<id:document_id>", documents.edit_document, name="document"),
    path("people/documents/<id:document_id>/remove", documents.remove_document, name="document-remove"),
    path("phonebook/", phonebook.phonebook, name="phonebook"),
    path("phonebook/handlers/", handlers.handlers, name="handlers"),
    path("phonebook/handlers/new", handlers.new_handler, name="handler-new"),
    path("phonebook/handlers/<id:handler_id>", handlers.handler, name="handler"),
    path("phonebook/handlers/<id:handler_id>/retire", handlers.retire, name="handler-retire"),
    path("phonebook/handlers/<id:handler_id>/reinstate", handlers.reinstate, name="handler-reinstate"),
    path("phonebook/<slug:shelf>/", phonebook.phonebook, name="phonebook-shelf"),
    path("phonebook/<slug:shelf>/new", phonebook.new_entry, name="phonebook-new"),
    path("phonebook/<slug:shelf>/<id:entry_id>", phonebook.entry, name="phonebook-entry"),
    path("phonebook/<slug:shelf>/<id:entry_id>/remove", phonebook.remove_entry, name="phonebook-remove"),
]
_rostering = [
    path("crew/timeline", timeline_views.crew_timeline, name="crew-timeline"),
    path("crew/roster", roster.roster, name="crew-roster"),
    path("crew/duties/new", timeline_views.new_duty, name="crew-duty-new"),
    path("crew/duties/<id:duty_id>", timeline_views.duty, name="crew-duty"),
    path("crew/duties/<id:duty_id>/delete", timeline_views.delete_duty, name="crew-duty-delete"),
    path("crew/<id:crew_member_id>/fatigue", timeline_fatigue.fatigue, name="crew-fatigue"),
]
_settings = [
    path("settings/", operator.settings_home, name="settings"),
    path("settings/operator", operator.edit_operator, name="settings-operator"),
    path("settings/subsidiaries", operator.add_subsidiary, name="subsidiary-add"),
    path("settings/subsidiaries/<id:subsidiary_id>", operator.change_subsidiary, name="subsidiary"),
    path("settings/users/", people.users, name="settings-users"),
    path("settings/users/new", people.invite, name="user-new"),
    path("settings/users/<id:membership_id>", people.user, name="user"),
    path("settings/users/<id:membership_id>/password", people.set_password, name="user-password"),
    path("settings/users/<id:membership_id>/<slug:action>", people.act_on_user, name="user-act"),
    path("settings/keys/", keys.api_keys, name="settings-keys"),
    path("settings/keys/<id:key_id>/revoke", keys.revoke, name="key-revoke"),
    path("settings/applications/", applications.applications, name="settings-applications"),
    path("settings/applications/<id:grant_id>", applications.change, name="application-change"),
    path("settings/applications/<id:grant_id>/withdraw", applications.withdraw, name="application-withdraw"),
    path("settings/webhooks/", webhooks.webhooks, name="settings-webhooks"),
    path("settings/webhooks/<id:webhook_id>", webhooks.webhook, name="settings-webhook"),
    path("settings/webhooks/<id:webhook_id>/<slug:action>", webhooks.act_on_webhook, name="webhook-act"),
    path("settings/deliveries/<id:delivery_id>/again", webhooks.deliver_again, name="webhook-again"),
    path("settings/password", people.own_password, name="own-password"),
    path("settings/checklist/", definitions.definitions, name="settings-checklist"),
    path("settings/checklist/new", definitions.new_definition, name="checklist-definition-new"),
    path("settings/checklist/mail", definitions.mail_setting, name="checklist-mail-setting"),
    path("settings/checklist/deck/<id:application_id>", definitions.deck, name="checklist-deck"),
    path("settings/checklist/items/<slug:definition_key>", definitions.definition, name="checklist-definition"),
    path("settings/checklist/items/<slug:definition_key>/move", definitions.move, name="checklist-definition-move"),
    path("settings/airports/", own_airports.airports, name="settings-airports"),
    path("settings/airports/edit", own_airports.edit_airport, name="airport-edit"),
    path("settings/airports/remove", own_airports.remove_airport, name="airport-remove"),
    path("settings/audit/", audit.audit, name="settings-audit"),
    path("settings/status", status.status, name="settings-status"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", board.home, name="home"),
    *_signing,
    *_ops,
    *_fleet,
    *_crew,
    *_rostering,
    *_settings,
    path("live/poll", live.poll, name="live-poll"),
    path("addons/", include("airstair.web.addons.urls")),
]
