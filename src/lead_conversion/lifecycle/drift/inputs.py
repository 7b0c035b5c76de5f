"""Whether the features of the leads that are scored now are spread as they were for the model's own leads.

Each test's null is that both groups were drawn from one: Kolmogorov and Smirnov's distance for what moved; the
population stability index for what changed its shape or spread, held against its sampling distribution instead of a
rule of thumb (Yurdakul 2018: it is a chi-squared variable times 1/n + 1/m); exact tests for shares.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, ks_2samp
from scipy.stats.distributions import kstwobign

from lead_conversion.contracts.features import Feature
from lead_conversion.lifecycle.drift.checks import Array, Change, Kind, compare_counts, interval_of_shares
from lead_conversion.lifecycle.drift.parameters import DriftFloors

BINS = 10
FEWEST_EXPECTED = 10
FEWEST_VALUES = 30
# Added to each bin, so that an empty one has a logarithm.
HALF_A_ROW = 0.5
MISSING = "missing"


def measure_numbers(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[Feature], floors: DriftFloors
) -> list[Change]:
    """What moved and what changed its shape among the numeric features."""
    changes: list[Change] = []
    for feature in features:
        before, now = (rows[feature.name].dropna().to_numpy(dtype=float) for rows in (reference, current))
        if min(before.size, now.size) >= FEWEST_VALUES:
            changes += compare_numbers(before, now, feature.name, ("distribution", "shape"), floors)
    return changes


def compare_numbers(
    before: Array, now: Array, subject: str, kinds: tuple[Kind, Kind], floors: DriftFloors
) -> list[Change]:
    """The distance between two samples, and their stability index; the same kind twice makes them two tests of it."""
    floor = floors.score if kinds[0] == "score" else floors.distribution
    pace = np.sqrt(1 / before.size + 1 / now.size)
    distance = float(ks_2samp(before, now, method="asymp").statistic)
    means = float(before.mean()), float(now.mean())
    moved = Change(
        kinds[0],
        subject,
        "Kolmogorov-Smirnov distance",
        distance,
        lambda error: float(kstwobign.isf(error) * pace),
        floor,
        *means,
    )
    counts = _count_in_bins(before, now)
    degrees = counts.shape[1] - 1
    if degrees == 0:
        return [moved]
    shape = Change(
        kinds[1],
        subject,
        "Population stability index",
        stability_index(counts),
        lambda error: float(chi2.isf(error, degrees) * pace**2),
        floors.shape,
        *_spreads(before, now),
    )
    return [moved, shape]


def measure_categories(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[Feature], floors: DriftFloors
) -> list[Change]:
    """The change of each category's share; one that the reference lacks is a category too."""
    changes = []
    for feature in features:
        before, now = (rows[feature.name].fillna(MISSING).astype("str") for rows in (reference, current))
        counts = pd.DataFrame({"before": before.value_counts(), "now": now.value_counts()}).fillna(0).sort_index()
        distance = float(jensenshannon(counts["before"], counts["now"], base=2))
        sentence = f"Share of leads; the whole feature's Jensen-Shannon distance is {distance:.3f}"
        for category, (first, second) in zip(counts.index, counts.to_numpy(dtype=int).tolist(), strict=True):
            shares = _Counted(first, len(before), second, len(now))
            if shares.can_change_by(floors.share):
                changes.append(shares.change("categories", f"{feature.name} = {category}", sentence, floors))
    return changes


def measure_missing(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[Feature], floors: DriftFloors
) -> list[Change]:
    """The change of the share of leads of whom a numeric feature is missing."""
    changes = []
    for feature in features:
        first, second = (int(rows[feature.name].isna().sum()) for rows in (reference, current))
        shares = _Counted(first, len(reference), second, len(current))
        if shares.can_change_by(floors.share):
            changes.append(shares.change("missing", feature.name, "Share of leads without it", floors))
    return changes


def stability_index(counts: Array) -> float:
    """The population stability index of two rows of counts: the sum of (p - q) log(p / q) over their bins."""
    smoothed = counts + HALF_A_ROW
    p, q = smoothed / smoothed.sum(axis=1, keepdims=True)
    return float(np.sum((p - q) * np.log(p / q)))


@dataclass(frozen=True)
class _Counted:
    """Leads of a kind among all, before and now."""

    before: int
    of_before: int
    now: int
    of_now: int

    def can_change_by(self, floor: float) -> bool:
        """Whether the change could pass its floor at all; what cannot is no test, and takes nothing from others.

        It depends on both groups' sum only, and so says nothing of a difference between them (Tarone 1990). What nearly
        all leads are can change as little as what nearly none is.
        """
        those, all_leads = self.before + self.now, self.of_before + self.of_now
        return min(those, all_leads - those) / min(self.of_before, self.of_now) > floor

    def change(self, kind: Kind, subject: str, sentence: str, floors: DriftFloors) -> Change:
        """The change of the share, with its interval."""
        counts = (self.before, self.of_before, self.now, self.of_now)
        figure, chance = compare_counts(*counts)
        shares = self.before / self.of_before, self.now / self.of_now
        return Change(kind, subject, sentence, figure, chance, floors.share, *shares, *interval_of_shares(*counts))


def _count_in_bins(before: Array, now: Array) -> Array:
    """Both samples' counts in bins that part their union evenly; one that expects few of either joins its neighbour."""
    union = np.concatenate([before, now])
    edges = np.unique(np.quantile(union, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    counts = np.stack(
        [np.bincount(np.searchsorted(edges, sample, side="left"), minlength=edges.size + 1) for sample in (before, now)]
    ).astype(float)
    fewest = FEWEST_EXPECTED * union.size / min(before.size, now.size)
    return np.stack(list(_join_few(counts, fewest)), axis=1)


def _join_few(counts: Array, fewest: float) -> Iterator[Array]:
    """The columns, each that holds fewer than `fewest` together with those after it, the last with the one before."""
    totals = counts.sum(axis=0)
    ends = [0]
    held = 0.0
    for position, total in enumerate(totals, start=1):
        held += total
        if held >= fewest and totals[position:].sum() >= fewest:
            ends.append(position)
            held = 0.0
    for start, end in zip(ends, [*ends[1:], counts.shape[1]], strict=True):
        yield counts[:, start:end].sum(axis=1)


def _spreads(before: Array, now: Array) -> tuple[float, float]:
    return float(before.std()), float(now.std())
