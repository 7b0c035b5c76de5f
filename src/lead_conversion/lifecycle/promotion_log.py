"""The log of promotions and rollbacks: only appended to, each line holding the hash of the line before.

A chain finds every edit and no cut tail. So the hash of the last line about each model is kept elsewhere too, with the
model in the registry (its anchor): a tail cannot go without a line going that an anchor names.
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
from typing import Any

from lead_conversion.kernel.errors import AccessError

NOTHING_BEFORE = "0" * 64
EVERY_MODEL = "*"


@dataclass(frozen=True)
class Anchor:
    """Where a line stands in the log, from 1, and the sha256 of its bytes."""

    line: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.line} {self.sha256}"


@dataclass(frozen=True)
class PromotionLog:
    """A file of JSON lines; made with its folder where it is missing."""

    path: Path

    def lines(self) -> list[bytes]:
        """The lines as they were written, without their ends; none where there is no file."""
        return self.path.read_bytes().splitlines() if self.path.is_file() else []

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes a champion meanwhile.

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
                raise AccessError("Somebody else is changing a champion at this moment; ask again.") from None
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
            f"The promotion log {self.path} cannot be written ({fault}), and what cannot be recorded is not done. "
            "Give the process the right to append to it, or free the disk."
        )


def find_tampering(lines: Sequence[bytes], anchors: Mapping[str, str]) -> tuple[str, ...]:
    """What shows that the log is not as it was written; nothing where it is.

    Args:
        lines: the log's lines.
        anchors: by model, its anchor as the registry keeps it; an empty text where it keeps none.
    """
    entries = [read_line(line) for line in lines]
    broken = _broken_link(lines, entries)
    if broken:
        return (broken,)
    faults = []
    for model, anchor in sorted(anchors.items()):
        line, _, digest = anchor.partition(" ")
        place = int(line) if line.isdigit() else 0
        if anchor and (not 0 < place <= len(lines) or _digest(lines[place - 1]) != digest):
            faults.append(
                f"line {line} about {model}, which the registry knows, is missing: the end was cut or replaced"
            )
        # Killed between line and anchor, a change leaves one; nobody appends a second before the first is anchored.
        elif sum(entry["model"] in {model, EVERY_MODEL} for entry in entries[place:]) > 1:
            faults.append(f"lines about {model} follow line {place}, the last one that the registry knows")
    return tuple(faults)


def champion_by_log(lines: Sequence[bytes], model: str) -> tuple[str | None, bool]:
    """The champion's version as the log has it, and whether the last change of it is known to be finished."""
    champion, is_finished = None, True
    for entry in map(read_line, lines):
        if entry.get("model") == EVERY_MODEL:
            champion, is_finished = entry["champions"].get(model), True
        elif entry.get("model") == model:
            is_finished = entry["state"] != "asked"
            if entry["state"] == "done":
                champion = entry["version"]
    return champion, is_finished


def read_line(line: bytes) -> dict[str, Any]:
    """What one line says; empty where it is no line of this log."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) and {"line", "previous", "model", "state"} <= entry.keys() else {}


def _broken_link(lines: Sequence[bytes], entries: Sequence[Mapping[str, Any]]) -> str:
    previous = NOTHING_BEFORE
    for number, (line, entry) in enumerate(zip(lines, entries, strict=True), start=1):
        if entry.get("line") != number or entry.get("previous") != previous:
            return f"line {number} does not follow the line before: one of them was changed, added or removed"
        previous = _digest(line)
    return ""


def _digest(line: bytes) -> str:
    return sha256(line).hexdigest()
