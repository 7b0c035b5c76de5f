"""Which features drive the predictions of a target, how, and how sure that is, over many leads."""

from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import explain_log_odds
from lead_conversion.pipelines.modelling.log_odds import Array
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters, ExplanationParameters, ModelParameters
from lead_conversion.pipelines.modelling.stability import BAND, Stability, find_cells, find_directions

TOP_FEATURES = 10
DIRECTIONS = {-1: "lowers", 0: "mixed", 1: "raises"}
FIGURE_DIGITS = 4

ATTRIBUTION_TYPES = {
    "target": "str", "feature": "str", "family": "str", "mean_abs_contribution": "float64", "share": "float64",
    "direction": "str", "rank": "int64", "rank_low": "int64", "rank_high": "int64", "stability": "float64",
}  # fmt: skip
DEPENDENCE_TYPES = {
    "target": "str", "feature": "str", "rank": "int64", "cell": "int64", "value": "float64", "category": "str",
    "leads": "int64", "contribution": "float64", "ci_low": "float64", "ci_high": "float64",
}  # fmt: skip


def attribute_drivers(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
    evaluation: EvaluationParameters,
    model: ModelParameters,
) -> dict[str, pd.DataFrame]:
    """The features ranked by their mean absolute contribution to the log odds of the holdout's leads.

    And what the values of the first ones do. `feature_attribution` has one row a target and feature of the chosen
    model: `direction` is what higher values do; `rank_low` and `rank_high` hold the rank in nine of ten bootstrap
    models, `stability` is the share of them in which the feature is among the first ten. `feature_dependence` has one
    row a target, feature and cell of values. A target without a model has no rows.
    """
    holdout = model_input_examples[model_input_examples["split"] == "holdout"]
    ranked, dependent = [_empty(ATTRIBUTION_TYPES)], [_empty(DEPENDENCE_TYPES)]
    for target, trained in trained_models.items():
        # Keys are digests, so the first ones in order are a sample without order of time or source.
        leads = np.sort(holdout.loc[holdout["target"] == target, "lead_key"].unique())[: evaluation.attribution_leads]
        if trained["status"] == "trained" and len(leads):
            of_target = holdout[(holdout["target"] == target) & holdout["lead_key"].isin(leads)]
            rows = attach_features(of_target.sort_values(["lead_key", "landmark_hours"]), feature_leads)
            contributions = explain_log_odds(trained["models"][trained["chosen"]], rows)
            ranking = _rank_features(trained, rows, contributions)
            ranked.append(ranking.assign(target=target))
            top = ranking[ranking["mean_abs_contribution"] > 0].head(model.explanation.dependence_features)
            dependent += [
                _follow_values(trained["stability"], rows, contributions[name], model.explanation).assign(
                    target=target, rank=rank
                )
                for name, rank in zip(top["feature"], top["rank"], strict=True)
                if name in trained["stability"]["features"]
            ]
    return {
        "feature_attribution": _put_together(ranked, ATTRIBUTION_TYPES),
        "feature_dependence": _put_together(dependent, DEPENDENCE_TYPES),
    }


def _empty(types: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(types)).astype(types)


def _put_together(parts: list[pd.DataFrame], types: dict[str, str]) -> pd.DataFrame:
    whole = pd.concat([part for part in parts if len(part)] or parts)
    return whole[list(types)].astype(types).reset_index(drop=True)


def _rank_features(trained: dict[str, Any], rows: pd.DataFrame, contributions: pd.DataFrame) -> pd.DataFrame:
    described = {feature["name"]: feature for feature in trained["features"]}
    names = sorted(contributions.columns)
    means = np.abs(contributions[names].to_numpy(dtype=float)).mean(axis=0)
    stability = trained["stability"]
    sizes = [
        stability["features"].get(name, {"sizes": [0.0] * stability["bootstrap_models"]})["sizes"] for name in names
    ]
    ranks = _rank_down(np.array(sizes).T)
    low, high = np.quantile(ranks, BAND, axis=0, method="nearest")
    ranking = pd.DataFrame(
        {
            "feature": names,
            "family": [described[name]["family"] for name in names],
            "mean_abs_contribution": means,
            "share": means / max(means.sum(), np.finfo(float).tiny),
            "direction": [
                _name_direction(rows[name], contributions[name], described[name], stability) for name in names
            ],
            "rank": _rank_down(means[None])[0],
            "rank_low": low,
            "rank_high": high,
            "stability": (ranks <= TOP_FEATURES).mean(axis=0),
        }
    )
    return ranking.sort_values("rank")


def _rank_down(sizes: Array) -> Array:
    """The rank of each column, the largest first, in each row; ties in the order of the columns."""
    return np.asarray(np.argsort(np.argsort(-sizes, axis=1, kind="stable"), axis=1, kind="stable") + 1)


def _name_direction(values: pd.Series, contributions: pd.Series, feature: dict[str, str], stability: Stability) -> str:
    """What higher values do to the chance; "unsteady" where bootstrap models do not agree with the model on it."""
    (direction,) = find_directions(values, contributions.to_numpy(dtype=float)[None], feature["kind"])
    found = stability["features"].get(feature["name"], {"directions": []})["directions"]
    agreeing = sum(one == direction for one in found)
    if direction and agreeing < stability["least_agreement"] * stability["bootstrap_models"]:
        return "unsteady"
    return DIRECTIONS[int(direction)]


def _follow_values(
    stability: Stability, rows: pd.DataFrame, contributions: pd.Series, explanation: ExplanationParameters
) -> pd.DataFrame:
    """The mean contribution in each cell of a feature's values, with the bootstrap models' interval around it.

    `value` is the mean of the cell's values, missing for categories; `category` is "" for numbers, "not known" where
    the value is missing, and "others" for the categories too rare to have learned from. Cells of few leads are left
    out.
    """
    name = str(contributions.name)
    table = stability["features"][name]
    is_category = "categories" in table
    cells = find_cells(rows[name], table)
    last = len(table["categories"]) if is_category else len(table["edges"]) + 1
    numbers = np.nan if is_category else rows[name].to_numpy(dtype=float, na_value=np.nan)
    of_rows = pd.DataFrame({"lead": rows["lead_key"], "value": numbers, "contribution": contributions})
    found = of_rows.groupby(cells).agg(
        leads=("lead", "nunique"), value=("value", "mean"), contribution=("contribution", "mean")
    )
    found = found[found["leads"] >= explanation.least_leads_a_cell]
    cell = found.index.to_numpy()
    words = [*table["categories"], "others"] if is_category else [""] * last + ["not known"]
    return pd.DataFrame(
        {
            "feature": name,
            "cell": cell,
            "value": found["value"].round(FIGURE_DIGITS),
            "category": [words[number] for number in cell],
            "leads": found["leads"],
            "contribution": found["contribution"].round(FIGURE_DIGITS),
            "ci_low": (found["contribution"] - np.array(table["below"])[cell]).round(FIGURE_DIGITS),
            "ci_high": (found["contribution"] + np.array(table["above"])[cell]).round(FIGURE_DIGITS),
        }
    )
