"""The command `lead-conversion experiment`: what it refuses, and one experiment from an empty folder on."""

import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from hashlib import sha256
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner
from configured import TARGETS

from lead_conversion.cli import commands
from lead_conversion.cli import experiment as module
from lead_conversion.cli.experiment import experiment
from lead_conversion.configuration import Job
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.simulation import WorldSpec, truth_path_of, write_world
from project import PROJECT

WORDS = (
    "-m", "model=logistic", "target=t1", "model.baselines.contact_features=[lead_source],[lead_sauce]", "seed=1,2",
    "evaluation.resamples=50", "--origins=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """An empty folder with the project's configuration and a small world to read."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "conf", folder / "conf", ignore=shutil.ignore_patterns("pseudonym*", "local"))
    (folder / "conf/local").mkdir()
    world = folder / "cory.duckdb"
    write_world(WorldSpec(leads=1500, seed=3), world, truth_path_of(world))
    return folder


def ask(project, *words):
    """The command in a process of its own: in one process MLflow keeps to the first folder's database."""
    command = [sys.executable, "-c", "from lead_conversion.cli import main; main()", "experiment", *words]
    environment = os.environ | {"CORY_DUCKDB_PATH": str(project / "cory.duckdb")}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def finished(project):
    """The first experiment of a folder in which nothing is published, with two jobs that can only fail."""
    return ask(project, *WORDS)


def outcome_files(project):
    (folder,) = (project / "data/experiments").iterdir()
    return {path.name: path for path in folder.iterdir()}


def digests(folder):
    return {path: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_first_experiment_makes_the_features_once_and_the_models_of_every_job(finished, project):
    assert finished.stdout.count("Nothing is published here yet") == 1
    assert (project / "data/04_feature/leads.parquet").is_file()
    assert not (project / "data/06_models").exists()
    assert [f"[ {number}/4]" in finished.stdout for number in range(1, 5)] == [True] * 4


def test_other_jobs_go_on_where_one_fails_and_the_exit_code_tells(finished, project):
    assert finished.returncode == ConfigurationError.exit_code, finished.stderr[-2000:]
    results = json.loads(outcome_files(project)["manifest.json"].read_text())["results"]
    assert [result["status"] for result in results] == ["compared", "compared", "failed", "failed"]
    assert "'lead_sauce'" in results[2]["message"]
    assert "Did you mean 'lead_source'" in finished.stderr


def test_comparison_is_on_the_terminal_and_in_the_folder(finished, project):
    files = outcome_files(project)
    assert set(files) == {"manifest.json", "comparison.csv", "comparison.md", "comparison.html"}
    frame = pd.read_csv(files["comparison.csv"])
    assert frame["job"].tolist() == [1, 2, 3, 4]
    assert frame["is_reference"].tolist()[:2] == [True, False]
    # The logistic model has nothing random in it: another seed is the same model.
    assert frame.loc[1, ["pr_auc_ahead", "pr_auc_ahead_low", "pr_auc_ahead_high"]].tolist() == [0, 0, 0]
    for text in (finished.stdout, files["comparison.md"].read_text(), files["comparison.html"].read_text()):
        assert "The holdout was not looked at" in text
        assert f"{frame.loc[0, 'pr_auc']:.3f}" in text


@pytest.mark.usefixtures("finished")
def test_runs_stand_under_one_parent_and_nothing_is_registered(project):
    with sqlite3.connect(project / "mlflow.db") as database:
        parents = database.execute(
            "SELECT value, count(*) FROM tags WHERE key = 'mlflow.parentRunId' GROUP BY value"
        ).fetchall()
        seeds = database.execute(
            "SELECT value FROM params WHERE key = 'seed' AND run_uuid IN "
            "(SELECT run_uuid FROM tags WHERE key = 'mlflow.parentRunId')"
        ).fetchall()
        statuses = database.execute(
            "SELECT status, count(*) FROM runs WHERE name NOT LIKE 'experiment %' AND run_uuid IN"
            " (SELECT run_uuid FROM tags WHERE key = 'mlflow.parentRunId') GROUP BY status"
        )
        assert dict(statuses.fetchall()) == {"FINISHED": 2, "FAILED": 2}
        assert database.execute("SELECT count(*) FROM registered_models").fetchone() == (0,)
    assert [count for _parent, count in parents] == [4]
    assert sorted(seeds) == [("1",), ("1",), ("2",), ("2",)]


@pytest.mark.usefixtures("finished")
def test_same_experiment_gives_the_same_bytes_and_changes_nothing_that_is_published(project):
    before, files = digests(project / "data"), outcome_files(project)
    again = ask(project, *WORDS)
    assert "Nothing is published" not in again.stdout
    assert outcome_files(project) == files
    assert {path: sum_ for path, sum_ in digests(project / "data").items() if "audit" not in path.parts} == {
        path: sum_ for path, sum_ in before.items() if "audit" not in path.parts
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["modle=logistic"], "Did you mean 'model'"),
        (["model=logistic,lightgmb"], "Did you mean 'lightgbm'"),
        (["model.lightgbm.num_leavs=7,15"], "Did you mean 'num_leaves'"),
        (["seed=1,2", "source.as_of=2026-01-01"], "takes as they were published"),
        (["target=t1", "target.t1.window_days=3,7"], "changes the data, the labels or the features"),
        (["split.holdout_share=0.1,0.2"], "where the holdout begins cannot vary"),
        (["evaluation.resamples=100,200"], "one value for all jobs"),
        (["gate.min_lift_at_10=2,3"], "changes nothing in an experiment"),
        (["seed=abc"], "'seed': expected a whole number"),
        (
            ["model=lightgbm", "model.lightgbm.num_leaves=7,1"],
            r"model\.lightgbm\.num_leaves=1.*greater than or equal to 2",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_runs(project, monkeypatch, tmp_path, words, said):
    shutil.copytree(project / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(experiment, ["-m", *words])
    assert isinstance(outcome.exception, ConfigurationError)
    assert pd.Series([str(outcome.exception)]).str.contains(said, regex=True).all(), outcome.exception
    assert [path.name for path in tmp_path.iterdir()] == ["conf"]


def test_labels_of_another_definition_are_refused():
    spec = TARGETS.root["t1"]
    engaged = pd.Series(pd.to_datetime(["2026-05-01", "2026-05-02"]))
    labels = pd.DataFrame({"first_engaged_at": engaged, "window_end_at": engaged + pd.Timedelta(days=spec.window_days)})
    features = pd.DataFrame({"landmark_hours": spec.landmarks_hours, "is_scoring_row": False})
    module._require_published("t1", spec, labels, features)
    with pytest.raises(DataError, match="another window"):
        module._require_published("t1", spec, labels.assign(window_end_at=engaged), features)
    with pytest.raises(DataError, match="no published labels"):
        module._require_published("t1", spec, labels.head(0), features)
    with pytest.raises(DataError, match="without the landmark of 160 hours"):
        module._require_published("t1", spec, labels, features[features["landmark_hours"] < 160])


def test_bug_in_a_job_is_told_without_the_values_in_its_text(caplog):
    def judge(_trial):
        raise ValueError("ada@example.org")

    trial = SimpleNamespace(job=Job(("seed=1",), ("seed=1",), {}), names={}, what_counts={}, targets=TARGETS)
    runs = SimpleNamespace(start_job=lambda *_given: "run", end_job=lambda *_given: None)
    with caplog.at_level(logging.ERROR):
        results, exit_code = module._run_all([trial], SimpleNamespace(judge=judge), runs)
    assert exit_code == 1
    assert {result["status"] for result in results} == {"failed"}
    assert results[0]["message"].startswith("ValueError in test_experiment.py, line ")
    assert "ada" not in json.dumps(results)


def test_word_of_the_group_with_the_nearly_equal_name_is_pointed_there():
    from lead_conversion.cli.experiments import experiments

    assert set(module.TESTS_ON_LEADS) == set(experiments.commands)
    for word in module.TESTS_ON_LEADS:
        refusal = CliRunner().invoke(experiment, [word]).exception
        assert isinstance(refusal, ConfigurationError)
        assert f"did you mean `lead-conversion experiments {word}`" in str(refusal)


def test_help_teaches_by_examples():
    said = CliRunner().invoke(commands, ["experiment", "--help"])
    assert said.exit_code == 0
    for words in ("-m model=lightgbm,logistic target=t1,t2,t3 seed=1,2,3", "range(1,6)", "holdout is not looked at"):
        assert words in said.output
