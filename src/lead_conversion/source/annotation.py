"""SELECTs with a comment above each column: what it means, its type, and what becomes of it at the source door.

The comments are made from the contracts, so that they say what is true.
"""

from typing import cast

import pyarrow as pa
import sqlglot
from sqlglot import exp

from lead_conversion.contracts.source_entities import (
    FLAG,
    INTEGER,
    MOMENT,
    NUMBER,
    TEXT,
    PersonalClass,
    SourceColumn,
    SourceEntity,
)

TYPE_WORDS: dict[pa.DataType, str] = {
    TEXT: "text",
    INTEGER: "whole number",
    NUMBER: "number",
    FLAG: "yes or no (bit)",
    MOMENT: "moment in UTC (datetime2)",
}
TYPE_IN_TSQL: dict[pa.DataType, str] = {
    TEXT: "nvarchar(400)",
    INTEGER: "int",
    NUMBER: "decimal(9, 2)",
    FLAG: "bit",
    MOMENT: "datetime2(3)",
}
AT_THE_DOOR: dict[PersonalClass, str] = {
    PersonalClass.NONE: "kept as it is",
    PersonalClass.LABEL: "known words are kept, any other value becomes a token (privacy.known_labels)",
    PersonalClass.VARIANTS: "numbers are kept, and variants that are known",
    PersonalClass.TEMPLATE: "kept, scrubbed of personal values; placeholders stay",
    PersonalClass.TOKENS: "only tags made of known words are kept",
    PersonalClass.IDENTIFIER: "kept as a keyed pseudonym only",
    PersonalClass.CONTACT_POINT: "normalised, then kept as a keyed pseudonym only",
    PersonalClass.TEXT: "never kept: its features are computed on the way",
    PersonalClass.TITLE: "reduced to a seniority and a kind of work",
    PersonalClass.PERSON: "never kept: looked for in other texts, to scrub them",
}


def annotate(entity: SourceEntity, text: str) -> str:
    """The SELECT with a comment above each of its columns; nothing but comments is added.

    Args:
        entity: whose columns the SELECT gives.
        text: T-SQL that has passed the allow-list.
    """
    above: dict[int, list[str]] = {}
    for output in cast("exp.Query", sqlglot.parse_one(text, read="tsql")).selects:
        line = min((node.meta["line"] for node in output.walk() if "line" in node.meta), default=1)
        above.setdefault(line, []).extend(_comments(entity.column(output.alias_or_name.lower())))
    written: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        indent = line[: len(line) - len(line.lstrip())]
        written += [f"{indent}{comment}" for comment in above.get(number, ())]
        written.append(line)
    return "\n".join([*written, ""])


def select_of_no_rows(entity: SourceEntity) -> str:
    """A SELECT that gives the entity's columns and no row, for a database that has nothing of the kind."""
    columns = [
        f"    CAST(NULL AS {TYPE_IN_TSQL[column.type]}) AS {exp.to_identifier(column.name).sql('tsql')}"
        for column in entity.columns
    ]
    return "SELECT\n" + ",\n".join(columns) + "\nWHERE 1 = 0\n"


def as_comment(text: str) -> str:
    """The text as lines of SQL comments."""
    return "".join(f"-- {line}".rstrip() + "\n" for line in text.splitlines())


def _comments(column: SourceColumn) -> tuple[str, str]:
    null = (
        "never NULL" if not column.nullable else "NULL: the row is refused" if column.null_is_refused else "may be NULL"
    )
    return (
        f"-- {column.name}: {column.meaning}.",
        f"--   {TYPE_WORDS[column.type]}, {null}; {AT_THE_DOOR[column.personal]}.",
    )
