"""What holds for every command and reader (tests/records/test_every_command.py), for those of checklists.

Walked in one database: each attempt is taken back, so that the next one finds the same things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from django.db import transaction
from tests.records import checklist_cases
from tests.records import test_every_command as every
from tests.records.conftest import all_rows as all_rows
from tests.records.conftest import other as other
from tests.records.test_every_command import things as things

CASES = checklist_cases.checklist_cases(every.Case)


class _Undo(Exception):
    """Takes back what an attempt has written."""


def walk(names: Iterable[str], attempt: Callable[[str], None]) -> None:
    for name in names:
        with pytest.raises(_Undo), transaction.atomic():
            try:
                attempt(name)
            except BaseException as failure:
                failure.add_note(f"while trying {name}")
                raise
            raise _Undo


@pytest.mark.req("HUB-29", "OPS-08")
def test_every_command_needs_its_right_and_no_other_and_leaves_a_change(things, all_rows):
    things.checklist  # noqa: B018 (made before anything is taken back)
    walk(CASES, lambda name: every.test_it_works_for_whoever_has_the_right_and_leaves_a_change(things, name))
    walk(CASES, lambda name: every.test_it_is_refused_without_its_right_and_needs_no_other(things, all_rows, name))


def test_no_command_finds_what_another_operator_owns_or_leaves_wrong_input_half_written(things, other, all_rows):
    things.checklist  # noqa: B018
    owned = [name for name, case in CASES.items() if case.owned]
    walk(owned, lambda name: every.test_what_another_operator_owns_is_not_found(things, other, all_rows, name))
    wrong = [name for name, case in CASES.items() if case.wrong]
    walk(wrong, lambda name: every.test_wrong_input_leaves_nothing_half_written(things, all_rows, name))


def test_no_reader_finds_another_operators_things(things, other):
    things.checklist  # noqa: B018
    walk(
        checklist_cases.NOT_FOUND,
        lambda name: every.test_a_reader_does_not_find_another_operators_thing(things, other, name),
    )
    walk(
        checklist_cases.EMPTY,
        lambda name: every.test_a_list_never_holds_another_operators_things(things, other, name),
    )
