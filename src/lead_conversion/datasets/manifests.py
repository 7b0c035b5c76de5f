"""The manifests of the snapshots that are there: what each was read from, as of when, and under which key."""

import json
from pathlib import Path
from typing import Any

from lead_conversion.datasets.snapshot_writer import MANIFEST_NAME
from lead_conversion.kernel.errors import DataError


def read_manifests(snapshots: Path) -> dict[str, dict[str, Any]]:
    """The manifest of every snapshot in a folder, by the snapshot's id, oldest as-of first.

    Raises:
        DataError: one of them cannot be read.
    """
    paths = sorted(snapshots.glob(f"[!.]*/{MANIFEST_NAME}"))
    return {path.parent.name: read_manifest(path) for path in paths}


def read_manifest(path: Path) -> dict[str, Any]:
    """One manifest.

    Raises:
        DataError: it cannot be read.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = {}
    if not {"snapshot_id", "pseudonym_key"} <= set(manifest):
        raise DataError(f"{path} is no manifest that can be read. Remove that snapshot, and run the pipeline anew.")
    return manifest
