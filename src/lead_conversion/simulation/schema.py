"""The Agent Cory schema for DuckDB, read from the T-SQL file that the source publishes."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import pyarrow as pa
import sqlglot
from sqlglot import expressions as exp

_ARROW_TYPES = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "BIT": pa.bool_(),
    "NVARCHAR": pa.string(),
    "DATETIME2": pa.timestamp("us"),
    "NUMERIC": pa.float64(),
}
_DUCKDB_TYPES = {"NVARCHAR": "VARCHAR", "DATETIME2": "TIMESTAMP", "BIT": "BOOLEAN"}


def read_schema() -> str:
    """The T-SQL text of the schema as the source publishes it."""
    return files(__package__).joinpath("agent_cory.sql").read_text(encoding="utf-8")


def _table_statements() -> Iterator[exp.Create]:
    text = re.sub(r"^GO\s*$", ";", read_schema(), flags=re.MULTILINE)
    for statement in sqlglot.parse(text, read="tsql"):
        if isinstance(statement, exp.Create) and statement.kind == "TABLE":
            yield statement


def _type_of(column: exp.ColumnDef) -> tuple[str, str]:
    written = column.args["kind"].sql(dialect="tsql")  # spells int as INTEGER, decimal as NUMERIC
    name, _, size = written.partition("(")
    return name.upper(), f"({size}" if size else ""


@cache
def arrow_schemas() -> dict[str, pa.Schema]:
    """The columns of every table by its full name, as Arrow types.

    A decimal is a float on the way into the database, which rounds it to the column's scale.
    """
    return {
        create.this.this.sql(): pa.schema(
            [pa.field(column.name, _ARROW_TYPES[_type_of(column)[0]]) for column in create.this.expressions]
        )
        for create in _table_statements()
    }


def duckdb_statements() -> Iterator[str]:
    """The statements that make the schemas and empty tables in DuckDB.

    Primary keys are left out: the source says that its keys are kept by the application, and an
    index over tens of millions of rows would not fit a batch's memory.
    """
    tables = list(_table_statements())
    for schema in dict.fromkeys(create.this.this.db for create in tables):
        yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
    for create in tables:
        columns = []
        for column in create.this.expressions:
            name, size = _type_of(column)
            kind = _DUCKDB_TYPES.get(name, name + size)
            optional = any(
                isinstance(c.kind, exp.NotNullColumnConstraint) and c.kind.args.get("allow_null")
                for c in column.constraints
            )
            default = next(
                (
                    f" DEFAULT {c.kind.this.sql()}"
                    for c in column.constraints
                    if isinstance(c.kind, exp.DefaultColumnConstraint)
                ),
                "",
            )
            columns.append(f'"{column.name}" {kind}{"" if optional else " NOT NULL"}{default}')
        yield f"CREATE TABLE {create.this.this.sql()} ({', '.join(columns)})"
