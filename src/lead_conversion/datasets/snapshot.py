"""The write-once snapshot of the four entities: one folder, one manifest, every file named by its content."""

import logging
from pathlib import Path
from typing import Any, ClassVar

import ibis
from kedro.io import AbstractDataset
from kedro_datasets._utils import ConnectionMixin

from lead_conversion.datasets.snapshot_writer import (
    MANIFEST_NAME,
    read_manifest,
    remove_partial_folders,
    write_snapshot,
)
from lead_conversion.datasets.staging import digest
from lead_conversion.kernel.errors import DataError, SourceError
from lead_conversion.source.extraction import Extraction, Snapshot

log = logging.getLogger(__name__)


class SnapshotDataset(ConnectionMixin, AbstractDataset[Extraction, Snapshot]):  # type: ignore[misc]
    """Reads an extraction into a folder of its own, once.

    Saving an extraction whose snapshot is there verifies its hashes and reads nothing. Loading gives the snapshot that
    this run saved, else the one with the latest as-of, of several the one that was read last.
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
        remove_partial_folders(self._folder)
        snapshot_id = data.snapshot_id
        if (self._folder / snapshot_id).is_dir():
            self._verify(self._read_manifest(snapshot_id))
        else:
            snapshot_id = write_snapshot(data, self._folder)
        SnapshotDataset.saved[self._folder] = snapshot_id

    def load(self) -> Snapshot:
        """The snapshot as lazy tables.

        Raises:
            SourceError: there is no snapshot yet.
        """
        manifest = self._read_manifest(SnapshotDataset.saved.get(self._folder) or self._latest_id())
        folder = self._folder / manifest["snapshot_id"]
        tables = {
            entity: self._connection.read_parquet([folder / file["file"] for file in facts["files"]])
            for entity, facts in manifest["entities"].items()
        }
        return Snapshot(manifest, tables)

    def _verify(self, manifest: dict[str, Any]) -> None:
        folder = self._folder / manifest["snapshot_id"]
        files = [file for facts in manifest["entities"].values() for file in facts["files"]]
        for file in files:
            path = folder / file["file"]
            found = digest(path) if path.is_file() else "no file"
            if found != file["sha256"]:
                raise DataError(
                    f"Snapshot {manifest['snapshot_id']} is not what was written: {file['file']} should hash to "
                    f"{file['sha256'][:12]}…, found {found[:12]}…. Remove that folder and run again to read it anew."
                )
        rows = sum(file["rows"] for file in files)
        log.info("Snapshot %s is there: %s rows, hashes verified", manifest["snapshot_id"], f"{rows:,}")

    def _read_manifest(self, snapshot_id: str) -> dict[str, Any]:
        manifest = read_manifest(self._folder / snapshot_id)
        if not manifest:
            raise DataError(
                f"Snapshot {snapshot_id} has no readable manifest. Remove that folder and run again to read it anew."
            )
        return manifest

    def _latest_id(self) -> str:
        found = {
            path.parent.name: str((read_manifest(path.parent) or {}).get("extracted_at"))
            for path in self._folder.glob(f"[!.]*/{MANIFEST_NAME}")
        }
        if not found:
            raise SourceError(
                f"No snapshot under {self._folder.name}/: run the pipeline 'data_engineering' (or 'full') first."
            )
        return max(found, key=lambda snapshot_id: (snapshot_id.split("-")[0], found[snapshot_id]))

    def _connect(self) -> Any:
        config = dict(self._connection_config)
        return getattr(ibis, config.pop("backend")).connect(**config)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}

    def _exists(self) -> bool:
        return any(self._folder.glob(f"[!.]*/{MANIFEST_NAME}"))
