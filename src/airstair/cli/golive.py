"""The go-live check as facts that the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airstair.records.operators.snapshots import OperatorFacts


def check(key: str, operator: OperatorFacts) -> dict[str, Any]:
    """The report of `airstair golive KEY`. Raises `NotFound`, `Conflict`."""
    from airstair.hub.golive import examine
    from airstair.hub.registry import addon
    from airstair.hub.verdicts import Verdict

    items = examine(operator.id, addon(key))
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
