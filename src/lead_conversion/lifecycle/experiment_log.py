"""The log of tests on leads: what was registered before it was read, each look at it, and how it ended.

Looks are counted here, for the boundary of one depends on those before it. The access log keeps the hash of the last
line.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError

from lead_conversion.kernel.errors import DataError
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle import chained_log
from lead_conversion.lifecycle.chained_log import Anchor, ChainedLog, find_broken_link
from lead_conversion.lifecycle.experiments import BAD_RATIO, GUARDRAIL, RegisteredTest

REGISTER, ANALYSE, END = "register", "analyse", "end"
KEYS = frozenset({"action", "experiment"})
# Of the lines of the access log that keep an anchor.
ANCHOR_PURPOSE = "last line of the experiment log"


class ExperimentLog(ChainedLog):
    """Which tests were registered, looked at and ended."""

    name: ClassVar[str] = "experiment log"
    busy: ClassVar[str] = "registering or analysing a test"


@dataclass(frozen=True)
class TestStanding:
    """A registered test and what happened to it since.

    Args:
        test: as it was registered.
        entry: the line by which it was registered.
        analyses: the lines of its analyses, in order.
        ended: the line by which a person ended it, if one did.
    """

    __test__ = False  # no test of pytest's

    test: RegisteredTest
    entry: Mapping[str, Any]
    analyses: tuple[Mapping[str, Any], ...] = field(default=())
    ended: Mapping[str, Any] | None = None

    @property
    def decided(self) -> Mapping[str, Any] | None:
        """The analysis that decided it, if one has."""
        return next((entry for entry in self.analyses if entry["is_final"]), None)

    @property
    def was_stopped(self) -> bool:
        """Whether chance did not fill its arms at any time, or a guardrail ended it: it tells no effect."""
        return any(entry["result"]["verdict"] in (BAD_RATIO, GUARDRAIL) for entry in self.analyses)

    @property
    def is_running(self) -> bool:
        """Whether it is neither decided nor ended."""
        return self.decided is None and self.ended is None

    def looks_before(self, as_of: datetime | None) -> tuple[float, ...]:
        """The information at each look at data of an earlier as-of, or at all; twice at the same data is one look."""
        return tuple(
            entry["result"]["information"]
            for entry in self.analyses
            if entry["result"]["look"] and (as_of is None or parse_moment(entry["result"]["as_of"]) < as_of)
        )

    @property
    def last_as_of(self) -> datetime | None:
        """The as-of of the last analysis on record."""
        return parse_moment(self.analyses[-1]["result"]["as_of"]) if self.analyses else None


def read_standings(lines: Sequence[bytes]) -> dict[str, TestStanding]:
    """How each registered test stands, by its name, in the order of their registration.

    A name may be registered again, for a later plan tests another wording of the same prompt: what was decided under it
    before stands beside, as "test-prompt-17, decided 2026-08-01", with the time of day where that day has two; and
    likewise what was stopped, for its leads are still there.

    Raises:
        DataError: a test was registered in a form that this version does not read.
    """
    standings: dict[str, TestStanding] = {}
    for entry in map(read_line, lines):
        name = entry.get("experiment", "")
        if entry.get("action") == REGISTER:
            before = standings.pop(name, None)
            if before and (before.was_stopped or (before.decided and not before.ended)):
                at, word = str(before.analyses[-1]["at"]), "decided" if before.decided else "stopped"
                known = [f"{name}, {word} {moment}" for moment in (at[:10], at)]
                standings[next((each for each in known if each not in standings), known[-1])] = before
            standings[name] = TestStanding(_read_test(entry), entry)
        elif entry.get("action") == ANALYSE and name in standings:
            standing = standings[name]
            standings[name] = replace(standing, analyses=(*standing.analyses, entry))
        elif entry.get("action") == END and name in standings:
            standings[name] = replace(standings[name], ended=entry)
    return standings


def _read_test(entry: Mapping[str, Any]) -> RegisteredTest:
    try:
        return RegisteredTest.model_validate(entry.get("test"))
    except ValidationError as error:
        parts = sorted({".".join(map(str, fault["loc"])) or "test" for fault in error.errors()})
        raise DataError(
            f"Line {entry['line']} of the experiment log registers {entry['experiment']} in a form that this version "
            f"does not read ({', '.join(parts)}). Another version wrote it: run that one, or bring this one up to date."
        ) from error


def read_trusted_standings(log: ExperimentLog, access_log: Path) -> dict[str, TestStanding]:
    """How each registered test stands, by a log that is as it was written.

    Args:
        log: the log.
        access_log: what keeps the anchor of its last line; where there is none, the chain alone is checked.

    Raises:
        DataError: the log is not as it was written.
    """
    lines = log.lines()
    fault = find_tampering(lines, _last_anchor(access_log))
    if fault:
        raise DataError(
            f"The experiment log {log.path} was tampered with: {fault}. Looks may be missing, so that no boundary can "
            "be trusted. Restore it from a backup."
        )
    return read_standings(lines)


def _last_anchor(access_log: Path) -> str:
    """The anchor that the access log kept last; empty where it has none."""
    lines = access_log.read_bytes().splitlines() if access_log.is_file() else []
    kept = next((line for line in reversed(lines) if ANCHOR_PURPOSE.encode() in line), None)
    return str(json.loads(kept)["reason"]) if kept else ""


def find_tampering(lines: Sequence[bytes], anchor: str) -> str:
    """What shows that the log is not as it was written; empty where it is.

    Args:
        lines: the log's lines.
        anchor: of the last line, as the access log keeps it; empty where it keeps none.
    """
    broken = find_broken_link(lines, [read_line(line) for line in lines])
    known = Anchor.parse(anchor)
    if broken or known is None:
        return broken
    if not known.is_held_by(lines):
        return f"line {known.line}, which the access log knows, is missing: the end was cut or replaced"
    # Killed between line and anchor, a command leaves one.
    more = len(lines) - known.line > 1
    return f"lines follow line {known.line}, the last one that the access log knows" if more else ""


def read_line(line: bytes) -> dict[str, Any]:
    """What one line says; empty where it is no line of this log."""
    return chained_log.read_line(line, KEYS)
