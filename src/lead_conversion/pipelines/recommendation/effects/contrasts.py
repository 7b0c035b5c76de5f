"""The adjusted difference between arms, with what its noise is made of and what speaks against it."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lead_conversion.pipelines.recommendation.effects.arms import Period, describe_assignment, part_into_periods
from lead_conversion.pipelines.recommendation.effects.elements import Comparison
from lead_conversion.pipelines.recommendation.effects.intervals import jackknife_variance
from lead_conversion.pipelines.recommendation.effects.values import Array, Positions, days_of
from lead_conversion.pipelines.recommendation.parameters import EffectParameters

Levels = NDArray[np.object_]
# Of a regression.
ROWS_A_COLUMN = 4


@dataclass(frozen=True)
class Account:
    """What came of each row, in one kind of event.

    Attributes:
        value: the chance of the event, given what was known.
        residual: what came of it, less the value.
        residuals_without: the same, models x rows, as models that each left a fold out would have it.
    """

    value: Array
    residual: Array
    residuals_without: Array

    @classmethod
    def of(cls, value: Array, outcome: Array, outcomes_without: Array) -> "Account":
        """From what was expected and what came of it."""
        return cls(value, outcome - value, outcomes_without - value)

    def at(self, rows: Positions) -> "Account":
        """The same of some of the rows."""
        return Account(self.value[rows], self.residual[rows], self.residuals_without[:, rows])

    def is_told_at(self, rows: Positions) -> bool:
        """Whether anything sets these rows apart; else a difference between arms is nothing but rounding."""
        return bool(np.ptp(self.residual[rows]))


@dataclass(frozen=True)
class Study:
    """Leads of whom one kind of arm was chosen at one kind of moment: what was known then, and what came of it.

    Attributes:
        index: of the rows, as in the risk set.
        assignment: rows x columns, what may have decided who got what.
        day: when the arm of each row was chosen.
        fold: of each row's lead.
        bookings: what came of each row in booked calls.
        guardrails: by name, what came of it in events that nobody wants.
        bounces: whether the attempt reached no address; None where the arm is chosen before any attempt.
        is_booked: whether the lead booked in the end.
        segments: by name, the level of each row.
    """

    index: pd.Index
    assignment: Array
    day: Array
    fold: Positions
    bookings: Account
    guardrails: Mapping[str, Account]
    bounces: Account | None
    is_booked: Array
    segments: Mapping[str, Levels]

    @classmethod
    def of(
        cls,
        rows: pd.DataFrame,
        known: Sequence[str],
        chosen_at: pd.Series,
        fold: Positions,
        bookings: Account,
        guardrails: Mapping[str, Account],
        bounces: Account | None,
        segments: Mapping[str, Levels],
    ) -> "Study":
        """From rows of the risk set and arrays in their order."""
        return cls(
            rows.index,
            describe_assignment(rows, known),
            days_of(chosen_at),
            fold,
            bookings,
            guardrails,
            bounces,
            rows["booked"].to_numpy(dtype=np.float64),
            segments,
        )

    def look_into(self, comparison: Comparison, knobs: EffectParameters) -> "Inquiry":
        """A comparison among these leads."""
        at = self.index.get_indexer(comparison.rows.index)
        periods = part_into_periods(comparison, self.assignment[at], self.fold[at], knobs)
        return Inquiry(
            comparison.name,
            comparison.rows.index,
            periods,
            self.assignment[at],
            self.day[at],
            self.fold[at],
            self.bookings.at(at),
            {name: account.at(at) for name, account in self.guardrails.items()},
            self.bounces.at(at) if self.bounces else None,
            self.is_booked[at],
            {name: levels[at] for name, levels in self.segments.items()},
        )


@dataclass(frozen=True)
class Contrast:
    """Treated arms less control arms; absolute changes of probability.

    Attributes:
        effect: the adjusted difference.
        error: its standard error.
        error_of_leads: the part of it that is the leads' own, without that of the values that outcomes hang on.
        check: the effect by a linear regression.
        n_treated, n_control: leads.
        rate_treated, rate_control: booked, not adjusted.
        adjusted_control: the rate of the control arms, adjusted.
        overlap: share of the leads that could have got any of the arms.
        effective_leads: of the arm with the fewest, how many leads of equal weight would know as much.
        guardrails: by name, the adjusted difference in what nobody wants, and its standard error.
        bounces: the same in attempts that reached no address; None where there was none to make,
            and where either all of them reached none or none did.
    """

    effect: float
    error: float
    error_of_leads: float
    check: float
    n_treated: int
    n_control: int
    rate_treated: float
    rate_control: float
    adjusted_control: float
    overlap: float
    effective_leads: float
    guardrails: Mapping[str, tuple[float, float]]
    bounces: tuple[float, float] | None

    @property
    def is_told(self) -> bool:
        """Whether some leads booked and some did not.

        Else no row differs from another: an interval without width, beside which others of its kind weigh nothing.
        """
        return {self.rate_treated, self.rate_control} not in ({0.0}, {1.0})


@dataclass(frozen=True)
class Inquiry:
    """The periods of a comparison, with arrays by row of it; see `Study`."""

    name: str
    index: pd.Index
    periods: list[Period]
    assignment: Array
    day: Array
    fold: Positions
    bookings: Account
    guardrails: Mapping[str, Account]
    bounces: Account | None
    is_booked: Array
    segments: Mapping[str, Levels]

    def compare_among(
        self, among: NDArray[np.bool_], treated: Collection[str], control: Collection[str], least: int
    ) -> tuple[float, float] | None:
        """The adjusted difference in bookings among some of the rows, and its standard error.

        Returns:
            None where in no period all arms have `least` of the rows.
        """
        parts = [part for period in self.periods if (part := _Part.of(period.among(among), treated, control))]
        parts = [part for part in parts if part.least_rows() >= least]
        return _compare(parts, self.bookings) if parts else None

    def contrast(self, treated: Collection[str], control: Collection[str]) -> Contrast | None:
        """The mean of the treated arms less the mean of the control arms, over the leads of the time they shared.

        Noise: of the leads (the scores' spread), and of the values that outcomes hang on (a jackknife over the folds
        that they were learned without, Efron and Tibshirani 1993, section 11.5).

        Returns:
            None where no treated arm was live beside a control arm.
        """
        parts = [part for period in self.periods if (part := _Part.of(period, treated, control))]
        if not parts:
            return None
        rows = np.concatenate([part.period.rows for part in parts])
        scores = [part.scores(self.bookings.residual) for part in parts]
        effect, error = _compare(parts, self.bookings)
        differences = np.concatenate([part.difference(each) for part, each in zip(parts, scores, strict=True)])
        counts = np.sum([part.counts() for part in parts], axis=0)
        booked = np.sum([part.booked(self.is_booked) for part in parts], axis=0)
        controls = np.concatenate(
            [each[:, part.control].mean(axis=1) for part, each in zip(parts, scores, strict=True)]
        )
        checks = [part.regress(self.bookings.residual, self.assignment) * len(part.period.rows) for part in parts]
        return Contrast(
            effect=effect,
            error=error,
            error_of_leads=math.sqrt(_variance_of_mean(differences)),
            check=float(sum(checks) / len(rows)),
            n_treated=int(counts[0]),
            n_control=int(counts[1]),
            rate_treated=float(booked[0] / counts[0]),
            rate_control=float(booked[1] / counts[1]),
            adjusted_control=float((self.bookings.value[rows] + controls).mean()),
            overlap=float(np.concatenate([part.period.is_within for part in parts]).mean()),
            effective_leads=float(min(sum(part.effective(side) for part in parts) for side in range(2))),
            guardrails={name: _compare(parts, account) for name, account in self.guardrails.items()},
            bounces=_compare(parts, self.bounces) if self.bounces and self.bounces.is_told_at(rows) else None,
        )


def _compare(parts: Sequence["_Part"], account: Account) -> tuple[float, float]:
    """The adjusted difference in one kind of event, and its standard error."""
    difference, *without = (
        np.concatenate([part.difference(part.scores(residual)) for part in parts])
        for residual in (account.residual, *account.residuals_without)
    )
    of_folds = np.array([each.mean() for each in without])
    return float(difference.mean()), math.sqrt(_variance_of_mean(difference) + jackknife_variance(of_folds))


def _variance_of_mean(difference: Array) -> float:
    return float(difference.var(ddof=1)) / len(difference)


@dataclass(frozen=True)
class _Part:
    """A period, and which of its arms are treated and which are control."""

    period: Period
    treated: Positions
    control: Positions

    @classmethod
    def of(cls, period: Period, treated: Collection[str], control: Collection[str]) -> "_Part | None":
        sides = [
            np.array([number for number, arm in enumerate(period.arms) if arm in side], dtype=np.int64)
            for side in (treated, control)
        ]
        return cls(period, *sides) if all(map(len, sides)) else None

    def scores(self, residual: Array) -> Array:
        return self.period.moderated_scores(residual[self.period.rows])

    def difference(self, scores: Array) -> Array:
        return np.asarray(scores[:, self.treated].mean(axis=1) - scores[:, self.control].mean(axis=1))

    def regress(self, residual: Array, assignment: Array) -> float:
        """The difference of the arms' coefficients in a linear regression on arms and what decided them.

        Of the latter only the first principal components where rows are too few for all: more columns than rows fit
        anything.
        """
        taken = (self.period.taken[:, None] == np.arange(len(self.period.arms))).astype(np.float64)
        decided = assignment[self.period.rows]
        most = len(decided) // ROWS_A_COLUMN
        if decided.shape[1] > most:
            left, size, _ = np.linalg.svd(decided - decided.mean(axis=0), full_matrices=False)
            decided = (left * size)[:, :most]
        design = np.hstack([taken, decided])
        found = np.linalg.lstsq(design, residual[self.period.rows], rcond=None)[0]
        return float(found[self.treated].mean() - found[self.control].mean())

    def least_rows(self) -> int:
        """Of the arm with the fewest."""
        sizes = np.bincount(self.period.taken, minlength=len(self.period.arms))
        return int(sizes[np.concatenate([self.treated, self.control])].min())

    def counts(self) -> Array:
        sizes = np.bincount(self.period.taken, minlength=len(self.period.arms))
        return np.array([sizes[self.treated].sum(), sizes[self.control].sum()], dtype=np.float64)

    def booked(self, is_booked: Array) -> Array:
        hits = np.bincount(self.period.taken, is_booked[self.period.rows], minlength=len(self.period.arms))
        return np.array([hits[self.treated].sum(), hits[self.control].sum()])

    def effective(self, side: int) -> float:
        known = self.period.effective_rows()[(self.treated, self.control)[side]]
        return float(len(known) ** 2 / (1 / known).sum())
