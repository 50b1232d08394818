"""The addresses of Connect's pages."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from connect.pages import catalogue, desk, external_api, hooks, orders, organisation, session, users


class RowId:
    """A row's id: digits that a column can hold."""

    regex = r"[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class OrderNumber:
    """As ORD-20310407-0031."""

    regex = r"ORD-[0-9]{8}-[0-9]{4,9}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(RowId, "row")
register_converter(OrderNumber, "order")

urlpatterns: list[URLPattern] = [
    path("", session.home, name="home"),
    path("sign-in", session.sign_in, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("orders/", orders.dashboard, name="orders"),
    path("orders/<order:number>/", orders.order_page, name="order"),
    path("orders/<order:number>/<slug:step>", orders.order_do, name="order-do"),
    path("trips/<row:flight_id>/", orders.trip, name="trip"),
    path("trips/<row:flight_id>/order", orders.order_directly, name="order-directly"),
    path("trips/<row:flight_id>/change", orders.change_here, name="change-here"),
    path("desk/", desk.desk, name="desk"),
    path("desk/<order:number>/", desk.request_page, name="request"),
    path("desk/<order:number>/<slug:step>", desk.request_do, name="request-do"),
    path("slots/", desk.slots, name="slots"),
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/<row:service_id>", catalogue.catalogue_do, name="catalogue-do"),
    path("airports/", organisation.airports, name="airports"),
    path("airports/<slug:icao>", organisation.airport_do, name="airport-do"),
    path("organisation/", organisation.organisation, name="organisation"),
    path("organisation/<slug:step>", organisation.organisation_do, name="organisation-do"),
    path("users/", users.users, name="users"),
    path("users/<row:user_id>", users.user_do, name="user-do"),
    path("external-api/", external_api.external_api, name="external-api"),
    path("external-api/callback", external_api.callback, name="external-api-callback"),
    path("external-api/<slug:step>", external_api.external_api_do, name="external-api-do"),
    path("hooks/<slug:hook>", hooks.hook, name="hook"),
]
