"""Writes docs/reference from the code: command line, add-ons, changes, outcomes, roles, and the tested requirements.

`python scripts/reference.py` writes the pages; with `--check` it names those that would change and writes nothing.
What a page says is said in the code; here is only how it is laid out.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "airstair"
REFERENCE = ROOT / "docs" / "reference"
STATEMENTS = REFERENCE / "statements.toml"
WIDTH = 100

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")


def pages() -> dict[Path, str]:
    """Every generated page by its path, as it should be."""
    import django

    django.setup()
    from airstair.hub.registry import addons

    made = {
        "command-line.md": command_line(),
        "add-ons.md": add_on_list(addons().values()),
        "changes.md": changes(),
        "outcomes.md": outcomes(),
        "roles.md": roles(),
        "requirements.md": requirements(),
        "connect-rules.md": connect_rules(),
    }
    made |= {f"add-ons/{one.key}.md": add_on(one) for one in addons().values()}
    return {REFERENCE / name: text for name, text in made.items()}


def page(title: str, *blocks: str) -> str:
    made_by = "<!-- Written by scripts/reference.py. Change the code, then run it again. -->"
    return "\n\n".join([f"# {title}", made_by, *(block.strip("\n") for block in blocks if block)]) + "\n"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(header)]
    lines += [[" ".join(str(cell).split()).replace("|", "\\|") for cell in row] for row in rows]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("|" + "|".join(f" {cell} " if cell else " " for cell in line) + "|" for line in lines)


# -- the rules of Connect's orders -------------------------------------------------------------------------------


def connect_rules() -> str:
    from connect.orders import captions

    blocks = [
        "What happens in Connect to a flight, an order, its lines and its slot when something changes on the checklist "
        "or in the schedule, and what the services are then answered. From `src/connect/orders/rules.toml`, which is "
        "what runs; every case is governed by exactly one row, and tests walk them all. *Order* and the next two "
        "columns say in which case a row holds: the order at that airport, its payment, the handler's acknowledgement.",
    ]
    for caption, rows in captions.changes_in_words():
        blocks += [f"## {caption}", table(captions.COLUMNS, rows)]
    header = ("Step", "By", "Where", "Needs", "The order then")
    blocks += [
        "## What people do with an order",
        "Where a status is not named, the step is refused. Either party cancels; who has no right to a step sees none.",
        table(header, captions.steps_in_words()),
        "## What the guide says",
        "The sentences of the published guide that speak of changes, in our words; a test looks each up in the table.",
        table(("Section", "Sentence"), [(one["section"], one["says"]) for one in captions.sentences()]),
    ]
    return page("Rules of Connect's orders", *blocks)


# -- command line -------------------------------------------------------------------------------------------------


def command_line() -> str:
    from airstair.cli import main

    blocks = [
        "What `airstair` understands. Exit status: 0 done, 1 failed (a sentence says why and what to do), 2 wrong use."
    ]
    for name, command, context in _commands(main, "airstair"):
        blocks += [f"## {name}", f"```text\n{command.get_help(context).rstrip()}\n```"]
    return page("Command line", *blocks)


def _commands(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command, click.Context]]:
    settings = {**command.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, **settings)
    yield name, command, context
    if isinstance(command, click.Group):
        for sub_name in command.list_commands(context):
            sub = command.get_command(context, sub_name)
            assert sub is not None
            yield from _commands(sub, f"{name} {sub_name}", context)


# -- add-ons ------------------------------------------------------------------------------------------------------


def add_on_list(found: Iterable[Any]) -> str:
    rows = [(f"[{one.name}](add-ons/{one.key}.md)", f"`{one.key}`", one.category.value, one.purpose) for one in found]
    words = "The integrations that are installed, from their descriptions in `src/airstair/addons/*/addon.py`."
    return page("Add-ons", words, table(("Add-on", "Key", "Category", "What it is for"), rows))


def add_on(one: Any) -> str:
    from airstair.hub.facts import Certainty
    from airstair.hub.setting import settings_of

    known = [f"{sum(f.certainty is certainty for f in one.facts)} {certainty.value}" for certainty in Certainty]
    about = (SOURCE / "addons" / one.package.rpartition(".")[2] / "about.md").relative_to(ROOT)
    return page(
        one.name,
        f"{one.purpose} Category: {one.category.value}. Key: `{one.key}`.",
        f"What it does, in words: [about.md](../../../{about}).",
        "## Flows",
        *(_flow(flow, one) for flow in one.flows),
        "## Budget of calls",
        _budget(one.budget),
        "## Settings",
        table(SETTING_COLUMNS, [_setting(each) for each in settings_of(one.settings)]),
        "## Facts about the partner",
        f"{len(one.facts)} facts: {', '.join(known)}.",
        table(("Fact", "Certainty", "Learned from"), [(f.says, f.certainty.value, f.source) for f in one.facts]),
    )


SETTING_COLUMNS = ("Setting", "Name", "Kind", "Default", "Limits", "Meaning")
WRITES = {"whole": "the unit's whole set, in place of what was held", "upsert": "create or update"}
REMOVALS = {"omit": "no longer sent", "delete": "deleted", "mark": "marked"}


def _flow(flow: Any, one: Any) -> str:
    from airstair.hub.doors.words import in_words

    kind = type(flow).__name__
    if kind in ("Serve", "Receive", "Handoff"):
        return f"### {flow.title} (`{flow.key}`)\n\n{table(('Fact', 'Value'), [('Kind', kind), *in_words(flow, one)])}"
    rows = {"Post": _post, "Pull": _pull, "Compute": _compute}.get(kind, _mirror)(flow)
    return f"### {flow.title} (`{flow.key}`)\n\n{table(('Fact', 'Value'), [('Kind', kind), *rows])}"


def _compute(flow: Any) -> list[tuple[str, str]]:
    return [("Goes in", flow.inputs), ("Whose model", flow.provenance), ("Leaves Airstair", "nothing")]


def _post(flow: Any) -> list[tuple[str, str]]:
    return [
        ("Unit", flow.unit.value),
        ("Trigger", _trigger(flow.trigger)),
        ("Sent twice", "never without a person's word"),
        ("Retry", f"{_retry(flow.retry)}; only what the partner certainly has not seen"),
        ("Calls at once", f"{flow.calls_at_once} for one connection"),
        ("Deadline of a call", _length(flow.deadline)),
    ]


def _pull(flow: Any) -> list[tuple[str, str]]:
    return [
        ("Trigger", _trigger(flow.trigger)),
        ("Floor", _length(flow.floor) if flow.floor else "none"),
        ("Retry", _retry(flow.retry)),
        ("May do here", ", ".join(sorted(flow.rights))),
        ("Deadline of a call", _length(flow.deadline)),
    ]


def _mirror(flow: Any) -> list[tuple[str, str]]:
    return [
        ("Unit", flow.unit.value),
        ("Trigger", _trigger(flow.trigger)),
        ("Floor", _length(flow.floor) if flow.floor else "none"),
        ("Write", WRITES[flow.write]),
        ("Removal", REMOVALS[flow.removal]),
        ("Retry", _retry(flow.retry)),
        ("Reaches back", _length(flow.horizon.back)),
        ("Reaches ahead", _length(flow.horizon.ahead) if flow.horizon.ahead else "all that is planned"),
        ("Units in a call", str(flow.units_per_call)),
        ("Calls at once", f"{flow.calls_at_once} for one connection"),
        ("Deadline of a call", _length(flow.deadline)),
    ]


def _trigger(trigger: Any) -> str:
    words = {"OnChange": "on change", "ByHand": "only when a person asks", "DailyAt": "daily, at a time of day, UTC"}
    return words.get(type(trigger).__name__, "at a regular interval, from the settings")


def _retry(retry: Any) -> str:
    if type(retry).__name__ == "NextTick":
        return "none; the next regular call is the next attempt"
    return f"after {_length(retry.first)}, doubling up to {_length(retry.longest)}, {retry.tries} tries"


def _length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"


def _budget(budget: Any) -> str:
    if budget is None:
        return "None is known."
    return (
        f"At most {budget.calls:,} calls in {_length(budget.per)}, at most {budget.burst:,} of them at once,"
        " for all workers and connections that share a partner account."
    )


def _setting(one: Any) -> tuple[str, ...]:
    meaning = one.meaning
    limits = [f"at least {meaning.least}"] if meaning.least is not None else []
    limits += [f"at most {meaning.most} {meaning.unit}".strip()] if meaning.most is not None else []
    limits += [", ".join(one.choices)] if one.choices else []
    limits += ["needed to switch on"] if meaning.required_when_on else []
    return (meaning.label, f"`{one.name}`", one.kind.value, _default(one), ", ".join(limits), meaning.help)


def _default(one: Any) -> str:
    if one.default in ("", None, ()):
        return ""
    if isinstance(one.default, bool):
        return "on" if one.default else "off"
    return f"`{one.default}`"


# -- changes ------------------------------------------------------------------------------------------------------

_KIND = re.compile(r"[a-z]+\.[a-z_]+")
_WRITERS = (
    "records/**/*.py",
    "hub/connections/commands.py",
    "hub/messages/commands.py",
    "hub/exports.py",
    "hub/pulls.py",
)


def changes() -> str:
    from airstair.records.operators.rules import Right

    rights = {right.value for right in Right}
    found: dict[str, set[str]] = {}
    for path in sorted({path for pattern in _WRITERS for path in SOURCE.glob(pattern)}):
        if path.name in ("rules.py", "queries.py") or "migrations" in path.parts:
            continue
        for kind, function in _kinds_in(path):
            if kind not in rights:
                where = path.relative_to(SOURCE).as_posix()
                found.setdefault(kind, set()).add(f"`{where}`" + (f" `{function}`" if function else ""))
    rows = [(f"`{kind}`", "; ".join(sorted(places))) for kind, places in sorted(found.items())]
    return page(
        "Kinds of change",
        "Every line of the change log has a kind. It is what the audit trail, the hub and live pages tell changes by."
        " A line also has who acted, the subject, its title, the fields before and after, and the units it touches.",
        table(("Kind", "Written by"), rows),
    )


def _kinds_in(path: Path) -> Iterator[tuple[str, str]]:
    """Words that look like a kind of change, each with the public function it stands in, if it is one."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        name = getattr(statement, "name", "")
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KIND.fullmatch(node.value):
                yield node.value, "" if name.startswith("_") else name


# -- outcomes and roles -------------------------------------------------------------------------------------------


def outcomes() -> str:
    from airstair.kernel.outcome import OutcomeKind

    rows = [
        (kind.label, f"`{kind.value}`", "yes" if kind.delivered else "no", kind.who_acts.value) for kind in OutcomeKind
    ]
    return page(
        "Outcomes",
        "How a call to a partner can end, one vocabulary for all partners. An outcome also has the number of parts"
        " sent, the HTTP status, and the partner's messages.",
        table(("Outcome", "Name", "The partner holds what we sent", "Who can act"), rows),
    )


def roles() -> str:
    from airstair.records.operators.rules import RIGHTS_OF_ROLE, Right, Role

    header = ("Right", *(role.value.replace("_", " ") for role in Role))
    rows = [(f"`{right}`", *("yes" if right in RIGHTS_OF_ROLE[role] else "" for role in Role)) for right in Right]
    return page(
        "Roles and rights",
        "Commands check rights. A person's rights are those of the role, plus single ones granted to them, less single"
        " ones refused. An aircraft owner sees the schedule of their own aircraft.",
        table(header, rows),
    )


# -- requirements -------------------------------------------------------------------------------------------------


def requirements() -> str:
    carried = carried_by_tests()
    areas = tomllib.loads(STATEMENTS.read_text(encoding="utf-8"))["area"]
    known = {id_ for area in areas for id_ in area["statements"]}
    if unknown := sorted(carried - known):
        sys.exit(f"Tests carry {', '.join(unknown)}; say in {STATEMENTS.relative_to(ROOT)} what that means.")
    blocks = []
    for area in areas:
        lines = [f"- **{id_}** {text}" for id_, text in area["statements"].items() if id_ in carried]
        if lines:
            blocks += [f"## {area['title']}", "\n".join(lines)]
    return page(
        "What the tests prove",
        "Each statement here is carried by at least one test that would fail were it untrue. To see which:"
        ' `grep -rn "AVI-12" tests src`. A statement without a test is not here.',
        *blocks,
    )


def carried_by_tests() -> set[str]:
    """The ids in `pytest.mark.req(…)` anywhere in the tests."""
    found: set[str] = set()
    for folder in ("tests", "src"):
        for path in [*(ROOT / folder).rglob("test_*.py"), *(ROOT / folder).rglob("conftest.py")]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and "req" in (
                    getattr(node.func, "attr", ""),
                    getattr(node.func, "id", ""),
                ):
                    found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def stale(made: dict[Path, str]) -> list[Path]:
    """Pages that are not what they should be, and generated ones that should not be there."""
    wrong = [path for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return wrong + [path for path in (REFERENCE / "add-ons").glob("*.md") if path not in made]


def main(arguments: list[str]) -> int:
    made = pages()
    wrong = stale(made)
    if "--check" in arguments:
        for path in wrong:
            sys.stdout.write(f"{path.relative_to(ROOT)} is not up to date. Run scripts/reference.py.\n")
        return 1 if wrong else 0
    for path in wrong:
        if path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
        else:
            path.unlink()
    sys.stdout.write(f"{len(wrong)} of {len(made)} pages written.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
