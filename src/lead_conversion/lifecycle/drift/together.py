"""Whether features still go together as they did: the rank correlation of each pair.

Ranks are bounded, so that their correlation is normal even where values have long tails; with 5,000 leads on each side
a change by 0.15 is seen among 4,000 pairs. It names the pair, which a classifier that tells
the groups apart does not (docs/decisions/0022-drift.md).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from lead_conversion.contracts.features import Feature
from lead_conversion.lifecycle.drift.checks import Array, Change, two_sided, within
from lead_conversion.lifecycle.drift.parameters import DriftFloors

# A feature that is nearly the same for all leads has hardly a correlation, and a rare one that chance makes large.
MOST_AT_ONE_VALUE = 0.9
FEWEST_KNOWN_SHARE = 0.1
# The pairs that come closest to their limits are told; with thousands of pairs a limit is about five standard errors.
SHOWN = 10
LIKELY_LIMIT = 5.0
TINY = 1e-9


def measure_together(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[Feature], floors: DriftFloors
) -> tuple[list[Change], int]:
    """The pairs whose correlation came closest to their limit, and the number of pairs compared."""
    both = pd.concat([reference, current], ignore_index=True)
    names = [feature.name for feature in features if _varies(both[feature.name])]
    if len(names) < 2:  # noqa: PLR2004 - a pair
        return [], 0
    scores = np.column_stack([_centred_ranks(both[name]) for name in names])
    before, now = scores[: len(reference)], scores[len(reference) :]
    with threadpool_limits(limits=1):
        found, variances = zip(*(_correlate(group) for group in (before, now)), strict=True)
    spread = np.sqrt(variances[0] / len(before) + variances[1] / len(now))
    first, second = np.triu_indices(len(names), k=1)
    change, error = (found[1] - found[0])[first, second], spread[first, second]
    size = np.abs(change) / np.maximum(LIKELY_LIMIT * error, max(floors.together, TINY))
    most = np.argsort(-size, kind="stable")[:SHOWN]
    changes = [
        Change(
            "together",
            f"{names[first[pair]]} with {names[second[pair]]}",
            "Rank correlation",
            float(change[pair]),
            two_sided(float(error[pair])),
            floors.together,
            float(found[0][first[pair], second[pair]]),
            float(found[1][first[pair], second[pair]]),
            *within(float(change[pair]), float(error[pair])),
        )
        for pair in most
    ]
    return changes, len(first)


def _varies(values: pd.Series) -> bool:
    known = values.dropna()
    if len(known) < FEWEST_KNOWN_SHARE * len(values):
        return False
    return bool(known.value_counts(normalize=True).iloc[0] <= MOST_AT_ONE_VALUE)


def _centred_ranks(values: pd.Series) -> Array:
    """Mid-ranks of mean 0 and variance 1 over the known values; one that is missing says nothing, and is 0."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(numbers)
    ranks = rankdata(numbers[known])
    scores = np.zeros(numbers.size)
    scores[known] = (ranks - ranks.mean()) / ranks.std()
    return np.asarray(scores / np.sqrt(known.mean()))


def _correlate(scores: Array) -> tuple[Array, Array]:
    """The correlation of each two columns within a group, and the variance of what one lead adds to it.

    By the delta method, whatever the distributions: of z1 z2 - r (z1^2 + z2^2) / 2 for standardised columns.
    """
    spread = scores.std(axis=0)
    z = (scores - scores.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    n, squares = len(z), z**2
    r = z.T @ z / n
    both, third, fourth = squares.T @ squares / n, (squares * z).T @ z / n, (squares**2).mean(axis=0)
    variance = both - r * (third + third.T) + r**2 / 4 * (np.add.outer(fourth, fourth) + 2 * both)
    return r, np.maximum(variance, 0.0)
