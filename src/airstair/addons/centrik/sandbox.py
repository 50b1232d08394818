"""Centrik, imitated: a training system's qualifications, its users, and who holds what until when.

Its API is not public, so names and shapes are assumed; that it has a login, a filter and an address of its own is not.
It shares no code with the add-on that it checks.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from airstair.sandbox.journal import CallRecord
from airstair.sandbox.kept import KeptImitation, form, text_in, utc
from airstair.sandbox.markup import Html, el, join, table
from airstair.sandbox.partner import Answer, Call, Page, Partner, Refusal, json_bytes

_LOGIN, _PASSWORD = "airstair", "centrik-sandbox-only"
_API = "/apiv1/"
_LARGEST_PAGE = 200  # assumed
_LISTS = ("qualifications", "users", "userqualifications")
_TRAINING = "TS-1"


class Training(msgspec.Struct):
    """What Centrik holds, each thing with when it was last changed."""

    qualifications: dict[str, dict[str, Any]] = {}
    users: dict[str, dict[str, Any]] = {}
    userqualifications: dict[str, dict[str, Any]] = {}
    objections: list[str] = []
    numbered: int = 0


def _first_day() -> Training:
    held = Training()
    for id_, name, code in (("Q1", "LPC / OPC", ""), ("Q2", "Medical class 1", ""), ("Q3", "Dangerous goods", "")):
        held.qualifications[id_] = _qualification(id_, name, code)
    held.qualifications["Q4"] = _qualification("Q4", "Aspen approach", "ASE")
    for id_, email, first, last in (
        ("U1", "ada.berg@airstair.example", "Ada", "Berg"),
        ("U2", "kim.lund@airstair.example", "Kim", "Lund"),
        ("U3", "someone.else@airstair.example", "Sami", "Else"),
    ):
        held.users[id_] = {"id": id_, "email": email, "firstName": first, "lastName": last, "active": True}
    for user, kind, number, issued, expires in (
        ("U1", "Q1", "OPC-771", "2026-05-04", "2026-11-30"),
        ("U1", "Q2", "M-2209", "2026-02-01", "2027-01-31"),
        ("U1", "Q4", "", "2026-01-15", "2027-01-14"),
        ("U2", "Q1", "OPC-772", "2026-04-02", "2026-10-31"),
        ("U2", "Q3", "DG-15", "2025-12-01", "2027-11-30"),
        ("U3", "Q3", "DG-16", "2025-12-01", "2027-11-30"),
    ):
        _hold(held, user, kind, number, issued, expires, datetime(2026, 1, 1, tzinfo=UTC))
    return held


def _qualification(id_: str, name: str, code: str) -> dict[str, Any]:
    return {"id": id_, "name": name, "categoryId": _TRAINING, "externalId": code, "validityMonths": 12}


def _hold(held: Training, user: str, kind: str, number: str, issued: str, expires: str, at: datetime) -> dict[str, Any]:
    held.numbered += 1
    one = {
        "id": f"H{held.numbered}", "userId": user, "qualificationId": kind, "number": number, "dateOfIssue": issued,
        "expiryDate": expires, "notes": "", "modified": at.isoformat(),
    }  # fmt: skip
    held.userqualifications[one["id"]] = one
    return one


def _says(status: int, words: str) -> Answer:
    return Answer(status, json_bytes({"message": words}))


class Centrik(KeptImitation[Training]):
    """The imitated Centrik."""

    def first_day(self) -> Training:
        return _first_day()

    def answer(self, call: Call) -> Answer:
        if call.method == "GET" and call.path.rstrip("/") == "":
            return Answer(200, _LOGIN_PAGE.encode(), content_type="text/html; charset=utf-8")
        if call.headers.get("authorization") != f"Basic {_basic()}":
            return self.expired_credentials()
        name = call.path.removeprefix(_API)
        if not call.path.startswith(_API) or name not in _LISTS:
            return _says(404, "There is nothing here.")
        if call.method != "GET":
            return _says(405, "This can only be read.")
        return self._list(name, call)

    def _list(self, name: str, call: Call) -> Answer:
        try:
            page, size = (_number(call, word) for word in ("page", "pageSize"))
            since = _moment(call.query.get("modifiedSince", [""])[0])
        except ValueError as wrong:
            self.held.objections.append(f"{call.path}: {wrong}")
            return _says(400, str(wrong))
        rows = list(getattr(self.held, name).values())
        wanted = call.query.get("filter", [""])[0]
        if name == "qualifications" and wanted:
            rows = [row for row in rows if row["categoryId"] == wanted]
        if name == "userqualifications" and since is not None:
            rows = [row for row in rows if datetime.fromisoformat(row["modified"]) > since]
        shown = [{k: v for k, v in row.items() if k != "modified"} for row in rows[(page - 1) * size : page * size]]
        return Answer(200, json_bytes(shown), caller=_LOGIN)

    def aircraft_of(self, call: Call) -> str | None:
        return None

    def failure(self, status: int, title: str) -> Answer:
        return _says(status, title)

    def expired_credentials(self) -> Answer:
        return _says(401, "This login opens nothing.")

    def audit(self) -> dict[str, Any]:
        rule = {"rule": "Pages and days are written as Centrik reads them.", "evidence": self.held.objections}
        return {"rules": [{**rule, "kept": not self.held.objections}]}

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        act = _ACTS.get(name)
        if act is None:
            raise Refusal(f"Nobody can do {name!r} here. Use {', '.join(_ACTS)}.")
        act(self.held, wish, self.clock.now())

    def credentials(self) -> dict[str, str]:
        return {"login": _LOGIN, "password": _PASSWORD}

    def pages(self) -> list[tuple[str, str]]:
        return [("", "Endorsements"), ("users", "Users")]

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        if path == "users":
            return Page("Users", _users(self.held))
        return Page("Endorsements", _endorsements(self.held)) if path == "" else None


def _basic() -> str:
    return base64.b64encode(f"{_LOGIN}:{_PASSWORD}".encode()).decode()


def _number(call: Call, word: str) -> int:
    text = call.query.get(word, [""])[0]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= (_LARGEST_PAGE if word == "pageSize" else 10**6)):
        raise ValueError(f"{word} must be a whole number from 1 on, pageSize at most {_LARGEST_PAGE}.")
    return int(text)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("modifiedSince must say its zone.")
    return when


# -- what Centrik's own people do ----------------------------------------------------------------------------------


def _put_qualification(held: Training, wish: Mapping[str, Any], now: datetime) -> None:
    id_ = text_in(wish, "id")
    held.qualifications[id_] = _qualification(id_, text_in(wish, "name"), str(wish.get("externalId") or ""))


def _put_user(held: Training, wish: Mapping[str, Any], now: datetime) -> None:
    id_ = text_in(wish, "id")
    names = {"firstName": text_in(wish, "firstName"), "lastName": text_in(wish, "lastName")}
    active = str(wish.get("active", "true")).lower() in ("true", "on")
    held.users[id_] = {"id": id_, "email": str(wish.get("email") or ""), **names, "active": active}


def _put_endorsement(held: Training, wish: Mapping[str, Any], now: datetime) -> None:
    """Without an id it is a new one; with one, that one is changed."""
    user, kind = text_in(wish, "userId"), text_in(wish, "qualificationId")
    days = {name: str(wish.get(name) or "") for name in ("dateOfIssue", "expiryDate")}
    number = str(wish.get("number") or "")
    id_ = str(wish.get("id") or "")
    if not id_:
        _hold(held, user, kind, number, days["dateOfIssue"], days["expiryDate"], now)
        return
    one = held.userqualifications.get(id_)
    if one is None:
        raise Refusal(f"There is no endorsement {id_!r}. Leave the id out for a new one.")
    one |= {"userId": user, "qualificationId": kind, "number": number, **days, "modified": now.isoformat()}


def _remove(what: str) -> Callable[[Training, Mapping[str, Any], datetime], None]:
    def remove(held: Training, wish: Mapping[str, Any], now: datetime) -> None:
        if getattr(held, what).pop(text_in(wish, "id"), None) is None:
            raise Refusal(f"There is no such thing in {what}.")

    return remove


_ACTS: dict[str, Callable[[Training, Mapping[str, Any], datetime], None]] = {
    "put-qualification": _put_qualification,
    "put-user": _put_user,
    "put-endorsement": _put_endorsement,
    "remove-qualification": _remove("qualifications"),
    "remove-user": _remove("users"),
    "remove-endorsement": _remove("userqualifications"),
}


# -- pages ---------------------------------------------------------------------------------------------------------

_LOGIN_PAGE = str(
    el(
        "html",
        el("head", el("title", "Centrik (imitated)")),
        el(
            "body",
            el("h1", "Centrik"),
            el("p", "An imitation of the login page. It signs nobody in."),
            el("p", el("label", "User ", el("input", name="user"))),
            el("p", el("label", "Password ", el("input", name="password", type="password"))),
        ),
        lang="en",
    )
)


def _fields(*pairs: tuple[str, str]) -> list[Html]:
    return [el("label", f"{label} ", el("input", name=name, size=14)) for name, label in pairs]


def _endorsements(held: Training) -> Html:
    rows: list[list[object]] = []
    for one in held.userqualifications.values():
        user, kind = held.users.get(one["userId"], {}), held.qualifications.get(one["qualificationId"], {})
        days = [one["dateOfIssue"], one["expiryDate"], utc(datetime.fromisoformat(one["modified"]))]
        gone = form("centrik", "remove-endorsement", "", label="Remove", id=one["id"])
        rows.append(
            [one["id"], user.get("email"), kind.get("name"), kind.get("externalId"), one["number"], *days, gone]
        )
    heads = ["Id", "User", "Qualification", "External ID", "Number", "Issued", "Expires", "Changed", ""]
    pairs = (
        ("id", "Id, or none"), ("userId", "User's id"), ("qualificationId", "Qualification's id"), ("number", "Number"),
        ("dateOfIssue", "Issued"), ("expiryDate", "Expires"),
    )  # fmt: skip
    kinds: list[list[object]] = [[one["id"], one["name"], one["externalId"]] for one in held.qualifications.values()]
    return join(
        [
            el("div", table(heads, rows, empty="Nobody holds anything."), id="held", data_live=True),
            form("centrik", "put-endorsement", "", *_fields(*pairs), label="Add or change"),
            el("h2", "Qualifications"),
            el("div", table(["Id", "Name", "External ID"], kinds, empty="None."), id="kinds", data_live=True),
            form(
                "centrik", "put-qualification", "",
                *_fields(("id", "Id"), ("name", "Name"), ("externalId", "External ID")), label="Add or change",
            ),
        ]
    )  # fmt: skip


def _users(held: Training) -> Html:
    rows: list[list[object]] = [
        [one["id"], f"{one['firstName']} {one['lastName']}", one["email"], "active" if one["active"] else "inactive"]
        for one in held.users.values()
    ]
    pairs = (("id", "Id"), ("email", "E-mail"), ("firstName", "First name"), ("lastName", "Last name"))
    listed = el("div", table(["Id", "Name", "E-mail", "State"], rows, empty="Nobody."), id="users", data_live=True)
    return join([listed, form("centrik", "put-user", "users", *_fields(*pairs), label="Add or change")])


PARTNER = Partner(
    key="centrik", name="Centrik", about="Qualifications, users, and who holds what until when.", start=Centrik
)
