"""The phonebook: companies, contact persons and passengers, without what is sensitive."""

from __future__ import annotations

from typing import Any

from ariadne import ObjectType, QueryType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.roots import further
from airstair.records.people.queries import companies, contacts, passengers

_PAGE = 50
_SORTED_BY = {"name": "name", "surname": "surname", "email": "email", "contactnid": "contactNid"}

query, book = QueryType(), ObjectType("ContactQuery")
query.set_field("contact", further)


def _everybody(asking: Asking) -> list[dict[str, Any]]:
    """Three statements."""
    asking.require("GRAPHQL_CONTACT")
    found = [_company(one) for one in companies(asking.operator_id)]
    found += [_person(one) for one in contacts(asking.operator_id)]
    found += [_person(one) for one in passengers(asking.operator_id)]
    return found


def _company(one: Any) -> dict[str, Any]:
    return {**_shared(one), "name": one.name, "isCompany": True}


def _person(one: Any) -> dict[str, Any]:
    nationality = getattr(one, "nationality", "")
    country = {"code": nationality, "codeIso": nationality} if nationality else None
    return {
        **_shared(one), "name": one.first_name, "surname": one.last_name, "nationality": country, "isCompany": False
    }  # fmt: skip


def _shared(one: Any) -> dict[str, Any]:
    return {
        "contactNid": one.id, "email": one.email or None, "phone": one.phone or None, "telephone": one.phone or None,
        "note": one.notes or None, "isDeleted": False, "passportList": [],
    }  # fmt: skip


@book.field("contactListByPage")
def _page(
    _: object, info: Info, page: int | None = None, sortBy: str | None = None,
    sortDirection: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Pages count from 1. Sorted by surname, else by name, unless said otherwise."""
    found = _everybody(info.context)
    field = _SORTED_BY.get((sortBy or "").lower())

    def key(one: dict[str, Any]) -> Any:
        if field == "contactNid":
            return (one["contactNid"], "")
        return (0, str((one.get(field) if field else one.get("surname") or one.get("name")) or "").lower())

    found.sort(key=key, reverse=(sortDirection or "").lower().startswith("desc"))
    begin = (max(page or 1, 1) - 1) * _PAGE
    return found[begin : begin + _PAGE]


@book.field("single")
def _single(_: object, info: Info, contactNid: int | None = None) -> dict[str, Any] | None:
    return next((one for one in _everybody(info.context) if one["contactNid"] == contactNid), None)


@book.field("contactsByNids")
def _some(_: object, info: Info, contactsNids: list[int]) -> list[dict[str, Any]]:
    wanted = set(contactsNids)
    return [one for one in _everybody(info.context) if one["contactNid"] in wanted]


BINDABLES = [query, book]
