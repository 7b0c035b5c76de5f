"""How well the modelling nodes rank real leads that nobody here wrote: bank marketing and Olist's funnel.

python benchmarks/public_data.py
CORY_BANK_FOLDER=… CORY_OLIST_FOLDER=… python benchmarks/public_data.py

Bank marketing (UCI, bank-additional-full) without the call's `duration`: learns from 20,000 calls, judges on the next
2,000, and moves on by 2,000.

Olist (Kaggle), through its environment: leads of January to March 2018 learn, those of May are judged at 0 h, all 30
days of their window over.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from leakage import BANK, OLIST, OLIST_LEADS, TARGET, read_bank, shape_table
from project_run import run_project

from lead_conversion.cli.project import parameters_of
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.evaluation import predict_holdout
from lead_conversion.pipelines.modelling.origins import split_by_time
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters, ModelParameters, SplitParameters
from lead_conversion.pipelines.modelling.resampling import Resamples, measure
from lead_conversion.pipelines.modelling.training import train_models

LEARN, JUDGE = 20_000, 2_000
# A call has its outcome at once: the shortest window, of a day, stands for it.
BANK_TARGET = Targets.model_validate({"t": {**TARGET, "window_days": 1, "sentence": "The client subscribes"}})
FIGURES = ("roc_auc", "pr_auc", "brier")
COLUMNS = ("label", "probability", "landmark_hours")
# Stands in for the rule and the contact attributes of the configuration, whose features the bank does not have.
BANK_BASELINES = {
    "rule": [{"feature": "previous", "at_least": 1, "points": 1}],
    "contact_features": ["age", "job", "marital", "education"],
}


def roll_bank(calibration_share: float) -> tuple[pd.DataFrame, list[str]]:
    """Probabilities of every model for each judged call, and what each training said."""
    examples, rows, features = shape_table(read_bank().drop(columns="duration"))
    parameters = parameters_of(None)
    model = ModelParameters.model_validate({**parameters["model"], "baselines": BANK_BASELINES})
    seed = parameters["seed"]
    judged, said = [], []
    for begin in range(LEARN, len(examples), JUDGE):
        known, later = examples[begin - LEARN : begin], examples[begin : begin + JUDGE].assign(split="holdout")
        here = pd.concat([split_known(known, calibration_share), later])
        trained = train_models(here, rows, {}, BANK_TARGET, model, seed, features=features)
        predicted = predict_holdout(here, rows, trained, {}, {}, BANK_TARGET, features)
        chosen = predicted[predicted["model"] == trained["t"]["chosen"]].assign(model="chosen")
        judged += [predicted, chosen]
        said.append(trained["t"]["message"])
    return pd.concat(judged, ignore_index=True), said


def split_known(known: pd.DataFrame, calibration_share: float) -> pd.DataFrame:
    """Leads that learn, and the latest of them that calibrate."""
    learning, calibrating = split_by_time(known, calibration_share)
    return pd.concat([learning.assign(split="train"), calibrating.assign(split="calibration")])


def judge_olist(folder: Path, calibration_share: float) -> tuple[pd.DataFrame, list[str]]:
    """Probabilities of every model for each lead of May at 0 h, and what training said."""
    # On the first of July all of May can judge.
    words = ("--pipelines=training", "--to-nodes=assign_splits", "--params=source.as_of=2018-07-01T00:00:00")
    run_project(folder, "--env=olist", *words, CORY_OLIST_FOLDER=OLIST)
    examples = pd.read_parquet(folder / "data/05_model_input/examples.parquet").query("split != 'scoring'")
    rows = pd.read_parquet(folder / "data/04_feature/leads.parquet")
    parameters = parameters_of("olist")
    target = Targets.model_validate({"t3": parameters["target"]["t3"]})
    model, seed = ModelParameters.model_validate(parameters["model"]), parameters["seed"]
    at = examples["first_engaged_at"]
    known = examples[(at >= "2018-01-01") & (at < "2018-04-01")]
    later = examples[(at >= "2018-05-01") & (at < "2018-06-01")].assign(split="holdout")
    here = pd.concat([split_known(known, calibration_share), later])
    trained = train_models(here, rows, {}, target, model, seed)
    predicted = predict_holdout(here, rows, trained, {}, {}, target).query("landmark_hours == 0")
    chosen = predicted[predicted["model"] == trained["t3"]["chosen"]].assign(model="chosen")
    return pd.concat([predicted, chosen]), [trained["t3"]["message"]]


def say(title: str, predicted: pd.DataFrame, said: list[str]) -> None:
    """A line a model, with 95 % intervals from resamples of the leads."""
    evaluation = EvaluationParameters.model_validate(parameters_of(None)["evaluation"])
    outcome = predicted.loc[predicted["model"] == "chosen", "label"]
    print(f"{title}: {len(outcome):,} judged, {int(outcome.sum()):,} positive")
    print(f"{'':<32}" + "".join(f"{name:>26}" for name in FIGURES))
    for name, of_model in predicted.groupby("model"):
        rows = of_model.sort_values("lead_key")
        resamples = Resamples(np.arange(len(rows)), evaluation.resamples, parameters_of(None)["seed"])
        label, probability, landmark = (rows[column].to_numpy(dtype=float) for column in COLUMNS)
        figures = measure(label, probability, resamples, landmark)
        cells = ((figures[figure].value, *figures[figure].interval(evaluation.confidence_level)) for figure in FIGURES)
        print(f"{name:<32}" + "".join(f"{'{:.3f} ({:.3f} to {:.3f})'.format(*cell):>26}" for cell in cells))
    print("\n".join(said), flush=True)


def main() -> None:
    """Print one table a public data set that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    split = SplitParameters.model_validate(parameters_of(None)["split"])
    parser.add_argument("--calibration-share", type=float, default=split.calibration_share)
    given = parser.parse_args()
    if BANK.is_file():
        say("bank marketing, rolling", *roll_bank(given.calibration_share))
    if OLIST_LEADS.is_file():
        with tempfile.TemporaryDirectory() as name:
            say("Olist, May at 0 h", *judge_olist(Path(name), given.calibration_share))


if __name__ == "__main__":
    main()
