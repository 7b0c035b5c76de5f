"""The write-once snapshot of the four entities: one folder, one manifest, every file named by its content."""

import json
import logging
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import ibis
import pyarrow.parquet as pq
from kedro.io import AbstractDataset
from kedro_datasets._utils import ConnectionMixin

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.datasets.staging import digest
from lead_conversion.guard.deidentify import raw_schema
from lead_conversion.kernel.errors import DataError, SourceError
from lead_conversion.source.extraction import Extraction, Snapshot

MANIFEST_NAME = "manifest.json"
log = logging.getLogger(__name__)


class SnapshotDataset(ConnectionMixin, AbstractDataset[Extraction, Snapshot]):  # type: ignore[misc]
    """Reads an extraction into a folder of its own, once.

    Saving an extraction whose snapshot is there verifies its hashes and reads nothing. Loading gives the snapshot that
    this run saved, else the one with the latest as-of.
    """

    _CONNECTION_GROUP = "ibis"

    # By folder; shared, for a snapshot is written through one entry of the catalog and read through another.
    saved: ClassVar[dict[Path, str]] = {}

    def __init__(self, filepath: str, connection: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self._connection_config = connection
        self.metadata = metadata

    def save(self, data: Extraction) -> None:
        """Write the snapshot, or verify it where it is there.

        Raises:
            DataError: a file of the snapshot has gone or was altered since it was written.
        """
        if not (self._folder / data.snapshot_id).is_dir():
            self._write(data)
        manifest = self._read_manifest(data.snapshot_id)
        self._verify(manifest)
        SnapshotDataset.saved[self._folder] = data.snapshot_id

    def load(self) -> Snapshot:
        """The snapshot as lazy tables.

        Raises:
            SourceError: there is no snapshot yet.
        """
        manifest = self._read_manifest(SnapshotDataset.saved.get(self._folder) or self._latest_id())
        folder = self._folder / manifest["snapshot_id"]
        tables = {
            entity: self._connection.read_parquet(folder / facts["file"])
            for entity, facts in manifest["entities"].items()
        }
        return Snapshot(manifest, tables)

    def _write(self, extraction: Extraction) -> None:
        partial = self._folder / f".{extraction.snapshot_id}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            entities = {entity: _write_entity(extraction, entity, partial) for entity in SOURCE_ENTITIES}
        except BaseException:
            shutil.rmtree(partial)
            raise
        manifest = {
            "snapshot_id": extraction.snapshot_id,
            "extracted_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **extraction.recipe,
            "entities": entities,
        }
        text = json.dumps(manifest, indent=1, sort_keys=True)
        (partial / MANIFEST_NAME).write_text(text, encoding="utf-8")
        partial.rename(self._folder / extraction.snapshot_id)

    def _verify(self, manifest: dict[str, Any]) -> None:
        folder = self._folder / manifest["snapshot_id"]
        for entity, facts in manifest["entities"].items():
            path = folder / facts["file"]
            found = digest(path) if path.is_file() else "no file"
            if found != facts["sha256"]:
                raise DataError(
                    f"Snapshot {manifest['snapshot_id']} is not what was written: {entity} should hash to "
                    f"{facts['sha256'][:12]}…, found {found[:12]}…. Remove that folder and run again to read it anew."
                )
        rows = sum(facts["rows"] for facts in manifest["entities"].values())
        log.info("Snapshot %s: %s rows, hashes verified", manifest["snapshot_id"], f"{rows:,}")

    def _read_manifest(self, snapshot_id: str) -> dict[str, Any]:
        path = self._folder / snapshot_id / MANIFEST_NAME
        try:
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            manifest = {}
        if not manifest:
            raise DataError(
                f"Snapshot {snapshot_id} has no readable manifest. Remove that folder and run again to read it anew."
            )
        return manifest

    def _latest_id(self) -> str:
        found = sorted(path.parent.name for path in self._folder.glob(f"[!.]*/{MANIFEST_NAME}"))
        if not found:
            raise SourceError(
                f"No snapshot under {self._folder.name}/: run the pipeline 'data_engineering' (or 'full') first."
            )
        return found[-1]

    def _connect(self) -> Any:
        config = dict(self._connection_config)
        return getattr(ibis, config.pop("backend")).connect(**config)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}

    def _exists(self) -> bool:
        return any(self._folder.glob(f"[!.]*/{MANIFEST_NAME}"))


def _write_entity(extraction: Extraction, entity: str, folder: Path) -> dict[str, Any]:
    """Stream one entity into a Parquet file named by its content; what the manifest says of it."""
    started = time.monotonic()
    schema = raw_schema(entity)
    partial = folder / f"{entity}.parquet"
    with pq.ParquetWriter(partial, schema) as writer:
        for batch in extraction.stream(entity):
            writer.write_batch(batch)
    sha256 = digest(partial)
    path = partial.rename(folder / f"{entity}-{sha256[:16]}.parquet")
    rows = pq.read_metadata(path).num_rows
    log.info("Read %s: %s rows in %.1f s", entity, f"{rows:,}", time.monotonic() - started)
    return {
        "file": path.name,
        "sha256": sha256,
        "rows": rows,
        "bytes": path.stat().st_size,
        "schema": {field.name: str(field.type) for field in schema},
    }
