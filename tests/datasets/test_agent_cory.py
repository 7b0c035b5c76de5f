import json
import logging
import stat

import pytest
from agent_cory_rows import make_database, selects
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.datasets.agent_cory import (
    DemoDatabaseDataset,
    EmbeddedSourceDataset,
    NoDemoDatabaseDataset,
    SQLServerSourceDataset,
)
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.kernel.windows import Span, parse_moment
from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation.world import World

WORLD = World(WorldSpec(leads=60, seed=1))


def refusal(action, *arguments):
    with pytest.raises(DatasetError) as caught:
        action(*arguments)
    return find_refusal(caught.value)


def test_demo_world_is_written_where_it_is_missing_with_its_truth_beside_it(tmp_path):
    demo = DemoDatabaseDataset(filepath=str(tmp_path / "demo" / "cory.duckdb"))
    demo.save(WORLD)
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["cory.duckdb", "cory.truth.duckdb"]


def test_database_that_is_there_is_not_written_again(tmp_path):
    path = tmp_path / "cory.duckdb"
    path.write_bytes(b"somebody's own")
    DemoDatabaseDataset(filepath=str(path)).save(WORLD)
    assert path.read_bytes() == b"somebody's own"


def test_database_that_the_environment_names_is_never_written(tmp_path, monkeypatch):
    monkeypatch.setenv("CORY_DUCKDB_PATH", str(tmp_path / "own.duckdb"))
    DemoDatabaseDataset(filepath=str(tmp_path / "demo.duckdb")).save(WORLD)
    assert list(tmp_path.iterdir()) == []


def test_real_database_is_never_simulated():
    dataset = NoDemoDatabaseDataset()
    dataset.save(WORLD)
    assert isinstance(refusal(dataset.load), ConfigurationError)


@pytest.mark.parametrize(
    "source",
    [
        EmbeddedSourceDataset(filepath="cory.duckdb", statements={}, batch_rows=10, access_log="access.jsonl"),
        SQLServerSourceDataset(credentials={}, statements={}, batch_rows=10, access_log="access.jsonl"),
    ],
)
def test_nothing_may_be_saved_to_a_source(source):
    assert isinstance(refusal(source.save, WORLD), AccessError)


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_statement_stands_in_the_access_log_before_it_is_sent_and_after(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="lead_conversion.access")
    database, access_log = make_database(tmp_path / "cory.duckdb", {}), tmp_path / "audit" / "access.jsonl"
    settings = {"statements": selects(), "batch_rows": 10, "access_log": str(access_log)}
    source = EmbeddedSourceDataset(filepath=str(database), **settings).load()
    assert not access_log.exists()
    source.describe()
    asked, answered = lines_of(access_log)
    assert (asked["state"], answered["state"]) == ("asked", "answered")
    assert (asked["source"], asked["purpose"]) == ("cory.duckdb", "schema")
    assert asked["person"] == asked["principal"]
    assert answered["rows"] > 0
    assert "answered schema" in caplog.text
    assert stat.S_IMODE(access_log.stat().st_mode) == 0o600


def test_line_of_a_reading_holds_both_hashes_and_how_far_it_reached(tmp_path):
    database = make_database(tmp_path / "cory.duckdb", {"education.contacts": [{"contact_id": 1}]})
    settings = {"statements": selects(), "batch_rows": 10, "access_log": str(tmp_path / "access.jsonl")}
    source = EmbeddedSourceDataset(filepath=str(database), **settings).load()
    january = Span(parse_moment("2026-01-01"), parse_moment("2026-02-01"))
    list(source.stream("contacts", parse_moment("2026-06-01"), 1, january))
    line = lines_of(tmp_path / "access.jsonl")[-1]
    assert (line["as_of"], line["org_id"]) == ("2026-06-01T00:00:00", 1)
    assert line["span"] == {"start": "2026-01-01T00:00:00", "end": "2026-02-01T00:00:00"}
    assert line["sha256"] == source.describe().statement_hashes["contacts"] != line["sent_sha256"]


def test_nothing_is_read_where_the_access_log_cannot_be_written(tmp_path):
    (tmp_path / "audit").write_text("a file where the folder should be")
    settings = {"statements": selects(), "batch_rows": 10, "access_log": str(tmp_path / "audit" / "access.jsonl")}
    source = EmbeddedSourceDataset(filepath=str(make_database(tmp_path / "cory.duckdb", {})), **settings).load()
    with pytest.raises(AccessError, match="cannot be written"):
        source.describe()


def test_a_select_that_is_refused_stands_in_the_access_log(tmp_path):
    texts = selects() | {"contacts": "SELECT 1 INTO x"}
    settings = {"statements": texts, "batch_rows": 10, "access_log": str(tmp_path / "access.jsonl")}
    refused = refusal(EmbeddedSourceDataset(filepath=str(tmp_path / "cory.duckdb"), **settings).load)
    assert isinstance(refused, AccessError)
    (line,) = lines_of(tmp_path / "access.jsonl")
    assert (line["entity"], line["state"], line["reason"]) == ("contacts", "refused", str(refused))


def test_demo_database_is_read_through_its_read_only_entry(tmp_path):
    assert isinstance(refusal(DemoDatabaseDataset(filepath=str(tmp_path / "x.duckdb")).load), ConfigurationError)
