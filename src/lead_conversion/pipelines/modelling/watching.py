"""Keeps what later runs compare with, and compares: samples of scored leads, their scores, and what became of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.champions import Champion
from lead_conversion.lifecycle.drift.checks import worst
from lead_conversion.lifecycle.drift.decision import decide_drift, is_same_clock
from lead_conversion.lifecycle.drift.outcomes import mature_outcomes
from lead_conversion.lifecycle.drift.parameters import DriftParameters
from lead_conversion.lifecycle.drift.reference import PROBABILITY, REFERENCE_FILE, from_parquet, make_reference
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import name_version, predict_probability

HISTORY_TYPES = {
    "lead_key": "str", "target": "str", "scored_at": "datetime64[us]", "probability": "float64", "model_version": "str",
}  # fmt: skip
REFERENCE_TYPES = {"target": "str", "model_version": "str", "trained_at": "datetime64[us]", PROBABILITY: "float64"}


def sample_references(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    trained_models: Mapping[str, Mapping[str, Any]],
    primary_as_of: Mapping[str, str],
    drift: DriftParameters,
    seed: int,
) -> pd.DataFrame:
    """The active leads as the run's own models see them, without keys: what later leads are compared with.

    For each target with a model at most `reference_leads` rows: their features, probability, and the model's version.
    """
    scoring = attach_features(model_input_examples[model_input_examples["split"] == "scoring"], feature_leads)
    parts = [
        make_reference(
            rows, predict_probability(trained["models"][trained["chosen"]], rows), drift.reference_leads, seed
        ).assign(target=target, model_version=name_version(dict(trained)))
        for target, trained in trained_models.items()
        if trained["status"] == "trained" and len(rows := scoring[scoring["target"] == target].sort_values("lead_key"))
    ]
    sampled = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(REFERENCE_TYPES))
    return sampled.assign(trained_at=parse_moment(primary_as_of["as_of"])).astype(REFERENCE_TYPES)


def gather_references(champion_models: Mapping[str, Champion]) -> pd.DataFrame:
    """The samples that were registered with the champions; a champion that has none has no rows."""
    samples = [
        from_parquet(champion["files"][REFERENCE_FILE])
        for _target, champion in sorted(champion_models.items())
        if REFERENCE_FILE in champion["files"]
    ]
    return pd.concat(samples, ignore_index=True) if samples else pd.DataFrame(columns=list(REFERENCE_TYPES))


def extend_score_history(
    score_history_before: pd.DataFrame, scored_leads: pd.DataFrame, drift: DriftParameters
) -> pd.DataFrame:
    """The scores of earlier runs and of this one, those of the last `history_days` days before its as-of.

    A second run from one moment replaces what the first one scored then, so that it changes nothing.
    """
    scored = scored_leads[list(HISTORY_TYPES)]
    if score_history_before.empty:
        whole = scored
    else:
        # Models that are tried side by side score the same leads at the same moment.
        key = ["target", "scored_at", "model_version"]
        own = pd.MultiIndex.from_frame(scored[key].drop_duplicates())
        others = score_history_before[~pd.MultiIndex.from_frame(score_history_before[key]).isin(own)]
        whole = pd.concat([others, scored])
    if len(scored):
        whole = whole[whole["scored_at"] > scored["scored_at"].max() - timedelta(days=drift.history_days)]
    ordered = whole[list(HISTORY_TYPES)].astype(HISTORY_TYPES)
    return ordered.sort_values(["scored_at", "target", "model_version", "lead_key"], ignore_index=True)


def check_drift(  # noqa: PLR0913, PLR0917 - Kedro passes each as an argument
    references: pd.DataFrame,
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    scored_leads: pd.DataFrame,
    score_history: pd.DataFrame,
    primary_labels: pd.DataFrame,
    primary_as_of: Mapping[str, str],
    drift: DriftParameters,
    seed: int,
) -> dict[str, Any]:
    """For each target whether its model is still right, as drift.json: steady, watch or act, with every check.

    `references` are samples of models' own leads; of each target the one counts that belongs to the model that scored.
    A model that was trained in this very run has nothing to be compared with.
    """
    as_of = parse_moment(primary_as_of["as_of"])
    outcomes = mature_outcomes(score_history, primary_labels, as_of, drift.outcome_days)
    targets = {
        target: _check_target(target, rows, references, outcomes, drift, seed)
        for target, rows in _scored_rows(model_input_examples, feature_leads, scored_leads).items()
    }
    return {
        **{key: primary_as_of[key] for key in ("as_of", "snapshot_id")},
        "verdict": worst([target["verdict"] for target in targets.values()]),
        "targets": targets,
    }


def _check_target(
    target: str,
    rows: pd.DataFrame,
    references: pd.DataFrame,
    outcomes: pd.DataFrame,
    drift: DriftParameters,
    seed: int,
) -> dict[str, Any]:
    version, now = rows["model_version"].iloc[0], rows["scored_at"].iloc[0]
    is_own = (references["target"] == target) & (references["model_version"] == version)
    # What no lead of the sample has told its model nothing; with champions of several ages, it may have come in since.
    reference = references[is_own & (references["trained_at"] < now)].dropna(axis="columns", how="all")
    own = outcomes[(outcomes["target"] == target) & (outcomes["model_version"] == version)]
    trained_at = None if reference.empty else reference["trained_at"].iloc[0].isoformat()
    same_clock = reference.empty or is_same_clock(reference["trained_at"].iloc[0], now, drift.clock_tolerance_hours)
    decision = decide_drift(reference, rows, own, drift, seed, same_clock=same_clock)
    return {"model_version": version, "trained_at": trained_at, **decision.model_dump(mode="json")}


def _scored_rows(
    examples: pd.DataFrame, feature_leads: pd.DataFrame, scored_leads: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """By target the scored leads with their features, probability and the model's version, in order of the lead."""
    scoring = attach_features(examples[examples["split"] == "scoring"], feature_leads)
    scores = scored_leads[["lead_key", "target", "scored_at", PROBABILITY, "model_version"]]
    joined = scoring.merge(scores, on=["lead_key", "target"], validate="1:1").sort_values(["target", "lead_key"])
    return {str(target): rows.reset_index(drop=True) for target, rows in joined.groupby("target", sort=True)}
