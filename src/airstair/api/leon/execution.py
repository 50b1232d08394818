"""Carrying out one GraphQL request: read, measured, checked against the schema, answered."""

from __future__ import annotations

from typing import Any

from graphql import DocumentNode, GraphQLError, OperationType, execute_sync, get_operation_ast, parse, validate
from graphql.execution import ExecutionResult

from airstair.api.leon import limits
from airstair.api.leon.asking import Asking
from airstair.api.leon.building import schema
from airstair.api.leon.errors import told
from airstair.api.leon.generous import put_right

_MOST_ERRORS = 20


def carry_out(asking: Asking, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """HTTP status and answer. `wanted` has `query`, `variables` and `name`."""
    try:
        document = parse(wanted["query"], max_tokens=limits.MOST_TOKENS)
        limits.check(document, wanted["variables"], wanted["name"])
        document = put_right(schema(), document)
        wrong = validate(schema(), document, max_errors=_MOST_ERRORS)
    except GraphQLError as error:
        wrong = [error]
    except RecursionError:
        wrong = [GraphQLError("The query is nested too deeply. Ask for less at once.")]
    if not wrong and _subscribes(document, wanted["name"]):
        wrong = [GraphQLError("Subscriptions are told by webhooks: use webhook { createSubscriptionWebhook }.")]
    if wrong:
        return 400, {"errors": [told(one) for one in wrong]}
    result = execute_sync(
        schema(), document, context_value=asking, variable_values=wanted["variables"], operation_name=wanted["name"]
    )
    assert isinstance(result, ExecutionResult)  # nothing here is asynchronous
    return _answer(result)


def _subscribes(document: DocumentNode, name: str | None) -> bool:
    operation = get_operation_ast(document, name)
    return operation is not None and operation.operation is OperationType.SUBSCRIPTION


def _answer(result: ExecutionResult) -> tuple[int, dict[str, Any]]:
    """Variables that do not fit, and an operation that there is not, are the request's fault as a whole."""
    if not result.errors:
        return 200, {"data": result.data}
    errors = [told(one) for one in result.errors]
    if result.data is None and not any(one.path for one in result.errors):
        return 400, {"errors": errors}
    bounds = any(isinstance(one.original_error, limits.OutOfBounds) for one in result.errors)
    return 400 if bounds else 200, {"errors": errors, "data": result.data}
