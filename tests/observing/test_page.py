"""The page about watching names every metric that there is, and no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airstair.hub.metrics import WorkerMetrics, budgets_as_families, levels_as_families
from airstair.web import watching

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "watch.md"


@pytest.mark.django_db
def test_the_page_names_every_metric_with_its_labels() -> None:
    now = datetime.now(UTC)
    families = [*WorkerMetrics().families(), *levels_as_families({}, now), *budgets_as_families([])]
    families += watching.families()
    there = {f"{one.name}_total" if one.type == "counter" else one.name for one in families}
    told = set(re.findall(r"^\| `(airstair_\w+)` \|", PAGE.read_text(), re.MULTILINE))
    assert told == there
    ruled = re.findall(r"airstair_[a-z_]+", PAGE.read_text().split("groups:")[1].split("```")[0])
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in ruled} <= there
