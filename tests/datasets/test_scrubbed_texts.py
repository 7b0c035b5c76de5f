import os
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lead_conversion.datasets.publication import publish
from lead_conversion.datasets.scrubbed_texts import ScrubbedTextsDataset
from lead_conversion.datasets.staging import Staged
from lead_conversion.kernel.errors import BrokenOffError, DataError
from lead_conversion.source.replies import SCRUBBED_REPLIES
from lead_conversion.source.retry import Retry

NOW = datetime.now(UTC).replace(tzinfo=None)
DAY = timedelta(days=1)


class Replies:
    """Replies with these texts and days to live; the reading breaks off as often as it is told to."""

    source = object()
    retry = Retry(attempts=2, wait_seconds=0)

    def __init__(self, days_to_live, breaks=0):
        self.days_to_live, self.breaks = days_to_live, breaks

    def stream(self):
        for text, days in self.days_to_live.items():
            facts = {"lead_key": "l", "logged_at": NOW, "scrubbed_text": text, "expires_at": NOW + days * DAY}
            row = {field.name: facts.get(field.name) for field in SCRUBBED_REPLIES}
            yield pa.RecordBatch.from_pylist([row], schema=SCRUBBED_REPLIES)
            if self.breaks:
                self.breaks -= 1
                raise BrokenOffError("the connection broke")


@pytest.fixture
def dataset(tmp_path):
    Staged.waiting.clear()
    yield ScrubbedTextsDataset(str(tmp_path / "02_intermediate/scrubbed_replies.parquet"))
    Staged.waiting.clear()


def texts(dataset):
    return dataset.load().column("scrubbed_text").to_pylist()


def test_what_has_expired_is_not_written(dataset):
    dataset.save(Replies({"alive": 1, "over": -1}))
    assert texts(dataset) == ["alive"]


def test_a_reading_that_broke_off_leaves_nothing_of_its_first_attempt(dataset):
    dataset.save(Replies({"one": 1, "two": 1}, breaks=1))
    assert texts(dataset) == ["one", "two"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
def test_nobody_but_the_owner_can_read_the_texts_staged_or_published_or_restored(dataset, tmp_path):
    folder = tmp_path / "02_intermediate"
    before = os.umask(0)
    try:
        dataset.save(Replies({"one": 1}, breaks=1))
        assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
        publish(tmp_path, "run")
    finally:
        os.umask(before)
    (published,) = folder.iterdir()
    assert published.stat().st_mode & 0o777 == 0o600
    published.chmod(0o644)
    assert dataset.stage_without_expired(keeps_text=True) == 0
    assert published.stat().st_mode & 0o777 == 0o600


def test_where_no_text_is_kept_the_table_is_empty(dataset, tmp_path):
    dataset.save(Replies({}))
    assert dataset.load().schema.equals(SCRUBBED_REPLIES)
    assert not dataset.exists()
    publish(tmp_path, "run")
    assert dataset.exists()
    assert dataset.load().num_rows == 0


def test_days_that_are_over_take_their_replies_only(dataset, tmp_path, monkeypatch):
    dataset.save(Replies({"short": 1, "long": 40}))
    publish(tmp_path, "run")
    in_ten_days = pa.scalar(NOW + 10 * DAY, pa.timestamp("us"))
    monkeypatch.setattr("lead_conversion.datasets.scrubbed_texts._now", lambda: in_ten_days)
    assert dataset.stage_without_expired(keeps_text=True) == 1
    publish(tmp_path, "run")
    assert texts(dataset) == ["long"]


def test_switching_the_option_off_takes_all(dataset, tmp_path):
    dataset.save(Replies({"one": 1, "two": 1}))
    publish(tmp_path, "run")
    assert dataset.stage_without_expired(keeps_text=False) == 2
    publish(tmp_path, "run")
    assert texts(dataset) == []


@pytest.mark.parametrize("keeps_text", [True, False])
def test_nothing_is_staged_where_nothing_is_to_be_deleted(dataset, tmp_path, keeps_text):
    assert dataset.stage_without_expired(keeps_text=keeps_text) == 0
    dataset.save(Replies({"alive": 1} if keeps_text else {}))
    publish(tmp_path, "run")
    assert dataset.stage_without_expired(keeps_text=keeps_text) == 0
    assert not Staged.waiting


def test_a_file_that_was_changed_is_refused(dataset, tmp_path):
    dataset.save(Replies({"alive": 1}))
    publish(tmp_path, "run")
    pq.write_table(dataset.load().slice(0, 0), tmp_path / "02_intermediate/scrubbed_replies.parquet")
    with pytest.raises(Exception, match="is not the file that was published") as refused:
        dataset.load()
    assert isinstance(refused.value, DataError) or isinstance(refused.value.__cause__, DataError)
