"""What a way of making models is worth on leads of the past, without a look at the holdout.

The whole of training (search, choice of the candidate, calibration) is done anew at each of several origins before
the holdout's embargo, from what was known by then, and judged on the leads that came next (rolling-origin evaluation,
Tashman 2000). Ways that are compared meet the same leads and the same resamples of them, so that differences are
paired. The holdout stays unseen: what is chosen here can still be judged there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.kernel.errors import DataError
from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import predict_probability
from lead_conversion.pipelines.modelling.evaluation import with_interval
from lead_conversion.pipelines.modelling.origins import roll_origins, split_by_time
from lead_conversion.pipelines.modelling.parameters import (
    EvaluationParameters,
    ModelParameters,
    SplitParameters,
    TuningParameters,
)
from lead_conversion.pipelines.modelling.resampling import Estimate, Resamples, measure
from lead_conversion.pipelines.modelling.training import train_target

FIRST_ORIGIN_SHARE = 0.5
FIGURES = ("pr_auc", "log_loss", "lift_at_10_at_landmark", "brier_skill_at_landmark", "calibration_slope")
# What is compared: 1 where higher is better, minus 1 where lower is.
HIGHER_IS_BETTER = {"pr_auc": 1, "log_loss": -1}
KEYS = ["lead_key", "landmark_hours"]


@dataclass(frozen=True)
class Procedure:
    """A way of making models: what an experiment varies."""

    model: ModelParameters
    tuning: TuningParameters
    split: SplitParameters
    seed: int


@dataclass(frozen=True)
class Backtest:
    """Predictions of one target's later leads at all origins, and what was chosen at each."""

    predictions: pd.DataFrame
    chosen: tuple[str, ...]
    messages: tuple[str, ...]
    begins: tuple[pd.Timestamp, ...]


@dataclass(frozen=True)
class Measured:
    """A backtest's figures by name, and the rows that they were measured on."""

    judged: pd.DataFrame
    figures: dict[str, Estimate]


def backtest_models(  # noqa: PLR0913, PLR0917 - Kedro passes each input as an argument
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    label_summary: Mapping[str, Any],
    target: Targets,
    model: ModelParameters,
    tuning: TuningParameters,
    split: SplitParameters,
    evaluation: EvaluationParameters,
    seed: int,
    features: Sequence[Feature] = FEATURES,
) -> dict[str, dict[str, Any]]:
    """By target, what this configuration would have been worth at each of several moments before the holdout.

    `figures` are over the leads of all origins together, each with its interval; empty where positives are too few.
    `origins` say from which leads each learned, what it chose, and how it did on the leads that came next.
    """
    procedure = Procedure(model, tuning, split, seed)
    tested = {}
    for name, spec in target.items():
        backtest = backtest_target(
            model_input_examples, feature_leads, label_summary, (name, spec), procedure, evaluation.backtest_origins,
            features,
        )  # fmt: skip
        figures = measure_backtest(backtest, evaluation, seed).figures
        tested[name] = {
            "figures": {metric: with_interval(figure, evaluation) for metric, figure in figures.items()},
            "origins": [
                _describe_origin(backtest, number, evaluation, seed) for number in range(1, len(backtest.chosen) + 1)
            ],
        }
    return tested


def _describe_origin(backtest: Backtest, number: int, evaluation: EvaluationParameters, seed: int) -> dict[str, Any]:
    judged = backtest.predictions[backtest.predictions["origin"] == number]
    leads = judged.drop_duplicates("lead_key")["label"].astype(int)
    figures = measure_backtest(replace(backtest, predictions=judged), evaluation, seed).figures
    return {
        "from": backtest.begins[number - 1].isoformat(),
        "chosen": backtest.chosen[number - 1],
        "message": backtest.messages[number - 1],
        "leads": len(leads),
        "positives": int(leads.sum()),
        "figures": {metric: with_interval(figure, evaluation) for metric, figure in figures.items()},
    }


def backtest_target(
    examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    label_summary: Mapping[str, Any],
    target: tuple[str, Target],
    procedure: Procedure,
    origins: int,
    features: Sequence[Feature] = FEATURES,
) -> Backtest:
    """The probability that a procedure would have given each lead at the time; one row a lead and landmark.

    Args:
        examples: as assign_splits makes them; only leads before the embargo are used.
        feature_leads: their features.
        label_summary: says whether the outcome is recorded at all.
        target: its name and specification.
        procedure: how models are made at each origin.
        origins: how many, at most.
        features: what models may read.
    """
    name, spec = target
    is_history = (examples["target"] == name) & examples["split"].isin(["train", "calibration"])
    history = examples[is_history].sort_values(["first_engaged_at", *KEYS], ignore_index=True)
    at_landmark = feature_leads["landmark_hours"].isin(spec.landmarks_hours) & ~feature_leads["is_scoring_row"]
    described = feature_leads[at_landmark & feature_leads["lead_key"].isin(history["lead_key"])]
    embargo_hours = spec.window_hours + 24 * procedure.split.extra_embargo_days
    predictions, chosen, messages, begins = [], [], [], []
    for number, origin in enumerate(roll_origins(history, FIRST_ORIGIN_SHARE, origins, embargo_hours), start=1):
        learning, calibrating = split_by_time(origin.earlier, procedure.split.calibration_share)
        known = pd.concat([learning.assign(split="train"), calibrating.assign(split="calibration")])
        trained = train_target(
            known, described, label_summary, target, procedure.model, procedure.seed, procedure.tuning, features
        ).found
        later = attach_features(origin.later, described)
        model = trained["models"].get(trained["chosen"])
        probability = trained["base_rate"]["value"] if model is None else predict_probability(model, later)
        predictions.append(later[[*KEYS, "label"]].assign(probability=probability, origin=number))
        chosen.append(str(trained["chosen"]))
        messages.append(str(trained["message"]))
        begins.append(origin.later["first_engaged_at"].min())
    empty = pd.DataFrame(columns=[*KEYS, "label", "probability", "origin"])
    joined = pd.concat(predictions, ignore_index=True) if predictions else empty
    return Backtest(joined, tuple(chosen), tuple(messages), tuple(begins))


def measure_backtest(backtest: Backtest, evaluation: EvaluationParameters, seed: int) -> Measured:
    """The figures over all origins together, with those of resamples of the leads; none where positives are too few."""
    rows = backtest.predictions.sort_values(KEYS, ignore_index=True)
    judged = rows[[*KEYS, "label"]]
    leads = rows.drop_duplicates("lead_key")["label"].astype(int)
    if min(leads.sum(), len(leads) - leads.sum()) < evaluation.min_positive_leads:
        return Measured(judged, {})
    label, probability, landmark = (
        rows[column].to_numpy(dtype=float) for column in ("label", "probability", "landmark_hours")
    )
    resamples = Resamples(pd.factorize(rows["lead_key"])[0].astype(np.int64), evaluation.resamples, seed)
    measured = measure(label, probability, resamples, landmark)
    return Measured(judged, {name: measured[name] for name in FIGURES})


def compare_measured(measured: Measured, reference: Measured) -> dict[str, Estimate]:
    """How far the figures are from those of a reference measured at the same seed; above zero is better.

    Raises:
        DataError: they were not measured on the same leads.
    """
    if not measured.judged.equals(reference.judged):
        raise DataError(
            "Backtests can be compared on the same leads only; these were judged on different ones. Compare ways of "
            "making models for one split of one target."
        )
    if not (measured.figures and reference.figures):
        return {}
    differences = {}
    for name, sign in HIGHER_IS_BETTER.items():
        one, other = measured.figures[name], reference.figures[name]
        differences[name] = Estimate(sign * (one.value - other.value), sign * (one.draws - other.draws))
    return differences
