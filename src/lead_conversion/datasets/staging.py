"""Where a file stands until the run that writes it has succeeded, and how a published file is known.

A run that is killed or refused leaves what the last good run published. `publication.py` gives the staged files their
names, all or none, and logs the hash of each.
"""

import json
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from lead_conversion.kernel.errors import DataError

STAGED_SUFFIX = ".staged"
LOG_NAME = "publication.json"


def staged_path(final_path: Path) -> Path:
    """Where a file stands until the run that writes it has succeeded."""
    return final_path.with_name(f".{final_path.name}{STAGED_SUFFIX}")


def digest(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def read_log(data_folder: Path) -> dict[str, Any]:
    """The publication log of a data folder; empty where nothing was published yet.

    Raises:
        DataError: the log cannot be read.
    """
    path = data_folder / LOG_NAME
    try:
        log: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError:
        log = {"state": "unreadable"}
    if log.get("state") == "unreadable":
        raise DataError(
            f"{LOG_NAME} in the data folder cannot be read, so nobody knows which files belong together. Remove the "
            "numbered folders from 02_intermediate on and that file, and run the pipeline 'full' again."
        )
    return log


class Staged:
    """A file dataset that saves under a staging name; what this process has staged is what it loads."""

    # Shared by all, for a transcoded dataset is written through one entry of the catalog and read through another.
    waiting: ClassVar[set[Path]] = set()

    _filepath: PurePosixPath

    def _get_save_path(self) -> PurePosixPath:
        final_path = Path(str(self._filepath))
        Staged.waiting.add(final_path)
        return PurePosixPath(staged_path(final_path))

    def _get_load_path(self) -> PurePosixPath:
        final_path = Path(str(self._filepath))
        if final_path in Staged.waiting:
            return PurePosixPath(staged_path(final_path))
        require_as_published(final_path)
        return self._filepath


def require_as_published(path: Path) -> None:
    """Refuse a file that is not what the run wrote that published it; a file that no log knows passes.

    Raises:
        DataError: its hash differs from the one in the log.
    """
    folder = next((parent for parent in path.parents if (parent / LOG_NAME).is_file()), None)
    if folder is None or not path.is_file():
        return
    name = path.relative_to(folder).as_posix()
    published = read_log(folder).get("files", {}).get(name)
    if published is not None and published != digest(path):
        raise DataError(
            f"{name} is not the file that was published: its hash differs from the one in {LOG_NAME}. It was changed "
            "or damaged since, or a publication was interrupted. Run the pipeline 'full' again."
        )
