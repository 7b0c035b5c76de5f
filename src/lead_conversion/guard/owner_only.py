"""Files that nobody but their owner can read."""

import os
from pathlib import Path
from typing import BinaryIO

FOR_THE_OWNER = 0o600


def create_for_owner(path: Path) -> BinaryIO:
    """A new file, open for writing, that only its owner can read, from its first byte on.

    Raises:
        FileExistsError: the file is there.
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_THE_OWNER), "wb")
