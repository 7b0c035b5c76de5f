"""Scores the leads that are still open: who will convert, how likely, and why."""

from typing import Any

import pandas as pd

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.modelling.drivers import NOT_ENOUGH_DATA, name_drivers
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import explain_log_odds, name_version, predict_probability

SCORE_TYPES = {
    "lead_key": "str", "target": "str", "scored_at": "datetime64[us]", "probability": "float64", "rank": "int64",
    "percentile": "float64", "model_version": "str", "snapshot_id": "str", "top_drivers": "str", "is_trial": "bool",
}  # fmt: skip


def score_active_leads(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
    primary_as_of: dict[str, str],
    is_trial: bool = True,
) -> pd.DataFrame:
    """One row an active lead and target, best first; leads of one probability share a rank.

    `percentile` is 100 for the best lead and 0 for the last. `is_trial` says that no champion scored.
    """
    scoring = model_input_examples[model_input_examples["split"] == "scoring"]
    parts = [
        _score_target(trained, attach_features(active.sort_values("lead_key"), feature_leads))
        for target, trained in trained_models.items()
        # Without any mature lead there is not even a base rate, and so nothing to say of a lead.
        if trained["base_rate"]["leads"] and not (active := scoring[scoring["target"] == target]).empty
    ]
    scored = pd.concat(parts) if parts else pd.DataFrame(columns=list(SCORE_TYPES))
    scored = scored.assign(
        scored_at=parse_moment(primary_as_of["as_of"]), snapshot_id=primary_as_of["snapshot_id"], is_trial=is_trial
    )
    ordered = scored[list(SCORE_TYPES)].astype(SCORE_TYPES)
    return ordered.sort_values(["target", "rank", "lead_key"], ignore_index=True)


def _score_target(trained: dict[str, Any], active: pd.DataFrame) -> pd.DataFrame:
    if trained["status"] == "not_enough_data":
        scored = active.assign(probability=trained["base_rate"]["value"], top_drivers=NOT_ENOUGH_DATA)
    else:
        model = trained["models"][trained["chosen"]]
        scored = active.assign(
            probability=predict_probability(model, active),
            top_drivers=name_drivers(
                explain_log_odds(model, active), active, trained["features"], trained["stability"]
            ),
        )
    probability = scored["probability"].astype(float)
    worse = len(scored) - probability.rank(ascending=False, method="average")
    return scored.assign(
        rank=probability.rank(ascending=False, method="min").fillna(1),
        percentile=100 * worse / max(len(scored) - 1, 1) if len(scored) > 1 else 100.0,
        model_version=name_version(trained),
    )
