"""The access log: one line for each access to personal data, written before it happens and once more after it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lead_conversion.guard.owner_only import FOR_THE_OWNER
from lead_conversion.guard.roles import current_user
from lead_conversion.kernel.errors import AccessError


@dataclass(frozen=True)
class AccessLog:
    """A file of JSON lines that is only ever appended to, and that its owner alone can read.

    Args:
        path: the file; made with its folder where it is missing.
    """

    path: Path

    def write(self, event: Mapping[str, Any]) -> None:
        """Append one line: the event, when it was, and the operating system's user that the process runs as.

        Args:
            event: principal, source, entity, purpose, sha256, sent_sha256, as_of, org_id, span, state, rows, seconds,
                reason; no value of a row.

        Raises:
            AccessError: the line cannot be written whole. What cannot be recorded may not happen.
        """
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": moment, "person": current_user(), **event}, default=_as_text).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FOR_THE_OWNER)
            try:
                # One write a line: lines of processes that run side by side do not mix.
                written = os.write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            fault = type(error).__name__
        else:
            if written == len(line):
                return
            fault = "the disk is full"
        raise AccessError(
            f"The access log {self.path} cannot be written ({fault}), and what cannot be recorded is not read. "
            "Give the process the right to append to it, or free the disk."
        )


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
