"""Finds the add-ons: every folder under `airstair.addons` that has an `addon.py`.

A folder has one add-on, `ADDON`, or is a family of many that share their code, `ADDONS`.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache

from airstair.hub.contract import Addon
from airstair.kernel.errors import NotFound

# By name and not imported above: the hub stands below the add-ons, and knows none of them.
_ADDONS = "airstair.addons"
_extra: dict[str, Addon] = {}


@cache
def _found() -> dict[str, Addon]:
    found: dict[str, Addon] = {}
    for folder in pkgutil.iter_modules(importlib.import_module(_ADDONS).__path__):
        name = f"{_ADDONS}.{folder.name}"
        if importlib.util.find_spec(f"{name}.addon") is None:
            continue
        for one in described_in(name):
            if one.key in found:
                raise ValueError(f"{name} uses the key {one.key!r}, which is taken. Choose another.")
            found[one.key] = one
    return found


def described_in(package: str) -> tuple[Addon, ...]:
    """The add-on of a folder, or all members of its family."""
    described = importlib.import_module(f"{package}.addon")
    family: tuple[Addon, ...] | None = getattr(described, "ADDONS", None)
    return (described.ADDON,) if family is None else family


def addons() -> dict[str, Addon]:
    """All add-ons by key, in order of name."""
    every = _found() | _extra
    return dict(sorted(every.items(), key=lambda item: item[1].name.lower()))


def addon(key: str) -> Addon:
    """The add-on of that key. Raises `NotFound`, naming those there are."""
    every = addons()
    if key not in every:
        raise NotFound(f"The add-on “{key}” (there are: {', '.join(every)})")
    return every[key]


def register(extra: Addon) -> None:
    """Add an add-on that has no folder: for tests and benchmarks that define a partner of their own."""
    _extra[extra.key] = extra
