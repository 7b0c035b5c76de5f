import json
from datetime import datetime

import pytest
from agent_cory_rows import make_database, selects
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.datasets.snapshot import SnapshotDataset
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import DataError, SourceError
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.extraction import Extraction

CONNECTION = {"backend": "duckdb", "database": ":memory:"}
AS_OF = datetime(2026, 6, 1)  # noqa: DTZ001 - naive UTC, as everywhere
ROWS = {
    "education.contacts": [{"contact_id": 1}, {"contact_id": 2}],
    "education.campaign_enrollments": [{"enrollment_id": 1, "contact_id": 1}],
    "education.campaign_activities": [{"activity_id": 1, "outcome": "sent"}],
}


class CountingSource(DuckDBSource):
    """Counts the entities that are read in full."""

    streamed = 0

    def stream(self, *words, **more):
        self.streamed += 1
        return super().stream(*words, **more)


@pytest.fixture
def extraction(tmp_path):
    database = make_database(tmp_path / "cory.duckdb", ROWS)
    return Extraction(CountingSource(database, selects()), PseudonymKey("k" * 32), AS_OF, org_id=1)


@pytest.fixture
def snapshots(tmp_path):
    yield SnapshotDataset(filepath=str(tmp_path / "snapshots"), connection=CONNECTION)
    SnapshotDataset.saved.clear()


def test_snapshot_holds_the_entities_and_says_what_it_is_made_of(snapshots, extraction):
    snapshots.save(extraction)
    snapshot = snapshots.load()
    assert snapshot.tables["contacts"].count().execute() == 2
    assert snapshot.manifest["as_of"] == "2026-06-01T00:00:00"
    assert set(snapshot.manifest["source"]["statement_hashes"]) == set(selects())


def test_same_reading_is_done_once(snapshots, extraction):
    snapshots.save(extraction)
    snapshots.save(extraction)
    assert extraction.source.streamed == 4


@pytest.mark.parametrize("change", [{"as_of": datetime(2026, 5, 1)}, {"org_id": None}, {"key": PseudonymKey("x" * 32)}])  # noqa: DTZ001
def test_other_reading_is_another_snapshot(extraction, change):
    facts = {name: getattr(extraction, name) for name in ("source", "key", "as_of", "org_id")}
    assert Extraction(**facts | change).snapshot_id != extraction.snapshot_id


def test_snapshot_that_was_altered_is_refused_and_not_read_over(snapshots, extraction, tmp_path):
    snapshots.save(extraction)
    (contacts,) = (tmp_path / "snapshots").glob("*/contacts-*.parquet")
    contacts.write_bytes(b"altered")
    with pytest.raises(DatasetError) as caught:
        snapshots.save(extraction)
    assert isinstance(find_refusal(caught.value), DataError)
    assert contacts.read_bytes() == b"altered"


def test_folder_that_a_killed_run_left_is_not_taken_for_a_snapshot(snapshots, extraction, tmp_path):
    partial = tmp_path / "snapshots" / f".{extraction.snapshot_id}.partial"
    partial.mkdir(parents=True)
    (partial / "manifest.json").write_text("{}")
    assert not snapshots.exists()
    snapshots.save(extraction)
    assert not partial.exists()


def test_without_a_snapshot_the_message_says_what_to_run(snapshots):
    with pytest.raises(DatasetError) as caught:
        snapshots.load()
    assert isinstance(find_refusal(caught.value), SourceError)
    assert "data_engineering" in str(caught.value)


def test_run_that_reads_nothing_new_loads_the_latest(snapshots, tmp_path):
    for name in ("20260101T000000Z-a", "20260201T000000Z-b"):
        folder = tmp_path / "snapshots" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"snapshot_id": name, "entities": {}}))
    assert snapshots.load().manifest["snapshot_id"] == "20260201T000000Z-b"


def test_other_entry_of_the_catalog_loads_what_this_run_saved_and_not_the_latest(extraction, snapshots, tmp_path):
    later = tmp_path / "snapshots" / "29990101T000000Z-z"
    later.mkdir(parents=True)
    (later / "manifest.json").write_text(json.dumps({"snapshot_id": later.name, "entities": {}}))
    snapshots.save(extraction)
    reader = SnapshotDataset(filepath=str(tmp_path / "snapshots"), connection=CONNECTION)
    assert reader.load().manifest["snapshot_id"] == extraction.snapshot_id


def test_snapshot_without_its_manifest_is_refused(snapshots, extraction, tmp_path):
    snapshots.save(extraction)
    (tmp_path / "snapshots" / extraction.snapshot_id / "manifest.json").unlink()
    with pytest.raises(DatasetError) as caught:
        snapshots.save(extraction)
    assert isinstance(find_refusal(caught.value), DataError)


def test_reading_that_fails_leaves_no_partial_folder(snapshots, extraction, tmp_path, monkeypatch):
    monkeypatch.setattr(CountingSource, "stream", lambda *_words, **_more: iter([]).throw(RuntimeError("gone")))
    with pytest.raises(DatasetError):
        snapshots.save(extraction)
    assert list((tmp_path / "snapshots").iterdir()) == []
