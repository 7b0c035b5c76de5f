"""Whether features still go together as they did: the rank correlation of each pair.

A pair's product of centred ranks is bounded, so that its mean is normal even where values have long tails; with n = m
= 5,000 a change of the correlation by 0.15 is seen among 6,000 pairs. It names the pair, which a classifier that tells
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
        means, variances = zip(*(_moments(group) for group in (before, now)), strict=True)
    spread = np.sqrt(variances[0] / len(before) + variances[1] / len(now))
    first, second = np.triu_indices(len(names), k=1)
    change, error = (means[1] - means[0])[first, second], spread[first, second]
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
            float(means[0][first[pair], second[pair]]),
            float(means[1][first[pair], second[pair]]),
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


def _moments(scores: Array) -> tuple[Array, Array]:
    """Mean and variance of each product of two columns."""
    means = scores.T @ scores / len(scores)
    squares = scores**2
    return means, np.maximum(squares.T @ squares / len(scores) - means**2, 0.0)
