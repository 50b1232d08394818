"""The part of the contract about models that run inside: what is said of them, and that nothing travels."""

from __future__ import annotations

from typing import Any

import pytest

from airstair.hub.calls import calls
from airstair.hub.computing import Compute
from airstair.hub.connections.commands import ConnectionInput, configure
from airstair.hub.health import Health, cards
from airstair.hub.inside import model_for
from airstair.hub.setting import secret_names
from airstair.records.operators.commands import create_operator
from airstair.records.operators.queries import actor_for_user, members
from airstair.testing.common import Common


class ComputingContract(Common):
    """What holds for every flow that is a model."""

    def test_a_model_says_what_goes_in_and_whose_it_is(self, compute: Compute) -> None:
        for words in (compute.inputs, compute.provenance):
            assert words.strip().endswith("."), "addon.py: say it in sentences"

    def test_what_runs_inside_asks_for_nothing_that_opens_a_partner(self, compute: Compute) -> None:
        if self.addon.stays_inside:
            assert not secret_names(self.addon.settings), "there is nobody to show a secret to"
            assert self.addon.check is None and self.addon.budget is None and not self.addon.choose_aircraft

    @pytest.mark.django_db
    def test_a_model_is_a_switch_for_each_operator(self, compute: Compute, settings: Any) -> None:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        mine, other = (_admin(code) for code in ("CMP", "CMQ"))
        assert model_for(mine.operator_id, compute.key) is None, "everything is off until it is switched on"
        configure(mine, self.addon.key, ConnectionInput(on=True))
        found = model_for(mine.operator_id, compute.key)
        assert found is not None and (found.addon, found.flow) == (self.addon, compute)
        assert model_for(other.operator_id, compute.key) is None
        card = next(one for one in cards(mine.operator_id) if one.addon is self.addon)
        assert not self.addon.stays_inside or card.health is Health.WELL, card.sentence
        assert calls(mine.operator_id) == [], "nobody was called"
        configure(mine, self.addon.key, ConnectionInput(on=False))
        assert model_for(mine.operator_id, compute.key) is None


def _admin(code: str) -> Any:
    operator = create_operator(
        code=code,
        name=f"{code} Air",
        admin_email=f"admin@{code.lower()}.example",
        admin_name="Ada Admin",
        admin_password="a long password",  # noqa: S106 - of a test's operator
    )
    return actor_for_user(members(operator.id)[0].user_id, operator.id)
