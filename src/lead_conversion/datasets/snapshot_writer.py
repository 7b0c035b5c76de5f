"""Reads an extraction into a folder, slice by slice; what an earlier snapshot holds already is shared with it."""

import json
import logging
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lead_conversion.datasets.staging import digest
from lead_conversion.guard.deidentify import raw_schema
from lead_conversion.source.extraction import Extraction
from lead_conversion.source.slices import Slice

MANIFEST_NAME = "manifest.json"
PARTIAL_SUFFIX = ".partial"
SECONDS_BETWEEN_LINES = 10
log = logging.getLogger(__name__)

FileFacts = dict[str, Any]
"""What a manifest says of a file: file, sha256, rows, bytes, slice, content; shared_from where another read it.

`content` is null where rows of the slice changed while they were read, so that nobody can say what stands for them.
"""


def write_snapshot(extraction: Extraction, folder: Path) -> str:
    """Write `folder/<snapshot id>/`, which is there when all of it is, and not before; the snapshot's id.

    It is the extraction's own id where what was read is what that stands for.

    Raises:
        BrokenOffError: the source broke off at every attempt. Nothing is left.
    """
    partial = folder / f".{extraction.snapshot_id}{PARTIAL_SUFFIX}"
    partial.mkdir(parents=True)
    try:
        earlier = EarlierSnapshot.comparable_to(extraction, folder)
        entities = {entity: _write_entity(extraction, entity, partial, earlier) for entity in extraction.slices}
        extracted_at = datetime.now(UTC).isoformat(timespec="seconds")
        snapshot_id = _id_of(extraction, entities, extracted_at)
        manifest = {
            "snapshot_id": snapshot_id,
            "as_of": extraction.as_of.isoformat(),
            "extracted_at": extracted_at,
            **extraction.recipe,
            "recipe_sha256": extraction.recipe_sha256,
            "content": extraction.content,
            "source": extraction.source.describe().facts(),
            "rows_left_out_after_as_of": extraction.rows_left_out(),
            "entities": entities,
        }
        text = json.dumps(manifest, indent=1, sort_keys=True)
        (partial / MANIFEST_NAME).write_text(text, encoding="utf-8")
        partial.rename(folder / snapshot_id)
    except BaseException:
        shutil.rmtree(partial)
        raise
    _say_what_was_read(entities, earlier)
    return snapshot_id


def _id_of(extraction: Extraction, entities: Mapping[str, Mapping[str, Any]], extracted_at: str) -> str:
    """The extraction's own id; where rows changed while they were read, one that no other reading has.

    Under its own id a later reading of what the database was before would find those rows.
    """
    if all(file["content"] for facts in entities.values() for file in facts["files"]):
        return extraction.snapshot_id
    moment = extraction.snapshot_id.split("-")[0]
    return f"{moment}-{sha256(f'{extraction.snapshot_id} {extracted_at}'.encode()).hexdigest()[:12]}"


def _say_what_was_read(entities: Mapping[str, Mapping[str, Any]], earlier: "EarlierSnapshot | None") -> None:
    files = [file for facts in entities.values() for file in facts["files"]]
    read = [file for file in files if "shared_from" not in file]
    rows = sum(file["rows"] for file in read)
    if earlier:
        unchanged = len(files) - len(read)
        log.info(
            "%d of %d files unchanged since %s; read %s rows", unchanged, len(files), earlier.folder.name, f"{rows:,}"
        )
    else:
        log.info("No earlier snapshot to share with; read %s rows into %d files", f"{rows:,}", len(files))


def remove_partial_folders(folder: Path) -> None:
    """Remove what killed runs left; one run at a time writes."""
    for partial in folder.glob(f".*{PARTIAL_SUFFIX}"):
        shutil.rmtree(partial)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a snapshot's folder; None where it cannot be read."""
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) else None


@dataclass(frozen=True)
class EarlierSnapshot:
    """A snapshot of the same recipe, and its files by entity and slice."""

    folder: Path
    as_of: datetime
    files: Mapping[tuple[str, str], FileFacts]

    @classmethod
    def comparable_to(cls, extraction: Extraction, folder: Path) -> "EarlierSnapshot | None":
        """The latest complete snapshot with the extraction's recipe whose as-of is not later, if there is one."""
        manifests = [manifest for path in sorted(folder.glob("[!.]*/")) if (manifest := read_manifest(path))]
        same = [
            manifest
            for manifest in manifests
            if manifest.get("recipe_sha256") == extraction.recipe_sha256
            and datetime.fromisoformat(manifest["as_of"]) <= extraction.as_of
        ]
        if not same:
            return None
        latest = max(same, key=lambda manifest: (manifest["as_of"], manifest["extracted_at"]))
        files = {
            (entity, file["slice"]): file for entity, facts in latest["entities"].items() for file in facts["files"]
        }
        return cls(folder / latest["snapshot_id"], datetime.fromisoformat(latest["as_of"]), files)

    def unchanged(self, part: Slice, overlap: timedelta) -> FileFacts | None:
        """The file of the slice, if its rows are still the same and no longer being written."""
        file = self.files.get((part.entity, part.name))
        if file is None or file["content"] != part.content or part.ends_after(self.as_of - overlap):
            return None
        path = self.folder / file["file"]
        if path.is_file() and digest(path) == file["sha256"]:
            return file
        log.warning("%s of snapshot %s is not what was written; it is read anew", file["file"], self.folder.name)
        return None


class Progress:
    """Says every ten seconds how far the reading of an entity is."""

    def __init__(self, entity: str, slices: int, rows: int) -> None:
        self._entity, self._slices, self._rows = entity, slices, rows
        self._slices_done = self._rows_done = 0
        self._said_at = time.monotonic()

    def say(self, rows_of_slice: int) -> None:
        """Say how far it is, when it is time; `rows_of_slice` are those of the slice that is being read."""
        if time.monotonic() - self._said_at >= SECONDS_BETWEEN_LINES:
            self._said_at = time.monotonic()
            log.info(
                "  %s: %d of %d slices, %s of about %s rows",
                self._entity, self._slices_done, self._slices, f"{self._rows_done + rows_of_slice:,}",
                f"{self._rows:,}",
            )  # fmt: skip

    def finish_slice(self, rows: int) -> None:
        """Count a slice as read."""
        self._slices_done += 1
        self._rows_done += rows


def _write_entity(extraction: Extraction, entity: str, folder: Path, earlier: EarlierSnapshot | None) -> dict[str, Any]:
    """Share or read each slice of an entity; what the manifest says of it."""
    started = time.monotonic()
    overlap = timedelta(days=extraction.overlap_days)
    files: list[FileFacts] = []
    to_read: list[Slice] = []
    for part in extraction.slices[entity]:
        file = earlier.unchanged(part, overlap) if earlier else None
        if earlier and file:
            link_or_copy(earlier.folder / file["file"], folder / file["file"])
            files.append({"shared_from": earlier.folder.name, **file})
        else:
            to_read.append(part)
    read = _read_slices(extraction, entity, to_read, folder)
    rows = sum(file["rows"] for file in read)
    log.info(
        "%s: read %s rows in %d of %d slices in %.1f s",
        entity, f"{rows:,}", len(read), len(extraction.slices[entity]), time.monotonic() - started,
    )  # fmt: skip
    files = sorted(files + read, key=lambda file: str(file["slice"]))
    return {
        "rows": sum(file["rows"] for file in files),
        "sha256": sha256("".join(file["sha256"] for file in files).encode()).hexdigest(),
        "schema": {field.name: str(field.type) for field in raw_schema(entity)},
        "files": files,
    }


def _read_slices(extraction: Extraction, entity: str, parts: Sequence[Slice], folder: Path) -> list[FileFacts]:
    """Read slices; those that changed since the database told their content have none."""
    if not parts:
        return []
    progress = Progress(entity, len(parts), sum(part.rows for part in parts))
    read = [_read_slice(extraction, part, folder, progress) for part in parts]
    unchanged = extraction.unchanged(entity, parts)
    is_sure = [part in unchanged and file["rows"] == part.rows for part, file in zip(parts, read, strict=True)]
    if not all(is_sure):
        log.warning(
            "%s: rows of %s changed while they were read, or the database does not say; what was read is kept for this "
            "snapshot and shared with no other",
            entity, ", ".join(part.name for part, sure in zip(parts, is_sure, strict=True) if not sure),
        )  # fmt: skip
    return [file if sure else {**file, "content": None} for file, sure in zip(read, is_sure, strict=True)]


def _read_slice(extraction: Extraction, part: Slice, folder: Path, progress: Progress) -> FileFacts:
    """Stream a slice into a Parquet file named by its content, from its beginning whenever the source breaks off."""
    unnamed = folder / f"{part.entity}-{part.name}.parquet"

    def read() -> int:
        rows = 0
        # Closed here and now: the traceback of what failed here would keep the statement going.
        with pq.ParquetWriter(unnamed, raw_schema(part.entity)) as writer, closing(extraction.stream(part)) as batches:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
                progress.say(rows)
        return rows

    rows = extraction.retry.ask(f"{part.entity} {part.name}", read)
    progress.finish_slice(rows)
    sha = digest(unnamed)
    path = unnamed.rename(folder / f"{part.entity}-{part.name}-{sha[:16]}.parquet")
    return {
        "file": path.name,
        "sha256": sha,
        "rows": rows,
        "bytes": path.stat().st_size,
        "slice": part.name,
        "content": part.content,
    }


def link_or_copy(file: Path, target: Path) -> None:
    """One file under two names; two files where the file system knows no hard links."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copy2(file, target)
