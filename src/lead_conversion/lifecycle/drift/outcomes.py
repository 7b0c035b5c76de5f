"""Whether what was promised came true, of leads whose label window is over.

A lead counts once its window is over at the as-of, whatever became of it and when; one that converted early and is
still within its window does not count yet, nor one that has not converted. So a batch of any age is compared with its
own promise at full maturity, and an immature one is not called worse. What is promised is computed from the
probabilities of the very same leads: it needs no other batch, and leads of another age or campaign are no excuse.
"""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from lead_conversion.lifecycle.drift.checks import Array, Change, within
from lead_conversion.lifecycle.drift.parameters import DriftFloors

MATURE = ("positive", "negative")
SMALLEST_PROBABILITY = 1e-6
# On the log odds: beyond it every probability is 0 or 1.
FARTHEST_SHIFT = 40.0


def mature_outcomes(
    score_history: pd.DataFrame, primary_labels: pd.DataFrame, as_of: datetime, outcome_days: int
) -> pd.DataFrame:
    """One row a lead and target whose window ended in the last `outcome_days` days before the as-of, and is over.

    Of a lead that was scored daily its first score counts, so that each lead counts once. Columns: lead_key, target,
    scored_at, probability, model_version, label (0 or 1).
    """
    moment = pd.Timestamp(as_of)
    is_over = primary_labels["window_end_at"] <= moment
    is_recent = primary_labels["window_end_at"] > moment - timedelta(days=outcome_days)
    known = primary_labels[is_over & is_recent & primary_labels["state"].isin(MATURE)]
    labels = known[["lead_key", "target"]].assign(label=(known["state"] == "positive").astype(int))
    first = score_history.sort_values("scored_at", kind="stable").drop_duplicates(
        ["lead_key", "target", "model_version"]
    )
    return first.merge(labels, on=["lead_key", "target"], validate="m:1").sort_values(
        ["target", "model_version", "lead_key"], ignore_index=True
    )


def measure_outcomes(probability: Array, label: Array, floors: DriftFloors, resamples: int, seed: int) -> list[Change]:
    """Calibration in the large, the Brier score and the PR-AUC against what the same probabilities promised."""
    return [
        _calibration_in_the_large(probability, label, floors),
        _brier(probability, label, floors),
        *_ranking(probability, label, floors, resamples, seed),
    ]


def _calibration_in_the_large(probability: Array, label: Array, floors: DriftFloors) -> Change:
    """Positives over expected ones, on the log scale so that half and twice are as far from one."""
    expected, found = float(probability.sum()), float(label.sum())
    spread = float(np.sqrt(np.sum(probability * (1 - probability)))) / expected
    # Half a lead keeps the logarithm finite where nobody converted.
    figure = float(np.log(max(found, 0.5) / expected))
    low, high = within(found / expected, spread)

    def chance(error: float) -> float:
        reach = float(norm.isf(error / 2)) * spread
        return float(np.log1p(reach) if figure >= 0 else -np.log(max(1 - reach, 0.5 / expected)))

    return Change(
        "outcomes",
        "calibration in the large",
        f"Positives are {found / expected:.2f} of those expected; the figure is the logarithm of that",
        figure,
        chance,
        floors.calibration,
        expected / label.size,
        found / label.size,
        float(np.log(max(low, 0.5 / expected))),
        float(np.log(high)),
        remedy="Recalibrate; where the ranking got worse too, retrain.",
    )


def _brier(probability: Array, label: Array, floors: DriftFloors) -> Change:
    """The excess of the Brier score over its expectation, as a share of it (Spiegelhalter 1986)."""
    doubt = probability * (1 - probability)
    expected, found = float(doubt.mean()), float(np.mean((probability - label) ** 2))
    spread = float(np.sqrt(np.sum(doubt * (1 - 2 * probability) ** 2))) / label.size / expected
    figure = found / expected - 1
    return Change(
        "outcomes",
        "Brier score",
        "Excess over what was promised, as a share",
        figure,
        lambda error: float(norm.isf(error / 2)) * spread,
        floors.brier,
        expected,
        found,
        *within(figure, spread),
        is_worse=figure > 0,
        remedy="Recalibrate; where the ranking got worse too, retrain.",
    )


def _ranking(probability: Array, label: Array, floors: DriftFloors, resamples: int, seed: int) -> list[Change]:
    """The PR-AUC against its distribution if as many leads convert, those with the higher chances likelier."""
    positives = int(label.sum())
    if positives in {0, label.size}:
        return []
    rng = np.random.default_rng(seed)
    # At the rate that came true: that too few convert is calibration's to tell.
    chances = _shifted_to(probability, positives)
    draws = (rng.random((resamples, label.size)) < chances).astype(float)
    promised = average_precision(draws[draws.any(axis=1)], probability)
    expected, spread = float(promised.mean()), float(promised.std(ddof=1))
    (found,) = average_precision(label[None, :], probability)
    figure = found / expected - 1
    return [
        Change(
            "outcomes",
            "PR-AUC",
            "Change against what was promised, as a share",
            figure,
            lambda error: float(norm.isf(error / 2)) * spread / expected,
            floors.ranking,
            expected,
            found,
            *within(figure, spread / expected),
            is_worse=figure < 0,
            remedy="Retrain.",
        )
    ]


def _shifted_to(probability: Array, positives: int) -> Array:
    """The probabilities, with all log odds shifted so that they add up to the positives."""
    margin = logit(np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))
    shift = brentq(lambda by: float(expit(margin + by).sum()) - positives, -FARTHEST_SHIFT, FARTHEST_SHIFT)
    return np.asarray(expit(margin + shift))


def average_precision(labels: Array, probability: Array) -> Array:
    """The PR-AUC of one ranking for each row of labels, all in one go; equal probabilities enter together."""
    order = np.argsort(-probability, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(probability[order])), probability.size - 1)
    hits = np.cumsum(labels[:, order], axis=1)[:, ends]
    gained = np.diff(hits, axis=1, prepend=0.0)
    return np.asarray((gained * hits / (ends + 1)).sum(axis=1) / hits[:, -1])
