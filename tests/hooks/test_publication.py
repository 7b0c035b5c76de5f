import json
from types import SimpleNamespace

import pytest

from lead_conversion.datasets import model_registry
from lead_conversion.datasets.staged import StagedJSON
from lead_conversion.datasets.staging import Staged
from lead_conversion.hooks import PublicationHooks
from lead_conversion.kernel.errors import AccessError


@pytest.fixture
def project(tmp_path):
    yield tmp_path
    Staged.waiting.clear()


REMOTE = {
    "mlflow": {
        "server": {"mlflow_tracking_uri": "https://mlflow.example.org"},
        "tracking": {"experiment": {"name": "leads"}},
    }
}


def context(project):
    return SimpleNamespace(project_path=project, config_loader=REMOTE)


def started(project):
    hooks = PublicationHooks()
    hooks.after_context_created(context(project))
    hooks.before_pipeline_run()
    return hooks


def test_second_run_in_the_same_folder_is_refused_until_the_first_ends(project):
    first = started(project)
    with pytest.raises(AccessError, match="Another run"):
        started(project)
    first.on_pipeline_error()
    started(project).on_pipeline_error()


def test_failed_run_publishes_nothing_and_leaves_no_staged_file(project):
    hooks = started(project)
    StagedJSON(filepath=(project / "data" / "a.json").as_posix()).save({"a": 1})
    hooks.on_pipeline_error()
    assert not list((project / "data").glob("*.json"))
    assert not list((project / "data").glob(".*.staged"))


TELLING = ("02_intermediate/rejected_steps.json", "03_primary/orphan_outcomes.json", "03_primary/quality.json")


def save(project, name, value):
    StagedJSON(filepath=(project / "data" / name).as_posix()).save(value)


def test_failed_run_leaves_its_figures_and_refused_rows_beside_what_was_published(project, caplog):
    good = started(project)
    for name in (*TELLING, "03_primary/contacts.json"):
        save(project, name, "good")
    good.after_pipeline_run({"run_id": "r1"})
    failed = started(project)
    for name in (*TELLING, "03_primary/contacts.json"):
        save(project, name, "refused")
    failed.on_pipeline_error()
    kept = {path.name: json.loads(path.read_text()) for path in (project / "data/refused").iterdir()}
    assert kept == {name.rpartition("/")[2]: "refused" for name in TELLING}
    assert all(json.loads((project / "data" / name).read_text()) == "good" for name in TELLING)
    assert not list((project / "data").rglob(".*.staged"))
    assert "quality.json in data/refused/" in caplog.text
    started(project).after_pipeline_run({"run_id": "r3"})
    assert not (project / "data/refused").exists()


def test_run_that_fails_before_anything_is_judged_keeps_nothing(project):
    hooks = started(project)
    save(project, "01_raw/manifest.json", {})
    hooks.on_pipeline_error()
    assert not (project / "data/refused").exists()


def test_finished_run_publishes_what_it_saved(project):
    hooks = started(project)
    StagedJSON(filepath=(project / "data" / "a.json").as_posix()).save({"a": 1})
    hooks.after_pipeline_run({"run_id": "r1"})
    assert json.loads((project / "data" / "a.json").read_text()) == {"a": 1}
    started(project).on_pipeline_error()


def test_refused_second_run_does_not_undo_the_first(project):
    first = started(project)
    StagedJSON(filepath=(project / "data" / "a.json").as_posix()).save({"a": 1})
    second = PublicationHooks()
    second.after_context_created(context(project))
    with pytest.raises(AccessError):
        second.before_pipeline_run()
    second.on_pipeline_error()
    first.after_pipeline_run({"run_id": "r1"})
    assert (project / "data" / "a.json").exists()


def test_nominated_model_is_registered_only_when_the_run_is_published(project, monkeypatch):
    registered = []
    monkeypatch.setattr(model_registry, "register_model", lambda *words: registered.append(words) or "1")
    nominated = {"t1": {"model": {"a": 1}, "lineage": {}}}
    failed = started(project)
    model_registry.ModelRegistryDataset(prefix="lead").save(nominated)
    failed.on_pipeline_error()
    assert registered == []
    finished = started(project)
    model_registry.ModelRegistryDataset(prefix="lead").save(nominated)
    finished.after_pipeline_run({"run_id": "r1"})
    assert registered == [("lead_t1", {"a": 1}, {}, None)]
