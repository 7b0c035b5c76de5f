"""Whether probabilities are spread as they were, and what they promise, before any outcome is known.

The estimate takes each probability at its word: then the expected Brier score, positives and precision follow from the
probabilities alone (confidence-based performance estimation, Garg et al. 2022; NannyML's CBPE). It sees leads that
have become harder to tell apart, and is blind to probabilities that have become wrong, so that it never calls for
action by itself.
"""

from collections.abc import Callable

import numpy as np

from lead_conversion.lifecycle.drift.checks import Array, Change, two_sided, within
from lead_conversion.lifecycle.drift.inputs import compare_numbers
from lead_conversion.lifecycle.drift.parameters import DriftFloors


def measure_scores(before: Array, now: Array, floors: DriftFloors) -> list[Change]:
    """How the distribution of the probabilities moved and changed its shape."""
    return compare_numbers(before, now, "probability", ("score", "score"), floors)


def estimate_performance(before: Array, now: Array, floors: DriftFloors, resamples: int, seed: int) -> list[Change]:
    """The change of the PR-AUC and the Brier score that the probabilities promise, as a share of what they promised."""
    rng = np.random.default_rng(seed)
    changes = []
    for subject, expect, sign in (("PR-AUC", expected_pr_auc, -1.0), ("Brier score", expected_brier, 1.0)):
        promised, promises = expect(before), expect(now)
        draws = [_draw(expect, before, rng, resamples), _draw(expect, now, rng, resamples)]
        figure = float(promises / promised - 1)
        spread = float(np.hypot(*(draw.std() / draw.mean() for draw in draws)) * promises / promised)
        changes.append(
            Change(
                "estimate",
                f"expected {subject}",
                "Change of what the probabilities promise, as a share",
                figure,
                two_sided(spread),
                floors.estimate,
                promised,
                promises,
                *within(figure, spread),
                may_act=False,
                is_worse=figure * sign > 0,
            )
        )
    return changes


def expected_pr_auc(probability: Array) -> float:
    """The average precision if every probability comes true: precision at each lead, weighted by its chance."""
    falling = np.sort(probability)[::-1]
    precision = np.cumsum(falling) / np.arange(1, falling.size + 1)
    total = falling.sum()
    return float((falling * precision).sum() / total) if total > 0 else 0.0


def expected_brier(probability: Array) -> float:
    """The mean squared error if every probability comes true: the mean of p (1 - p)."""
    return float(np.mean(probability * (1 - probability)))


def _draw(expect: Callable[[Array], float], probability: Array, rng: np.random.Generator, resamples: int) -> Array:
    return np.array([expect(rng.choice(probability, probability.size)) for _resample in range(resamples)])
