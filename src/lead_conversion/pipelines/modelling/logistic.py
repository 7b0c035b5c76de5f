"""Regularised logistic regression, kept as a list of columns with their coefficients."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.clock import CLOCK_FEATURE, fit_clocks, read_clock
from lead_conversion.pipelines.modelling.encoding import encode_columns, encode_design, learn_columns
from lead_conversion.pipelines.modelling.log_odds import (
    Array,
    fit_design,
    rounded,
    step_from_optimum,
    weighted_sum,
)
from lead_conversion.pipelines.modelling.parameters import EncodingParameters, LogisticParameters


def fit_logistic(
    rows: pd.DataFrame,
    features: Sequence[Feature],
    logistic: LogisticParameters,
    encoding: EncodingParameters,
    window_hours: float,
) -> dict[str, Any]:
    """The model as JSON; `rows` hold the features and `label`. It says what is to be added to the clock's log odds."""
    label, (clock, so_far) = rows["label"].to_numpy(dtype=float), fit_clocks(rows, window_hours)
    columns = learn_columns(rows, features, encoding, clock["hours"])
    slopes, intercept = fit_design(encode_design(rows, columns), label, logistic.inverse_penalty, so_far)
    return {
        "family": "logistic",
        "intercept": intercept,
        "clock": clock,
        "mean_clock": rounded(read_clock(clock, rows).mean()),
        "columns": [{**column, "coefficient": slope} for column, slope in zip(columns, slopes, strict=True)],
    }


def refit_logistic(
    model: dict[str, Any], rows: pd.DataFrame, weights: Iterable[Array], logistic: LogisticParameters
) -> Iterator[dict[str, Any]]:
    """The model fitted again for each weighting of `rows`, by one step from the coefficients that it has."""
    label, columns = rows["label"].to_numpy(dtype=float), model["columns"]
    _clock, so_far = fit_clocks(rows, model["clock"]["window_hours"])
    margin = predict_logistic(model, rows) + so_far - read_clock(model["clock"], rows)
    design = encode_design(rows, columns)
    here = np.array([model["intercept"], *(column["coefficient"] for column in columns)])
    for step in step_from_optimum(design, label, margin, weights, logistic.inverse_penalty):
        intercept, *slopes = (rounded(value) for value in here + step)
        moved = [{**column, "coefficient": slope} for column, slope in zip(columns, slopes, strict=True)]
        yield {**model, "intercept": intercept, "columns": moved}


def predict_logistic(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """Log odds."""
    coefficients = [column["coefficient"] for column in model["columns"]]
    added = weighted_sum(encode_columns(rows, model["columns"]), coefficients)
    return float(model["intercept"]) + read_clock(model["clock"], rows) + added


def explain_logistic(model: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """What each feature adds to a lead's log odds, against the average training row; one column a feature.

    What the clock adds counts to the hours since first engagement.
    """
    matrix = encode_columns(rows, model["columns"])
    contributions: dict[str, Array] = {CLOCK_FEATURE: read_clock(model["clock"], rows) - model["mean_clock"]}
    for position, column in enumerate(model["columns"]):
        added = matrix[:, position] * column["coefficient"]
        contributions[column["feature"]] = contributions.get(column["feature"], 0.0) + added
    return pd.DataFrame(contributions, index=rows.index)
