"""Models that an operator has switched on: finding one by what it answers, and asking it. Reads only; calls nobody."""

from __future__ import annotations

from typing import Any

import msgspec

from airstair.hub.computing import Compute
from airstair.hub.connections.queries import connections
from airstair.hub.contract import Addon
from airstair.hub.registry import addons
from airstair.hub.setting import Settings, read_settings
from airstair.kernel.errors import Invalid


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model with what the operator has set it to."""

    addon: Addon
    flow: Compute
    settings: Settings

    def ask(self, snapshot: Any) -> Any:
        """The model's answer; what it is, the flow's kind says."""
        return self.flow.run(snapshot, self.settings)


def model_for(operator_id: int, key: str) -> Model | None:
    """Whoever answers `key` for this operator; `None` while nobody is switched on for it. Two SQL statements.

    Stored settings that can no longer be used do not keep the model from running: it then runs on its usual ones.
    """
    offered = {one.key: flow for one in addons().values() for flow in one.computes if flow.key == key}
    for facts in connections(operator_id):
        if facts.on and facts.is_default and facts.addon in offered:
            one = addons()[facts.addon]
            try:
                settings = read_settings(one.settings, facts.settings)
            except Invalid:
                settings = one.settings()
            return Model(addon=one, flow=offered[facts.addon], settings=settings)
    return None
