import logging
from importlib.metadata import requires, version
from importlib.resources import files
from pathlib import Path
from random import Random
from shutil import copytree
from unittest.mock import Mock

import duckdb
import pyarrow.parquet as pq
import pytest
from agent_cory_rows import make_database, selects
from extractions import extraction_of
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.datasets.snapshot_writer import write_snapshot
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import AccessError, BrokenOffError, DataError, SourceError, TimedOutError
from lead_conversion.source import extraction as extraction_module
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.retry import Retry

ROWS = {
    "education.contacts": [{"contact_id": n, "created_at": f"2026-0{1 + n % 3}-15"} for n in range(9)],
    "education.campaign_enrollments": [{"enrollment_id": 1}],
    "education.campaign_activities": [{"activity_id": n, "created_at": f"2026-0{1 + n % 5}-01"} for n in range(25)],
    "education.campaigns": [{"campaign_id": 1}],
    "education.campaign_steps": [{"step_id": 1}],
    "education.prompt_templates": [{"prompt_id": 1, "body": "Hi {{first_name}}, Zebulon Quill will call you"}],
}


class NoContents(DuckDBSource):
    """Refuses to compute contents, as an old server does."""

    refusal = DataError

    def summarise(self, entity, as_of, org_id=None, by="contents", *more):
        if by == "contents":
            raise self.refusal("no such function")
        return super().summarise(entity, as_of, org_id, by, *more)


class Breaking(DuckDBSource):
    """Breaks off after some batches, by the luck of a seed, and at most so many times on end."""

    def __init__(self, *words, seed, at_most, **more):
        super().__init__(*words, **more)
        self.luck, self.at_most, self.broken = Random(seed), at_most, 0

    def may_break(self):
        if self.broken < self.at_most and self.luck.random() < 0.4:
            self.broken += 1
            raise BrokenOffError("the connection broke")

    def stream(self, *words, **more):
        for batch in super().stream(*words, **more):
            self.may_break()
            yield batch
        self.may_break()
        self.broken = 0

    def summarise(self, *words, **more):
        self.may_break()
        return super().summarise(*words, **more)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return make_database(tmp_path_factory.mktemp("database") / "cory.duckdb", ROWS)


def rows_of(extraction, entity):
    return [row for part in extraction.slices[entity] for batch in extraction.stream(part) for row in batch.to_pylist()]


def test_slices_together_give_each_row_once(database):
    extraction = extraction_of(DuckDBSource(database, selects()))
    assert [part.name for part in extraction.slices["contacts"]] == ["2026-01", "2026-02", "2026-03"]
    assert len({row["event_key"] for row in rows_of(extraction, "engagement_logs")}) == 25
    assert sum(part.rows for part in extraction.slices["engagement_logs"]) == 25


@pytest.mark.parametrize("refusal", [DataError, AccessError, TimedOutError])
def test_server_that_refuses_contents_or_takes_too_long_is_asked_for_counts_and_that_is_said(
    database, monkeypatch, caplog, refusal
):
    monkeypatch.setattr(NoContents, "refusal", refusal)
    with caplog.at_level(logging.WARNING):
        extraction = extraction_of(NoContents(database, selects()))
        assert extraction.recipe["compared_by"] == "counts"
    assert "compared by counts" in caplog.text
    counted = extraction_of(DuckDBSource(database, selects()), compare="counts")
    assert extraction.snapshot_id == counted.snapshot_id


def contents_asked_until_given_up(database, monkeypatch, refusal):
    """How often contents were asked for, and by what rows are compared after that, or the error in the end."""
    asked = []

    def summarise(self, entity, as_of, org_id=None, by="contents", *more):
        asked.append(by)
        if by == "contents":
            raise refusal("no answer")
        return DuckDBSource.summarise(self, entity, as_of, org_id, by, *more)

    monkeypatch.setattr(NoContents, "summarise", summarise)
    try:
        ended = extraction_of(NoContents(database, selects())).recipe["compared_by"]
    except SourceError as error:
        ended = type(error)
    return asked.count("contents"), ended


def test_sum_of_contents_that_takes_too_long_is_not_begun_again(database, monkeypatch):
    assert contents_asked_until_given_up(database, monkeypatch, TimedOutError) == (1, "counts")


def test_outage_is_tried_again_and_never_changes_what_rows_are_compared_by(database, monkeypatch):
    assert contents_asked_until_given_up(database, monkeypatch, BrokenOffError) == (3, BrokenOffError)


def test_source_that_refuses_counts_too_is_refused_for_its_own_reason(database, monkeypatch, caplog):
    monkeypatch.setattr(NoContents, "refusal", AccessError)
    monkeypatch.setattr(DuckDBSource, "summarise", Mock(side_effect=AccessError("you may write")))
    with pytest.raises(AccessError, match="you may write"):
        _ = extraction_of(NoContents(database, selects())).snapshot_id
    assert "compared by counts" not in caplog.text


def test_manifest_and_id_do_not_hold_who_reads_or_what_else_the_login_may_do(database):
    extraction = extraction_of(DuckDBSource(database, selects()))
    assert "access" not in extraction.recipe["source"]
    assert "principal" not in str(extraction.recipe)


def test_content_of_a_slice_is_not_the_sum_of_its_hashes(database):
    source = DuckDBSource(database, selects())
    (step,) = source.summarise("campaign_steps", extraction_of(source).as_of, 1)
    (part,) = extraction_of(source).slices["campaign_steps"]
    assert part.content not in {f"{step.content:x}"[:16], str(step.content)}


def test_name_of_a_contact_in_a_template_does_not_pass(database, monkeypatch):
    asked = []

    def names_among(_, words):
        asked.extend(words)
        return frozenset({"zebulon quill"})

    monkeypatch.setattr(DuckDBSource, "names_among", names_among)
    extraction = extraction_of(DuckDBSource(database, selects()))
    (row,) = rows_of(extraction, "campaign_steps")
    assert row["body"] == "Hi {{first_name}}, [name] will call you"
    assert "zebulon" in asked


def test_reading_that_hides_another_name_in_a_template_has_another_id_and_shares_its_files_still(database, monkeypatch):
    before = extraction_of(DuckDBSource(database, selects()))
    ids = before.snapshot_id, before.recipe_sha256
    monkeypatch.setattr(DuckDBSource, "names_among", lambda *_: frozenset({"zebulon quill"}))
    after = extraction_of(DuckDBSource(database, selects()))
    assert after.snapshot_id != ids[0]
    assert after.recipe_sha256 == ids[1]


def test_hash_of_the_names_in_templates_is_keyed(database, monkeypatch):
    monkeypatch.setattr(DuckDBSource, "names_among", lambda *_: frozenset({"zebulon quill"}))
    keys = [PseudonymKey(letter * 32) for letter in "kx"]
    one, other = (extraction_of(DuckDBSource(database, selects()), key=key) for key in keys)
    assert one._names_hash("campaign_steps") != other._names_hash("campaign_steps")
    assert one._names_hash("contacts") == ""


def test_template_that_is_written_after_names_were_looked_for_stops_the_reading(tmp_path):
    path = make_database(tmp_path / "cory.duckdb", ROWS)
    extraction = extraction_of(DuckDBSource(path, selects()))
    assert extraction.snapshot_id
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE education.prompt_templates SET body = 'Hi, Ana Lopez will call you'")
    with pytest.raises(SourceError, match="campaign_steps was written while the database was read") as refused:
        rows_of(extraction, "campaign_steps")
    assert "Lopez" not in str(refused.value)


@pytest.fixture
def code_hashed_anew():
    extraction_module._code_hash.cache_clear()
    yield
    extraction_module._code_hash.cache_clear()


@pytest.mark.usefixtures("code_hashed_anew")
@pytest.mark.parametrize("package", ["lead_conversion.guard", "lead_conversion.source"])
def test_other_code_at_the_door_is_another_recipe(database, tmp_path, monkeypatch, package):
    before = extraction_of(DuckDBSource(database, selects())).recipe_sha256

    def edited(name):
        folder = Path(str(files(name)))
        if name != package:
            return folder
        copied = copytree(folder, tmp_path / name)
        with (copied / ("job_titles.py" if package.endswith("guard") else "reading.py")).open("a") as module:
            module.write("WORDS = ()\n")
        return copied

    extraction_module._code_hash.cache_clear()
    monkeypatch.setattr(extraction_module, "files", edited)
    assert extraction_of(DuckDBSource(database, selects())).recipe_sha256 != before


@pytest.mark.usefixtures("code_hashed_anew")
def test_other_library_at_the_door_is_another_recipe(database, monkeypatch):
    before = extraction_of(DuckDBSource(database, selects())).recipe_sha256
    extraction_module._code_hash.cache_clear()
    monkeypatch.setattr(extraction_module, "version", lambda name: "0" if name == "phonenumbers" else version(name))
    assert extraction_of(DuckDBSource(database, selects())).recipe_sha256 != before


@pytest.fixture(scope="module")
def unbroken(database, tmp_path_factory):
    """The id of a reading that nothing disturbed, and its rows."""
    return written(extraction_of(DuckDBSource(database, selects())), tmp_path_factory.mktemp("unbroken"))


@pytest.mark.no_cover
@given(seed=st.integers(0, 10_000), batch_rows=st.integers(1, 4), at_most=st.integers(1, 3))
@settings(max_examples=6)
def test_reading_that_breaks_off_anywhere_gives_what_an_unbroken_one_gives(
    database, unbroken, tmp_path_factory, seed, batch_rows, at_most
):
    source = Breaking(database, selects(), batch_rows=batch_rows, seed=seed, at_most=at_most)
    extraction = extraction_of(source, retry=Retry(attempts=at_most + 1, wait_seconds=0))
    assert written(extraction, tmp_path_factory.mktemp("broken")) == unbroken


def written(extraction, folder):
    """The id of the snapshot that an extraction writes, and by entity its rows in an order of their own."""
    write_snapshot(extraction, folder)
    files = {entity: sorted((folder / extraction.snapshot_id).glob(f"{entity}-*")) for entity in SOURCE_ENTITIES}
    rows = {
        entity: sorted(repr(row) for path in paths for row in pq.read_table(path).to_pylist())
        for entity, paths in files.items()
    }
    return extraction.snapshot_id, rows


def test_libraries_that_the_code_hash_names_are_the_projects_own():
    required = {Requirement(text).name for text in requires("lead-conversion") or []}
    assert set(extraction_module.LIBRARIES) <= required
