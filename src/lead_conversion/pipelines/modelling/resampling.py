"""Figures of several models on the same leads, with the figures of resamples of those leads.

The unit that is resampled is the lead, with all its landmarks (cluster bootstrap, Davison & Hinkley 1997, section 3.8),
and every model meets the same resamples, so that differences are paired. A resample is a weight for each lead: scores
are sorted once and each resample costs sums only.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, xlogy

from lead_conversion.pipelines.modelling.log_odds import Array, fit_coefficients, to_log_odds

Counts = npt.NDArray[np.int32]

TOP_SHARE = 0.1
RELIABILITY_BINS = 10
CELLS_IN_MEMORY = 4_000_000
FEWEST_DEFINED_SHARE = 0.95

METRICS = (
    "pr_auc", "roc_auc", "lift_at_10", "brier", "brier_skill", "log_loss", "calibration_slope", "calibration_intercept",
    "brier_skill_at_landmark", "lift_at_10_at_landmark", "brier_reliability", "brier_resolution", "brier_uncertainty",
    "expected_calibration_error",
)  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A figure on the holdout and on its resamples; NaN where it is not defined."""

    value: float
    draws: Array

    def interval(self, confidence_level: float) -> tuple[float, float]:
        """The percentile interval; NaN where the figure or more than a few of its resamples are not defined."""
        defined = self.draws[np.isfinite(self.draws)]
        if not np.isfinite(self.value) or defined.size < FEWEST_DEFINED_SHARE * self.draws.size:
            return float("nan"), float("nan")
        low, high = np.quantile(defined, [(1 - confidence_level) / 2, (1 + confidence_level) / 2])
        return float(low), float(high)


class Resamples:
    """How often each lead stands in each resample: first every lead once, then `n` resamples.

    One byte a lead and resample is kept; what is computed with them comes in blocks of bounded memory.
    """

    def __init__(self, lead: npt.NDArray[np.int64], n: int, seed: int) -> None:
        self.lead = lead
        self.n_leads = int(lead.max()) + 1
        rng = np.random.default_rng(seed)
        self.weights = np.ones((n + 1, self.n_leads), dtype=np.uint8)
        for resample in range(1, n + 1):
            self.weights[resample] = np.bincount(rng.integers(self.n_leads, size=self.n_leads), minlength=self.n_leads)

    def __len__(self) -> int:
        return len(self.weights)

    def at(self, rows: npt.NDArray[np.bool_]) -> "Resamples":
        """The same resamples of leads, for some of their rows."""
        some = copy(self)
        some.lead = self.lead[rows]
        return some

    def blocks(self, cells_a_resample: int) -> Iterator[Counts]:
        """Resamples by leads, in blocks small enough for arrays of `cells_a_resample` a resample."""
        size = max(CELLS_IN_MEMORY // cells_a_resample, 1)
        for start in range(0, len(self), size):
            yield self.weights[start : start + size].astype(np.int32)

    def sums(self, columns: Array) -> Array:
        """Weighted sums of columns of rows: resamples by columns."""
        by_lead = np.column_stack([np.bincount(self.lead, column, self.n_leads) for column in columns.T])
        # Not a matrix product: the last digits of BLAS depend on the thread count.
        return np.vstack([np.einsum("rl,lc->rc", block.astype(float), by_lead) for block in self.blocks(self.n_leads)])


def measure(label: Array, probability: Array, resamples: Resamples, landmark: Array) -> dict[str, Estimate]:
    """The figures of one model by name, in the order of METRICS.

    PR-AUC is the average precision. The Brier skill is against a forecast of the holdout's own rate, the hardest
    constant to beat. The calibration intercept is taken at slope 1 (calibration in the large, Van Calster et al. 2016).

    Rates fall with the landmark, so telling landmarks apart is enough for a skill and a lift over all rows. The figures
    at the landmark do not reward it: their references are the rate and the average lead of the row's own landmark.

    Over ten bins of about equal size the Brier score is reliability (0 is best) less resolution (more is better) plus
    uncertainty, but for what predictions differ within a bin (Murphy 1973; Stephenson, Coelho and Jolliffe 2008). The
    expected calibration error is the mean distance of the bins' predictions from what was observed; chance alone keeps
    it above zero, and its resamples stand above it.
    """
    groups = (_ranking_figures, _mean_figures, _calibration_figures)
    pooled = [group(label, probability, resamples) for group in groups]
    at_landmark, binned = (
        _landmark_figures(label, probability, resamples, landmark),
        _bin_figures(label, probability, resamples),
    )
    figures = np.column_stack([*pooled, at_landmark, binned])
    return {name: Estimate(float(figures[0, i]), figures[1:, i]) for i, name in enumerate(METRICS)}


def measure_pr_auc(label: Array, probability: Array, resamples: Resamples) -> Estimate:
    """The average precision alone."""
    figures = _ranking_figures(label, probability, resamples)[:, 0]
    return Estimate(float(figures[0]), figures[1:])


def measure_curve(
    label: Array, probability: Array, resamples: Resamples, bins: int
) -> list[tuple[float, Estimate, int]]:
    """The calibration curve: for bins of about equal size the mean prediction, the observed share and the rows."""
    inside = _in_bins(probability, bins)
    rows, positives = np.hsplit(resamples.sums(np.column_stack([inside, inside * label[:, None]])), 2)
    observed = _divide(positives, rows)
    return [
        (
            float(probability[inside[:, i] == 1].mean()),
            Estimate(float(observed[0, i]), observed[1:, i]),
            int(inside[:, i].sum()),
        )
        for i in range(inside.shape[1])
    ]


def _ranking_figures(label: Array, probability: Array, resamples: Resamples) -> Array:
    order = np.argsort(-probability, kind="stable")
    lead, sorted_probability = resamples.lead[order], probability[order]
    tie_ends = np.append(np.flatnonzero(np.diff(sorted_probability)), len(order) - 1)
    positive_rows = np.flatnonzero(label[order] == 1)
    if positive_rows.size == 0:
        return np.full((len(resamples), 3), np.nan)
    # Precision changes the sum only where there are positives: everything after the running total is at these ties.
    tie_of_positive = np.searchsorted(tie_ends, positive_rows)
    ties, starts = np.unique(tie_of_positive, return_index=True)
    blocks = resamples.blocks(len(order))
    return np.vstack([_rank_block(block[:, lead], positive_rows, starts, ties, tie_ends) for block in blocks])


def _rank_block(
    weights: Counts,
    positive_rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    ties: npt.NDArray[np.int64],
    tie_ends: npt.NDArray[np.int64],
) -> Array:
    """PR-AUC, ROC-AUC and lift for each resample; rows come from the highest score to the lowest."""
    # In the counts' own type: to a wider one it would cost three times as much, and there are fewer rows than it holds.
    total = np.cumsum(weights, axis=1, dtype=weights.dtype)[:, tie_ends].astype(float)
    gained = np.add.reduceat(weights[:, positive_rows], starts, axis=1).astype(float)
    positives = np.cumsum(gained, axis=1)
    all_rows, all_positives = total[:, -1:], positives[:, -1:]
    above = np.where(ties > 0, total[:, ties - 1], 0.0)
    at = total[:, ties]
    # A resample may lack every row down to a tie: its precision is undefined there, and its gain is nothing.
    precision = _divide(positives, at)
    average_precision = _divide(np.nansum(gained * precision, axis=1, keepdims=True), all_positives)
    # Negatives below a tie count whole, those inside it half (Mann & Whitney 1947).
    negatives_at, negatives_above = at - positives, above - (positives - gained)
    below = (all_rows - all_positives) - (negatives_at + negatives_above) / 2
    roc_auc = _divide((gained * below).sum(axis=1, keepdims=True), all_positives * (all_rows - all_positives))
    # A tie that straddles the top tenth counts by the share of it that lies inside.
    inside = np.clip(_divide(TOP_SHARE * all_rows - above, at - above), 0, 1)
    lift = _divide(np.nansum(gained * inside, axis=1, keepdims=True), all_positives) / TOP_SHARE
    return np.hstack([average_precision, roc_auc, lift])


def _mean_figures(label: Array, probability: Array, resamples: Resamples) -> Array:
    losses = -xlogy(label, probability) - xlogy(1 - label, 1 - probability)
    sums = resamples.sums(np.column_stack([np.ones_like(label), label, (probability - label) ** 2, losses]))
    rate, brier, log_loss = (_divide(sums[:, i], sums[:, 0]) for i in (1, 2, 3))
    return np.column_stack([brier, 1 - _divide(brier, rate * (1 - rate)), log_loss])


def _landmark_figures(label: Array, probability: Array, resamples: Resamples, landmark: Array) -> Array:
    """Brier skill against each landmark's own rate, and the lift of each landmark's top tenth, put together.

    Who is in the top tenth is decided on the whole holdout and stays so in resamples.
    """
    at_landmark = pd.Series(-probability).groupby(landmark)
    first, last = at_landmark.rank(method="min").to_numpy(), at_landmark.rank(method="max").to_numpy()
    rows = at_landmark.transform("size").to_numpy()
    inside = np.clip((TOP_SHARE * rows - (first - 1)) / (last - first + 1), 0, 1)
    of_landmark = (landmark[:, None] == np.unique(landmark)).astype(float)
    errors, top, top_positives = (probability - label) ** 2, inside, inside * label
    sums = resamples.sums(
        np.column_stack([errors, top, top_positives, of_landmark, of_landmark * label[:, None]]),
    )
    counts, positives = np.hsplit(sums[:, 3:], 2)
    reference = np.nansum(positives * (1 - _divide(positives, counts)), axis=1)
    lift = _divide(_divide(sums[:, 2], sums[:, 1]), _divide(positives.sum(axis=1), counts.sum(axis=1)))
    return np.column_stack([1 - _divide(sums[:, 0], reference), lift])


def _bin_figures(label: Array, probability: Array, resamples: Resamples) -> Array:
    """Reliability, resolution, uncertainty and expected calibration error, over the bins of the whole holdout."""
    of_bin = _in_bins(probability, RELIABILITY_BINS)
    sums = resamples.sums(np.column_stack([of_bin, of_bin * label[:, None], of_bin * probability[:, None]]))
    rows, positives, predicted = np.split(sums, 3, axis=1)
    share = rows / rows.sum(axis=1, keepdims=True)
    rate = positives.sum(axis=1) / rows.sum(axis=1)
    observed, forecast = _divide(positives, rows), _divide(predicted, rows)
    reliability = np.nansum(share * (forecast - observed) ** 2, axis=1)
    resolution = np.nansum(share * (observed - rate[:, None]) ** 2, axis=1)
    error = np.nansum(share * np.abs(forecast - observed), axis=1)
    return np.column_stack([reliability, resolution, rate * (1 - rate), error])


def _in_bins(probability: Array, bins: int) -> Array:
    """Rows by bins of about equal size, from the lowest predictions to the highest: 1 where a row is in a bin."""
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    filled, bin_of = np.unique(np.searchsorted(edges, probability, side="right"), return_inverse=True)
    return np.asarray(bin_of[:, None] == np.arange(filled.size), dtype=float)


def _calibration_figures(label: Array, probability: Array, resamples: Resamples) -> Array:
    """Slope and intercept; on resamples by one Newton step from the whole holdout's fit (its error is of order 1/n)."""
    margin = to_log_odds(probability)
    if np.ptp(margin) == 0 or label.min() == label.max():
        return np.full((len(resamples), 2), np.nan)
    (slope,), intercept = fit_coefficients(margin[:, None], label)
    fitted = expit(intercept + slope * margin)
    spread, error = fitted * (1 - fitted), label - fitted
    columns = np.column_stack([error, error * margin, spread, spread * margin, spread * margin**2])
    g0, g1, h00, h01, h11 = resamples.sums(columns).T
    slopes = slope + _divide(h00 * g1 - h01 * g0, h00 * h11 - h01**2)
    shift = _shift_in_the_large(label, margin)
    shifted = expit(margin + shift)
    gradient, curvature = resamples.sums(np.column_stack([label - shifted, shifted * (1 - shifted)])).T
    figures = np.column_stack([slopes, shift + _divide(gradient, curvature)])
    figures[0] = slope, shift
    return figures


def _shift_in_the_large(label: Array, margin: Array) -> float:
    """The shift of all log odds that makes predictions add up to the positives, by bisection of a rising function."""
    low, high = -30.0, 30.0
    for _step in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(margin + middle).sum() < label.sum() else (low, middle)
    return (low + high) / 2


def _divide(numerator: Array, denominator: Array) -> Array:
    """The quotient, NaN where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.asarray(numerator / denominator, dtype=float)
    return np.where(np.isfinite(quotient), quotient, np.nan)
