"""From a trained model to scores that a person approved, on a small world."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from lead_conversion.guard.roles import current_user
from project import PROJECT, QUICK, kedro_command, run

# A gate and baselines that a model of so few leads passes.
EASY = (
    f"{QUICK},target=t1,model=logistic,model.later_windows=1,model.baselines.contact_features=[country],"
    "evaluation.confidence_level=0.51,gate.min_relative_gain=-1,gate.min_calibration_slope=0,gate.max_calibration_slope=9,"
    "gate.min_lift_at_10=0,gate.min_brier_skill=-1,gate.min_positive_leads=1,gate.max_loss_to_champion=0.5"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which one training run has registered a challenger, and in which several people share the account."""
    folder = tmp_path_factory.mktemp("trained")
    run(folder, "--pipeline=training", f"--params={EASY}")
    conf = folder / "conf"
    shutil.copytree(PROJECT / "conf", conf, ignore=shutil.ignore_patterns("pseudonym*", "access.yml.*"))
    rules = {
        "members": {"operator": [], "custodian": [], "approver": [current_user()]},
        "shared_accounts": [current_user()],
    }
    (conf / "local/access.yml").write_text(yaml.safe_dump(rules))
    return folder


def model(folder, *words):
    command = [sys.executable, "-c", "from lead_conversion.cli import main; main()", "model", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def scores(folder):
    return pq.read_table(folder / "data/07_model_output/scored_leads.parquet").to_pandas()


def test_scoring_waits_for_a_champion_and_then_scores_as_the_model_did_on_trial(trained):
    on_trial = scores(trained)
    assert on_trial["is_trial"].all()
    score = kedro_command("--pipeline=scoring", f"--params={QUICK},target=t1")
    early = subprocess.run(score, cwd=trained, capture_output=True, text=True, check=False)
    assert early.returncode == 77, early.stderr
    assert "No champion for t1" in early.stderr
    who = ("--target", "t1", "--by", "Ada Lovelace", "--reason", "Card reviewed")
    promoted = model(trained, "promote", *who)
    assert promoted.returncode == 0, promoted.stderr
    said = run(trained, "--pipeline=scoring", f"--params={QUICK},target=t1")
    assert "train models" not in said
    approved = scores(trained)
    drift = json.loads((trained / "data/07_model_output/drift.json").read_text())
    assert list(drift["targets"]) == ["t1"]
    assert not approved["is_trial"].any()
    pd.testing.assert_frame_equal(approved.drop(columns="is_trial"), on_trial.drop(columns="is_trial"))
    shown = json.loads(model(trained, "show", "--target", "t1", "--json").stdout)
    assert set(approved["model_version"]) == {shown["model_version"]}
    assert shown["run"]["started_by"] == current_user()
    run(trained, "--pipeline=modelling", f"--params={EASY},seed=5")
    evaluated = json.loads((trained / "data/07_model_output/evaluation.json").read_text())["targets"]["t1"]
    assert evaluated["champion"]["status"] == "compared"
    assert evaluated["models"]["champion"]["role"] == "champion"
    assert not scores(trained)["is_trial"].any()
    assert model(trained, "rollback", "--to-none", *who).returncode == 0
    assert subprocess.run(score, cwd=trained, capture_output=True, check=False).returncode == 77
    assert model(trained, "log", "--verify").returncode == 0
