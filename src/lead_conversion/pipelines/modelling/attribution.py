"""Which features drive the predictions of a target, over many leads."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import explain_log_odds
from lead_conversion.pipelines.modelling.log_odds import Array
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters
from lead_conversion.pipelines.modelling.resampling import Resamples

TOP_FEATURES = 10
# A rank correlation weaker than this between value and contribution is no direction.
LEAST_CORRELATION = 0.3

ATTRIBUTION_TYPES = {
    "target": "str", "feature": "str", "family": "str", "mean_abs_contribution": "float64", "share": "float64",
    "direction": "str", "rank": "int64", "stability": "float64",
}  # fmt: skip


def attribute_drivers(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
    evaluation: EvaluationParameters,
    seed: int,
) -> pd.DataFrame:
    """The ranking of features by their mean absolute contribution to the log odds of the holdout's leads.

    One row a target and feature of the chosen model. `stability` is the share of resamples of leads in which the
    feature stays among the first ten; `direction` is what higher values do. A target without a model has no rows.
    """
    holdout = model_input_examples[model_input_examples["split"] == "holdout"]
    parts = [pd.DataFrame(columns=list(ATTRIBUTION_TYPES)).astype(ATTRIBUTION_TYPES)]
    for target, trained in trained_models.items():
        # Keys are digests, so the first ones in order are a sample without order of time or source.
        leads = np.sort(holdout.loc[holdout["target"] == target, "lead_key"].unique())[: evaluation.attribution_leads]
        if trained["status"] == "trained" and len(leads):
            of_target = holdout[(holdout["target"] == target) & holdout["lead_key"].isin(leads)]
            rows = attach_features(of_target.sort_values(["lead_key", "landmark_hours"]), feature_leads)
            resamples = Resamples(pd.factorize(rows["lead_key"])[0].astype(np.int64), evaluation.resamples, seed)
            parts.append(_rank_features(trained, rows, resamples).assign(target=target))
    attributed = pd.concat([part for part in parts if len(part)] or parts)
    return attributed[list(ATTRIBUTION_TYPES)].astype(ATTRIBUTION_TYPES).reset_index(drop=True)


def _rank_features(trained: dict[str, Any], rows: pd.DataFrame, resamples: Resamples) -> pd.DataFrame:
    described = {feature["name"]: feature for feature in trained["features"]}
    contributions = explain_log_odds(trained["models"][trained["chosen"]], rows)
    names = sorted(contributions.columns)
    absolute = np.abs(contributions[names].to_numpy(dtype=float))
    sums = resamples.sums(np.column_stack([absolute, np.ones(len(rows))]))
    means = sums[:, :-1] / sums[:, -1:]
    ranks = np.argsort(np.argsort(-means, axis=1, kind="stable"), axis=1, kind="stable") + 1
    ranking = pd.DataFrame(
        {
            "feature": names,
            "family": [described[name]["family"] for name in names],
            "mean_abs_contribution": means[0],
            "share": means[0] / max(means[0].sum(), np.finfo(float).tiny),
            "direction": [_name_direction(rows[name], contributions[name], described[name]["kind"]) for name in names],
            "rank": ranks[0],
            "stability": (ranks[1:] <= TOP_FEATURES).mean(axis=0),
        }
    )
    return ranking.sort_values("rank")


def _name_direction(values: pd.Series, contributions: pd.Series, kind: str) -> str:
    """What higher values do to the chance; categories have no order, so theirs is mixed."""
    if kind == "categorical":
        return "mixed"
    known = values.notna()
    correlation = _correlate_ranks(values[known].to_numpy(dtype=float), contributions[known].to_numpy(dtype=float))
    if abs(correlation) < LEAST_CORRELATION:
        return "mixed"
    return "raises" if correlation > 0 else "lowers"


def _correlate_ranks(values: Array, contributions: Array) -> float:
    """Spearman's correlation; 0 where one of the two does not vary."""
    if values.size == 0 or np.ptp(values) == 0 or np.ptp(contributions) == 0:
        return 0.0
    first, second = (ranks - ranks.mean() for ranks in (rankdata(values), rankdata(contributions)))
    return float(np.sum(first * second) / np.sqrt(np.sum(first**2) * np.sum(second**2)))
