"""The gate: a broken contract stops the run and says which schema, column, check and how many rows, never a value."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import ibis.expr.types as ir
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaErrors

from lead_conversion.kernel.errors import DataError


class Gate:
    """A validator for the catalog: enforces one pandera schema, of pandera.ibis or pandera.pandas.

    A lazy table is computed once, checked and handed on computed, so that checks do not repeat the work behind it.
    """

    def __init__(self, schema: Any) -> None:
        self.schema = schema

    def validate(self, data: Any) -> Any:
        """The data, unchanged.

        Raises:
            DataError: the data breaks the schema. Nothing of the data is in the message or in the chain of causes.
        """
        table = data.cache() if isinstance(data, ir.Table) else data
        broken = _broken_rules(self.schema, table)
        if broken:
            raise DataError(
                f"Contract {_name_of(self.schema)} is broken: {'; '.join(broken)}. "
                "The run stops here and what was published before it stays. Look at the rows in the source or at the "
                "rule in contracts/."
            )
        return table


class SlicedGate(Gate):
    """A gate for a table that comes in slices: each is checked when its turn comes. No key may stand in two slices."""

    def validate(self, data: Iterable[Any]) -> Iterator[Any]:
        """The slices, unchanged.

        Raises:
            DataError: when a slice that breaks the schema is taken.
        """
        return map(super().validate, data)


class DocumentGate:
    """A validator for JSON documents: the parts that readers rely on must be there.

    `parts` are keys of the document; `each` are keys of every value of a document that is keyed by target; `listed` are
    keys of every entry of the list that stands under a part.
    """

    def __init__(
        self,
        name: str,
        parts: Sequence[str] = (),
        *,
        each: Sequence[str] = (),
        listed: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.name = name
        self.parts = tuple(parts)
        self.each = tuple(each)
        self.listed = dict(listed or {})

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """The document, unchanged.

        Raises:
            DataError: a part is missing.
        """
        missing = [part for part in self.parts if part not in data]
        missing += [f"{key}.{part}" for key, value in data.items() for part in self.each if part not in value]
        missing += [
            f"{part}[{number}].{key}"
            for part, keys in self.listed.items()
            for number, entry in enumerate(data.get(part, []))
            for key in keys
            if key not in entry
        ]
        if missing:
            raise DataError(f"Document {self.name} lacks {', '.join(missing)}; it holds {', '.join(sorted(data))}.")
        return data


def _broken_rules(schema: Any, table: Any) -> list[str]:
    """One phrase for each broken rule: column, check, number of rows."""
    # Of no rows every aggregate is null, which Ibis checks take for a failure.
    depth = ValidationDepth.SCHEMA_ONLY if _is_empty(table) else ValidationDepth.SCHEMA_AND_DATA
    try:
        with config_context(validation_depth=depth):
            schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        found = [(_rule_of(error), _count(error.failure_cases)) for error in errors.schema_errors]
    else:
        found = []
    counts: Counter[str] = Counter()
    for rule, rows in found:
        counts[rule] += rows
    return [f"{rule} ({rows:,} rows)" if rows else rule for rule, rows in counts.items()]


def _is_empty(table: Any) -> bool:
    return bool(table.count().execute() == 0) if isinstance(table, ir.Table) else len(table) == 0


def _rule_of(error: Any) -> str:
    column = getattr(error, "column_name", None) or getattr(error.schema, "name", None)
    check = error.check
    name = getattr(check, "error", None) or getattr(check, "name", None) or str(check)
    if error.reason_code is not None and error.reason_code.name in {"COLUMN_NOT_IN_SCHEMA", "COLUMN_NOT_IN_DATAFRAME"}:
        return f"{error.reason_code.name.lower()}: {error.failure_cases}"
    return f"{column}: {name}"


def _count(failure_cases: Any) -> int:
    if isinstance(failure_cases, ir.Table):
        return int(failure_cases.count().execute())
    return 0 if isinstance(failure_cases, str) or failure_cases is None else len(failure_cases)


def _name_of(schema: Any) -> str:
    return str(getattr(schema, "name", None) or schema.__name__)
