"""From features as they are stored to the numbers that estimators read; everything learned is kept as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import skew

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import ConfigurationError, DataError, suggest
from lead_conversion.pipelines.modelling.clock import CLOCK_FEATURE, read_landmark
from lead_conversion.pipelines.modelling.log_odds import Array, rounded
from lead_conversion.pipelines.modelling.parameters import EncodingParameters

JOIN_KEYS = ["lead_key", "landmark_hours", "is_scoring_row"]
SKEW_OF_A_LONG_TAIL = 2.0

Encoding = dict[str, Any]


def attach_features(examples: pd.DataFrame, feature_leads: pd.DataFrame) -> pd.DataFrame:
    """The examples with their features, in the order of the examples.

    Raises:
        DataError: an example has no features, or more than one row of them.
    """
    keyed = examples[["lead_key", "landmark_hours"]].assign(is_scoring_row=examples["split"] == "scoring")
    known = feature_leads[JOIN_KEYS].astype({"is_scoring_row": bool}).assign(place=np.arange(len(feature_leads)))
    place = keyed.merge(known, on=JOIN_KEYS, how="left")["place"]
    missing = int(place.isna().sum())
    if missing or len(place) != len(examples):
        raise DataError(
            f"Expected one row of feature_leads for each of {len(examples):,} examples by {', '.join(JOIN_KEYS)}; "
            f"found none for {missing:,} and {len(place):,} rows in all. Run feature_engineering and modelling "
            "on the same snapshot."
        )
    # Only places are joined, so that the features, which are many, are copied once.
    described = feature_leads.drop(columns=[*JOIN_KEYS, "landmark_at"], errors="ignore").iloc[place.to_numpy(dtype=int)]
    return pd.concat([examples.reset_index(drop=True), described.reset_index(drop=True)], axis=1).copy()


def require_features(names: Sequence[str], features: Sequence[Feature], asked_by: str) -> tuple[Feature, ...]:
    """The features of these names.

    Raises:
        ConfigurationError: a name stands in no feature contract; the nearest one is suggested.
    """
    known = {feature.name: feature for feature in features}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(
            f"{asked_by} asks for feature '{unknown[0]}', expected one of {', '.join(known)}."
            f"{suggest(unknown[0], known)}"
        )
    return tuple(known[name] for name in names)


def describe_features(features: Sequence[Feature]) -> list[dict[str, str]]:
    """The features as JSON, so that a stored model says by itself what it reads."""
    return [asdict(feature) for feature in features]


def learn_categories(
    rows: pd.DataFrame, features: Sequence[Feature], encoding: EncodingParameters
) -> dict[str, list[str]]:
    """The categories that are common enough to learn from, most frequent first; others count as missing."""
    common = {}
    for feature in features:
        if feature.kind == "categorical":
            counts = rows[feature.name].value_counts().rename_axis("category").reset_index(name="rows")
            counts = counts[counts["rows"] >= encoding.min_rows_per_category]
            counts = counts.sort_values(["rows", "category"], ascending=[False, True])
            common[feature.name] = [str(name) for name in counts["category"].head(encoding.max_categories)]
    return common


def encode_codes(rows: pd.DataFrame, names: Sequence[str], categories: dict[str, list[str]]) -> Array:
    """One column a feature: numbers as they are, categories as codes; missing or unseen is NaN."""
    columns = []
    for name in names:
        if name in categories:
            codes = pd.Index(categories[name], dtype="str").get_indexer(pd.Index(rows[name].astype("str")))
            columns.append(np.where(codes < 0, np.nan, codes.astype(float)))
        else:
            columns.append(rows[name].to_numpy(dtype=float, na_value=np.nan))
    return np.column_stack(columns)


def learn_columns(
    rows: pd.DataFrame, features: Sequence[Feature], encoding: EncodingParameters, landmarks_hours: Sequence[float] = ()
) -> list[Encoding]:
    """The columns of a linear model, those that never change left out.

    Each numeric feature standardised, an indicator where it can be missing, each common category of the others; and
    for each landmark how near a row stands to it.
    """
    categories = learn_categories(rows, features, encoding)
    hours = [rounded(hour) for hour in landmarks_hours]
    columns = [_landmark_column(rows, hours, position) for position in range(len(hours))]
    for feature in features:
        if feature.kind == "categorical":
            columns += [_category_column(rows, feature.name, category) for category in categories[feature.name]]
        else:
            columns += _numeric_columns(rows, feature.name)
    return [column for column in columns if column["spread"] > 0]


def encode_columns(rows: pd.DataFrame, columns: Sequence[Encoding]) -> Array:
    """Each column centred at its mean in training and scaled by its spread."""
    return _fill_columns(np.empty((len(rows), len(columns))), rows, columns)


def encode_design(rows: pd.DataFrame, columns: Sequence[Encoding]) -> Array:
    """The design matrix of a regression: the encoded columns after a first one of ones, made in one piece."""
    design = np.ones((len(rows), len(columns) + 1))
    _fill_columns(design[:, 1:], rows, columns)
    return design


def _fill_columns(matrix: Array, rows: pd.DataFrame, columns: Sequence[Encoding]) -> Array:
    for position, column in enumerate(columns):
        matrix[:, position] = (_raw_column(rows, column) - column["mean"]) / column["spread"]
    return matrix


def _raw_column(rows: pd.DataFrame, column: Encoding) -> Array:
    if column["kind"] == "landmark":
        return read_landmark(column["hours"], column["position"], rows)
    values = rows[column["feature"]]
    if column["kind"] == "category":
        return np.asarray(values.astype("str") == column["category"], dtype=float)
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if column["kind"] == "missing":
        return np.asarray(np.isnan(numbers), dtype=float)
    # Beyond what training saw a straight line is a guess: values are held at the ends of its range.
    filled = np.clip(np.where(np.isnan(numbers), column["median"], numbers), column["low"], column["high"])
    return np.asarray(np.log1p(filled) if column["kind"] == "log" else filled)


def _numeric_columns(rows: pd.DataFrame, name: str) -> list[Encoding]:
    known = rows[name].to_numpy(dtype=float, na_value=np.nan)
    known = known[~np.isnan(known)]
    if known.size == 0:
        return []
    low, median, high = (rounded(value) for value in np.quantile(known, [0.001, 0.5, 0.999], method="nearest"))
    long_tailed = 0 <= low < high and skew(known) > SKEW_OF_A_LONG_TAIL
    value = {"feature": name, "kind": "log" if long_tailed else "value", "low": low, "median": median, "high": high}
    return [_with_moments(rows, value), _with_moments(rows, {"feature": name, "kind": "missing"})]


def _category_column(rows: pd.DataFrame, name: str, category: str) -> Encoding:
    return _unscaled(_with_moments(rows, {"feature": name, "kind": "category", "category": category}))


def _landmark_column(rows: pd.DataFrame, hours: list[float], position: int) -> Encoding:
    column = {"feature": CLOCK_FEATURE, "kind": "landmark", "hours": hours, "position": position}
    return _unscaled(_with_moments(rows, column))


def _unscaled(column: Encoding) -> Encoding:
    # The coefficient of being one or another is a difference in log odds: such a column is centred, not scaled.
    return {**column, "spread": 1.0 if column["spread"] > 0 else 0.0}


def _with_moments(rows: pd.DataFrame, column: Encoding) -> Encoding:
    raw = _raw_column(rows, column)
    return {**column, "mean": rounded(raw.mean()), "spread": rounded(raw.std())}
