"""The gate a model passes before it may be registered: a pure function of its evaluation and of limits."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Evaluation = Mapping[str, Any]

BASELINE_ROLES = ("baseline", "comparator")


class GateLimits(BaseModel):
    """What the chosen model must reach on the holdout."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_relative_gain: float
    min_brier_skill: float
    min_calibration_slope: float
    max_calibration_slope: float
    min_lift_at_10: float
    max_loss_to_champion: float = Field(ge=0, lt=1)
    min_positive_leads: int = Field(ge=1)


class GateCondition(BaseModel):
    """One condition: what it asks, the limit, the figure found (null: none could be computed) and the verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sentence: str
    limit: float
    figure: float | None
    passed: bool


class GateDecision(BaseModel):
    """The verdict; passed only where every condition is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passed: bool
    conditions: tuple[GateCondition, ...]


def decide_gate(evaluation: Evaluation, limits: GateLimits) -> GateDecision:
    """Whether one target's chosen model may be registered, from that target's part of evaluation.json.

    It fails closed: a figure that is missing, not a number or infinite fails its condition.
    """
    model, against = _chosen_model(evaluation), _comparison_with_best_baseline(evaluation)
    best = str(against.get("baseline") or "the best baseline").replace("_", " ")
    conditions = (
        _at_least(
            "relative_pr_auc_gain", f"PR-AUC gains on {best} by at least this share",
            limits.min_relative_gain, _figure(against, "relative", "value"),
        ),
        _above(
            "pr_auc_difference_interval", f"The interval of the paired difference in PR-AUC to {best} lies above this",
            0.0, _figure(against, "difference", "ci_low"),
        ),
        _above(
            "brier_skill", "The Brier skill against each landmark's own rate in the holdout lies above this",
            limits.min_brier_skill, _figure(model, "brier_skill_at_landmark", "value"),
        ),
        _at_least(
            "calibration_slope_low", "The calibration slope is at least this (below: predictions too extreme)",
            limits.min_calibration_slope, _figure(model, "calibration_slope", "value"),
        ),
        _at_most(
            "calibration_slope_high", "The calibration slope is at most this (above: predictions too timid)",
            limits.max_calibration_slope, _figure(model, "calibration_slope", "value"),
        ),
        _at_least(
            "lift_at_10", "Each landmark's top tenth holds at least this many times the average share of positives",
            limits.min_lift_at_10, _figure(model, "lift_at_10_at_landmark", "value"),
        ),
        _at_most(
            "leakage_audit", "Features that may hold the outcome itself, accepted by nobody, are at most this many",
            0.0, _figure(evaluation, "leakage", "open_suspects"),
        ),
        _at_least(
            "positive_leads", "The holdout has at least this many positive leads",
            limits.min_positive_leads, _figure(evaluation, "split", "holdout", "positives"),
        ),
        _no_worse_than_champion(evaluation.get("champion"), limits),
    )  # fmt: skip
    return GateDecision(passed=all(condition.passed for condition in conditions), conditions=conditions)


def _chosen_model(evaluation: Evaluation) -> Evaluation:
    models = evaluation.get("models") or {}
    chosen: Evaluation = models.get(evaluation.get("chosen_model")) or {}
    return chosen


def _comparison_with_best_baseline(evaluation: Evaluation) -> Evaluation:
    """The comparison with the strongest baseline; none at all where any baseline has no figure or no comparison."""
    models = evaluation.get("models") or {}
    strength = {
        name: _figure(model, "pr_auc", "value") for name, model in models.items() if model.get("role") in BASELINE_ROLES
    }
    comparisons = {comparison.get("baseline"): comparison for comparison in evaluation.get("comparisons") or []}
    if not strength or None in strength.values() or not comparisons.keys() >= strength.keys():
        return {}
    found: Evaluation = comparisons[max(strength, key=lambda name: strength[name] or 0.0)]
    return found


def _no_worse_than_champion(champion: object, limits: GateLimits) -> GateCondition:
    """No champion is worse than none; with one, the challenger must be shown to be no worse (non-inferiority).

    A comparison that could not be made fails, whatever the reason: its words stand in the condition.
    """
    name, limit = "no_worse_than_champion", -limits.max_loss_to_champion
    status = champion.get("status") if isinstance(champion, Mapping) else None
    if status == "none":
        sentence = "No worse than the champion: there is none, and nothing to be compared with"
        return GateCondition(name=name, sentence=sentence, limit=limit, figure=None, passed=True)
    sentence = "The interval of the PR-AUC's relative difference to the champion lies above this"
    if status != "compared":
        why = champion.get("message") if isinstance(champion, Mapping) else "nobody looked for a champion"
        sentence = f"{sentence} ({why})"
    return _above(name, sentence, limit, _figure(champion, "relative", "ci_low") if status == "compared" else None)


def _figure(part: object, *path: str) -> float | None:
    """The finite number at the end of the path, or None."""
    for key in path:
        part = part.get(key) if isinstance(part, Mapping) else None
    if isinstance(part, bool) or not isinstance(part, int | float) or not math.isfinite(part):
        return None
    return float(part)


def _condition(
    name: str, sentence: str, limit: float, figure: float | None, holds: Callable[[float], bool]
) -> GateCondition:
    passed = figure is not None and math.isfinite(limit) and holds(figure)
    return GateCondition(name=name, sentence=sentence, limit=limit, figure=figure, passed=passed)


def _at_least(name: str, sentence: str, limit: float, figure: float | None) -> GateCondition:
    return _condition(name, sentence, limit, figure, lambda found: found >= limit)


def _above(name: str, sentence: str, limit: float, figure: float | None) -> GateCondition:
    return _condition(name, sentence, limit, figure, lambda found: found > limit)


def _at_most(name: str, sentence: str, limit: float, figure: float | None) -> GateCondition:
    return _condition(name, sentence, limit, figure, lambda found: found <= limit)
