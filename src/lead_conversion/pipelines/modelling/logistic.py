"""Regularised logistic regression, kept as a list of columns with their coefficients."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.encoding import encode_columns, learn_columns
from lead_conversion.pipelines.modelling.log_odds import Array, fit_coefficients, rounded, to_log_odds, weighted_sum
from lead_conversion.pipelines.modelling.parameters import EncodingParameters, LogisticParameters


def fit_logistic(
    rows: pd.DataFrame, features: Sequence[Feature], logistic: LogisticParameters, encoding: EncodingParameters
) -> dict[str, Any]:
    """The model as JSON; `rows` hold the features and `label`."""
    label = rows["label"].to_numpy(dtype=float)
    columns = learn_columns(rows, features, encoding)
    if not columns:
        return {"family": "logistic", "intercept": rounded(float(to_log_odds(label.mean()))), "columns": []}
    slopes, intercept = fit_coefficients(encode_columns(rows, columns), label, logistic.inverse_penalty)
    fitted = [{**column, "coefficient": slope} for column, slope in zip(columns, slopes, strict=True)]
    return {"family": "logistic", "intercept": intercept, "columns": fitted}


def predict_logistic(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """Log odds."""
    coefficients = [column["coefficient"] for column in model["columns"]]
    return float(model["intercept"]) + weighted_sum(encode_columns(rows, model["columns"]), coefficients)


def explain_logistic(model: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """What each feature adds to a lead's log odds, against the average training row; one column a feature."""
    matrix = encode_columns(rows, model["columns"])
    contributions: dict[str, Array] = {}
    for position, column in enumerate(model["columns"]):
        added = matrix[:, position] * column["coefficient"]
        contributions[column["feature"]] = contributions.get(column["feature"], 0.0) + added
    return pd.DataFrame(contributions, index=rows.index)
