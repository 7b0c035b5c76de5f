"""The closed list of models: each is JSON with a `family`, which says how it predicts and explains.

Nothing is pickled: a stored model is data, and loading it runs no code of its own.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import tee
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.baselines import predict_campaign_rate, predict_rule
from lead_conversion.pipelines.modelling.calibration import calibrate
from lead_conversion.pipelines.modelling.log_odds import Array, rounded
from lead_conversion.pipelines.modelling.logistic import (
    explain_logistic,
    fit_logistic,
    predict_logistic,
    refit_logistic,
)
from lead_conversion.pipelines.modelling.parameters import ModelParameters
from lead_conversion.pipelines.modelling.trees import explain_trees, fit_trees, predict_trees, refit_trees

VERSION_DIGITS = 12

# From the simplest to the most complex: among equals the first wins.
CANDIDATES = ("logistic", "lightgbm", "blend")


def blend_models(first: dict[str, Any], second: dict[str, Any], second_weight: float) -> dict[str, Any]:
    """The weighted mean of two models on the log-odds scale."""
    return {"family": "blend", "parts": [first, second], "weights": [rounded(1 - second_weight), second_weight]}


def fit_candidate(
    family: str,
    rows: pd.DataFrame,
    features: Sequence[Feature],
    model: ModelParameters,
    rounds: int,
    seed: int,
    window_hours: float,
) -> dict[str, Any]:
    """A logistic model, or `rounds` trees."""
    if family == "logistic":
        return fit_logistic(rows, features, model.logistic, model.encoding, window_hours)
    return fit_trees(rows, features, model.lightgbm, model.encoding, rounds, seed, window_hours)


def predict_log_odds(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """A model's log odds before calibration."""
    if model["family"] == "blend":
        return _blend_log_odds(model, [predict_log_odds(part, rows) for part in model["parts"]])
    predict = {
        "lightgbm": predict_trees,
        "logistic": predict_logistic,
        "rule": predict_rule,
        "campaign_rate": predict_campaign_rate,
    }[model["family"]]
    return predict(model, rows)


def predict_all_log_odds(models: Mapping[str, dict[str, Any]], rows: pd.DataFrame) -> dict[str, Array]:
    """By name each model's log odds; a part of a blend that stands among the models predicts once for both."""
    alone = {name: predict_log_odds(model, rows) for name, model in models.items() if model["family"] != "blend"}

    def predict_part(part: dict[str, Any]) -> Array:
        known = next((name for name in alone if models[name].items() >= part.items()), None)
        return predict_log_odds(part, rows) if known is None else alone[known]

    return {
        name: alone[name] if name in alone else _blend_log_odds(model, [predict_part(part) for part in model["parts"]])
        for name, model in models.items()
    }


def predict_probabilities(models: Mapping[str, dict[str, Any]], rows: pd.DataFrame) -> dict[str, Array]:
    """By name each model's calibrated probabilities."""
    margins = predict_all_log_odds(models, rows)
    return {name: calibrate(models[name]["calibrator"], margin) for name, margin in margins.items()}


def predict_probability(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """Calibrated probabilities."""
    return calibrate(model["calibrator"], predict_log_odds(model, rows))


def explain_log_odds(model: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """What each feature adds to the log odds of each row, before calibration; one column a feature.

    Calibration rises strictly, so what raises the log odds raises the probability.
    """
    if model["family"] == "blend":
        first, second = (
            explain_log_odds(part, rows) * weight for weight, part in zip(model["weights"], model["parts"], strict=True)
        )
        both: pd.DataFrame = first.add(second, fill_value=0.0)
        return both
    return explain_trees(model, rows) if model["family"] == "lightgbm" else explain_logistic(model, rows)


def refit_models(
    model: dict[str, Any], rows: pd.DataFrame, weights: Iterable[Array], sized: ModelParameters, seed: int
) -> Iterator[dict[str, Any]]:
    """A candidate fitted again for each weighting of `rows`; the parts of a blend meet the same weightings."""
    if model["family"] == "blend":
        for_first, for_second = tee(weights)
        first = refit_models(model["parts"][0], rows, for_first, sized, seed)
        second = refit_models(model["parts"][1], rows, for_second, sized, seed)
        return ({**model, "parts": [*parts]} for parts in zip(first, second, strict=True))
    if model["family"] == "lightgbm":
        return refit_trees(model, rows, weights, sized.lightgbm, seed)
    return refit_logistic(model, rows, weights, sized.logistic)


def _blend_log_odds(model: dict[str, Any], of_parts: list[Array]) -> Array:
    return np.asarray(np.average(np.column_stack(of_parts), axis=1, weights=model["weights"]))


def name_version(trained: dict[str, Any]) -> str:
    """The version of one target's trained model: a digest of its content, so that equal models have equal names."""
    canonical = json.dumps(trained, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:VERSION_DIGITS]
