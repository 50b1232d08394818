"""The go-live check as facts and sentences that the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airstair.hub.verdicts import GoLiveItem
    from airstair.records.operators.snapshots import OperatorFacts

_VERDICTS = {"for a person to confirm": "CONFIRM"}  # in full in JSON and below: here it is a column


def examined(key: str, operator: OperatorFacts) -> Sequence[GoLiveItem]:
    """The judged list of that add-on. Raises `NotFound`, `Conflict`."""
    from airstair.hub.golive import examine
    from airstair.hub.registry import addon

    return examine(operator.id, addon(key))


def report(key: str, operator: OperatorFacts, items: Sequence[GoLiveItem]) -> dict[str, Any]:
    """The JSON of `airstair golive KEY`."""
    from airstair.hub.verdicts import Verdict

    counts = {verdict: sum(item.verdict is verdict for item in items) for verdict in Verdict}
    return {
        "addon": key,
        "operator": operator.code,
        "passed": counts[Verdict.PASS],
        "failed": counts[Verdict.FAIL],
        "to_confirm": counts[Verdict.PERSON],
        "items": [
            {
                "number": item.number,
                "title": item.title,
                "verdict": item.verdict.value,
                "evidence": "; ".join(item.evidence),
            }
            for item in items
        ],
    }


def sentences(told: dict[str, Any], items: Sequence[GoLiveItem]) -> list[str]:
    """The same for people: each condition with what shows it, and how many of each verdict there are."""
    lines = []
    for item in items:
        verdict = _VERDICTS.get(item.verdict.value, item.verdict.value.upper())
        lines.append(f"{verdict:<8} {item.number:>2}. {item.title}")
        lines += [f"            {shown}" for shown in item.evidence]
    lines.append(f"{told['passed']} pass, {told['failed']} fail, {told['to_confirm']} for a person to confirm.")
    return lines
