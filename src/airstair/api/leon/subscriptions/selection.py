"""Reading what somebody subscribes to: one happening, its arguments, and what is to be told of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
    value_from_ast_untyped,
)
from graphql.execution.values import get_variable_values

from airstair.api.leon import limits
from airstair.api.leon.building import schema
from airstair.api.leon.generous import put_right
from airstair.api.leon.subscriptions.happenings import HAPPENINGS

_LONGEST = 10_000  # characters: they are kept, and read again with every change


class Unfit(Exception):
    """It cannot be subscribed to; the sentence says why. `field` is the argument of the mutation."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field, self.sentence = field, sentence
        super().__init__(sentence)


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """One happening, such as `flight.flightCreate`, with the values of its arguments."""

    path: str
    arguments: dict[str, Any]


def read_variables(text: str | None) -> dict[str, Any]:
    """Raises `Unfit`."""
    _short_enough("variables", text or "")
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise Unfit("variables", 'It is not JSON. Send a text such as "{\\"operatorId\\": 77}".') from None
    if not isinstance(found, dict):
        raise Unfit("variables", "It must hold an object.")
    return found


def read_selection(text: str, variables: dict[str, Any]) -> Selection:
    """Raises `Unfit`."""
    _short_enough("subscription", text)
    try:
        document = parse(text, max_tokens=limits.MOST_TOKENS)
        limits.check(document, variables, None)
        document = put_right(schema(), document)
        wrong = validate(schema(), document, max_errors=1)
    except GraphQLError as error:
        wrong = [error]
    except RecursionError:
        wrong = [GraphQLError("It is nested too deeply.")]
    if wrong:
        raise Unfit("subscription", wrong[0].message)
    operation = _operation(document)
    coerced = get_variable_values(schema(), operation.variable_definitions or (), variables, max_errors=1)
    if isinstance(coerced, list):
        raise Unfit("variables", coerced[0].message)
    return _chosen(operation, variables)


def _short_enough(field: str, text: str) -> None:
    if len(text) > _LONGEST:
        raise Unfit(field, f"It has {len(text)} characters. Shorten it to {_LONGEST}.")


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(found) != 1 or found[0].operation is not OperationType.SUBSCRIPTION:
        raise Unfit("subscription", "It must hold one subscription and no other operation.")
    return found[0]


def _chosen(operation: OperationDefinitionNode, variables: dict[str, Any]) -> Selection:
    names: list[str] = []
    selections = operation.selection_set
    while True:
        (field, *others) = selections.selections
        if others or not isinstance(field, FieldNode) or field.name.value.startswith("__"):
            raise Unfit("subscription", "It must name one thing to hear of. Make a subscription for each.")
        names.append(field.name.value)
        path = ".".join(names)
        if path in HAPPENINGS:
            values = {one.name.value: _value(one.value, variables) for one in field.arguments or ()}
            return Selection(path=path, arguments=values)
        if field.selection_set is None:
            raise Unfit("subscription", f"{path} is nothing that can be heard of.")
        selections = field.selection_set


def _value(node: Any, variables: dict[str, Any]) -> Any:
    return value_from_ast_untyped(node, variables)
