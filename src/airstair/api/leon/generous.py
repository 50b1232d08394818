"""Queries of clients that declare their variables otherwise than our schema has them.

Clients were written against several years of a schema: one declares `$id: Int!` where another has `$id: AircraftNid!`,
or `String` for a date-time. What such a variable holds is read by the scalar of the place where it is used, so the
declaration is put right before the query is checked. Only scalars; everything else must fit.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    TypeInfo,
    TypeInfoVisitor,
    TypeNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)


def put_right(schema: GraphQLSchema, document: DocumentNode) -> DocumentNode:
    """The document with the declarations of scalar variables as the places where they are used want them."""
    used = _Used(schema)
    visit(document, TypeInfoVisitor(used.types, used))
    return visit(document, _Declarations(schema, used.found))  # type: ignore[no-any-return]


class _Used(Visitor):
    """Of each variable, the type of the first place where it is used, if that is a scalar or a list of it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self.types = TypeInfo(schema)
        self.found: dict[str, GraphQLInputType] = {}

    def enter_variable_definition(self, *_: Any) -> bool:
        return False  # declared is not used

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        wanted = self.types.get_input_type()
        if wanted is not None and isinstance(get_named_type(wanted), GraphQLScalarType):
            self.found.setdefault(node.name.value, wanted)


class _Declarations(Visitor):
    def __init__(self, schema: GraphQLSchema, wanted: dict[str, GraphQLInputType]) -> None:
        super().__init__()
        self._schema, self._wanted = schema, wanted

    def enter_variable_definition(self, node: Any, *_: Any) -> Any:
        wanted = self._wanted.get(node.variable.name.value)
        declared = self._schema.type_map.get(_named(node.type))
        if wanted is None or not (declared is None or isinstance(declared, GraphQLScalarType)):
            return False
        if _named(node.type) == get_named_type(wanted).name:
            return False  # it fits, or the check says what does not
        return type(node)(
            variable=node.variable, type=_written(wanted), default_value=node.default_value,
            directives=node.directives, loc=node.loc,
        )  # fmt: skip

    def enter_selection_set(self, *_: Any) -> bool:
        return False  # nothing is declared further in


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value


def _written(wanted: Any) -> Any:
    """A type as a declaration has it."""
    if isinstance(wanted, GraphQLNonNull):
        return NonNullTypeNode(type=_written(wanted.of_type))
    if isinstance(wanted, GraphQLList):
        return ListTypeNode(type=_written(wanted.of_type))
    return NamedTypeNode(name=NameNode(value=wanted.name))
