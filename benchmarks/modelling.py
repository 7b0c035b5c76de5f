"""What modelling costs beside LightGBM alone: train, evaluate, score and explain, for 500,000 rows of one target.

The rows are those of a demo world. Each side runs in a process of its own, the nodes as a run calls them; LightGBM has
the matrix ready, the same parameters and the number of trees that the nodes chose. It is held against the nodes twice:
on all rows (trains on, predicts and explains each of them), and on those rows only that the nodes train on, predict,
and explain.

python benchmarks/modelling.py                          # 500,000 rows of T1
python benchmarks/modelling.py --leads 20000 --target t3
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from leakage import NOTHING_DIFFERS, run_world

from lead_conversion.cli.project import parameters_of
from lead_conversion.contracts.features import FEATURES
from lead_conversion.kernel.targets import Targets
from lead_conversion.lifecycle.gates import GateLimits
from lead_conversion.pipelines.modelling.attribution import attribute_drivers
from lead_conversion.pipelines.modelling.backtest import backtest_models
from lead_conversion.pipelines.modelling.encoding import attach_features, encode_codes, learn_categories
from lead_conversion.pipelines.modelling.evaluation import evaluate_models, predict_holdout
from lead_conversion.pipelines.modelling.leakage import audit_leakage
from lead_conversion.pipelines.modelling.parameters import (
    NO_TUNING,
    EvaluationParameters,
    LeakageParameters,
    ModelParameters,
    SplitParameters,
)
from lead_conversion.pipelines.modelling.scoring import score_active_leads
from lead_conversion.pipelines.modelling.training import train_models
from lead_conversion.simulation import WorldSpec

# With about 500,000 historic rows of T1.
LEADS = 84_000
AS_OF = {"as_of": "2026-01-01T00:00:00", "snapshot_id": "benchmark"}
RATIOS = ("the wall", "the processor", "the peak")
# Train, evaluate, score and explain; the audit and the backtest stand beside them.
ASKED = ("train_models", "predict_holdout", "evaluate_models", "score_active_leads", "attribute_drivers")


def write_rows(folder: Path, target: str, leads: int) -> None:
    """examples.parquet and features.parquet of one target in a demo world of so many leads."""
    data = run_world(WorldSpec(leads=leads), folder, "assign_splits")
    examples = pd.read_parquet(data / "05_model_input/examples.parquet")
    rows = attach_features(examples[examples["target"] == target], pd.read_parquet(data / "04_feature/leads.parquet"))
    rows[examples.columns].to_parquet(folder / "examples.parquet")
    keyed = rows[["lead_key", "landmark_hours", *(feature.name for feature in FEATURES)]]
    keyed.assign(is_scoring_row=rows["split"] == "scoring").to_parquet(folder / "features.parquet")


class Clock:
    """Seconds by the wall and of the processor, by what they were spent on."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}

    def time(self, name: str, action: Callable[[], Any]) -> Any:
        wall, processor = time.perf_counter(), time.process_time()
        done = action()
        self.seconds[name] = time.perf_counter() - wall, time.process_time() - processor
        return done


def run_nodes(folder: Path, name: str, clock: Clock) -> None:
    """The nodes as a run calls them; leaves the trees' number and the matrices that LightGBM alone is to have."""
    parameters = parameters_of(None)
    target = Targets.model_validate({name: parameters["target"][name]})
    model = ModelParameters.model_validate(parameters["model"])
    leakage = LeakageParameters.model_validate(parameters["leakage"])
    evaluation = EvaluationParameters.model_validate(parameters["evaluation"])
    split, limits = SplitParameters.model_validate(parameters["split"]), GateLimits.model_validate(parameters["gate"])
    seed = parameters["seed"]
    examples, features = (pd.read_parquet(folder / f"{table}.parquet") for table in ("examples", "features"))
    trained = clock.time("train_models", lambda: train_models(examples, features, {}, target, model, seed))
    predicted = clock.time("predict_holdout", lambda: predict_holdout(examples, features, trained, {}, {}, target))
    audited = clock.time(
        "audit_leakage", lambda: audit_leakage(examples, features, NOTHING_DIFFERS, target, model, leakage)
    )
    clock.time(
        "evaluate_models",
        lambda: evaluate_models(predicted, examples, trained, audited, {}, {}, AS_OF, target, evaluation, limits, seed),
    )
    clock.time("score_active_leads", lambda: score_active_leads(examples, features, trained, {}, {}, AS_OF, target))
    clock.time("attribute_drivers", lambda: attribute_drivers(examples, features, trained, evaluation, model))
    clock.time(
        "backtest_models",
        lambda: backtest_models(examples, features, {}, target, model, NO_TUNING, split, evaluation, seed),
    )
    (folder / "trained.json").write_text(json.dumps(trained[name]))


def write_matrix(folder: Path) -> None:
    """matrix.npy and label.npy of all historic rows, and rows.json: which of them the nodes used for what."""
    evaluation = EvaluationParameters.model_validate(parameters_of(None)["evaluation"])
    model = ModelParameters.model_validate(parameters_of(None)["model"])
    examples, features = (pd.read_parquet(folder / f"{table}.parquet") for table in ("examples", "features"))
    rows = attach_features(examples, features)
    is_historic, split = rows["split"] != "scoring", rows["split"]
    names = [feature.name for feature in FEATURES]
    np.save(
        folder / "matrix.npy", encode_codes(rows, names, learn_categories(rows[is_historic], FEATURES, model.encoding))
    )
    np.save(folder / "label.npy", rows["label"].fillna(0).to_numpy(dtype=float))
    first = np.sort(rows.loc[split == "holdout", "lead_key"].unique())[: evaluation.attribution_leads]
    is_explained = ~is_historic | ((split == "holdout") & rows["lead_key"].isin(first))
    used = {
        "all rows": (is_historic, is_historic, is_historic),
        "the nodes' rows": (split.isin(["train", "calibration"]), split.isin(["holdout", "scoring"]), is_explained),
    }
    numbers = {name: [np.flatnonzero(part).tolist() for part in parts] for name, parts in used.items()}
    (folder / "rows.json").write_text(json.dumps(numbers))


def run_lightgbm(folder: Path, which: str, clock: Clock) -> None:
    """LightGBM alone: train, predict, pred_contrib."""
    model = ModelParameters.model_validate(parameters_of(None)["model"]).lightgbm
    matrix, label = np.load(folder / "matrix.npy"), np.load(folder / "label.npy")
    learns, predicts, explains = (np.array(rows) for rows in json.loads((folder / "rows.json").read_text())[which])
    trained = json.loads((folder / "trained.json").read_text())
    codes = [number for number, feature in enumerate(FEATURES) if feature.kind == "categorical"]
    parameters = {
        "objective": "binary",
        "num_leaves": model.num_leaves,
        "learning_rate": model.learning_rate,
        "min_data_in_leaf": model.min_rows_per_leaf,
        "lambda_l2": model.l2_penalty,
        "feature_fraction": model.feature_share,
        "num_threads": model.num_threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    learning, predicting, explaining = matrix[learns], matrix[predicts], matrix[explains]
    booster = clock.time(
        "train",
        lambda: lgb.train(
            parameters,
            lgb.Dataset(learning, label[learns], categorical_feature=codes),
            num_boost_round=trained["models"]["lightgbm"]["rounds"],
        ),
    )
    clock.time("predict", lambda: booster.predict(predicting))
    clock.time("pred_contrib", lambda: booster.predict(explaining, pred_contrib=True))


def read_peak() -> float:
    """The most memory that this process has held, in GiB (Linux): ru_maxrss would count that of the one before it."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024**2


def measure(folder: Path, *part: str) -> dict[str, Any]:
    """Seconds by name, and the peak of memory in GiB, of a part in a process of its own."""
    command = [sys.executable, __file__, "--folder", str(folder), "--part", *part]
    # As in a run: threads that spin while they wait take minutes where cores are shared.
    subprocess.run(command, check=True, env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"})
    found: dict[str, Any] = json.loads((folder / "measured.json").read_text())
    return found


def say(title: str, found: dict[str, Any], names: tuple[str, ...]) -> tuple[float, float, float]:
    """A line each; their sums of seconds, and the peak of memory."""
    for name in names:
        print(f"  {name:<24}{found['seconds'][name][0]:8.1f} s wall{found['seconds'][name][1]:8.1f} s processor")
    wall, processor = (sum(found["seconds"][name][kind] for name in names) for kind in (0, 1))
    print(f"{title:<26}{wall:8.1f} s wall{processor:8.1f} s processor   peak {found['peak']:.2f} GiB", flush=True)
    return wall, processor, found["peak"]


def main() -> None:
    """Print seconds, memory and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=LEADS)
    parser.add_argument("--target", default="t1")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        clock, (kind, which) = Clock(), given.part
        {"nodes": run_nodes, "lightgbm": run_lightgbm}[kind](given.folder, which, clock)
        (given.folder / "measured.json").write_text(json.dumps({"seconds": clock.seconds, "peak": read_peak()}))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder, given.target, given.leads)
        nodes = measure(folder, "nodes", given.target)
        write_matrix(folder)
        trained = json.loads((folder / "trained.json").read_text())
        split = pd.read_parquet(folder / "examples.parquet")["split"].value_counts()
        print(
            f"{given.target}: rows {split.to_dict()}, {len(FEATURES)} features; chosen: {trained['chosen']}, ", end=""
        )
        print(f"{trained['models']['lightgbm']['rounds']} trees")
        ours = say("asked of the nodes", nodes, ASKED)
        say("besides", nodes, ("audit_leakage", "backtest_models"))
        for which in ("all rows", "the nodes' rows"):
            bare = say(f"LightGBM, {which}", measure(folder, "lightgbm", which), ("train", "predict", "pred_contrib"))
            ratios = [f"{mine / its:.2f} of {what}" for mine, its, what in zip(ours, bare, RATIOS, strict=True)]
            print(f"nodes by LightGBM on {which}: {', '.join(ratios)}")


if __name__ == "__main__":
    main()
