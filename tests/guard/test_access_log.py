import json
import os
import stat
from datetime import datetime

import pytest

from lead_conversion.guard.access_log import AccessLog
from lead_conversion.guard.roles import current_user
from lead_conversion.kernel.errors import AccessError


def test_a_line_says_when_who_and_what(tmp_path):
    path = tmp_path / "audit" / "access.jsonl"
    AccessLog(path).write({"entity": "contacts", "state": "asked", "reason": "two\nlines"})
    (line,) = path.read_text().splitlines()
    event = json.loads(line)
    assert list(event) == ["at", "person", "entity", "state", "reason"]
    assert event["at"].endswith("+00:00")
    assert (event["person"], event["reason"]) == (current_user(), "two\nlines")


def test_moments_are_written_in_iso_8601_and_spans_by_their_ends(tmp_path):
    reading = {"as_of": datetime(2026, 6, 1), "span": {"start": datetime(2026, 1, 1), "end": datetime(2026, 2, 1)}}  # noqa: DTZ001  times are naive UTC
    AccessLog(tmp_path / "access.jsonl").write(reading | {"source": tmp_path})
    event = json.loads((tmp_path / "access.jsonl").read_text())
    assert event["as_of"] == "2026-06-01T00:00:00"
    assert event["span"] == {"start": "2026-01-01T00:00:00", "end": "2026-02-01T00:00:00"}
    assert event["source"] == str(tmp_path)


def test_the_file_is_only_appended_to_and_its_owners_alone(tmp_path):
    path = tmp_path / "access.jsonl"
    for number in range(3):
        AccessLog(path).write({"rows": number})
    assert [json.loads(line)["rows"] for line in path.read_text().splitlines()] == [0, 1, 2]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_is_one_write_so_that_lines_of_two_processes_do_not_mix(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(os, "write", lambda _, line: written.append(line) or len(line))
    AccessLog(tmp_path / "access.jsonl").write({"reason": "x" * 100_000})
    assert len(written) == 1
    assert written[0].endswith(b"\n")


def test_a_log_that_cannot_be_opened_is_refused(tmp_path):
    (tmp_path / "audit").write_text("a file where the folder should be")
    with pytest.raises(AccessError, match="what cannot be recorded is not read"):
        AccessLog(tmp_path / "audit" / "access.jsonl").write({})


def test_a_line_that_is_cut_off_by_a_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "write", lambda *_: 3)
    with pytest.raises(AccessError, match="the disk is full"):
        AccessLog(tmp_path / "access.jsonl").write({})
