"""The part of the contract that only reads: the description, its facts, its settings, its About page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from airstair.hub.computing import Compute
from airstair.hub.facts import Certainty
from airstair.hub.flows import Flow, Mirror, Post
from airstair.hub.registry import addon, described_in
from airstair.hub.setting import secret_names, settings_of
from airstair.hub.visits import Handoff, Receive, Serve
from airstair.sandbox.discovery import find_partners
from airstair.testing.common import Common

HEADINGS = ("What it is", "Before you start", "Connect", "When", "What we match on", "Limits")
SENT, FETCHED = "What is sent", "What is fetched"
_OTHERS = ((Serve, "What is read"), (Receive, "What is received"), (Handoff, "What is handed over"))
_SOUNDS_SECRET = re.compile(r"(^|_)(key|token|password|secret|passphrase|pin)$")
_LONGEST_DEADLINE = timedelta(minutes=2)  # of one call: longer, and a dead partner holds up its own next calls


class DescriptionContract(Common):
    """What holds for the description."""

    def test_says_who_it_is_and_what_for(self) -> None:
        described = described_in(self.addon.package)
        assert self.addon in described, "addon.py: package=__package__"
        alone = len(described) == 1 and self.addon.package == f"airstair.addons.{self.addon.key}"
        assert alone or len(described) > 1, "addon.py: the key is the folder's name, unless it is a family's"
        assert addon(self.addon.key) is self.addon, "the hub finds the folder by its addon.py"
        assert self.addon.name.strip()
        assert self.addon.purpose.endswith("."), "addon.py: say in one sentence what the operator gains"

    def test_has_flows_with_names_of_their_own(self) -> None:
        assert self.addon.flows, "addon.py: name at least one flow"
        keys = [flow.key for flow in self.addon.flows]
        assert len(set(keys)) == len(keys)
        assert all(re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", key) for key in keys), keys
        assert all(flow.title for flow in self.addon.flows)

    def test_every_flow_gives_up_waiting(self, any_flow: Flow) -> None:
        if not isinstance(any_flow, Handoff | Compute):  # these wait for nobody
            assert timedelta(0) < any_flow.deadline <= _LONGEST_DEADLINE

    def test_every_fact_has_its_source_and_its_certainty(self) -> None:
        assert self.addon.facts, "addon.py: write the partner's rules down as facts"
        for fact in self.addon.facts:
            assert fact.says.endswith("."), f"“{fact.says}” is not a sentence"
            assert isinstance(fact.certainty, Certainty), f"“{fact.says}”: documented, observed or assumed?"
            assert fact.source.strip(), f"“{fact.says}”: where was it learned?"

    def test_the_about_page_has_its_headings_with_something_below_each(self) -> None:
        wanted = list(HEADINGS)
        if any(isinstance(flow, Mirror | Post) for flow in self.addon.flows):
            wanted.append(SENT)
        if self.addon.pulls:
            wanted.append(FETCHED)
        wanted += {title for shape, title in _OTHERS if any(isinstance(flow, shape) for flow in self.addon.flows)}
        parts = re.split(r"^## (.+)$", self.addon.about, flags=re.MULTILINE)[1:]
        written = {title.strip() for title, text in zip(parts[::2], parts[1::2], strict=True) if text.strip()}
        missing = [title for title in wanted if title not in written]
        assert missing == [], "about.md: these sections are missing or empty"

    def test_what_sounds_like_a_secret_is_one(self) -> None:
        secrets = secret_names(self.addon.settings)
        open_ones = [
            one.name
            for one in settings_of(self.addon.settings)
            if _SOUNDS_SECRET.search(one.name) and one.name not in secrets
        ]
        assert open_ones == [], "settings.py: mark these with secret=True, or give them another name"

    def test_can_be_tried_in_the_sandbox(self) -> None:
        if self.addon.stays_inside:
            pytest.skip("There is no partner to imitate: it runs inside.")
        assert self.addon.key in find_partners(), "sandbox.py: the partner's imitation, exported as PARTNER"
        assert self.addon.for_sandbox is not None, "addon.py: for_sandbox= the values that reach the imitation"
        values = self.addon.for_sandbox("http://127.0.0.1:1")
        known = {one.name for one in settings_of(self.addon.settings)}
        assert set(values) <= known, "for_sandbox names settings that there are not"

    def test_says_which_words_of_the_partner_are_enumerations(self) -> None:
        assert self.enumerations is not None, (
            "tests/test_contract.py: name the properties of the partner's answers that hold one of a list of words, as"
            " `enumerations`; `()` if there are none"
        )
