"""What an admin fills in for an add-on, declared once and typed.

An add-on's settings are one frozen `Settings` struct whose fields carry `setting(...)`. From that one
declaration come the form, the command line's `name=value`, the check of each value, and which values
are secrets.
"""

from __future__ import annotations

import enum
import hashlib
import types
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from airstair.kernel.errors import Problem, Problems


class SettingKind(enum.StrEnum):
    """How a setting is asked for."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - a kind of input, not a password
    SWITCH = "switch"
    NUMBER = "number"
    CHOICE = "choice"
    PEOPLE = "people"  # members of the operator, by their codes


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is told about a setting, and the limits of its value."""

    label: str
    help: str = ""
    secret: bool = False
    people: bool = False
    least: int | None = None
    most: int | None = None
    unit: str = ""
    longest: int = 4000
    required_when_on: bool = False
    because: str = ""  # why the limit is what it is, said when it is passed
    address: bool = False  # where the partner is called: what is to be looked at when nobody answers there
    section: str = "Connection"


def setting(label: str, **facts: Any) -> Meaning:
    """The mark on a settings field: `interval_minutes: Annotated[int, setting("Interval", least=5)] = 5`."""
    return Meaning(label=label, **facts)


def address(help: str, *, label: str = "Address of the API") -> Meaning:
    """The mark on `base_url`: where the partner is called."""
    return Meaning(label=label, help=help, required_when_on=True, longest=300, address=True)


def credential(label: str, help: str = "", **facts: Any) -> Meaning:
    """The mark on a secret without which the partner lets nobody in."""
    return Meaning(label=label, help=help, secret=True, required_when_on=True, **facts)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every add-on's settings. Every field has a default: nothing is required until it is switched on."""

    environment: Annotated[
        Literal["live", "sandbox"],
        setting("Environment", help="The sandbox is Airstair's own imitation of the partner, for trying things out."),
    ] = "live"

    def __repr__(self) -> str:
        """Without any value: what holds secrets must not show them in a log or a traceback."""
        return f"<{type(self).__name__}>"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting, as forms and the command line need it."""

    name: str
    kind: SettingKind
    meaning: Meaning
    default: Any
    choices: tuple[str, ...] = ()


@cache
def settings_of(cls: type[Settings]) -> tuple[Setting, ...]:
    """The settings in the order of their declaration, what every add-on has first.

    Raises TypeError for a field without `setting(...)`.
    """
    defaults = {field.name: field.default for field in msgspec.structs.fields(cls)}
    # The hints are in the order in which people wrote them; the fields are with those that are `kw_only` last.
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_one(name, hint, defaults[name]) for name, hint in hints.items() if name in defaults)


def _one(name: str, hint: Any, default: Any) -> Setting:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{name} needs a setting(...) mark.")
    inner, *marks = get_args(hint)
    meaning = next(mark for mark in marks if isinstance(mark, Meaning))
    choices: tuple[str, ...] = ()
    if get_origin(inner) in (Union, types.UnionType):
        inner = next(arg for arg in get_args(inner) if arg is not type(None))
    if get_origin(inner) is Literal:
        kind, choices = SettingKind.CHOICE, tuple(str(c) for c in get_args(inner))
    elif meaning.people:
        kind = SettingKind.PEOPLE
    elif meaning.secret:
        kind = SettingKind.SECRET
    elif inner is bool:
        kind = SettingKind.SWITCH
    elif inner is int:
        kind = SettingKind.NUMBER
    else:
        kind = SettingKind.TEXT
    return Setting(name=name, kind=kind, meaning=meaning, default=default, choices=choices)


@cache
def secret_names(cls: type[Settings]) -> frozenset[str]:
    return frozenset(s.name for s in settings_of(cls) if s.kind is SettingKind.SECRET)


def read_settings(cls: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Typed settings from stored or typed-in values; text is understood for every kind.

    Raises `Invalid` with every wrong field: unknown names, wrong kinds, values past a limit.
    """
    problems = Problems()
    known = {s.name: s for s in settings_of(cls)}
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            problems.add(name, f"There is no such setting. Known are: {', '.join(known)}.")
        else:
            read[name] = _value(known[name], value, problems)
    problems.refuse()
    return cls(**read)


_TRUE, _FALSE = {"on", "yes", "true", "1"}, {"off", "no", "false", "0", ""}


def _value(one: Setting, value: Any, problems: Problems) -> Any:
    meaning, text = one.meaning, str(value).strip()
    match one.kind:
        case SettingKind.SWITCH:
            if isinstance(value, bool):
                return value
            if text.lower() in _TRUE | _FALSE:
                return text.lower() in _TRUE
            problems.add(one.name, f"{meaning.label} is a switch. Use on or off.")
        case SettingKind.NUMBER:
            return _number(one, value, text, problems)
        case SettingKind.CHOICE:
            if text in one.choices:
                return text
            problems.add(one.name, f"{meaning.label} must be one of {', '.join(one.choices)}.")
        case SettingKind.PEOPLE:
            codes = value if isinstance(value, list | tuple) else text.replace(";", ",").split(",")
            return tuple(str(code).strip().upper() for code in codes if str(code).strip())
        case _:
            if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\r\n" for character in text):
                problems.add(one.name, f"{meaning.label} holds a character that cannot be typed. Enter it by hand.")
            if len(text) > meaning.longest:
                problems.add(one.name, f"{meaning.label} is longer than {meaning.longest} characters. Shorten it.")
            return text
    return one.default


def _number(one: Setting, value: Any, text: str, problems: Problems) -> int | None:
    meaning = one.meaning
    if (value is None or text == "") and one.default is None:
        return None
    try:
        number = int(text)
    except ValueError:
        problems.add(one.name, f"{meaning.label} must be a whole number, not “{text}”.")
        return None
    unit = f" {meaning.unit}" if meaning.unit else ""
    because = f" {meaning.because}" if meaning.because else ""
    if meaning.least is not None and number < meaning.least:
        problems.add(one.name, f"{meaning.label} must be at least {meaning.least}{unit}.{because}")
    if meaning.most is not None and number > meaning.most:
        problems.add(one.name, f"{meaning.label} must be at most {meaning.most}{unit}.{because}")
    return number


def address_name(cls: type[Settings]) -> str:
    """The setting that says where the partner is called; empty where none is marked with `address(...)`."""
    return next((one.name for one in settings_of(cls) if one.meaning.address), "")


def missing_when_on(cls: type[Settings], settings: Settings) -> Iterable[Setting]:
    """Settings without which the add-on cannot be switched on."""
    return [s for s in settings_of(cls) if s.meaning.required_when_on and not getattr(settings, s.name)]


def address_problems(address: str, *, live: bool, like: str, hides: str) -> list[Problem]:
    """What is wrong with a partner's `base_url`: nothing with one that can be called, or with none at all.

    `like`: how one looks. `hides`: what would be readable on the way without TLS, which only a live partner needs.
    """
    wrong = Problem("base_url", f"“{address}” is not a web address. It looks like {like}.")
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return [wrong]
    if not address:
        return []
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [wrong]
    if parts.username is not None or parts.query or parts.fragment:
        return [Problem("base_url", "The address must not hold a name, a password, a question mark or a hash sign.")]
    if live and parts.scheme != "https":
        return [Problem("base_url", f"The address must begin with https://. {hides} would be readable on the way.")]
    return []


def account_of(*parts: str) -> str:
    """What a partner counts calls by: its address, and whom it takes us for. A digest, so that no key is kept by it."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def in_sandbox(path: str, **credentials: str) -> Callable[[str], Mapping[str, Any]]:
    """For `Addon.for_sandbox`: where the partner's imitation is called, and the credentials that open it."""
    return lambda url: {"base_url": f"{url.rstrip('/')}/{path}", **credentials}


def credential_problems(settings: Settings, *names: str) -> list[Problem]:
    """Which of these credentials cannot be right: something was copied with them, or lost."""
    found = []
    for one in settings_of(type(settings)):
        if one.name not in names:
            continue
        value: str = getattr(settings, one.name)
        label = one.meaning.label
        if " " in value:
            found.append(Problem(one.name, f"{label} has a blank in it. Enter it alone, without words like “Bearer”."))
        elif not (value.isascii() and value.isprintable()):
            found.append(Problem(one.name, f"{label} holds a character that cannot be in it. Copy it once more."))
    return found
