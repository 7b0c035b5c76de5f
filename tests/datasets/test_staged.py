import json

import ibis
import pandas as pd
import pandera.ibis as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError

from lead_conversion.contracts.gate import SlicedGate
from lead_conversion.datasets.publication import publish
from lead_conversion.datasets.staged import EarlierFrame, EarlierJSON, StagedFrame, StagedJSON, StagedSlices
from lead_conversion.datasets.staging import Staged, staged_path


@pytest.fixture
def frame_dataset(tmp_path):
    yield StagedFrame(filepath=(tmp_path / "a.parquet").as_posix())
    Staged.waiting.clear()


def test_preview_of_times_and_missing_whole_numbers_is_plain_json(frame_dataset):
    times = pd.to_datetime(["2026-05-01", None, "2026-05-03"])
    frame_dataset.save(pd.DataFrame({"at": times, "count": pd.array([1, None, 3], dtype="Int64")}))
    preview = json.loads(json.dumps(frame_dataset.preview(nrows=2)))
    assert preview["columns"] == ["at", "count"]
    assert preview["data"] == [["2026-05-01T00:00:00.000", 1], [None, None]]


def test_preview_of_no_rows_shows_the_columns(frame_dataset):
    frame_dataset.save(pd.DataFrame({"count": pd.array([], dtype="int64")}))
    assert frame_dataset.preview()["columns"] == ["count"]


@pytest.fixture
def slices_dataset(tmp_path):
    yield StagedSlices(
        filepath=(tmp_path / "a.parquet").as_posix(), connection={"backend": "duckdb", "database": ":memory:"}
    )
    Staged.waiting.clear()


def test_slices_are_saved_one_under_the_other_and_each_is_computed_after_the_one_before_was_written(
    slices_dataset, tmp_path
):
    written = []

    def slices():
        for numbers in ([1, 2], [3]):
            files = list(tmp_path.iterdir())
            written.append(files[0].stat().st_size if files else 0)
            yield ibis.memtable({"n": numbers})

    slices_dataset.save(slices())
    assert slices_dataset.load().to_pandas()["n"].tolist() == [1, 2, 3]
    assert pq.ParquetFile(staged_path(tmp_path / "a.parquet")).num_row_groups == 2
    assert written[0] == 0 < written[1]


def test_slice_that_a_gate_refuses_stops_the_save(slices_dataset, tmp_path):
    class Small(pa.DataFrameModel):
        n: int = pa.Field(lt=3)

    gated = SlicedGate(Small).validate([ibis.memtable({"n": [1, 2]}), ibis.memtable({"n": [3]})])
    with pytest.raises(DatasetError, match="Contract Small is broken"):
        slices_dataset.save(gated)
    assert not (tmp_path / "a.parquet").exists()


@pytest.fixture
def earlier(tmp_path):
    yield EarlierJSON(filepath=(tmp_path / "history.json").as_posix())
    Staged.waiting.clear()


def test_document_that_no_run_has_published_yet_is_empty(earlier):
    assert earlier.load() == {}


def test_document_is_read_as_earlier_runs_left_it_whatever_this_one_stages(earlier, tmp_path):
    written = StagedJSON(filepath=(tmp_path / "history.json").as_posix())
    written.save({"first": 1})
    assert earlier.load() == {}
    publish(tmp_path, "run")
    written.save({"second": 2})
    assert earlier.load() == {"first": 1}


def test_document_that_was_changed_since_it_was_published_is_refused(earlier, tmp_path):
    StagedJSON(filepath=(tmp_path / "history.json").as_posix()).save({"first": 1})
    publish(tmp_path, "run")
    (tmp_path / "history.json").write_text("{}")
    with pytest.raises(DatasetError, match=r"history\.json is not the file that was published"):
        earlier.load()


def test_earlier_document_cannot_be_written_through_its_reader(earlier):
    with pytest.raises(DatasetError, match="saved by another entry"):
        earlier.save({})


def test_table_is_read_as_earlier_runs_left_it_whatever_this_one_stages(tmp_path):
    earlier = EarlierFrame(filepath=(tmp_path / "history.parquet").as_posix())
    written = StagedFrame(filepath=(tmp_path / "history.parquet").as_posix())
    try:
        assert earlier.load().empty
        written.save(pd.DataFrame({"first": [1]}))
        assert earlier.load().empty
        publish(tmp_path, "run")
        written.save(pd.DataFrame({"second": [2]}))
        assert list(earlier.load()) == ["first"]
        with pytest.raises(DatasetError, match="saved by another entry"):
            earlier.save(pd.DataFrame())
    finally:
        Staged.waiting.clear()
