import json
import logging
import os
from datetime import timedelta

import duckdb
import pyarrow.parquet as pq
import pytest
from agent_cory_rows import LOG, make_database, selects
from extractions import AS_OF, LABELS, PRIVACY, extraction_of
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.datasets import snapshot_writer
from lead_conversion.datasets.snapshot import SnapshotDataset
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import BrokenOffError, DataError, SourceError
from lead_conversion.kernel.windows import Span, parse_moment
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.retry import Retry

CONNECTION = {"backend": "duckdb", "database": ":memory:"}
ROWS = {
    "education.contacts": [{"contact_id": 1}, {"contact_id": 2}],
    "education.campaign_enrollments": [{"enrollment_id": 1, "contact_id": 1}],
    "education.campaign_activities": [
        {"activity_id": 1, "outcome": "sent", "created_at": "2026-02-10"},
        {"activity_id": 2, "outcome": "sent", "created_at": "2026-03-10"},
        {"activity_id": 3, "outcome": "sent", "created_at": "2026-05-31"},
    ],
}
OLD, RECENT = "engagement_logs-2026-02", "engagement_logs-2026-05"


class ToldSource(DuckDBSource):
    """Keeps which entities were read, breaks off the next readings, and lets the database change, as it is told."""

    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        self.streamed = []
        self.breaks = 0
        self.before_reading = {}
        self.before_asking_again = {}

    def stream(self, entity, *words, **more):
        self.streamed.append(entity)
        self.before_reading.pop(entity, lambda: None)()
        for batch in super().stream(entity, *words, **more):
            if self.breaks:
                self.breaks -= 1
                raise BrokenOffError("the connection broke")
            yield batch

    def summarise(self, entity, *words, **more):
        if entity in self.streamed:
            self.before_asking_again.get(entity, lambda: None)()
        return super().summarise(entity, *words, **more)


@pytest.fixture
def database(tmp_path):
    return make_database(tmp_path / "cory.duckdb", ROWS)


@pytest.fixture
def extract(database):
    """An extraction of the database, as it is when it is asked for."""

    def make(**changes):
        return extraction_of(ToldSource(database, selects()), **changes)

    return make


@pytest.fixture
def extraction(extract):
    return extract()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "snapshots"


@pytest.fixture
def snapshots(folder):
    yield SnapshotDataset(filepath=str(folder), connection=CONNECTION)
    SnapshotDataset.saved.clear()


def change(database, statement):
    with duckdb.connect(str(database)) as connection:
        connection.execute(statement)


def files_of(manifest):
    """By file name without its hash, what the manifest says of the file."""
    return {file["file"].rsplit("-", 1)[0]: file for facts in manifest["entities"].values() for file in facts["files"]}


def refusal_of(save, extraction):
    with pytest.raises(DatasetError) as caught:
        save(extraction)
    return find_refusal(caught.value)


def test_snapshot_holds_the_entities_and_says_what_it_is_made_of(snapshots, extraction):
    snapshots.save(extraction)
    snapshot = snapshots.load()
    assert snapshot.tables["contacts"].count().execute() == 2
    assert snapshot.tables["engagement_logs"].count().execute() == 3
    assert snapshot.tables["outcomes"].count().execute() == 0
    assert snapshot.manifest["as_of"] == "2026-06-01T00:00:00"
    assert (snapshot.manifest["org_id"], snapshot.manifest["compared_by"]) == (1, "contents")
    assert set(snapshot.manifest["source"]["statement_hashes"]) == set(selects())


def test_each_month_has_a_file_named_by_what_it_holds(snapshots, extraction, folder):
    snapshots.save(extraction)
    manifest = snapshots.load().manifest
    found = files_of(manifest)
    assert set(found) == {
        "contacts-2026-01", "campaign_steps-all", "outcomes-all",
        OLD, "engagement_logs-2026-03", RECENT,
    }  # fmt: skip
    for name, file in found.items():
        path = folder / extraction.snapshot_id / file["file"]
        assert file["file"] == f"{name}-{file['sha256'][:16]}.parquet"
        assert snapshot_writer.digest(path) == file["sha256"]
        assert pq.read_metadata(path).num_rows == file["rows"]
        assert path.stat().st_size == file["bytes"]


def test_manifest_counts_the_rows_that_came_too_late_for_the_as_of(snapshots, extract, database):
    change(database, "UPDATE education.campaign_activities SET created_at = '2026-06-01' WHERE activity_id = 3")
    snapshots.save(extract())
    manifest = snapshots.load().manifest
    assert manifest["rows_left_out_after_as_of"]["engagement_logs"] == 1
    assert manifest["rows_left_out_after_as_of"]["contacts"] == 0
    assert manifest["entities"]["engagement_logs"]["rows"] == 2


def test_same_reading_is_done_once(snapshots, extract):
    first, second = extract(), extract()
    snapshots.save(first)
    snapshots.save(second)
    assert first.snapshot_id == second.snapshot_id
    assert set(first.source.streamed) == set(SOURCE_ENTITIES)
    assert set(second.source.streamed) == {"campaign_steps"}  # for the names in templates, which the id stands for


@pytest.mark.parametrize(
    "changed",
    [
        {"as_of": parse_moment("2026-05-01")},
        {"org_id": None},
        {"key": PseudonymKey("x" * 32)},
        {"labels": LABELS | {"industry": frozenset({"education"})}},
        {"privacy": PRIVACY.model_copy(update={"kept_names": ("Ada",)})},
        {"compare": "counts"},
    ],
)
def test_other_reading_is_another_snapshot(extract, changed):
    assert extract(**changed).snapshot_id != extract().snapshot_id


def test_row_that_is_changed_in_place_makes_another_snapshot_of_the_same_moment(snapshots, extract, database):
    snapshots.save(extract())
    change(database, "UPDATE education.campaign_activities SET outcome = 'delivered' WHERE activity_id = 1")
    snapshots.save(extract())
    outcomes = snapshots.load().tables["engagement_logs"].outcome.execute()
    assert sorted(outcomes) == ["delivered", "sent", "sent"]


def test_months_that_did_not_change_are_shared_and_the_others_are_read(snapshots, extract, database, folder, caplog):
    first, second = extract(), extract(as_of=AS_OF + timedelta(days=1))
    snapshots.save(first)
    change(database, "UPDATE education.campaign_activities SET outcome = 'delivered' WHERE activity_id = 2")
    with caplog.at_level(logging.INFO):
        snapshots.save(second)
    before, manifest = json.loads((folder / first.snapshot_id / "manifest.json").read_text()), snapshots.load().manifest
    shared = {name for name, file in files_of(manifest).items() if "shared_from" in file}
    assert shared == {"contacts-2026-01", OLD}
    for name in shared:
        file = files_of(manifest)[name]
        assert file["shared_from"] == first.snapshot_id
        assert file["sha256"] == files_of(before)[name]["sha256"]
        here, there = (folder / id_ / file["file"] for id_ in (first.snapshot_id, second.snapshot_id))
        assert here.stat().st_ino == there.stat().st_ino
    assert f"2 of 6 files unchanged since {first.snapshot_id}; read 2 rows" in caplog.text


def test_file_keeps_the_name_of_the_snapshot_that_read_it(snapshots, extract):
    ids = []
    for days in range(3):
        extraction = extract(as_of=AS_OF + timedelta(days=days))
        snapshots.save(extraction)
        ids.append(extraction.snapshot_id)
    assert files_of(snapshots.load().manifest)[OLD]["shared_from"] == ids[0]


@pytest.mark.parametrize(("overlap_days", "shared"), [(0, True), (1, False)])
def test_month_that_reaches_into_the_overlap_is_read_again(snapshots, extract, overlap_days, shared):
    snapshots.save(extract())
    snapshots.save(extract(as_of=AS_OF + timedelta(days=1), overlap_days=overlap_days))
    assert ("shared_from" in files_of(snapshots.load().manifest)[RECENT]) is shared


def test_snapshot_of_another_key_shares_nothing(snapshots, extract):
    snapshots.save(extract())
    snapshots.save(extract(as_of=AS_OF + timedelta(days=1), key=PseudonymKey("x" * 32)))
    assert not [file for file in files_of(snapshots.load().manifest).values() if "shared_from" in file]


def test_later_snapshot_is_not_shared_with_a_reading_from_an_earlier_moment(snapshots, extract):
    snapshots.save(extract(as_of=AS_OF + timedelta(days=30)))
    snapshots.save(extract())
    assert not [file for file in files_of(snapshots.load().manifest).values() if "shared_from" in file]


def test_file_that_was_altered_in_the_earlier_snapshot_is_read_anew(snapshots, extract, folder, caplog):
    first = extract()
    snapshots.save(first)
    (altered,) = folder.glob(f"*/{OLD}-*")
    altered.write_bytes(b"altered")
    snapshots.save(extract(as_of=AS_OF + timedelta(days=1)))
    assert "shared_from" not in files_of(snapshots.load().manifest)[OLD]
    assert snapshots.load().tables["engagement_logs"].count().execute() == 3
    assert "is not what was written" in caplog.text


def test_file_is_copied_where_there_are_no_hard_links(snapshots, extract, folder, monkeypatch):
    def no_links(*_):
        raise OSError("not here")

    monkeypatch.setattr(os, "link", no_links)
    snapshots.save(extract())
    snapshots.save(extract(as_of=AS_OF + timedelta(days=1)))
    assert "shared_from" in files_of(snapshots.load().manifest)[OLD]
    copies = list(folder.glob(f"*/{OLD}-*"))
    assert len({path.stat().st_ino for path in copies}) == len(copies) == 2


def test_slice_that_breaks_off_is_begun_anew_and_said(snapshots, extract, caplog):
    extraction = extract()
    extraction.source.breaks = 2
    snapshots.save(extraction)
    assert snapshots.load().tables["contacts"].count().execute() == 2
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line.split(";")[0] for line in warnings] == [
        "contacts 2026-01 broke off at attempt 1 of 3",
        "contacts 2026-01 broke off at attempt 2 of 3",
    ]


def test_source_that_never_comes_back_is_a_source_error_and_leaves_nothing(snapshots, extract, folder):
    extraction = extract(retry=Retry(attempts=2, wait_seconds=0))
    extraction.source.breaks = 99
    assert isinstance(refusal_of(snapshots.save, extraction), BrokenOffError)
    assert list(folder.iterdir()) == []


def test_long_reading_says_how_far_it_is(snapshots, extraction, monkeypatch, caplog):
    monkeypatch.setattr(snapshot_writer, "SECONDS_BETWEEN_LINES", 0)
    with caplog.at_level(logging.INFO):
        snapshots.save(extraction)
    assert "  engagement_logs: 1 of 3 slices, 2 of about 3 rows" in caplog.text


def test_snapshot_that_was_altered_is_refused_and_not_read_over(snapshots, extraction, folder):
    snapshots.save(extraction)
    (contacts,) = folder.glob("*/contacts-*.parquet")
    contacts.write_bytes(b"altered")
    assert isinstance(refusal_of(snapshots.save, extraction), DataError)
    assert contacts.read_bytes() == b"altered"


def test_what_killed_runs_left_is_no_snapshot_and_is_removed(snapshots, extraction, folder):
    own, other = folder / f".{extraction.snapshot_id}.partial", folder / ".20260101T000000Z-x.partial"
    for partial in (own, other):
        partial.mkdir(parents=True)
        (partial / "manifest.json").write_text("{}")
    assert not snapshots.exists()
    snapshots.save(extraction)
    assert [path.name for path in folder.iterdir()] == [extraction.snapshot_id]


def test_without_a_snapshot_the_message_says_what_to_run(snapshots):
    with pytest.raises(DatasetError) as caught:
        snapshots.load()
    assert isinstance(find_refusal(caught.value), SourceError)
    assert "data_engineering" in str(caught.value)


def test_run_that_reads_nothing_new_loads_the_latest(snapshots, folder):
    for name in ("20260101T000000Z-a", "20260201T000000Z-b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "manifest.json").write_text(json.dumps({"snapshot_id": name, "entities": {}}))
    assert snapshots.load().manifest["snapshot_id"] == "20260201T000000Z-b"


def test_of_several_snapshots_as_of_one_moment_the_one_that_was_read_last_is_loaded(snapshots, folder):
    for name, moment in (("20260101T000000Z-b", "2026-01-02T00:00:00"), ("20260101T000000Z-a", "2026-01-03T00:00:00")):
        (folder / name).mkdir(parents=True)
        manifest = {"snapshot_id": name, "entities": {}, "extracted_at": moment}
        (folder / name / "manifest.json").write_text(json.dumps(manifest))
    assert snapshots.load().manifest["snapshot_id"] == "20260101T000000Z-a"


def test_other_entry_of_the_catalog_loads_what_this_run_saved_and_not_the_latest(extraction, snapshots, folder):
    later = folder / "29990101T000000Z-z"
    later.mkdir(parents=True)
    (later / "manifest.json").write_text(json.dumps({"snapshot_id": later.name, "entities": {}}))
    snapshots.save(extraction)
    reader = SnapshotDataset(filepath=str(folder), connection=CONNECTION)
    assert reader.load().manifest["snapshot_id"] == extraction.snapshot_id


def test_snapshot_without_its_manifest_is_refused_and_shared_with_nobody(snapshots, extract, folder):
    extraction = extract()
    snapshots.save(extraction)
    (folder / extraction.snapshot_id / "manifest.json").unlink()
    assert isinstance(refusal_of(snapshots.save, extraction), DataError)
    snapshots.save(extract(as_of=AS_OF + timedelta(days=1)))
    assert not [file for file in files_of(snapshots.load().manifest).values() if "shared_from" in file]


def test_reading_that_fails_leaves_no_partial_folder(snapshots, extraction, folder, monkeypatch):
    records = []
    extraction.source._on_statement = records.append

    def fail(*_):
        raise RuntimeError("gone")

    monkeypatch.setattr(snapshot_writer.Progress, "say", fail)
    with pytest.raises(DatasetError):
        snapshots.save(extraction)
    assert list(folder.iterdir()) == []
    assert (records[-1].entity, records[-1].state) == ("contacts", "broken off")


DELIVERED = "UPDATE education.campaign_activities SET outcome = 'delivered' WHERE activity_id = 1"
SENT = DELIVERED.replace("delivered", "sent")
MOVED = "UPDATE education.campaign_activities SET created_at = '2026-03-09' WHERE activity_id = 1"
GONE = "DELETE FROM education.campaign_activities WHERE activity_id = 1"


def outcomes_of(snapshot):
    return sorted(snapshot.tables["engagement_logs"].outcome.execute())


def test_rows_that_change_between_summary_and_reading_have_no_content_and_are_shared_with_no_later_snapshot(
    snapshots, extract, database, caplog
):
    extraction = extract()
    extraction.source.before_reading["engagement_logs"] = lambda: change(database, DELIVERED)
    snapshots.save(extraction)
    files = files_of(snapshots.load().manifest)
    assert {name for name, file in files.items() if file["content"] is None} == {OLD}
    assert "engagement_logs: rows of 2026-02 changed while they were read" in caplog.text
    change(database, SENT)  # what the summary said is true again
    snapshots.save(extract(as_of=AS_OF + timedelta(days=1)))
    manifest = snapshots.load().manifest
    assert "shared_from" not in files_of(manifest)[OLD]
    assert "shared_from" in files_of(manifest)["engagement_logs-2026-03"]
    assert outcomes_of(snapshots.load()) == ["sent", "sent", "sent"]


def test_rows_that_changed_while_they_were_read_are_not_found_under_the_id_of_what_the_database_was_before(
    snapshots, extract, database
):
    extraction = extract()
    extraction.source.before_reading["engagement_logs"] = lambda: change(database, DELIVERED)
    snapshots.save(extraction)
    changed = snapshots.load()
    assert outcomes_of(changed) == ["delivered", "sent", "sent"]
    assert changed.manifest["snapshot_id"] != extraction.snapshot_id
    change(database, SENT)
    snapshots.save(extract())
    assert snapshots.load().manifest["snapshot_id"] == extraction.snapshot_id
    assert outcomes_of(snapshots.load()) == ["sent", "sent", "sent"]


def test_row_that_moves_to_another_month_while_it_is_read_leaves_both_months_without_content(
    snapshots, extract, database
):
    extraction = extract()
    extraction.source.before_reading["engagement_logs"] = lambda: change(database, MOVED)
    snapshots.save(extraction)
    files = files_of(snapshots.load().manifest)
    assert [files[name]["content"] is None for name in (OLD, "engagement_logs-2026-03", RECENT)] == [True, True, False]


def test_number_of_rows_shows_a_change_that_was_taken_back_before_the_database_was_asked_again(
    snapshots, extract, database
):
    extraction = extract()
    extraction.source.before_reading["engagement_logs"] = lambda: change(database, GONE)

    def restore():
        change(
            database,
            "INSERT INTO education.campaign_activities BY NAME SELECT 1 AS activity_id, * EXCLUDE activity_id "
            "REPLACE ('2026-02-10' AS created_at) FROM education.campaign_activities WHERE activity_id = 2",
        )

    extraction.source.before_asking_again["engagement_logs"] = restore
    snapshots.save(extraction)
    file = files_of(snapshots.load().manifest)[OLD]
    assert (file["rows"], file["content"]) == (0, None)


def test_database_that_answers_no_more_after_the_reading_leaves_what_was_read_without_content(
    snapshots, extract, caplog
):
    def break_off():
        raise BrokenOffError("not in time")

    extraction = extract()
    extraction.source.before_asking_again["engagement_logs"] = break_off
    snapshots.save(extraction)
    files = files_of(snapshots.load().manifest)
    assert {name for name in files if files[name]["content"] is None} == {OLD, "engagement_logs-2026-03", RECENT}
    assert "or the database does not say" in caplog.text


def test_only_months_that_were_read_are_asked_for_again(snapshots, extract):
    snapshots.save(extract())
    later, records = extract(as_of=AS_OF + timedelta(days=1)), []
    later.source._on_statement = records.append
    snapshots.save(later)
    asked = [record for record in records if (record.purpose, record.state) == ("summary", "answered")]
    spans = [record.span for record in asked if record.entity == "engagement_logs"]
    assert spans == [None, Span(parse_moment("2026-05-01"), parse_moment("2026-06-01")), None]
    assert [record.entity for record in asked if record.span] == ["engagement_logs"]


def test_organisations_apart_are_apart(snapshots, extract, database):
    change(database, "UPDATE education.contacts SET org_id = 2 WHERE contact_id = 2")
    snapshots.save(extract())
    assert snapshots.load().tables["contacts"].org_id.execute().tolist() == [1]


def test_message_of_an_unknown_sender_is_read_where_no_organisation_is_left_out(snapshots, extract, database):
    change(database, f"INSERT INTO {LOG} (message_id, direction, created_at) VALUES ('m1', 'inbound', '2026-05-01')")
    for org_id, rows in ((1, 3), (None, 4)):
        snapshots.save(extract(org_id=org_id))
        assert snapshots.load().tables["engagement_logs"].count().execute() == rows
        assert snapshots.load().manifest["org_id"] == 1
