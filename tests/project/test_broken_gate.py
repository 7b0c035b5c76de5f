"""A snapshot that broke a completeness gate, from the database to what is left of the run."""

import subprocess
from hashlib import sha256

import duckdb
import pytest

from project import kedro_command, run

WORDS = ("--pipeline=data_engineering", "--params=demo_world.leads=400,source.as_of=2026-09-01T00:00:00")
PUBLISHED = ("02_intermediate", "03_primary", "08_reporting", "publication.json")


@pytest.fixture
def folder(tmp_path):
    """A folder in which a run on the whole database has succeeded."""
    run(tmp_path, *WORDS)
    return tmp_path


def digests(folder):
    paths = (path for name in PUBLISHED for path in [folder / "data" / name, *(folder / "data" / name).rglob("*")])
    return {path.relative_to(folder): sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}


def test_kind_of_events_that_vanished_stops_the_run_by_name_and_leaves_the_last_good_state(folder):
    before = digests(folder)
    with duckdb.connect(str(folder / "data/demo/agent_cory.duckdb")) as database:
        # One row in forty: no total shows it, and the as-of is the same.
        database.execute(
            "DELETE FROM dbo.Education_Cory_Communication_Log WHERE lower(trim(direction)) LIKE 'in%' "
            "AND lower(trim(channel)) IN ('sms', 'text')"
        )
    again = subprocess.run(kedro_command(*WORDS), cwd=folder, capture_output=True, text=True, check=False)
    said = " ".join((again.stdout + again.stderr).split())
    assert again.returncode != 0
    assert "lost_kinds at engagement_logs, inbound sms: 100.0% (" in said
    assert "limit 20.0%: A kind of rows" in said
    assert "lost_rows at" not in said
    assert digests(folder) == before
    assert len(before) > 10
    assert "data/refused/" in said
    left = {path.name for path in (folder / "data/refused").iterdir()}
    assert {"quality.json", "rejected_engagement_logs.parquet", "orphan_outcomes.parquet"} <= left
