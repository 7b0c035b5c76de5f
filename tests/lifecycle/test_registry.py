import json
import sqlite3
from hashlib import sha256
from pathlib import Path

import mlflow
import pytest

from lead_conversion.kernel.errors import DataError, SourceError
from lead_conversion.lifecycle.registry import (
    ExperimentRuns,
    crown,
    ensure_store,
    load_champions,
    load_version,
    log_artefacts,
    log_parameters,
    open_registry,
    read_standings,
    register_model,
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """An empty registry with an experiment of its own."""
    folder = tmp_path_factory.mktemp("registry")
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment("test", artifact_location=(folder / "artefacts").as_uri())
    mlflow.set_experiment("test")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(None)


def test_registered_model_is_the_challenger_and_text_with_its_own_hash(registry, tmp_path):
    with mlflow.start_run():
        register_model("model_a", {"trees": "text"}, {"snapshot_id": "s1"})
        version = register_model("model_a", {"trees": "other"}, {"snapshot_id": "s2"})
    challenger = registry.get_model_version_by_alias("model_a", "challenger")
    assert str(challenger.version) == version
    folder = Path(mlflow.artifacts.download_artifacts("models:/model_a@challenger", dst_path=str(tmp_path)))
    text = (folder / "model.json").read_text()
    lineage = json.loads((folder / "lineage.json").read_text())
    assert json.loads(text) == {"trees": "other"}
    assert lineage == {"snapshot_id": "s2", "files": {"model.json": sha256(text.encode()).hexdigest()}}
    assert challenger.tags["sha256/model.json"] == lineage["files"]["model.json"]
    assert challenger.tags["snapshot_id"] == "s2"


def test_parameters_are_kept_one_by_one(registry):
    with mlflow.start_run() as run:
        log_parameters({"model": {"family": "auto"}, "seed": 3})
    assert registry.get_run(run.info.run_id).data.params == {"model.family": "auto", "seed": "3"}


def test_artefacts_are_kept_with_the_run_by_layer(registry, tmp_path):
    path = tmp_path / "08_reporting" / "report.html"
    path.parent.mkdir()
    path.write_text("<html></html>")
    with mlflow.start_run() as run:
        log_artefacts([path])
    assert [item.path for item in registry.list_artifacts(run.info.run_id, "08_reporting")] == [
        "08_reporting/report.html"
    ]


@pytest.mark.usefixtures("registry")
def test_without_a_run_nothing_is_kept_and_nothing_fails(tmp_path):
    log_parameters({"seed": 3})
    log_artefacts([tmp_path / "missing"])
    assert mlflow.active_run() is None


def stored(registry, name, version="1"):
    """The folder of a version's files in the store."""
    return Path(registry.get_model_version(name, version).source.removeprefix("file://"))


def test_files_that_belong_to_a_model_are_registered_with_it_and_hashed(registry):
    with mlflow.start_run():
        register_model("model_c", {"trees": "text"}, {}, {"reference.parquet": b"PAR1"})
    files = load_version("model_c", "1")
    assert files["reference.parquet"] == b"PAR1"
    named = json.loads(files["lineage.json"])["files"]
    assert named == {name: sha256(files[name]).hexdigest() for name in ("model.json", "reference.parquet")}
    tags = registry.get_model_version("model_c", "1").tags
    assert {name: tags[f"sha256/{name}"] for name in named} == named
    assert tags["sha256/lineage.json"] == sha256(files["lineage.json"]).hexdigest()


@pytest.mark.parametrize("file", ["model.json", "lineage.json", "reference.parquet"])
@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_version_with_a_file_that_is_not_the_registered_one_is_not_loaded(registry, file, damage):
    name = f"model_{file.partition('.')[0]}_{damage}"
    with mlflow.start_run():
        register_model(name, {"trees": "text"}, {}, {"reference.parquet": b"PAR1"})
    path = stored(registry, name) / file
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DataError, match="is not what was registered") as caught:
        load_version(name, "1")
    assert damage == "gone" or file in str(caught.value)


def test_version_without_a_recorded_hash_is_not_loaded(registry):
    with mlflow.start_run():
        register_model("model_d", {"trees": "text"}, {})
    registry.delete_model_version_tag("model_d", "1", "sha256/model.json")
    with pytest.raises(DataError, match="no sha256 was recorded"):
        load_version("model_d", "1")


def test_lineage_that_names_other_files_than_the_tags_is_not_believed(registry):
    with mlflow.start_run():
        register_model("model_e", {"trees": "text"}, {}, {"reference.parquet": b"PAR1"})
    registry.delete_model_version_tag("model_e", "1", "sha256/reference.parquet")
    with pytest.raises(DataError, match="other files"):
        load_version("model_e", "1")


@pytest.mark.usefixtures("registry")
def test_champion_is_not_registered_again_as_its_own_challenger():
    with mlflow.start_run():
        first = register_model("model_f", {"trees": "text"}, {})
        crown(read_standings("model")["f"], first)
        assert register_model("model_f", {"trees": "text"}, {"as_of": "later"}) == first
    standing = read_standings("model")["f"]
    assert (standing.champion, standing.challenger, list(standing.versions)) == (first, None, [first])


def test_champions_are_loaded_by_their_alias_and_not_the_latest_version(registry):
    with mlflow.start_run():
        first = register_model("leads_t1", {"trees": "first"}, {"target": "t1"}, {"reference.parquet": b"PAR1"})
        crown(read_standings("leads")["t1"], first)
        register_model("leads_t1", {"trees": "second"}, {"target": "t1"})
        register_model("leads_t2", {"trees": "never promoted"}, {"target": "t2"})
        register_model("leads_of_others_t3", {"trees": "of another project"}, {})
    champions = load_champions("leads")
    assert champions.keys() == {"t1"}
    assert champions["t1"]["version"] == first
    assert champions["t1"]["model"] == {"trees": "first"}
    assert champions["t1"]["files"] == {"reference.parquet": b"PAR1"}
    registry.set_model_version_tag("leads_t1", first, "sha256/model.json", "0" * 64)
    with pytest.raises(DataError, match=r"model\.json"):
        load_champions("leads")


def test_registry_that_is_not_there_is_not_made_by_looking(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="no model registry yet"):
        open_registry("sqlite:///mlflow.db")
    assert list(tmp_path.iterdir()) == []


def test_challenger_is_not_registered_again(registry):
    with mlflow.start_run():
        first = register_model("model_b", {"trees": "text"}, {})
        assert register_model("model_b", {"trees": "text"}, {}) == first
    assert len(registry.search_model_versions("name='model_b'")) == 1


def test_store_is_made_whole_under_another_name_and_left_alone_afterwards(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    ensure_store(uri, "leads")
    made = (tmp_path / "mlflow.db").read_bytes()
    ensure_store(uri, "leads")
    assert (tmp_path / "mlflow.db").read_bytes() == made
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("SELECT count(*) FROM experiments").fetchone()


def test_files_of_runs_stand_beside_the_store_wherever_that_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    uri = "sqlite:///data/mlflow/mlflow.db"
    ensure_store(uri, "leads")
    experiment = mlflow.MlflowClient(uri).get_experiment_by_name("leads")
    assert Path(experiment.artifact_location.removeprefix("file://")).parent == tmp_path / "data/mlflow/mlruns"


def test_remote_store_is_not_touched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ensure_store("https://mlflow.example.org", "leads")
    assert list(tmp_path.iterdir()) == []


def test_experiment_is_a_parent_run_with_a_child_for_each_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    runs = ExperimentRuns(uri, "leads", "experiment a", {"overrides": "seed=1,2"})
    children = [runs.start_job(f"seed={seed}", {"model": {"family": "auto"}, "seed": seed}, {}) for seed in (1, 2)]
    runs.end_job(children[0], {"t1.pr_auc": 0.25, "t1.log_loss": float("nan")})
    runs.end_job(children[1], {}, failure="too few leads")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/comparison.csv").write_text("job\n")
    runs.end("FAILED", tmp_path / "out")
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("leads")
    parent, *kept = [client.get_run(run_id) for run_id in (runs.parent_id, *children)]
    assert (parent.info.status, parent.data.tags["overrides"]) == ("FAILED", "seed=1,2")
    assert [item.path for item in client.list_artifacts(runs.parent_id, "comparison")] == ["comparison/comparison.csv"]
    assert {run.data.tags["mlflow.parentRunId"] for run in kept} == {runs.parent_id}
    assert [run.data.params for run in kept] == [{"model.family": "auto", "seed": str(seed)} for seed in (1, 2)]
    assert [(run.info.status, run.data.metrics) for run in kept] == [("FINISHED", {"t1.pr_auc": 0.25}), ("FAILED", {})]
    assert kept[1].data.tags["failure"] == "too few leads"
    assert len(client.search_runs([experiment.experiment_id])) == 3
    assert client.search_registered_models() == []


def test_experiment_leaves_the_active_run_of_the_process_alone(registry, tmp_path):
    with mlflow.start_run() as run:
        runs = ExperimentRuns(f"sqlite:///{tmp_path}/mlflow.db", "leads", "experiment b", {})
        runs.end_job(runs.start_job("a", {"seed": 1}, {}), {"t1.pr_auc": 1.0})
        runs.end("FINISHED")
        assert mlflow.active_run().info.run_id == run.info.run_id
    assert registry.get_run(run.info.run_id).data.metrics == {}
