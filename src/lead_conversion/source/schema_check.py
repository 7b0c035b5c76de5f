"""Whether a database has the tables and columns that the SELECTs read."""

import difflib
from collections.abc import Iterable, Mapping
from hashlib import sha256

from lead_conversion.kernel.errors import DataError
from lead_conversion.source.statements import Statement, TableName

FoundColumns = Mapping[TableName, Mapping[str, str]]
"""Of each table of the database its columns, and of each column its type; names in lower case."""


def require_schema(statements: Iterable[Statement], found: FoundColumns, source_name: str) -> None:
    """Pass when every table and column that the SELECTs read is there.

    Raises:
        DataError: something is missing; one message names all of it, and the nearest names found.
    """
    missing = missing_names(statements, found)
    if missing:
        raise DataError(
            f"Wrong schema: the SELECTs in conf/<env>/source/ read {len(missing)} table(s) or column(s) that "
            f"{source_name} does not have: {'; '.join(missing)}. Point the run at the right database, GRANT "
            "its login SELECT on them (a table that it may not read can look like one that is not there), or edit the "
            "SELECTs to read yours. `lead-conversion source check` says more."
        )


def missing_names(statements: Iterable[Statement], found: FoundColumns) -> list[str]:
    """The tables and columns that the SELECTs read and the database does not have, each with the nearest name found."""
    missing: list[str] = []
    for table, columns in tables_read(statements).items():
        written = ".".join(table)
        if table not in found:
            missing.append(f"table {written}{_nearest(written, ('.'.join(name) for name in found))}")
            continue
        missing += [
            f"column {written}.{column}{_nearest(column, found[table])}"
            for column in sorted(columns)
            if column not in found[table]
        ]
    return missing


def schema_hash(statements: Iterable[Statement], found: FoundColumns) -> str:
    """A hash of the tables, columns and types that the SELECTs read; it changes when one of them does."""
    lines = [
        f"{'.'.join(table)}.{column}:{found[table][column]}"
        for table, columns in tables_read(statements).items()
        for column in sorted(columns)
    ]
    return sha256("\n".join(lines).encode()).hexdigest()


def tables_read(statements: Iterable[Statement]) -> dict[TableName, frozenset[str]]:
    """The tables that the SELECTs read together, by name, and of each the columns that they surely need."""
    tables: dict[TableName, set[str]] = {}
    for statement in statements:
        for table, columns in statement.tables_read().items():
            tables.setdefault(table, set()).update(columns)
    return {table: frozenset(tables[table]) for table in sorted(tables)}


def _nearest(name: str, candidates: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(candidates), n=1)
    return f" (nearest: {near[0]})" if near else ""
