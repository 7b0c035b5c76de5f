"""How close each model comes to an oracle that knows every lead's true chance, given what can be observed of it.

Simulates a world, trains on it, and holds the holdout's ranking against the planted truth. "Expected" PR-AUC takes the
true chances for labels, so that luck of the draw does not count; it is shown as a share of the oracle's own, over the
landmarks that the truth knows, and at each of them.

python benchmarks/oracle.py                       # 20,000 leads
python benchmarks/oracle.py --leads 40000 --seeds 11 12 --target t1
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.simulation import WorldSpec, truth_path_of, write_world

PROJECT = Path(__file__).parents[1]
SECRET = "the benchmark's own key, of no use elsewhere"


def train(database: Path, folder: Path) -> pd.DataFrame:
    """The holdout's predictions of a training run in an empty folder."""
    command = [sys.executable, "-m", "lead_conversion", f"--conf-source={PROJECT / 'conf'}", "--pipeline=training"]
    environment = os.environ | {"CORY_DUCKDB_PATH": str(database), "LEAD_CONVERSION_PSEUDONYM_KEY": SECRET}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return pd.read_parquet(folder / "data/07_model_output/holdout_predictions.parquet")


def read_truth(database: Path) -> pd.DataFrame:
    """The true chances by lead and landmark."""
    with duckdb.connect(str(truth_path_of(database)), read_only=True) as connection:
        truth = connection.execute("SELECT * FROM leads").df()
    key = PseudonymKey(SECRET)
    return truth.assign(lead_key=[key.pseudonym_of("lead", str(contact)) for contact in truth["contact_id"]])


def expected_pr_auc(score: np.ndarray, chance: np.ndarray) -> float:
    """Average precision with each row a positive by its chance."""
    ranked = chance[np.argsort(-score, kind="stable")]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(np.sum(ranked * precision) / ranked.sum())


def compare(predictions: pd.DataFrame, truth: pd.DataFrame, target: str) -> pd.DataFrame:
    """One row a model: its share of the oracle's expected PR-AUC, over all landmarks and at each."""
    known = truth[["lead_key", "landmark_hours", f"p_{target}"]].dropna()
    judged = predictions[predictions["target"] == target].merge(known, on=["lead_key", "landmark_hours"])
    rows = {}
    for name, of_model in judged.groupby("model"):
        parts = [("all", of_model), *of_model.groupby("landmark_hours")]
        rows[name] = {
            at: expected_pr_auc(part["probability"].to_numpy(), part[f"p_{target}"].to_numpy())
            / expected_pr_auc(part[f"p_{target}"].to_numpy(), part[f"p_{target}"].to_numpy())
            for at, part in parts
        }
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
