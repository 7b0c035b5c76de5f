"""How close each model comes to an oracle that knows every lead's true chance, given what the system may see of it.

Simulates a world, trains on it, and holds the holdout's ranking against the planted truth. "Expected" PR-AUC takes the
true chances for labels, so that luck of the draw does not count; it is shown as a share of the oracle's own, over the
landmarks that the truth knows, and at each of them.

The system may not see whether a lead has a phone number or an e-mail address (the state of now), nor what became of a
message of the last day (the source changes it in place): this oracle does not either, but knows the laws of the world,
and what they leave of each guess. The first line says how close it comes to one who sees all.

python benchmarks/oracle.py                       # 20,000 leads
python benchmarks/oracle.py --leads 40000 --seeds 11 12 --target t1
"""

import argparse
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from project_run import SECRET, run_project

from lead_conversion.cli.project import parameters_of
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.simulation import WorldSpec, chances_as_seen, truth_path_of, write_world

TARGETS = ("t1", "t2", "t3")
SEES_LESS = "this oracle, of one who sees all"


def train(database: Path, folder: Path) -> pd.DataFrame:
    """The holdout's predictions of a training run in an empty folder."""
    run_project(folder, "--pipeline=training", CORY_DUCKDB_PATH=database)
    return pd.read_parquet(folder / "data/07_model_output/holdout_predictions.parquet")


def read_truth(database: Path) -> pd.DataFrame:
    """True chances by lead and landmark: for one who sees all (`p_`), and for one who sees what is read (`seen_`)."""
    with duckdb.connect(str(truth_path_of(database)), read_only=True) as connection:
        truth = connection.execute("SELECT * FROM leads").df()
        (spec,) = connection.execute("SELECT spec FROM spec").fetchone()
    seen = chances_as_seen(WorldSpec.model_validate_json(spec), parameters_of(None)["features"]["settling_hours"])
    truth = truth.assign(**{f"seen_{name}": seen[f"p_{name}"] for name in TARGETS})
    key = PseudonymKey(SECRET)
    return truth.assign(lead_key=[key.pseudonym_of("lead", str(contact)) for contact in truth["contact_id"]])


def expected_pr_auc(score: np.ndarray, chance: np.ndarray) -> float:
    """Average precision with each row a positive by its chance."""
    ranked = chance[np.argsort(-score, kind="stable")]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(np.sum(ranked * precision) / ranked.sum())


def compare(predictions: pd.DataFrame, truth: pd.DataFrame, target: str) -> pd.DataFrame:
    """One row a model: its share of the oracle's expected PR-AUC, over all landmarks and at each."""
    known = truth[["lead_key", "landmark_hours", f"p_{target}", f"seen_{target}"]].dropna()
    judged = predictions[predictions["target"] == target].merge(known, on=["lead_key", "landmark_hours"])
    rows = {}
    for name, of_model in judged.groupby("model"):
        parts = [("all", of_model), *of_model.groupby("landmark_hours")]
        for at, part in parts:
            chance, seen = part[f"p_{target}"].to_numpy(), part[f"seen_{target}"].to_numpy()
            best = expected_pr_auc(seen, chance)
            rows.setdefault(SEES_LESS, {})[at] = best / expected_pr_auc(chance, chance)
            rows.setdefault(name, {})[at] = expected_pr_auc(part["probability"].to_numpy(), chance) / best
    return pd.DataFrame(rows).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--target", default="t1")
    words = parser.parse_args()
    for seed in words.seeds:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            database = folder / "cory.duckdb"
            write_world(WorldSpec(leads=words.leads, seed=seed), database, truth_path_of(database))
            shares = compare(train(database, folder), read_truth(database), words.target)
        print(f"{words.leads:,} leads, seed {seed}, {words.target}: share of the oracle's expected PR-AUC")
        print(shares.round(3).to_string())


if __name__ == "__main__":
    main()
