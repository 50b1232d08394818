"""Laying out bodies: nothing is lost or altered, whatever a partner sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.web.addons.bodies import LONGEST_SHOWN, shown

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


def _text(body: bytes, **given: Any) -> str:
    return "".join(piece.text for piece in shown(body, **given).pieces)


@given(_VALUES)
def test_laid_out_json_says_the_same(value: Any) -> None:
    body = json.dumps(value).encode()
    assert json.loads(_text(body)) == json.loads(json.dumps(value).encode("utf-8", "replace"))


@given(st.lists(st.fixed_dictionaries({"id": st.text(max_size=5), "end": st.text(max_size=5)}), min_size=1), st.data())
def test_marks_are_on_the_parts_they_name_and_alter_nothing(parts: list[dict[str, str]], data: st.DataObject) -> None:
    body = json.dumps({"head": [1, 2], "parts": parts}).encode()
    number = data.draw(st.integers(0, len(parts) - 1))
    result = shown(body, parts=len(parts), marks={number: frozenset({"end"})})
    assert "".join(p.text for p in result.pieces) and json.loads("".join(p.text for p in result.pieces)) == json.loads(
        body
    )
    marked = [piece for piece in result.pieces if piece.part is not None]
    assert {piece.part for piece in marked} == {number}
    assert json.loads("".join(piece.text for piece in marked)) == parts[number]
    assert [piece.first for piece in marked].count(True) == 1 and marked[0].first
    wrong = [piece.text for piece in marked if piece.field]
    assert len(wrong) == 1 and json.loads("{" + wrong[0] + "}") == {"end": parts[number]["end"]}


@given(st.binary())
def test_any_bytes_are_shown_as_something_that_can_be_sent(body: bytes) -> None:
    text = _text(body, parts=3, marks={1: frozenset()})
    assert "\0" not in text
    text.encode()


@pytest.mark.parametrize("body", [b'{"a": 1.10, "a": 1e400, "b": 10000000000000000000001}'])
def test_figures_and_doubled_keys_stay_as_they_were_sent(body: bytes) -> None:
    assert " ".join(_text(body).split()) == body.decode()


def test_a_long_body_is_cut_and_says_so() -> None:
    result = shown(b"x" * (LONGEST_SHOWN + 1))
    assert result.cut and result.size == LONGEST_SHOWN + 1 and len(result.pieces[0].text) == LONGEST_SHOWN
