"""Which arms were dealt by chance, as far as records can tell: evidence of grade A."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import bdtrc, chdtrc, ndtr, ndtri

from lead_conversion.pipelines.recommendation.effects.arms import TIME_COLUMNS, Period
from lead_conversion.pipelines.recommendation.effects.contrasts import Contrast, Inquiry
from lead_conversion.pipelines.recommendation.effects.values import Array, Positions
from lead_conversion.pipelines.recommendation.exposure.histories import TRAITS, UNKNOWN
from lead_conversion.pipelines.recommendation.parameters import RandomisationParameters

# With which an imbalance that matters must have been seen.
POWER = 0.8
# Of the share of comparisons of one kind that look steered.
STEERED_BELOW = 0.05
# Of one kind that can speak for their kind.
LEAST_COMPARISONS = 3
# Of the leads, of whom a trait must be recorded to tell whether they were chosen by it.
LEAST_RECORDED = 0.5


@dataclass
class _Sum:
    """A sum of chi-squares and its degrees of freedom."""

    total: float = 0.0
    freedom: int = 0

    def add(self, total: float, freedom: int) -> None:
        self.total += total
        self.freedom += freedom

    def tail(self) -> float:
        return float(chdtrc(self.freedom, self.total)) if self.freedom else 1.0


def doubt_chance(inquiry: Inquiry) -> float:
    """The p-value of the arms having been dealt by chance at each moment, whoever the lead was; 1 where nothing speaks.

    Three tests by Bonferroni: the arms against everything that was known (the balance test of Hansen and Bowers 2008,
    Stat. Sci. 23:219), against what leads are worth, and each lead's arm against the lead's before it, for whoever
    switches versions by the week deals by the calendar. Shares that change smoothly in time are no sign of choice.
    """
    known, worth, in_a_row = _Sum(), _Sum(), []
    for period in inquiry.periods:
        rows = period.rows
        columns = inquiry.assignment[rows]
        calendar = np.linalg.qr(np.column_stack([np.ones(len(rows)), columns[:, -TIME_COLUMNS:]]))[0]
        arms = _span(_beside(calendar, _dummies(period)))
        attributes = _span(_beside(calendar, columns[:, :-TIME_COLUMNS]))
        value = _span(_beside(calendar, inquiry.bookings.value[rows][:, None]))
        freedom = len(rows) - calendar.shape[1]
        for tally, side in ((known, attributes), (worth, value)):
            tally.add(freedom * float(((arms.T @ side) ** 2).sum()), arms.shape[1] * side.shape[1])
        in_a_row.append(_likeness_in_a_row(arms, inquiry.day[rows], freedom))
    runs = float(ndtr(-np.sum(in_a_row) / np.sqrt(len(in_a_row)))) if in_a_row else 1.0
    return min(1.0, 3 * min(known.tail(), worth.tail(), runs))


def kinds_dealt_by_chance(doubts: Mapping[str, float], kinds: Mapping[str, str], alpha: float) -> set[str]:
    """The kinds of comparison of which no more look steered than chance makes look so.

    That one comparison passes says little where its like do not: someone chose there, and this one the records show
    too faintly. Where a kind has less than `LEAST_COMPARISONS`, those of all kinds are its like; where these are less
    too, no kind is told to be dealt by chance.

    Args:
        doubts: by comparison, as from `doubt_chance`.
        kinds: by comparison.
        alpha: of the binomial test of the share that looks steered.
    """
    if len(doubts) < LEAST_COMPARISONS:
        return set()
    by_kind: dict[str, list[float]] = {}
    for name, doubt in doubts.items():
        by_kind.setdefault(kinds[name], []).append(doubt)
    like = {kind: found if len(found) >= LEAST_COMPARISONS else [*doubts.values()] for kind, found in by_kind.items()}
    return {kind for kind, found in like.items() if _share_is_chance(found, alpha)}


def could_have_seen_choice(contrast: Contrast, knobs: RandomisationParameters) -> bool:
    """Whether arms that differ by the largest imbalance that may be missed would have been told apart."""
    reach = float(ndtri(1 - knobs.alpha / 2) + ndtri(POWER))
    return reach * math.sqrt(1 / contrast.n_treated + 1 / contrast.n_control) <= knobs.largest_imbalance


def are_leads_told_apart(rows: pd.DataFrame) -> bool:
    """Whether it is recorded of most leads who they are; a choice by what is recorded of few looks like chance."""
    recorded = (rows[trait].mask(rows[trait] == UNKNOWN) for trait in TRAITS)
    return any(each.notna().mean() >= LEAST_RECORDED and len(each.dropna().unique()) > 1 for each in recorded)


def _share_is_chance(doubts: Iterable[float], alpha: float) -> bool:
    steered = [doubt < STEERED_BELOW for doubt in doubts]
    return float(bdtrc(sum(steered) - 1, len(steered), STEERED_BELOW)) >= alpha


def _dummies(period: Period) -> Array:
    taken: Positions = period.taken
    return np.asarray(taken[:, None] == np.arange(len(period.arms) - 1), dtype=np.float64)


def _beside(basis: Array, columns: Array) -> Array:
    """What the basis does not say of the columns."""
    return np.asarray(columns - basis @ (basis.T @ columns))


def _span(columns: Array) -> Array:
    """An orthonormal basis of the columns, without those that say nothing new."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > 1e-8 * max(1.0, float(size.max(initial=0.0)))])


def _likeness_in_a_row(arms: Array, day: Array, freedom: int) -> float:
    """How much more alike the arms of leads in a row are than by chance; standard normal where chance dealt them."""
    ordered = arms[np.argsort(day, kind="stable")]
    likeness = (ordered[1:] * ordered[:-1]).sum(axis=0)
    return float(likeness.sum() * math.sqrt(freedom / max(arms.shape[1], 1)))
