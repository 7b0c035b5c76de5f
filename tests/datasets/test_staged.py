import json

import pandas as pd
import pytest

from lead_conversion.datasets.staged import StagedFrame
from lead_conversion.datasets.staging import Staged


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
