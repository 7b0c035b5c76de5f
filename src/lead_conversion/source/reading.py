"""What reading from any engine has in common: check once, send only checked SELECTs, record each."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from lead_conversion.contracts.source_entities import SourceEntity
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.kernel.windows import to_naive_utc
from lead_conversion.source.protocol import OnStatement, Purpose, SourceDescription, StatementRecord
from lead_conversion.source.schema_check import FoundColumns, require_schema, schema_hash
from lead_conversion.source.statements import (
    Statement,
    TableName,
    content_summary,
    newest_logged_at,
    parse_statements,
    render,
    rows_known_before,
)

DEFAULT_BATCH_ROWS = 50_000

CATALOGUE = "information_schema"
CATALOGUE_QUERY = "SELECT table_schema, table_name, column_name, data_type FROM INFORMATION_SCHEMA.COLUMNS"
CATALOGUE_HASH = sha256(CATALOGUE_QUERY.encode()).hexdigest()


class CheckedSource(ABC):
    """A source whose every statement passed the allow-list; an engine says how rows are fetched.

    Nothing is opened before the first question. The first question checks the schema.
    """

    kind: Literal["duckdb", "sqlserver"]
    dialect: Literal["duckdb", "tsql"]

    def __init__(self, statements: Mapping[str, str], batch_rows: int, on_statement: OnStatement | None) -> None:
        if batch_rows < 1:
            raise ConfigurationError(f"batch_rows must be 1 or more, found {batch_rows}.")
        self._statements = parse_statements(statements)
        self._batch_rows = batch_rows
        self._on_statement = on_statement

    @property
    @abstractmethod
    def name(self) -> str:
        """Which database this is, without a secret."""

    @abstractmethod
    def _fetch(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The rows that one statement gives, in batches of at most batch_rows, over a connection of its own."""

    def describe(self) -> SourceDescription:
        """Which database this is, by kind, name and a hash of the schema that is read."""
        hashes = {name: statement.sha256 for name, statement in self._statements.items()}
        found = self._checked_columns
        return SourceDescription(self.kind, self.name, schema_hash(self._statements.values(), found), hashes)

    def newest_event_at(self) -> datetime:
        """When the newest engagement event was logged, as naive UTC.

        Raises:
            DataError: engagement_logs gives no row.
        """
        statement = self._statement("engagement_logs")
        moment = self._one_row(statement, "newest", newest_logged_at(statement))["newest_logged_at"]
        if moment is None:
            raise _empty(statement.entity, self.name, "")
        return to_naive_utc(moment)

    def fingerprint(self, as_of: datetime, org_id: int | None = None) -> dict[str, Any]:
        """By entity, how many rows a reading gives and when the last of them was logged.

        Two readings at one as-of can differ only where rows came in late or were changed; the former shows here.
        """
        summaries: dict[str, Any] = {}
        for name, statement in self._statements.items():
            row = self._one_row(statement, "summary", content_summary(statement, as_of, org_id))
            last = row["last_known_at"]
            summaries[name] = {"rows": row["row_count"], "last_known_at": last and to_naive_utc(last).isoformat()}
        return summaries

    def stream(self, entity: str, as_of: datetime, org_id: int | None = None) -> Iterator[pa.RecordBatch]:
        """The entity's rows known before `as_of`, in batches of the contract's schema and no fixed order.

        Raises:
            SourceError: the database is not there or does not answer.
            DataError: wrong schema; a value that its column's type cannot hold; no contacts or no events at all.
        """
        statement = self._statement(entity)
        rows = 0
        for batch in self._recorded_reading(statement, "rows", rows_known_before(statement, as_of, org_id)):
            rows += batch.num_rows
            yield as_contracted(batch, statement.entity)
        if rows == 0 and not statement.entity.may_be_empty:
            organisation = "" if org_id is None else f" of organisation {org_id}"
            raise _empty(statement.entity, self.name, f" before {to_naive_utc(as_of).isoformat()}{organisation}")

    @cached_property
    def _checked_columns(self) -> FoundColumns:
        found: dict[TableName, dict[str, str]] = {}
        for batch in self._recorded(CATALOGUE, "schema", CATALOGUE_QUERY, CATALOGUE_HASH):
            for schema, table, column, data_type in zip(*batch.to_pydict().values(), strict=True):
                found.setdefault((schema.lower(), table.lower()), {})[column.lower()] = data_type.lower()
        require_schema(self._statements.values(), found, self.name)
        return found

    def _statement(self, entity: str) -> Statement:
        if entity not in self._statements:
            raise ConfigurationError(f"Unknown entity '{entity}': expected one of {', '.join(self._statements)}.")
        return self._statements[entity]

    def _one_row(self, statement: Statement, purpose: Purpose, query: exp.Select) -> dict[str, Any]:
        batches = list(self._recorded_reading(statement, purpose, query))
        row: dict[str, Any] = pa.Table.from_batches(batches).to_pylist()[0]
        return row

    def _recorded_reading(self, statement: Statement, purpose: Purpose, query: exp.Select) -> Iterator[pa.RecordBatch]:
        _ = self._checked_columns
        return self._recorded(statement.entity.name, purpose, render(query, self.dialect), statement.sha256)

    def _recorded(self, entity: str, purpose: Purpose, sql: str, text_hash: str) -> Iterator[pa.RecordBatch]:
        """The rows of one query, with a record before it is sent and one after it ended, well or not."""
        self._record(StatementRecord(entity, purpose, text_hash, "asked"))
        state: Literal["answered", "broken off"] = "broken off"
        rows, seconds = 0, 0.0
        batches = self._fetch(sql)
        try:
            while True:
                # The source's own time: what is done with a batch is not counted.
                started = time.monotonic()
                batch = next(batches, None)
                seconds += time.monotonic() - started
                if batch is None:
                    break
                rows += batch.num_rows
                yield batch
            state = "answered"
        finally:
            self._record(StatementRecord(entity, purpose, text_hash, state, rows, seconds))

    def _record(self, record: StatementRecord) -> None:
        if self._on_statement is not None:
            self._on_statement(record)


def as_contracted(batch: pa.RecordBatch, entity: SourceEntity) -> pa.RecordBatch:
    """The batch with the contract's types: exact decimals become floats, bits become booleans.

    Raises:
        DataError: a value cannot be held by its column's type, or a key is null. The value is not named.
    """
    columns = []
    for values, column in zip(batch.columns, entity.columns, strict=True):
        options = pc.CastOptions(column.type, allow_time_truncate=True, allow_decimal_truncate=True)
        fault = f"expected {column.type}, found {values.type}"
        try:
            cast = pc.cast(values, options=options)
            fault = f"{cast.null_count} null(s) where none may be" if cast.null_count and not column.nullable else ""
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            cast = None
        if fault:  # raised outside the except block: Arrow's own message names the value
            raise DataError(
                f"The SELECT of '{entity.name}' gives a column '{column.name}' that breaks its contract: {fault}. "
                f"Cast or filter it in source/{entity.name}.sql."
            )
        columns.append(cast)
    return pa.RecordBatch.from_arrays(columns, schema=entity.schema)


def _empty(entity: SourceEntity, source_name: str, where: str) -> DataError:
    return DataError(
        f"The table is empty: '{entity.name}' ({entity.grain}) gives no row in {source_name}{where}, and without it no "
        "lead can be described. Check that the database is loaded, and that as-of and organisation are right."
    )
