"""A log that is only appended to, each line holding the hash of the line before.

A chain finds every edit and no cut tail. So the hash of the last line is kept elsewhere too (its anchor): a tail cannot
go without a line going that an anchor names.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from lead_conversion.kernel.errors import AccessError

NOTHING_BEFORE = "0" * 64


@dataclass(frozen=True)
class Anchor:
    """Where a line stands in the log, from 1, and the sha256 of its bytes."""

    line: int
    sha256: str

    @classmethod
    def parse(cls, text: str) -> "Anchor | None":
        """The anchor that a text writes down; None where it is none."""
        line, _, digest = text.partition(" ")
        return cls(int(line), digest) if line.isdigit() else None

    def __str__(self) -> str:
        return f"{self.line} {self.sha256}"

    def is_held_by(self, lines: Sequence[bytes]) -> bool:
        """Whether the line that it names still stands where it stood."""
        return 0 < self.line <= len(lines) and _digest(lines[self.line - 1]) == self.sha256


@dataclass(frozen=True)
class ChainedLog:
    """A file of JSON lines; made with its folder where it is missing."""

    path: Path
    name: ClassVar[str] = "log"
    # What somebody else does who holds it.
    busy: ClassVar[str] = "writing to it"

    def lines(self) -> list[bytes]:
        """The lines as they were written, without their ends; none where there is no file."""
        return self.path.read_bytes().splitlines() if self.path.is_file() else []

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes to it meanwhile.

        Raises:
            AccessError: somebody does, or the file cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("ab")
        except OSError as error:
            raise self._unwritable(type(error).__name__) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AccessError(f"Somebody else is {self.busy} at this moment; ask again.") from None
            yield

    def append(self, event: Mapping[str, Any]) -> Anchor:
        """Write one line, on the disk when this returns; where it stands, to be anchored.

        Raises:
            AccessError: the line cannot be written whole. What cannot be recorded may not happen.
        """
        earlier = self.lines()
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        linked = {"line": len(earlier) + 1, "previous": _digest(earlier[-1]) if earlier else NOTHING_BEFORE}
        line = json.dumps({**linked, "at": moment, **event}).encode()
        size = self.path.stat().st_size if self.path.is_file() else 0
        try:
            with self.path.open("ab") as file:
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            # Half a line would look like tampering.
            with contextlib.suppress(OSError):
                os.truncate(self.path, size)
            raise self._unwritable(type(error).__name__) from error
        return Anchor(len(earlier) + 1, _digest(line))

    def set_aside(self) -> Path:
        """Move the log out of the way, under a name that is free."""
        taken = len(list(self.path.parent.glob(f"{self.path.name}.*")))
        aside = self.path.with_name(f"{self.path.name}.{taken + 1}")
        self.path.rename(aside)
        return aside

    def _unwritable(self, fault: str) -> AccessError:
        return AccessError(
            f"The {self.name} {self.path} cannot be written ({fault}), and what cannot be recorded is not done. "
            "Give the process the right to append to it, or free the disk."
        )


def read_line(line: bytes, keys: frozenset[str]) -> dict[str, Any]:
    """What one line says; empty where it is no line of a log whose lines have these keys."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) and {"line", "previous"} | keys <= entry.keys() else {}


def find_broken_link(lines: Sequence[bytes], entries: Sequence[Mapping[str, Any]]) -> str:
    """Where a line does not follow the one before; empty where all do."""
    previous = NOTHING_BEFORE
    for number, (line, entry) in enumerate(zip(lines, entries, strict=True), start=1):
        if entry.get("line") != number or entry.get("previous") != previous:
            return f"line {number} does not follow the line before: one of them was changed, added or removed"
        previous = _digest(line)
    return ""


def _digest(line: bytes) -> str:
    return sha256(line).hexdigest()
