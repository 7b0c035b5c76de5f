"""What a run takes out of the database: the four entities as they were known at one moment, de-identified in flight."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import pyarrow as pa
from ibis.expr.types import Table

from lead_conversion import __version__
from lead_conversion.guard.deidentify import deidentify_batch
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.source.protocol import Source


@dataclass(frozen=True)
class Extraction:
    """A reading of the source that has not been done yet: `stream` does it, a batch at a time."""

    source: Source
    key: PseudonymKey
    as_of: datetime
    org_id: int | None

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """Everything that decides the content: as-of, organisation, source, statements, key, code."""
        return {
            "as_of": self.as_of.isoformat(),
            "org_id": self.org_id,
            "source": self.source.describe().facts(),
            "content": self.source.fingerprint(self.as_of, self.org_id),
            "pseudonym_key": self.key.fingerprint,
            "code_version": __version__,
        }

    @cached_property
    def snapshot_id(self) -> str:
        """The as-of and a hash of the recipe: the same reading has the same id."""
        recipe_hash = sha256(json.dumps(self.recipe, sort_keys=True).encode()).hexdigest()
        return f"{self.as_of:%Y%m%dT%H%M%SZ}-{recipe_hash[:12]}"

    def stream(self, entity: str) -> Iterator[pa.RecordBatch]:
        """The entity's rows, de-identified, in bounded batches."""
        for batch in self.source.stream(entity, self.as_of, self.org_id):
            yield deidentify_batch(entity, batch, self.key)


@dataclass(frozen=True)
class Snapshot:
    """An extraction that has been done: its manifest, and a lazy table an entity."""

    manifest: dict[str, Any]
    tables: dict[str, Table]
