"""What reading from any engine has in common: check once, send only checked SELECTs, record each."""

import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from lead_conversion.contracts.source_entities import PEOPLE, SourceColumn, SourceEntity
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, LeadConversionError
from lead_conversion.kernel.windows import Span, to_naive_utc
from lead_conversion.source.protocol import (
    Access,
    Comparison,
    DaySummary,
    OnStatement,
    Purpose,
    SourceDescription,
    StatementRecord,
    StatementState,
)
from lead_conversion.source.row_hash import MODULUS, content_of_rows
from lead_conversion.source.schema_check import FoundColumns, require_schema, schema_hash
from lead_conversion.source.statements import (
    PERSON_COLUMNS,
    REPLY_COLUMNS,
    Statement,
    TableName,
    count_known_after,
    days_known_before,
    leads_by_value,
    newest_logged_at,
    parse_statement,
    parse_statements,
    people_named,
    people_of_several_names,
    render,
    replies_with_people,
    rows_by_organisation,
    rows_known_before,
    some_rows,
    values_named,
)

log = logging.getLogger(__name__)

DEFAULT_BATCH_ROWS = 50_000
SAMPLE_ROWS = 10_000
LABEL_ROWS = 100_000  # so that no look at a database counts distinct leads of a whole table
WORDS_A_QUERY = 500  # or the text of the query grows beyond what a server plans quickly
PART_OF_A_NAME = re.compile(r"[^\s\-]+(?=[\s\-])|(?<=[\s\-])[^\s\-]+")
MIN_PART_CHARS = 4  # shorter ones are particles: van, del, de la

CATALOGUE = "information_schema"
# In capitals, as SQL Server names them: a database can tell names apart by case.
CATALOGUE_QUERY = "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS"
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
        self._batch_rows = batch_rows
        self._on_statement = on_statement
        self._statements = self._allowed(statements)
        self._said_that_names_are_unknown = False

    @property
    @abstractmethod
    def name(self) -> str:
        """Which database this is, without a secret."""

    @property
    @abstractmethod
    def principal(self) -> str:
        """Who reads: the login at the server, the operating system's user for a file."""

    @property
    @abstractmethod
    def access(self) -> Access:
        """Whether the principal could do more than read."""

    @abstractmethod
    def _fetch(self, sql: str) -> Generator[pa.RecordBatch, None, None]:
        """The rows that one statement gives, in batches of at most batch_rows, over a connection of its own.

        One attempt. Left before its end, by the reader or by Ctrl-C, it cancels the statement and closes the
        connection.

        Raises:
            BrokenOffError: the connection broke or the answer did not come in time; what came is not all.
        """

    @abstractmethod
    def _require_rights(self) -> None:
        """Pass when the principal may only read; asked before the first statement that reads data.

        Raises:
            AccessError: the principal may write, or may not read what the SELECTs read.
        """

    def describe(self) -> SourceDescription:
        """Which database this is, by kind, name and a hash of the schema that is read."""
        hashes = {name: statement.sha256 for name, statement in self._statements.items()}
        found = self._checked_columns
        schema = schema_hash(self._statements.values(), found)
        return SourceDescription(self.kind, self.name, schema, hashes, self.principal, self.access)

    def newest_event_at(self) -> datetime:
        """When the newest engagement event was logged, as naive UTC.

        Raises:
            DataError: engagement_logs gives no row.
        """
        statement = self._statement("engagement_logs")
        (row,) = self._rows(statement, "newest", newest_logged_at(statement))
        moment = row["newest_logged_at"]
        if moment is None:
            raise self._empty(statement.entity)
        return to_naive_utc(moment)

    def organisations(self) -> dict[int, int]:
        """The organisations that have contacts: org_id -> how many, by id."""
        statement = self._statement("contacts")
        rows = self._rows(statement, "organisations", rows_by_organisation(statement))
        # A contact of no organisation breaks its contract, which its reading says.
        counts = {int(row["org_id"]): int(row["row_count"]) for row in rows if row["org_id"] is not None}
        return dict(sorted(counts.items()))

    def summarise(
        self,
        entity: str,
        as_of: datetime,
        org_id: int | None = None,
        by: Comparison = "contents",
        span: Span | None = None,
    ) -> list[DaySummary]:
        """The rows known before `as_of` in a line a day, oldest first; one line for an entity that is read whole.

        Args:
            entity: the source entity.
            as_of: rows that became known later are left out.
            org_id: the organisation; None for all.
            by: whether the rows' contents are added up, or the rows only counted.
            span: the moments of the entity's `sliced_by`; None for all.

        Raises:
            DataError: no contacts or no events at all; a value that the engine cannot write as text.
        """
        statement = self._statement(entity)
        content = content_of_rows(statement.entity, self.dialect) if by == "contents" else None
        query = days_known_before(statement, as_of, org_id, content, span)
        rows = self._rows(statement, "summary", query, as_of, org_id, span)
        days = [
            DaySummary(
                day=row.get("day", as_of.date()),
                rows=int(row["row_count"]),
                content=int(row["content"] or 0) % MODULUS if content is not None else None,
            )
            for row in rows
        ]
        if sum(day.rows for day in days) == 0 and span is None and not statement.entity.may_be_empty:
            raise self._empty(statement.entity, as_of, org_id)
        return sorted(days, key=lambda day: day.day)

    def count_after(self, entity: str, as_of: datetime, org_id: int | None = None) -> int:
        """How many of the entity's rows became known at `as_of` or later, and so belong to no reading before it."""
        statement = self._statement(entity)
        (row,) = self._rows(statement, "summary", count_known_after(statement, as_of, org_id), as_of, org_id)
        return int(row["row_count"])

    def stream(
        self, entity: str, as_of: datetime, org_id: int | None = None, span: Span | None = None
    ) -> Generator[pa.RecordBatch, None, None]:
        """The entity's rows known before `as_of`, in batches of the contract's schema and no fixed order.

        Args:
            entity: the source entity.
            as_of: rows that became known later are left out.
            org_id: the organisation; None for all.
            span: the moments of the entity's `sliced_by` that are read; None for all.

        Raises:
            BrokenOffError: the connection broke or the answer did not come in time; what came is not all.
            SourceError: the database is not there or does not answer.
            DataError: wrong schema; a value that its column's type cannot hold; no contacts or no events at all.
        """
        statement = self._statement(entity)
        rows = 0
        query = rows_known_before(statement, as_of, org_id, span)
        with closing(self._recorded_reading(statement, "rows", query, as_of, org_id, span)) as batches:
            for batch in batches:
                rows += batch.num_rows
                yield as_contracted(batch, statement.entity)
        if rows == 0 and span is None and not statement.entity.may_be_empty:
            raise self._empty(statement.entity, as_of, org_id)

    def stream_column(self, entity: str, column: str, as_of: datetime, org_id: int | None = None) -> Iterator[pa.Array]:
        """One column of the entity's rows known before `as_of`, in bounded batches.

        Raises:
            BrokenOffError: the connection broke or the answer did not come in time; what came is not all.
            DataError: wrong schema; a value that the column's type cannot hold.
        """
        statement = self._statement(entity)
        query = rows_known_before(statement, as_of, org_id, columns=[column])
        with closing(self._recorded_reading(statement, "export", query, as_of, org_id)) as batches:
            for batch in batches:
                yield column_as_contracted(batch.column(0), statement.entity, statement.entity.column(column))

    def stream_replies(
        self, since: datetime, as_of: datetime, org_id: int | None = None
    ) -> Generator[pa.RecordBatch, None, None]:
        """The replies logged from `since` to before `as_of`, each beside the values that name who wrote it.

        Raises:
            BrokenOffError: the connection broke or the answer did not come in time; what came is not all.
            ConfigurationError: no SELECT gives people, so that nobody's own values could be looked for.
        """
        replies = self._statement("engagement_logs")
        if PEOPLE.name not in self._statements:
            raise ConfigurationError(
                "Replies cannot be scrubbed of their writers' names: no SELECT gives people. Write source/people.sql, "
                "or set privacy.keep_scrubbed_text to false."
            )
        query = replies_with_people(replies, self._statement(PEOPLE.name), since, as_of, org_id)
        read = [replies.entity.column(name) for name in REPLY_COLUMNS]
        read += [PEOPLE.column(name) for name in PERSON_COLUMNS]
        with closing(self._recorded_reading(replies, "texts", query, as_of, org_id, Span(since, as_of))) as batches:
            for batch in batches:
                columns = [
                    column_as_contracted(values, replies.entity, column)
                    for values, column in zip(batch.columns, read, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, names=[column.name for column in read])

    def names_among(self, words: Collection[str]) -> frozenset[str]:
        """Which of these lower-cased words are a contact's name, a part of it, its city or its company.

        A name: the first, the last, or 'first last' of both. A part: one of MIN_PART_CHARS or more of a first or last
        name that has several.

        Where no SELECT gives people, no word is known to be a name, and a warning says so.

        Raises:
            BrokenOffError: the connection broke or the answer did not come in time.
        """
        if PEOPLE.name not in self._statements:
            if not self._said_that_names_are_unknown:
                log.warning("No SELECT gives people (source/people.sql): names of contacts in templates stay")
                self._said_that_names_are_unknown = True
            return frozenset()
        statement = self._statement(PEOPLE.name)
        asked = sorted(set(words))
        known, found = set(asked), set[str]()
        for start in range(0, len(asked), WORDS_A_QUERY):
            query = people_named(statement, asked[start : start + WORDS_A_QUERY])
            for batch in self._recorded_reading(statement, "names", query):
                for first, last in zip(*map(_lowered, batch.columns), strict=True):
                    names = (first, last, f"{first} {last}".strip())
                    found.update(name for name in names if name in known or (name and known.issuperset(name.split())))
            for column in ("city", "company"):
                query = values_named(statement, column, asked[start : start + WORDS_A_QUERY])
                for batch in self._recorded_reading(statement, "names", query):
                    found.update(known.intersection(_lowered(batch.column(0))))
        for batch in self._recorded_reading(statement, "names", people_of_several_names(statement)) if asked else ():
            for column_of_names in map(_lowered, batch.columns):
                parts = {part for name in column_of_names for part in PART_OF_A_NAME.findall(name)}
                found.update(part for part in known & parts if len(part) >= MIN_PART_CHARS)
        return frozenset(found)

    def sample(self, entity: str) -> pa.RecordBatch | None:
        """Some of the entity's rows, with the columns and the types that its SELECT gives; None where it gives none."""
        statement = self._statement(entity)
        batches = list(self._recorded_reading(statement, "sample", some_rows(statement, SAMPLE_ROWS)))
        return next((batch for batch in batches if batch.num_rows), None)

    def label_values(self, entity: str, column: str) -> Iterator[tuple[str, int]]:
        """Each value of a column in the first LABEL_ROWS rows, once, and how many leads share it; 0 where none can."""
        statement = self._statement(entity)
        query = leads_by_value(statement, column, LABEL_ROWS)
        with closing(self._recorded_reading(statement, "sample", query)) as batches:
            for batch in batches:
                pairs = zip(*batch.to_pydict().values(), strict=True)
                yield from ((str(value), int(leads or 0)) for value, leads in pairs)

    @property
    def statements(self) -> Mapping[str, Statement]:
        """The SELECTs by entity."""
        return self._statements

    @cached_property
    def found_columns(self) -> FoundColumns:
        """The tables of the database that can be seen, and their columns; asked before anything else."""
        found: dict[TableName, dict[str, str]] = {}
        asked = StatementRecord(CATALOGUE, "schema", CATALOGUE_HASH, "asked")
        for batch in self._recorded(asked, CATALOGUE_QUERY):
            for schema, table, column, data_type in zip(*batch.to_pydict().values(), strict=True):
                found.setdefault((schema.lower(), table.lower()), {})[column.lower()] = data_type.lower()
        return found

    @cached_property
    def _checked_columns(self) -> FoundColumns:
        found = self.found_columns
        self._require_rights()
        require_schema(self._statements.values(), found, self.name)
        return found

    def _allowed(self, texts: Mapping[str, str]) -> dict[str, Statement]:
        """The SELECTs by entity; those that the allow-list refuses are recorded as refused."""
        try:
            return parse_statements(texts)
        except AccessError:
            for entity, text in texts.items():
                try:
                    parse_statement(entity, text)
                except AccessError as refusal:
                    text_hash = sha256(text.encode()).hexdigest()
                    self._record(StatementRecord(entity, "rows", text_hash, "refused", reason=str(refusal)))
            raise

    def _statement(self, entity: str) -> Statement:
        if entity not in self._statements:
            raise ConfigurationError(f"Unknown entity '{entity}': expected one of {', '.join(self._statements)}.")
        return self._statements[entity]

    def _rows(
        self,
        statement: Statement,
        purpose: Purpose,
        query: exp.Select,
        as_of: datetime | None = None,
        org_id: int | None = None,
        span: Span | None = None,
    ) -> list[dict[str, Any]]:
        """The rows of an answer that is small."""
        batches = self._recorded_reading(statement, purpose, query, as_of, org_id, span)
        return [row for batch in batches for row in batch.to_pylist()]

    def _empty(self, entity: SourceEntity, as_of: datetime | None = None, org_id: int | None = None) -> DataError:
        where = f" before {to_naive_utc(as_of).isoformat()}" if as_of else ""
        where += "" if org_id is None else f" of organisation {org_id}"
        return DataError(
            f"The table is empty: '{entity.name}' ({entity.grain}) gives no row in {self.name}{where}, and without it "
            "no lead can be described. Check that the database is loaded, and that as-of and organisation are right."
        )

    def _recorded_reading(
        self,
        statement: Statement,
        purpose: Purpose,
        query: exp.Select,
        as_of: datetime | None = None,
        org_id: int | None = None,
        span: Span | None = None,
    ) -> Generator[pa.RecordBatch, None, None]:
        """The rows of one query of an entity's SELECT; as-of, organisation and span are in it, and in the record."""
        _ = self._checked_columns
        asked = StatementRecord(
            statement.entity.name, purpose, statement.sha256, "asked", as_of=as_of, org_id=org_id, span=span
        )
        return self._recorded(asked, render(query, self.dialect))

    def _recorded(self, asked: StatementRecord, sql: str) -> Generator[pa.RecordBatch, None, None]:
        """The rows of one query, with a record before it is sent and one after it ended, well or not."""
        record = replace(asked, sent_sha256=sha256(sql.encode()).hexdigest())
        self._record(record)
        state: StatementState = "broken off"
        reason, rows, seconds = "", 0, 0.0
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
        except AccessError as refusal:
            state, reason = "refused", str(refusal)
            raise
        except BaseException as end:
            reason = str(end) if isinstance(end, LeadConversionError) else type(end).__name__
            raise
        finally:
            # Ctrl-C in the reader's own work ends nothing here of itself: the statement is cancelled now, not some day.
            try:
                batches.close()
            finally:
                self._record(replace(record, state=state, rows=rows, seconds=seconds, reason=reason))

    def _record(self, record: StatementRecord) -> None:
        if self._on_statement is not None:
            self._on_statement(replace(record, source=self.name, principal=self.principal))


def as_contracted(batch: pa.RecordBatch, entity: SourceEntity) -> pa.RecordBatch:
    """The batch with the contract's types: exact decimals become floats, bits become booleans.

    Raises:
        DataError: a value cannot be held by its column's type, or a key is null. The value is not named.
    """
    pairs = zip(batch.columns, entity.columns, strict=True)
    columns = [column_as_contracted(values, entity, column) for values, column in pairs]
    return pa.RecordBatch.from_arrays(columns, schema=entity.schema)


def _lowered(names: pa.Array) -> list[str]:
    """The names trimmed and in lower case; none is an empty text."""
    texts = pc.fill_null(pc.utf8_lower(pc.utf8_trim_whitespace(names.cast(pa.string()))), "")
    lowered: list[str] = texts.to_pylist()
    return lowered


def column_as_contracted(values: pa.Array, entity: SourceEntity, column: SourceColumn) -> pa.Array:
    """The values with the type of their column.

    Raises:
        DataError: a value cannot be held by the type, or a key is null. The value is not named.
    """
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
    return cast
