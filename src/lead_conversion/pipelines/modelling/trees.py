"""Gradient-boosted trees (LightGBM), kept as LightGBM's own text."""

from collections.abc import Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.encoding import encode_codes, learn_categories
from lead_conversion.pipelines.modelling.log_odds import Array
from lead_conversion.pipelines.modelling.parameters import EncodingParameters, LightgbmParameters


def count_rounds(
    earlier: pd.DataFrame,
    later: pd.DataFrame,
    features: Sequence[Feature],
    lightgbm: LightgbmParameters,
    encoding: EncodingParameters,
    seed: int,
) -> int:
    """The number of trees after which the loss on later leads stops falling."""
    names = [feature.name for feature in features]
    categories = learn_categories(earlier, features, encoding)
    training = _dataset(earlier, names, categories)
    booster = lgb.train(
        _parameters(lightgbm, seed),
        training,
        num_boost_round=lightgbm.max_rounds,
        valid_sets=[
            training.create_valid(encode_codes(later, names, categories), later["label"].to_numpy(dtype=float))
        ],
        callbacks=[lgb.early_stopping(lightgbm.early_stopping_rounds, verbose=False)],
    )
    return max(int(booster.best_iteration), 1)


def fit_trees(
    rows: pd.DataFrame,
    features: Sequence[Feature],
    lightgbm: LightgbmParameters,
    encoding: EncodingParameters,
    rounds: int,
    seed: int,
) -> dict[str, Any]:
    """The model as JSON; `rows` hold the features and `label`."""
    names = [feature.name for feature in features]
    categories = learn_categories(rows, features, encoding)
    booster = lgb.train(_parameters(lightgbm, seed), _dataset(rows, names, categories), num_boost_round=rounds)
    # The parameters at the end of the text are not needed to predict, and they name the thread count.
    text = booster.model_to_string().partition("\nparameters:")[0]
    return {"family": "lightgbm", "rounds": rounds, "features": names, "categories": categories, "text": text}


def predict_trees(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """Log odds."""
    return np.asarray(_predict(model, rows, raw_score=True))


def explain_trees(model: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """What each feature adds to a lead's log odds (TreeSHAP, Lundberg et al. 2020); one column a feature."""
    # The last column is the expected log odds, the same for all.
    contributions = _predict(model, rows, pred_contrib=True)[:, :-1]
    return pd.DataFrame(contributions, index=rows.index, columns=model["features"])


def _predict(model: dict[str, Any], rows: pd.DataFrame, **kind: bool) -> Array:
    codes = encode_codes(rows, model["features"], model["categories"])
    return np.asarray(lgb.Booster(model_str=model["text"]).predict(codes, **kind))


def _dataset(rows: pd.DataFrame, names: list[str], categories: dict[str, list[str]]) -> lgb.Dataset:
    return lgb.Dataset(
        encode_codes(rows, names, categories),
        rows["label"].to_numpy(dtype=float),
        feature_name=names,
        categorical_feature=[name for name in names if name in categories],
    )


def _parameters(lightgbm: LightgbmParameters, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "num_leaves": lightgbm.num_leaves,
        "learning_rate": lightgbm.learning_rate,
        "min_data_in_leaf": lightgbm.min_rows_per_leaf,
        "lambda_l2": lightgbm.l2_penalty,
        "feature_fraction": lightgbm.feature_share,
        "num_threads": lightgbm.num_threads,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }
