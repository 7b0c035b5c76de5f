"""Publish a run's files all or none: a redo log of content hashes, then renames.

The log is one file, replaced atomically. Killed before it is written, the run leaves nothing but staging files, which
the next start removes. Killed after, the next run finishes the renames; until then a file that does not have its name
yet is refused, for its hash is not the log's. So nothing of two runs is ever taken for one (write-ahead redo logging:
Gray and Reuter 1992, ch. 10).
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from lead_conversion.datasets.staging import LOG_NAME, STAGED_SUFFIX, Staged, digest, read_log, staged_path
from lead_conversion.kernel.errors import DataError

REFUSED = "refused"
TELLING = ("02_intermediate/rejected_*", "03_primary/orphan_*", "03_primary/quality.json")


def publish(data_folder: Path, run_id: str) -> dict[str, str]:
    """Give every staged file its final name; the sha256 of each by its path below `data_folder`."""
    published = {_below(path, data_folder): digest(staged_path(path)) for path in sorted(Staged.waiting)}
    files = read_log(data_folder).get("files", {}) | published
    log = {"state": "publishing", "run_id": run_id, "renames": published, "files": files}
    _write_log(data_folder, log)
    recover(data_folder)
    return published


def recover(data_folder: Path) -> None:
    """Finish a publication that was interrupted, and remove what unfinished runs left.

    Raises:
        DataError: a file of an interrupted publication is gone or altered.
    """
    log = read_log(data_folder)
    if log.get("state") == "publishing":
        for name, sha256 in log["renames"].items():
            _finish_rename(data_folder / name, sha256)
        _write_log(data_folder, {key: value for key, value in log.items() if key != "renames"} | {"state": "complete"})
    Staged.waiting.clear()
    for leftover in data_folder.rglob(f".*{STAGED_SUFFIX}"):
        leftover.unlink()


def set_aside(data_folder: Path) -> list[str]:
    """Keep what tells why a run failed, its figures and the rows that it refused, beside what was published.

    Returns:
        the names of the files, in the folder REFUSED.
    """
    folder = data_folder / REFUSED
    told = [path for path in sorted(Staged.waiting) if any(map(path.match, TELLING)) and staged_path(path).is_file()]
    for path in told:
        folder.mkdir(exist_ok=True)
        staged_path(path).replace(folder / path.name)
    return [path.name for path in told]


def forget_refused(data_folder: Path) -> None:
    """Remove what an earlier run that failed has left to be looked at."""
    shutil.rmtree(data_folder / REFUSED, ignore_errors=True)


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


def _write_log(data_folder: Path, log: dict[str, Any]) -> None:
    path = data_folder / LOG_NAME
    temporary = staged_path(path)
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(log, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
