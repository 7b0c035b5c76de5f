"""Publish a run's files all or none: a redo log of content hashes, then renames.

The log is one file, replaced atomically. Killed before it is written, the run leaves nothing but staging files, which
the next start removes. Killed after, the next start finishes the renames. So what stands under the final names is
always the whole of one run, or is about to be made so before anything reads it (write-ahead redo logging: Gray and
Reuter 1992, ch. 10).
"""

import json
import os
from hashlib import file_digest
from pathlib import Path
from typing import Any

from lead_conversion.datasets.staging import STAGED_SUFFIX, Staged, staged_path
from lead_conversion.kernel.errors import DataError

LOG_NAME = "publication.json"


def publish(data_folder: Path, run_id: str) -> dict[str, str]:
    """Give every staged file its final name; the sha256 of each by its path below `data_folder`."""
    published = {_below(path, data_folder): digest(staged_path(path)) for path in sorted(Staged.waiting)}
    files = _read_log(data_folder).get("files", {}) | published
    log = {"state": "publishing", "run_id": run_id, "renames": published, "files": files}
    _write_log(data_folder, log)
    recover(data_folder)
    return published


def recover(data_folder: Path) -> None:
    """Finish a publication that was interrupted, and remove what unfinished runs left.

    Raises:
        DataError: a file of an interrupted publication is gone or altered.
    """
    log = _read_log(data_folder)
    if log.get("state") == "publishing":
        for name, sha256 in log["renames"].items():
            _finish_rename(data_folder / name, sha256)
        _write_log(data_folder, {key: value for key, value in log.items() if key != "renames"} | {"state": "complete"})
    Staged.waiting.clear()
    for leftover in data_folder.rglob(f".*{STAGED_SUFFIX}"):
        leftover.unlink()


def digest(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _finish_rename(final: Path, sha256: str) -> None:
    staged = staged_path(final)
    if staged.exists():
        staged.replace(final)
    if not final.exists() or digest(final) != sha256:
        raise DataError(
            f"An interrupted publication cannot be finished: {final.name} is not the file that the run wrote. "
            f"Remove {LOG_NAME} from the data folder and run again."
        )


def _below(path: Path, folder: Path) -> str:
    return path.resolve().relative_to(folder.resolve()).as_posix()


def _read_log(data_folder: Path) -> dict[str, Any]:
    path = data_folder / LOG_NAME
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write_log(data_folder: Path, log: dict[str, Any]) -> None:
    path = data_folder / LOG_NAME
    temporary = staged_path(path)
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(log, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
