import json

import pytest
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.datasets.publication import publish, recover
from lead_conversion.datasets.staged import StagedJSON
from lead_conversion.datasets.staging import LOG_NAME, Staged, digest, staged_path
from lead_conversion.kernel.errors import DataError


@pytest.fixture
def data(tmp_path):
    return tmp_path


def document(data, name):
    return StagedJSON(filepath=(data / name).as_posix())


def test_saved_file_has_its_final_name_only_after_publication(data):
    scores = document(data, "scores.json")
    scores.save({"a": 1})
    assert not (data / "scores.json").exists()
    publish(data, run_id="r1")
    assert json.loads((data / "scores.json").read_text()) == {"a": 1}
    assert not list(data.rglob("*.staged"))


def test_run_reads_back_what_it_staged_and_others_read_what_was_published(data):
    scores = document(data, "scores.json")
    scores.save({"a": 1})
    publish(data, run_id="r1")
    scores.save({"a": 2})
    assert document(data, "scores.json").load() == {"a": 2}
    assert json.loads((data / "scores.json").read_text()) == {"a": 1}


def test_killed_before_publication_leaves_the_last_good_state(data):
    scores = document(data, "scores.json")
    scores.save({"a": 1})
    publish(data, run_id="r1")
    scores.save({"a": 2})
    recover(data)
    assert document(data, "scores.json").load() == {"a": 1}
    assert not staged_path(data / "scores.json").exists()


def test_killed_between_two_renames_is_finished_at_the_next_start(data, monkeypatch):
    for name in ("a.json", "b.json"):
        document(data, name).save({"run": 1})
    publish(data, run_id="r1")
    for name in ("a.json", "b.json"):
        document(data, name).save({"run": 2})
    killed_after_the_log(data, monkeypatch)
    staged_path(data / "a.json").replace(data / "a.json")
    recover(data)
    assert [document(data, name).load() for name in ("a.json", "b.json")] == [{"run": 2}, {"run": 2}]
    assert json.loads((data / LOG_NAME).read_text())["state"] == "complete"


def test_interrupted_publication_whose_file_is_gone_is_refused(data, monkeypatch):
    document(data, "a.json").save({"run": 1})
    killed_after_the_log(data, monkeypatch)
    staged_path(data / "a.json").unlink()
    with pytest.raises(DataError, match=r"a\.json is not the file that the run wrote"):
        recover(data)


def test_log_holds_the_hash_of_every_file_also_of_earlier_runs(data):
    document(data, "a.json").save({"run": 1})
    publish(data, run_id="r1")
    document(data, "b.json").save({"run": 2})
    publish(data, run_id="r2")
    log = json.loads((data / LOG_NAME).read_text())
    assert log["files"] == {name: digest(data / name) for name in ("a.json", "b.json")}


def killed_after_the_log(data, monkeypatch):
    """Publish as far as the log, as a killed process would have."""
    with monkeypatch.context() as patch:
        patch.setattr("lead_conversion.datasets.publication.recover", lambda _folder: None)
        publish(data, run_id="killed")
    Staged.waiting.clear()


def test_published_file_that_was_changed_is_refused_when_it_is_read(data):
    scores = document(data, "scores.json")
    scores.save({"a": 1})
    publish(data, run_id="r1")
    assert document(data, "scores.json").load() == {"a": 1}
    (data / "scores.json").write_text('{"a": 7}')
    with pytest.raises(DatasetError) as caught:
        document(data, "scores.json").load()
    assert isinstance(find_refusal(caught.value), DataError)


def test_file_of_an_interrupted_publication_is_refused_until_it_is_finished(data, monkeypatch):
    document(data, "a.json").save({"run": 1})
    publish(data, run_id="r1")
    document(data, "a.json").save({"run": 2})
    killed_after_the_log(data, monkeypatch)
    with pytest.raises(DatasetError):
        document(data, "a.json").load()
    recover(data)
    assert document(data, "a.json").load() == {"run": 2}


def test_log_that_cannot_be_read_is_refused_with_what_to_do(data):
    (data / LOG_NAME).write_text('{"state": "publ')
    with pytest.raises(DataError, match="run the pipeline 'full' again"):
        recover(data)
