"""The flow that stays in the house: a model that is run on the record, for an operator who has switched it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """Run a model inside. Nothing is sent and nothing is fetched: the add-on is a switch, and what the model is set to.

    `run` is pure: a snapshot of the record and the settings in, the answer out. The page that shows answers of this
    kind finds whoever gives them by `key`, so it names no partner. `inputs` and `provenance` say in words what goes in,
    and whose model it is.
    """

    key: str
    title: str
    inputs: str
    provenance: str
    run: Callable[[Any, Any], Any]
