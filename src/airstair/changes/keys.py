"""Keys of an operator's tables: the operator first in every primary key and in every reference.

Row-level security, partitioning and sharding by operator need just that. Django has composite
primary keys but no foreign keys to them, so references inside one operator are plain id columns
with an `OperatorReference` constraint: the database refuses a row that points at another operator's.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.constraints import BaseConstraint
from django.db.models.expressions import Func, Value

ID_SEQUENCE = "airstair_id"


class NextId(Func):
    """The next id. One sequence serves all tables, so that an id names one thing in the whole system."""

    function = "nextval"
    output_field = models.BigIntegerField()

    def __init__(self) -> None:
        super().__init__(Value(ID_SEQUENCE))

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return ("airstair.changes.keys.NextId", (), {})


def next_ids(count: int) -> list[int]:
    """`count` fresh ids in one statement, for writing many rows at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [ID_SEQUENCE, count])
        return [row[0] for row in cursor.fetchall()]


class OperatorRow(models.Model):
    """A row that belongs to one operator. Its primary key is (operator_id, id)."""

    pk = models.CompositePrimaryKey("operator_id", "id")
    operator_id = models.BigIntegerField()
    id = models.BigIntegerField(db_default=NextId())

    class Meta:
        abstract = True


class OperatorReference(BaseConstraint):
    """A foreign key inside one operator: (operator_id, field) references (operator_id, id) of another table.

    `to` is the other table's name. A null field refers to nothing. Deleting what is referred to is refused by
    the database, unless `cascade` says that the row is a part of it. `whole` refers to a table by its `id`
    alone: the operators themselves.
    """

    def __init__(self, *, name: str, field: str, to: str, cascade: bool = False, whole: bool = False) -> None:
        super().__init__(name=name)
        self.field, self.to, self.cascade, self.whole = field, to, cascade, whole

    def _clause(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> str:
        quote = editor.quote_name
        column: str = model._meta.get_field(self.field).column  # type: ignore[union-attr, assignment]
        here = quote(column) if self.whole else f"{quote('operator_id')}, {quote(column)}"
        there = quote("id") if self.whole else f"{quote('operator_id')}, {quote('id')}"
        deleting = " ON DELETE CASCADE" if self.cascade else ""
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({here}) REFERENCES {quote(self.to)} ({there})"
            f"{deleting} DEFERRABLE INITIALLY DEFERRED"
        )

    # Django calls these with both arguments; its stubs allow none.
    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        return self._clause(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self._clause(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database checks it, at commit."""

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        kwargs |= {"field": self.field, "to": self.to, "cascade": self.cascade, "whole": self.whole}
        return path, tuple(args), kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OperatorReference) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


def of_operator(table: str) -> OperatorReference:
    """The reference that every operator's table has: its operator exists."""
    return OperatorReference(name=f"{table}_operator", field="operator_id", to="operators_operator", whole=True)
