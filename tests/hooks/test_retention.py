import json
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from configured import PARAMETERS
from kedro.io import DataCatalog, MemoryDataset

from lead_conversion.datasets.publication import publish
from lead_conversion.datasets.scrubbed_texts import ScrubbedTextsDataset
from lead_conversion.datasets.staging import Staged, staged_path
from lead_conversion.hooks import RetentionHooks
from lead_conversion.source.replies import SCRUBBED_REPLIES

NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def hooks(tmp_path):
    Staged.waiting.clear()
    found = RetentionHooks()
    found.after_context_created(SimpleNamespace(project_path=tmp_path))
    yield found
    Staged.waiting.clear()


@pytest.fixture
def path(tmp_path):
    """A published file with a reply that lives and one whose days are over."""
    path = tmp_path / "data/02_intermediate/scrubbed_replies.parquet"
    path.parent.mkdir(parents=True)
    days = {"alive": 1, "over": -1}
    rows = [
        {"lead_key": "l", "logged_at": NOW, "scrubbed_text": text, "expires_at": NOW + timedelta(days=left)}
        for text, left in days.items()
    ]
    whole = [{field.name: row.get(field.name) for field in SCRUBBED_REPLIES} for row in rows]
    Staged.waiting.add(path)
    pq.write_table(pa.Table.from_pylist(whole, schema=SCRUBBED_REPLIES), staged_path(path))
    publish(tmp_path / "data", "earlier")
    return path


def start(hooks, path, *, keeps_text):
    privacy = PARAMETERS["privacy"] | {"keep_scrubbed_text": keeps_text}
    entries = {"scrubbed_replies": ScrubbedTextsDataset(str(path)), "params:privacy": MemoryDataset(privacy)}
    hooks.before_pipeline_run({"run_id": "now"}, DataCatalog(entries))


@pytest.mark.parametrize(("keeps_text", "left"), [(True, ["alive"]), (False, [])])
def test_what_may_not_live_is_gone_when_a_run_starts(hooks, path, caplog, keeps_text, left):
    with caplog.at_level(logging.WARNING):
        start(hooks, path, keeps_text=keeps_text)
    assert pq.read_table(path).column("scrubbed_text").to_pylist() == left
    assert f"Deleted {2 - len(left)} scrubbed replies" in caplog.text
    assert list(path.parent.iterdir()) == [path]


def test_the_publication_log_knows_the_file_that_is_left(hooks, path, tmp_path):
    start(hooks, path, keeps_text=False)
    log = json.loads((tmp_path / "data/publication.json").read_text())
    assert (log["state"], log["run_id"]) == ("complete", "earlier")
    assert ScrubbedTextsDataset(str(path)).load().num_rows == 0


def test_where_nothing_is_to_be_deleted_nothing_is_said(hooks, path, caplog):
    start(hooks, path, keeps_text=False)
    caplog.clear()
    start(hooks, path, keeps_text=False)
    assert caplog.text == ""
