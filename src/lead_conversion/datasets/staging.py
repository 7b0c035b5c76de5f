"""Where a file stands until the run that writes it has succeeded.

A run that is killed or refused leaves what the last good run published. `publication.py` gives the staged files their
names, all or none.
"""

from pathlib import Path, PurePosixPath
from typing import ClassVar

STAGED_SUFFIX = ".staged"


def staged_path(final_path: Path) -> Path:
    """Where a file stands until the run that writes it has succeeded."""
    return final_path.with_name(f".{final_path.name}{STAGED_SUFFIX}")


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
        return PurePosixPath(staged_path(final_path)) if final_path in Staged.waiting else self._filepath
