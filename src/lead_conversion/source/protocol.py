"""What the project may ask of a source, whatever engine stands behind it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import pyarrow as pa

Purpose = Literal["schema", "newest", "summary", "rows"]


@dataclass(frozen=True)
class SourceDescription:
    """What was read from, without a secret and without a path of the machine."""

    kind: Literal["duckdb", "sqlserver"]
    name: str
    schema_hash: str
    statement_hashes: Mapping[str, str]

    def facts(self) -> dict[str, Any]:
        """The description as plain values, for a manifest."""
        return {
            "kind": self.kind,
            "name": self.name,
            "schema_hash": self.schema_hash,
            "statement_hashes": dict(self.statement_hashes),
        }


@dataclass(frozen=True)
class StatementRecord:
    """One line of the access log.

    A statement is recorded as 'asked' before it is sent, so that no access goes unrecorded, and
    once more when it was 'answered' to the end or 'broken off'; rows and seconds count until then.
    """

    entity: str
    purpose: Purpose
    sha256: str
    state: Literal["asked", "answered", "broken off"]
    rows: int = 0
    seconds: float = 0.0


OnStatement = Callable[[StatementRecord], None]


class Source(Protocol):
    """A database that is read through its four SELECTs, and never written to."""

    def describe(self) -> SourceDescription:
        """Which database this is, by kind, name and a hash of the schema that is read."""
        ...

    def newest_event_at(self) -> datetime:
        """When the newest engagement event was logged, as naive UTC."""
        ...

    def fingerprint(self, as_of: datetime, org_id: int | None = None) -> dict[str, Any]:
        """By entity, how many rows a reading gives and when the last of them was logged."""
        ...

    def stream(self, entity: str, as_of: datetime, org_id: int | None = None) -> Iterator[pa.RecordBatch]:
        """The entity's rows known before `as_of`, in bounded batches of the contract's schema."""
        ...
