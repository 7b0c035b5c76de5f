"""What a login may do at the server, judged from what the server answered.

ApplicationIntent=ReadOnly and a read-only connection do not stop a write: only missing rights do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lead_conversion.source.statements import TableName

Answers = Mapping[str, Sequence[Mapping[str, Any]] | None]
"""By question of sqlserver_questions.RIGHTS_QUESTIONS, the rows of its answer; None where the server has none."""

# Of a server or a database as a whole. Any other permission counts as one to write: a list of those that write would
# let through what nobody thought of, and what a later version of the server adds.
HARMLESS = frozenset(
    {
        "CONNECT",
        "CONNECT SQL",
        "CONNECT ANY DATABASE",
        "SELECT",
        "SELECT ALL USER SECURABLES",
        "REFERENCES",
        "SHOWPLAN",
        "UNMASK",
        "AUTHENTICATE",
        "AUTHENTICATE SERVER",
    }
)
HARMLESS_BEGINNING = "VIEW "  # VIEW DEFINITION, VIEW DATABASE STATE, ...
LONGEST_LIST = 8


@dataclass(frozen=True)
class Rights:
    """What the login may do, as far as the server told."""

    status: Literal["read-only", "may write", "unknown"]
    writes: tuple[str, ...]
    """What it may do beside reading: 'UPDATE on education.contacts', 'CONTROL of the database'."""
    unreadable: Mapping[TableName, frozenset[str]]
    """The tables that are read and may not be, and of each the columns; no columns where the whole table may not."""
    unanswered: tuple[str, ...]
    """What the server could not tell the rights on."""


def judge_rights(answers: Answers, read: Mapping[TableName, frozenset[str]]) -> Rights:
    """What the login may do, from the server's answers.

    Args:
        answers: what the server said, question by question.
        read: the tables that the SELECTs read, and of each the columns.
    """
    unanswered = tuple(question for question, rows in answers.items() if rows is None)
    tables = _held(answers.get("tables"))
    columns = _held(answers.get("columns"))
    # UPDATE on a table comes with UPDATE on each of its columns: said once.
    columns_alone = {name: held for name, held in columns.items() if "UPDATE" not in tables.get(_parent(name), ())}
    writes = (
        *(f"{permission} of the server" for permission in _listed(answers.get("server"))),
        *(f"{permission} of the database" for permission in _listed(answers.get("database"))),
        *_named("schema ", _held(answers.get("schemas"))),
        *_named("", tables),
        *_named("", columns_alone),
        *_named("", _held(answers.get("procedures"))),
    )
    status: Literal["read-only", "may write", "unknown"] = "unknown" if unanswered else "read-only"
    return Rights("may write" if writes else status, writes, _unreadable(tables, columns, read), unanswered)


def in_words(items: Sequence[str]) -> str:
    """The first of the items, and how many more there are."""
    more = len(items) - LONGEST_LIST
    return ", ".join(items[:LONGEST_LIST]) + (f" and {more} more" if more > 0 else "")


def missing_grants(unreadable: Mapping[TableName, frozenset[str]]) -> list[str]:
    """The GRANTs that a DBA would run, with the user of the login in the place of <user>; one a table."""
    return [
        f"GRANT SELECT ON {'.'.join(map(_bracketed, table))}"
        + (f" ({', '.join(map(_bracketed, sorted(columns)))})" if columns else "")
        + " TO <user>"
        for table, columns in sorted(unreadable.items())
    ]


def _listed(rows: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """The permissions of a list that are not harmless."""
    found = {str(row["permission_name"]).upper() for row in rows or ()}
    return sorted(name for name in found if name not in HARMLESS and not name.startswith(HARMLESS_BEGINNING))


def _held(rows: Sequence[Mapping[str, Any]] | None) -> dict[str, tuple[str, ...]]:
    """By securable, the permissions that are held on it."""
    return {
        str(row["securable"]): tuple(
            name.removeprefix("may_").replace("_", " ").upper()
            for name, held in row.items()
            if name != "securable" and held == 1
        )
        for row in rows or ()
    }


def _named(kind: str, held: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [
        f"{permission} on {kind}{securable}"
        for securable, permissions in sorted(held.items())
        for permission in permissions
        if permission != "SELECT"
    ]


def _unreadable(
    tables: Mapping[str, tuple[str, ...]],
    columns: Mapping[str, tuple[str, ...]],
    read: Mapping[TableName, frozenset[str]],
) -> dict[TableName, frozenset[str]]:
    """Tables and columns that the server knows and the login may not read.

    What it does not know is left to the check of the schema. A right on some of the columns is no right on the table.
    """
    may_tables = {name.lower(): "SELECT" in held for name, held in tables.items()}
    may_columns = {name.lower(): "SELECT" in held for name, held in columns.items()}
    found: dict[TableName, frozenset[str]] = {}
    for table, wanted in sorted(read.items()):
        name = ".".join(table)
        if may_tables.get(name, True):
            continue
        may = {column: may_columns.get(f"{name}.{column}", False) for column in wanted}
        if not any(may.values()):
            found[table] = frozenset()
        elif not all(may.values()):
            found[table] = frozenset(column for column, granted in may.items() if not granted)
    return found


def _parent(column: str) -> str:
    return column.rpartition(".")[0]


def _bracketed(name: str) -> str:
    return f"[{name.replace(']', ']]')}]"
