"""Scores the leads that are still open: who will convert, how likely, and why."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.champions import Champion, Recipe, fault_of, require_champions
from lead_conversion.pipelines.modelling.drivers import NOT_ENOUGH_DATA, name_drivers
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import explain_log_odds, name_version, predict_probability

SCORE_TYPES = {
    "lead_key": "str", "target": "str", "scored_at": "datetime64[us]", "probability": "float64", "rank": "int64",
    "percentile": "float64", "model_version": "str", "snapshot_id": "str", "top_drivers": "str", "is_trial": "bool",
}  # fmt: skip

log = logging.getLogger(__name__)


def score_active_leads(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
    champion_models: Mapping[str, Champion],
    feature_recipe: Recipe,
    primary_as_of: dict[str, str],
    target: Targets,
    features: Sequence[Feature] = FEATURES,
) -> pd.DataFrame:
    """One row an active lead and target, best first, scored by the champion where there is one.

    Without a champion that this code can score with, the run's own candidate scores, on trial (`is_trial`).
    """
    able = {}
    for name, spec in target.items():
        fault = fault_of(champion_models[name], spec, feature_recipe, features) if name in champion_models else ""
        if fault:
            log.warning("The champion of %s cannot score: %s. The run's own candidate scores, on trial.", name, fault)
        elif name in champion_models:
            able[name] = champion_models[name]["model"]
    return _score(model_input_examples, feature_leads, {**trained_models, **able}, set(able), primary_as_of)


def score_with_champions(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    champion_models: Mapping[str, Champion],
    feature_recipe: Recipe,
    primary_as_of: dict[str, str],
    target: Targets,
    features: Sequence[Feature] = FEATURES,
) -> pd.DataFrame:
    """One row an active lead and target, best first, scored by the champions and by nothing else.

    Raises:
        AccessError: a target has no champion.
        ConfigurationError: a champion cannot score with this code.
    """
    champions = require_champions(champion_models, target, feature_recipe, features)
    models = {name: champion["model"] for name, champion in champions.items()}
    return _score(model_input_examples, feature_leads, models, set(models), primary_as_of)


def _score(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    models: Mapping[str, dict[str, Any]],
    approved: set[str],
    primary_as_of: dict[str, str],
) -> pd.DataFrame:
    """The ranking of each target by its model; leads of one probability share a rank.

    `percentile` is 100 for the best lead and 0 for the last. `is_trial` says that no champion scored.
    """
    scoring = model_input_examples[model_input_examples["split"] == "scoring"]
    parts = [
        _score_target(trained, attach_features(active.sort_values("lead_key"), feature_leads)).assign(
            is_trial=target not in approved
        )
        for target, trained in models.items()
        # Without any mature lead there is not even a base rate, and so nothing to say of a lead.
        if trained["base_rate"]["leads"] and not (active := scoring[scoring["target"] == target]).empty
    ]
    scored = pd.concat(parts) if parts else pd.DataFrame(columns=list(SCORE_TYPES))
    scored = scored.assign(scored_at=parse_moment(primary_as_of["as_of"]), snapshot_id=primary_as_of["snapshot_id"])
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
