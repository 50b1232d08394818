"""The executable schema: every `schema/*.graphql`, bound to what the modules of this package answer."""

from __future__ import annotations

import importlib
import json
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from ariadne import load_schema_from_path, make_executable_schema
from graphql import GraphQLSchema, introspection_from_schema, print_schema

from airstair.api import leon

_FOLDER = Path(__file__).parent / "schema"


@cache
def schema() -> GraphQLSchema:
    """Built once for each process. A resolver for a field that the SDL does not have is an error here, at once."""
    return make_executable_schema(load_schema_from_path(str(_FOLDER)), *_bindables())


def _bindables() -> list[Any]:
    """`BINDABLES` of every module of this package, by name."""
    found: list[Any] = []
    for module in sorted(one.name for one in pkgutil.walk_packages(leon.__path__, f"{leon.__name__}.")):
        found += getattr(importlib.import_module(module), "BINDABLES", [])
    return found


@cache
def as_sdl() -> str:
    """The schema as a file."""
    return print_schema(schema()) + "\n"


@cache
def as_json() -> str:
    """The schema as the answer to the usual introspection query."""
    return json.dumps({"data": introspection_from_schema(schema())})
