"""What each family of features is worth: the holdout's PR-AUC of the chosen model without it, and with it alone.

Reads the folders of finished runs, trains anew with the family's columns empty, and compares on the same resamples of
leads, so that the differences are paired. A family whose interval holds 0 shows nothing that the others don't. The
same of the features whose names begin alike, instead of the families.

python benchmarks/feature_ablation.py RUN_FOLDER [RUN_FOLDER ...] [--target t1] [--env olist] [--names last_prompt_]
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from lead_conversion.cli.project import parameters_of
from lead_conversion.contracts.features import FEATURES, Family
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.clock import CLOCK_FEATURE
from lead_conversion.pipelines.modelling.evaluation import predict_holdout
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters, ModelParameters
from lead_conversion.pipelines.modelling.resampling import Estimate, Resamples, measure_pr_auc
from lead_conversion.pipelines.modelling.training import train_models

NAMES = frozenset(feature.name for feature in FEATURES)
FAMILIES = {
    family: frozenset(feature.name for feature in FEATURES if feature.family == family) for family in get_args(Family)
}


@dataclass(frozen=True)
class Run:
    """What a finished run left behind, and how it was configured."""

    examples: pd.DataFrame
    features: pd.DataFrame
    labels: dict[str, dict[str, dict[str, int]]]
    target: Targets
    model: ModelParameters
    evaluation: EvaluationParameters
    seed: int

    @classmethod
    def read(cls, folder: Path, env: str | None, name: str) -> "Run":
        data, parameters = folder / "data", parameters_of(env)
        examples = pd.read_parquet(data / "05_model_input/examples.parquet")
        return cls(
            examples[(examples["target"] == name) & (examples["split"] != "scoring")],
            pd.read_parquet(data / "04_feature/leads.parquet"),
            json.loads((data / "03_primary/label_summary.json").read_text()),
            Targets.model_validate({name: parameters["target"][name]}),
            ModelParameters.model_validate(parameters["model"]),
            EvaluationParameters.model_validate(parameters["evaluation"]),
            parameters["seed"],
        )

    def pr_auc_with(self, names: frozenset[str]) -> tuple[str, Estimate]:
        """The chosen model's name and its PR-AUC on the holdout, where it sees these features and the time gone by."""
        seen = empty_features(self.features, NAMES - names)
        trained = train_models(self.examples, seen, self.labels, self.target, self.model, self.seed)
        (name,) = trained
        if trained[name]["status"] != "trained":
            raise SystemExit(trained[name]["message"])
        rows = predict_holdout(self.examples, seen, trained, {}, {}, self.target)
        rows = rows[rows["model"] == trained[name]["chosen"]]
        lead, _keys = pd.factorize(rows["lead_key"])
        resamples = Resamples(lead, self.evaluation.resamples, self.seed)
        label, probability = (rows[column].to_numpy(dtype=float) for column in ("label", "probability"))
        return trained[name]["chosen"], measure_pr_auc(label, probability, resamples)


def empty_features(features: pd.DataFrame, names: frozenset[str]) -> pd.DataFrame:
    """The features with nothing in those of the names; the time gone by stays, for it places the row."""
    empty = {
        feature.name: np.nan if feature.kind == "numeric" else "unknown"
        for feature in FEATURES
        if feature.name in names and feature.name != CLOCK_FEATURE
    }
    return features.assign(**empty)


def main() -> None:
    """Print one table a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="RUN_FOLDER")
    parser.add_argument("--target", default="t1")
    parser.add_argument("--env")
    parser.add_argument("--names", metavar="BEGINNING", help="of the features to judge together, instead of families")
    given = parser.parse_args()
    groups = FAMILIES
    if given.names is not None:
        groups = {given.names: frozenset(name for name in NAMES if name.startswith(given.names))}
    for folder in given.folders:
        run = Run.read(folder, given.env, given.target)
        chosen, whole = run.pr_auc_with(NAMES)
        low, high = whole.interval(run.evaluation.confidence_level)
        print(
            f"{folder.name}, {given.target}: all features, {chosen}, PR-AUC {whole.value:.4f} ({low:.4f} to {high:.4f})"
        )
        print(f"{'features':<18}{'lost without them':>32}{'alone':>32}")
        for group, names in groups.items():
            _name, without = run.pr_auc_with(NAMES - names)
            _name, alone = run.pr_auc_with(names)
            lost = Estimate(whole.value - without.value, whole.draws - without.draws)
            print(f"{group:<18}{_cell(lost, run):>32}{_cell(alone, run):>32}", flush=True)


def _cell(estimate: Estimate, run: Run) -> str:
    low, high = estimate.interval(run.evaluation.confidence_level)
    return f"{estimate.value:+.4f} ({low:+.4f} to {high:+.4f})"


if __name__ == "__main__":
    main()
