"""The form of a connection: an input for each setting, drawn from the add-on's own declaration, and what was typed.

Only turns text into what the command takes. Says nothing that the command says itself. Never holds a stored secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import QueryDict

from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.hub.connections.queries import ConnectionFacts
from airstair.hub.contract import Addon
from airstair.hub.setting import Setting, SettingKind, settings_of
from airstair.kernel.errors import Problem, Problems
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators.snapshots import MemberFacts
from airstair.web.addons import people

PREFIX = "s_"
NEW = "new"
LONGEST_NAME = 60
_MOST_TICKS = 20_000


@dataclass
class Input:
    """One setting in the form. `text` is what its input shows; for a secret always nothing."""

    setting: Setting
    text: str = ""
    checked: bool = False
    filled: bool = False  # a secret that has a value
    changing: bool = False  # a secret whose empty input is open
    by_sandbox: bool = False  # filled in for the local sandbox
    chips: list[tuple[str, str]] = field(default_factory=list)  # recipients: code and name
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return PREFIX + self.setting.name

    @property
    def described_by(self) -> str:
        """Ids for `aria-describedby`."""
        return " ".join(
            f"{part}-{self.setting.name}"
            for part, there in (("help", self.setting.meaning.help), ("error", self.errors), ("warning", self.warnings))
            if there
        )


@dataclass
class Tick:
    """One aircraft in the list. `elsewhere` names the connection of its own that it uses instead."""

    aircraft: AircraftFacts
    ticked: bool
    elsewhere: str = ""


class ConnectionForm:
    """A connection being looked at or saved.

    `facts` is the connection; `None` while it is not there yet, and then `like` is what a new one starts from.
    """

    def __init__(
        self,
        addon: Addon,
        facts: ConnectionFacts | None,
        *,
        like: ConnectionFacts | None = None,
        members: Iterable[MemberFacts] = (),
    ) -> None:
        self.addon = addon
        self.facts = facts
        self._source = facts or like
        self._names = {one.code.upper(): one.name for one in members}
        self.name = facts.name if facts else ""
        self.on = bool(facts and facts.on)
        self.all_aircraft = bool(facts and facts.all_aircraft)
        self.inputs = {one.name: self._input(one) for one in settings_of(addon.settings)}
        self.aircraft: list[Tick] = []
        self.loose: list[str] = []  # errors and warnings that no input is there for
        self.name_errors: list[str] = []
        self.aircraft_errors: list[str] = []

    # ── what is shown ───────────────────────────────────────────────────────────────────────────

    @property
    def sections(self) -> list[tuple[str, list[Input]]]:
        """In the order in which the add-on declares them."""
        grouped: dict[str, list[Input]] = {}
        for one in self.inputs.values():
            grouped.setdefault(one.setting.meaning.section, []).append(one)
        return list(grouped.items())

    @property
    def can_take_all(self) -> bool:
        """Only the default connection takes every aircraft."""
        return (self.facts is None and not self.is_own) or bool(self.facts and self.facts.is_default)

    is_own = False  # a new connection for some aircraft, not the default one

    @property
    def environment(self) -> str:
        return self.inputs["environment"].text

    @property
    def ticked_count(self) -> int:
        return sum(tick.ticked for tick in self.aircraft)

    @property
    def wrong(self) -> int:
        """How many inputs were refused."""
        return (
            sum(bool(one.errors) for one in self.inputs.values())
            + bool(self.name_errors)
            + bool(self.aircraft_errors)
            + len(self.loose)
        )

    def list_aircraft(
        self, fleet: Iterable[AircraftFacts], ticked: Mapping[int, int], names: Mapping[int, str]
    ) -> None:
        """`ticked`: aircraft id → connection id of those ticked one by one. Retired ones are shown if ticked."""
        mine = self.facts.id if self.facts else None
        for one in fleet:
            at = ticked.get(one.id)
            if one.active or at is not None:
                elsewhere = names.get(at, "another connection") if at is not None and at != mine else ""
                self.aircraft.append(Tick(one, ticked=at is not None and at == mine, elsewhere=elsewhere))

    def _input(self, one: Setting) -> Input:
        shown = Input(setting=one)
        if one.kind is SettingKind.SECRET:
            shown.filled = self._source is not None and one.name in self._source.filled_secrets
        else:
            stored = self._source.settings.get(one.name, one.default) if self._source else one.default
            self._show(shown, stored)
            shown.by_sandbox = bool(stored) and stored == self._sandbox.get(one.name)
        return shown

    @cached_property
    def _sandbox(self) -> Mapping[str, Any]:
        """What is filled in for the local sandbox."""
        return self.addon.for_sandbox(settings.SANDBOX_URL) if self.addon.for_sandbox is not None else {}

    @property
    def elsewhere_count(self) -> int:
        return sum(bool(tick.elsewhere) for tick in self.aircraft)

    def _show(self, shown: Input, value: Any) -> None:
        match shown.setting.kind:
            case SettingKind.SWITCH:
                shown.checked = bool(value)
            case SettingKind.PEOPLE:
                codes = value.split(",") if isinstance(value, str) else (value or ())
                written = [str(code).strip() for code in codes if str(code).strip()]
                shown.text = ", ".join(written)
                shown.chips = [(code, self._names.get(code.upper(), "")) for code in written]
            case _:
                shown.text = "" if value is None else str(value)

    # ── what was typed ──────────────────────────────────────────────────────────────────────────

    def read(self, posted: QueryDict, operator_id: int) -> dict[str, Any]:
        """The settings that were changed, by name; the form then shows what was typed.

        What did not change is left out, so that choosing the sandbox can fill the rest. Notes problems at the inputs.
        """
        here = set(posted.getlist("here"))
        changed: dict[str, Any] = {}
        problems = Problems()
        for name, shown in self.inputs.items():
            if name not in here:
                continue
            typed = posted.get(shown.name, "")
            match shown.setting.kind:
                case SettingKind.SECRET:
                    if typed.strip():
                        changed[name] = typed.strip()
                        shown.changing = True
                case SettingKind.SWITCH:
                    if (shown.name in posted) != shown.checked:
                        changed[name] = shown.checked = shown.name in posted
                case SettingKind.PEOPLE:
                    if _tidy(typed) != _tidy(shown.text):
                        changed[name] = people.codes(operator_id, typed, name, problems)
                        self._show(shown, typed)
                case _:
                    if typed.strip() != shown.text.strip():
                        changed[name] = typed
                        shown.text = typed[:5000]
        self.note(problems.found)
        return changed

    def read_aircraft(self, posted: QueryDict) -> list[int] | str | None:
        """The ticks, `ALL_AIRCRAFT`, or `None` when nothing about them changed. Notes what is not a tick."""
        if "aircraft" not in posted.getlist("here"):
            return None
        texts = posted.getlist("tick")[:_MOST_TICKS]
        if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
            self.aircraft_errors.append("One of the ticks names no aircraft. Load the page again, then tick once more.")
            return None
        wanted = {int(text) for text in texts}
        before = sorted(tick.aircraft.id for tick in self.aircraft if tick.ticked)
        took_all, self.all_aircraft = self.all_aircraft, posted.get("aircraft") == ALL_AIRCRAFT
        for tick in self.aircraft:
            tick.ticked = tick.aircraft.id in wanted
        if self.all_aircraft:
            return None if took_all else ALL_AIRCRAFT
        return None if not took_all and sorted(wanted) == before else sorted(wanted)

    def read_name(self, posted: QueryDict, taken: Iterable[str]) -> str:
        """The name of a new connection; a problem is noted when it is missing, too long or taken."""
        self.name = posted.get("name", "").strip()
        if not self.name:
            self.name_errors.append("Give the connection a name, such as the owner's or the company's.")
        elif len(self.name) > LONGEST_NAME:
            self.name_errors.append(f"The name is longer than {LONGEST_NAME} characters. Shorten it.")
        elif self.name.lower() in {other.lower() for other in taken} | {"default"}:
            self.name_errors.append(f"There is a connection named “{self.name}” already. Choose another name.")
        return self.name

    def note(self, problems: Iterable[Problem]) -> None:
        """Show each problem at its input."""
        for problem in problems:
            if problem.field in self.inputs:
                shown = self.inputs[problem.field]
                shown.errors.append(problem.sentence)
                shown.changing = shown.changing or shown.setting.kind is SettingKind.SECRET
            elif problem.field == "aircraft":
                self.aircraft_errors.append(problem.sentence)
            elif problem.field == "name":
                self.name_errors.append(problem.sentence)
            else:
                self.loose.append(str(problem))

    def warn(self, problems: Iterable[Problem]) -> None:
        """Show what the check with the partner said at the inputs it names."""
        for problem in problems:
            if problem.field in self.inputs:
                self.inputs[problem.field].warnings.append(problem.sentence)


def _tidy(text: str) -> list[str]:
    return [part.strip().upper() for part in text.replace(";", ",").split(",") if part.strip()]
