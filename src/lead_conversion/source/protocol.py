"""What the project may ask of a source, whatever engine stands behind it."""

from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

import pyarrow as pa

from lead_conversion.kernel.windows import Span

Purpose = Literal[
    "schema", "newest", "summary", "rows", "rights", "server", "organisations", "names", "export", "sample", "texts"
]

StatementState = Literal["asked", "answered", "broken off", "refused"]
Access = Literal["read-only", "may write (overridden)", "unknown"]


@dataclass(frozen=True)
class SourceDescription:
    """What was read from, without a secret and without a path of the machine.

    `principal` is who reads, as the access log names it: the login at the server, the operating system's user for a
    file. It is no part of the facts, for the same reading by two people is one reading.
    """

    kind: Literal["duckdb", "sqlserver"]
    name: str
    schema_hash: str
    statement_hashes: Mapping[str, str]
    principal: str
    access: Access

    def facts(self) -> dict[str, Any]:
        """The description as plain values, for a manifest."""
        return {
            "kind": self.kind,
            "name": self.name,
            "access": self.access,
            "schema_hash": self.schema_hash,
            "statement_hashes": dict(self.statement_hashes),
        }


@dataclass(frozen=True)
class StatementRecord:
    """One line of the access log.

    A statement is recorded as 'asked' before it is sent, so that no access goes unrecorded, and once more when it was
    'answered' to the end, 'broken off' or 'refused', by the server or by the project's own rules, and why; rows and
    seconds count until then. `principal` is the login at the server, the operating system's user for a file.

    `sha256` is that of the text that the project owns, under which a DBA knows the statement; `sent_sha256` that of the
    statement as it went to the server, with as-of, organisation and span in it, as the server's own audit has it.
    `span` is that of `sliced_by`; of logged_at where texts are read.
    """

    entity: str
    purpose: Purpose
    sha256: str
    state: StatementState
    sent_sha256: str = ""
    as_of: datetime | None = None
    org_id: int | None = None
    span: Span | None = None
    rows: int = 0
    seconds: float = 0.0
    source: str = ""
    principal: str = ""
    reason: str = ""


OnStatement = Callable[[StatementRecord], None]
Comparison = Literal["contents", "counts"]


@dataclass(frozen=True)
class DaySummary:
    """What a reading gives of one day, by the moment that slices the entity, without reading it.

    `content` is the sum of the rows' 64-bit hashes modulo 2**64, which does not depend on their order: the multiset
    hash AdHash (Bellare & Micciancio 1997). It is None where rows were only counted. Hashes of a few rows can be told
    by guessing the rows: they are kept keyed or not at all.
    """

    day: date
    rows: int
    content: int | None


class Source(Protocol):
    """A database that is read through its four SELECTs, and never written to."""

    def describe(self) -> SourceDescription:
        """Which database this is, by kind, name and a hash of the schema that is read."""
        ...

    def newest_event_at(self) -> datetime:
        """When the newest engagement event was logged, as naive UTC."""
        ...

    def organisations(self) -> dict[int, int]:
        """The organisations that have contacts: org_id -> how many."""
        ...

    def summarise(
        self,
        entity: str,
        as_of: datetime,
        org_id: int | None = None,
        by: Comparison = "contents",
        span: Span | None = None,
    ) -> list[DaySummary]:
        """The rows known before `as_of` in a line a day, oldest first; one line for an entity that is read whole."""
        ...

    def count_after(self, entity: str, as_of: datetime, org_id: int | None = None) -> int:
        """How many of the entity's rows were logged at or after `as_of`, and so belong to no reading before it."""
        ...

    def stream(
        self, entity: str, as_of: datetime, org_id: int | None = None, span: Span | None = None
    ) -> Generator[pa.RecordBatch, None, None]:
        """The entity's rows known before `as_of`, of one span of `sliced_by` or of all, in bounded batches.

        One attempt over one connection, which closing the generator ends.

        Raises:
            BrokenOffError: the connection broke or the answer did not come in time; beginning anew may help.
        """
        ...

    def stream_column(self, entity: str, column: str, as_of: datetime, org_id: int | None = None) -> Iterator[pa.Array]:
        """One column of the entity's rows known before `as_of`, in bounded batches."""
        ...

    def stream_replies(
        self, since: datetime, as_of: datetime, org_id: int | None = None
    ) -> Generator[pa.RecordBatch, None, None]:
        """The replies logged from `since` to before `as_of`, each beside the values that name who wrote it.

        One attempt over one connection, in bounded batches ordered by logged_at: texts of the columns REPLY_COLUMNS and
        PERSON_COLUMNS, moments where those are moments. For scrubbing in flight: nothing of it may be kept as it is.
        """
        ...

    def names_among(self, words: Collection[str]) -> frozenset[str]:
        """Which of these lower-cased words are a contact's name or a part of it, its city or its company."""
        ...
