"""Which features may hold the outcome itself: a suspect knows more than could be known before it.

Read from the training side only. A feature is a suspect of a target where

- alone it tells winners from others better than anything honest does (`auc`);
- alone it tells much, and all others together do not make up for it (`added_auc`): what is known before an outcome is
  told by several features, each a little, a leak is told by no other;
- whether it has a value at all tells winners from others (`missing_auc`); of an earlier stage of the funnel that is no
  reason, for who booked buys: when the stage was recorded is what the replay asks;
- nearly all leads with one of its values are winners (`winners_value`);
- it is not the same when it is computed from a database cut at the landmark (`replay`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.encoding import attach_features, require_features
from lead_conversion.pipelines.modelling.log_odds import Array
from lead_conversion.pipelines.modelling.logistic import fit_logistic, predict_logistic
from lead_conversion.pipelines.modelling.parameters import LeakageParameters, ModelParameters
from lead_conversion.pipelines.modelling.single_features import Auc, Counts, Rows, auc_of_scores

# Two numbers of nearly one order are one thing told twice: neither makes up for the other.
TWIN_CORRELATION = 0.95
EARLIER_STAGE = "conversion"

Found = dict[str, Any]


def audit_leakage(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    feature_replay: Mapping[str, Any],
    target: Targets,
    model: ModelParameters,
    leakage: LeakageParameters,
    features: Sequence[Feature] = FEATURES,
) -> Found:
    """For each target the suspects with their reasons, and the figures of every feature; as leakage_audit.json.

    `open_suspects` counts those that nobody has accepted, null where nothing could be judged. A feature that is not
    what the replay gives cannot be accepted: it holds the future.

    Raises:
        ConfigurationError: `leakage.accepted` names a feature that is not there.
    """
    require_features([accepted.feature for accepted in leakage.accepted], features, "leakage.accepted")
    examples = model_input_examples.sort_values(["target", "lead_key", "landmark_hours"], ignore_index=True)
    learnt_from = examples[examples["split"].isin(["train", "calibration"])]
    audited = {}
    for name, spec in target.items():
        rows = attach_features(learnt_from[learnt_from["target"] == name], feature_leads)
        audited[name] = _audit_target(rows, feature_replay, spec.window_hours, model, leakage, features)
    return {"targets": audited, "replay": dict(feature_replay)}


def _audit_target(
    examples: pd.DataFrame,
    replay: Mapping[str, Any],
    window_hours: float,
    model: ModelParameters,
    leakage: LeakageParameters,
    features: Sequence[Feature],
) -> Found:
    winner = examples.drop_duplicates("lead_key")["label"].astype(bool)
    found: Found = {"leads": len(winner), "winners": int(winner.sum()), "rows": len(examples)}
    scarce = min(found["winners"], found["leads"] - found["winners"])
    if scarce < leakage.min_winners or not replay["landmarks"]:
        counted = f"{found['winners']:,} of {found['leads']:,} leads are winners"
        winners = counted if found["leads"] else "no lead can train"
        message = (
            f"Not judged: {winners} ({leakage.min_winners} of each kind are needed), and {replay['landmarks']:,} "
            "landmarks were replayed."
        )
        return {**found, "message": message, "open_suspects": None, "suspects": [], "features": []}
    rows, level = Rows.of(examples), leakage.confidence_level
    figures = [_measure_feature(rows, examples[feature.name], feature, level) for feature in features]
    reasons = {
        figure["feature"]: [
            *_judge_feature(figure, feature, float(winner.mean()), leakage),
            *_judge_replay(figure["feature"], replay),
        ]
        for figure, feature in zip(figures, features, strict=True)
    }
    for name, reason in _judge_carriers(rows, examples, figures, reasons, window_hours, model, leakage, features):
        reasons[name].append(reason)
    accepted = {accepted.feature: accepted.reason for accepted in leakage.accepted}
    suspects = [
        {
            "feature": feature.name,
            "sentence": feature.sentence,
            "reasons": reasons[feature.name],
            "accepted": None
            if any(reason["check"] == "replay" for reason in reasons[feature.name])
            else accepted.get(feature.name),
        }
        for feature in features
        if reasons[feature.name]
    ]
    return {
        **found,
        "message": "",
        "open_suspects": sum(suspect["accepted"] is None for suspect in suspects),
        "suspects": suspects,
        "features": figures,
    }


def _measure_feature(rows: Rows, values: pd.Series, feature: Feature, level: float) -> Found:
    counts = Counts.of(rows, values, feature)
    presence = counts.presence()
    values_of = (counts.winners_value(level), presence.winners_value(level))
    return {
        "feature": feature.name,
        "auc": _finite(counts.auc(level)),
        "missing_auc": _finite(presence.auc(level)),
        "winners_value": asdict(max(values_of, key=lambda found: found.share_at_least)),
    }


def _judge_feature(figure: Found, feature: Feature, winners: float, leakage: LeakageParameters) -> list[Found]:
    """What is suspicious about a feature by itself; a figure without an interval is no proof."""
    auc, missing, value = figure["auc"], figure["missing_auc"], figure["winners_value"]
    share_limit = 1 - leakage.max_losers_ratio * (1 - winners)
    of_value = f"Of {value['leads']:,} leads with the value '{value['value']}', {value['winners']:,} are winners"
    judged = [
        (
            "auc", leakage.max_auc, auc["ci_low"],
            f"Alone it ranks a winner above another lead with a chance of {_in_words(auc)}.",
        ),
        (
            "missing_auc", leakage.max_missing_auc, missing["ci_low"],
            f"Whether it has a value at all tells winners from others with a chance of {_in_words(missing)}.",
        ),
        (
            "winners_value", share_limit, value["share_at_least"],
            f"{of_value}; of all leads {100 * winners:.1f} % are.",
        ),
    ]  # fmt: skip
    return [
        _reason(check, figure_found, limit, words)
        for check, limit, figure_found, words in judged
        if figure_found is not None
        and figure_found > limit
        and not (check == "missing_auc" and feature.family == EARLIER_STAGE)
    ]


def _judge_replay(name: str, replay: Mapping[str, Any]) -> list[Found]:
    differing, of = replay["differing"].get(name, 0), replay["landmarks"]
    words = f"At {differing:,} of {of:,} landmarks it is not what a database cut there gives: it holds the future."
    return [_reason("replay", differing, 0, words)] if differing else []


def _judge_carriers(
    rows: Rows,
    examples: pd.DataFrame,
    figures: Sequence[Found],
    reasons: Mapping[str, Sequence[Found]],
    window_hours: float,
    model: ModelParameters,
    leakage: LeakageParameters,
    features: Sequence[Feature],
) -> list[tuple[str, Found]]:
    """Features that tell much alone, and without which all others together tell much less.

    Known suspects do not count among the others, nor does another that puts leads in nearly the same order.
    """

    def together(pool: Sequence[Feature]) -> float:
        score = _predict_out_of_fold(rows, examples, pool, window_hours, model)
        return auc_of_scores(rows, score, leakage.confidence_level).value

    low = {figure["feature"]: figure["auc"]["ci_low"] or 0.0 for figure in figures}
    strong = [feature for feature in features if low[feature.name] > leakage.carrier_auc and not reasons[feature.name]]
    suspects = {name for name, known in reasons.items() if known}
    found = []
    for candidate in sorted(strong, key=lambda feature: -low[feature.name]):
        others = [
            feature
            for feature in features
            if feature.name not in {*suspects, candidate.name} and not _are_twins(examples, candidate, feature)
        ]
        whole, rest = together([*others, candidate]), together(others)
        if whole - rest > leakage.max_added_auc:
            words = (
                f"Alone it ranks a winner above another lead with a chance of at least {low[candidate.name]:.3f}; all "
                f"features together do so with {whole:.3f}, and with {rest:.3f} without it."
            )
            found.append((candidate.name, _reason("added_auc", whole - rest, leakage.max_added_auc, words)))
            suspects.add(candidate.name)
    return found


def _are_twins(examples: pd.DataFrame, one: Feature, other: Feature) -> bool:
    if {one.kind, other.kind} != {"numeric"}:
        return False
    first, second = (examples[feature.name].astype(float) for feature in (one, other))
    return abs(first.rank().corr(second.rank())) >= TWIN_CORRELATION


def _predict_out_of_fold(
    rows: Rows, examples: pd.DataFrame, features: Sequence[Feature], window_hours: float, model: ModelParameters
) -> Array:
    """Log odds by a logistic regression on the other half of the folds."""
    half = rows.fold % 2
    score = np.zeros(len(examples))
    for side in (0, 1):
        fitted = fit_logistic(examples[half != side], features, model.logistic, model.encoding, window_hours)
        score[half == side] = predict_logistic(fitted, examples[half == side])
    return score


def _reason(check: str, figure: float, limit: float, words: str) -> Found:
    return {"check": check, "figure": float(figure), "limit": float(limit), "words": words}


def _finite(auc: Auc) -> dict[str, float | None]:
    return {name: figure if np.isfinite(figure) else None for name, figure in asdict(auc).items()}


def _in_words(auc: Mapping[str, float | None]) -> str:
    value, low, high = (float("nan") if auc[name] is None else auc[name] for name in ("value", "ci_low", "ci_high"))
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
