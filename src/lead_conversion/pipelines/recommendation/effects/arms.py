"""Arms compared as if chance had dealt them: adjusted for what decided who got which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import SplineTransformer, StandardScaler

from lead_conversion.pipelines.recommendation.effects.elements import Comparison
from lead_conversion.pipelines.recommendation.effects.values import CATEGORIES, Array, Positions, days_of
from lead_conversion.pipelines.recommendation.parameters import EffectParameters

# A category that fewer rows have says nothing of who got which arm.
LEAST_SHARE = 0.01
CLIPPED_FROM = 0.99
KNOTS, DEGREE = 10, 3
# Share of the spread of all arms below which an arm has none of its own.
NO_SPREAD = 1e-12
# Of the curve of time, the last ones of what may have decided.
TIME_COLUMNS = KNOTS + DEGREE - 2


@dataclass(frozen=True)
class Period:
    """Rows met while the same arms were live, and what each arm would have brought them.

    Attributes:
        arms: the arms live, in order.
        rows: positions in the risk set.
        taken: the arm of each row, as a position in `arms`.
        propensity: rows x arms, the chance of each arm, clipped.
        is_within: whether each row's chance of every arm reaches the clip: it could have got any of them.
        borrowed_rows: of all arms together, by which an arm's spread is judged beside its own.
    """

    arms: tuple[str, ...]
    rows: Positions
    taken: Positions
    propensity: Array
    is_within: NDArray[np.bool_]
    borrowed_rows: int

    def among(self, is_in: NDArray[np.bool_]) -> "Period":
        """The same with some of the rows of the comparison only."""
        kept = is_in[self.rows]
        return replace(
            self,
            rows=self.rows[kept],
            taken=self.taken[kept],
            propensity=self.propensity[kept],
            is_within=self.is_within[kept],
        )

    def scores(self, residual: Array) -> Array:
        """Rows x arms: what each arm adds to the row's value, augmented by what its own rows were off.

        AIPW (Robins, Rotnitzky and Zhao 1994) with weights that sum to one in each arm (Hajek 1971). The mean over the
        rows is the arm's mean residual, adjusted.

        Args:
            residual: outcome less value of the rows.
        """
        weight = self._weights()
        sizes = np.count_nonzero(weight, axis=0)
        weight /= weight.mean(axis=0)
        mean = weight.T @ residual / len(residual)
        # An arm's own mean takes one of its leads.
        return np.asarray(mean + np.sqrt(sizes / (sizes - 1)) * weight * (residual[:, None] - mean))

    def moderated_scores(self, residual: Array) -> Array:
        """The same scores, spread as an arm's rows would be if some of all arms stood among them.

        Few bookings in a small arm make its rate and its spread small, and so the rate look surer than it is. Each
        arm's spread is drawn toward that of all arms together, by `borrowed_rows` of them (Smyth 2004, Stat. Appl.
        Genet. Mol. Biol. 3:3). The arms' means stay.
        """
        scores = self.scores(residual)
        if not self.borrowed_rows:
            return scores
        mean, weight = scores.mean(axis=0), self._weights()
        squares, sizes = (residual[:, None] - mean) ** 2, np.count_nonzero(weight, axis=0)
        own = (weight**2 * squares).sum(axis=0) / (weight**2).sum(axis=0)
        together = np.where(weight > 0, squares, 0).sum() / len(residual)
        drawn = (sizes * own + self.borrowed_rows * together) / (sizes + self.borrowed_rows)
        # of an arm whose rows are all alike nothing but rounding is left to spread
        factor = np.sqrt(np.divide(drawn, own, out=np.ones_like(own), where=own > NO_SPREAD * together))
        return np.asarray(mean + factor * (scores - mean))

    def effective_rows(self) -> Array:
        """By arm, how many rows of equal weight would know as much (Kish 1965)."""
        weight = self._weights()
        return np.asarray(weight.sum(axis=0) ** 2 / (weight**2).sum(axis=0))

    def _weights(self) -> Array:
        """Rows x arms: one over the chance of the arm that the row took, 0 for the others."""
        return np.asarray((self.taken[:, None] == np.arange(len(self.arms))) / self.propensity)


def describe_assignment(rows: pd.DataFrame, known: Sequence[str]) -> Array:
    """Rows x columns: what may have decided who got which arm, standardised; time as a smooth curve, last."""
    numbers = rows[[name for name in known if name not in CATEGORIES]].astype("float64")
    is_missing = numbers.isna().astype("float64").add_suffix(" missing")
    upper = numbers.quantile(CLIPPED_FROM)
    upper = upper.where(upper > numbers.min())
    numbers = numbers.clip(upper=upper.fillna(np.inf), axis=1).fillna(numbers.median()).fillna(0)
    categories = pd.get_dummies(rows[[name for name in known if name in CATEGORIES]], dtype=float)
    flags = categories.join(is_missing)
    flags = flags.loc[:, flags.mean().between(LEAST_SHARE, 1 - LEAST_SHARE)]
    curve = SplineTransformer(n_knots=KNOTS, degree=DEGREE, include_bias=False, extrapolation="constant")
    columns = [numbers.to_numpy(), flags.to_numpy(), curve.fit_transform(days_of(rows["met_at"])[:, None])]
    return np.asarray(StandardScaler().fit_transform(np.hstack(columns)))


def part_into_periods(
    comparison: Comparison, assignment: Array, fold: Positions, knobs: EffectParameters
) -> list[Period]:
    """The rows of a comparison by what was live, with the chance of each arm; only periods with two arms or more.

    The time line is cut wherever an arm begins or ends. An arm with too few rows in a period is left out there.

    Args:
        comparison: whose rows stand in the order of `assignment` and `fold`.
        assignment: as from `describe_assignment`.
        fold: of each row's lead.
        knobs: when an arm has enough rows, and how chances are learned.
    """
    # After a skip fewer book at once, and the arms spread differently in truth.
    borrowed_rows = 0 if comparison.element_type == "step" else knobs.borrowed_rows
    return [
        _weigh(arms, rows, taken, assignment, fold, borrowed_rows, knobs)
        for arms, rows, taken in _cut(comparison, knobs)
    ]


def _cut(comparison: Comparison, knobs: EffectParameters) -> Iterator[tuple[tuple[str, ...], Positions, Positions]]:
    """Arms that were live together, the rows of that time, and which arm each of them took."""
    arm = comparison.rows["arm"].to_numpy(dtype=object)
    sizes = pd.Series(arm).value_counts()
    spans = {name: span for name, span in comparison.spans.items() if sizes.get(name, 0) >= knobs.min_leads_per_arm}
    edges = np.unique(np.array(list(spans.values()), dtype="datetime64[us]"))
    number = np.searchsorted(edges, comparison.rows["met_at"].to_numpy(dtype="datetime64[us]"), "right")
    live_in = {
        period: tuple(sorted(name for name, (start, end) in spans.items() if start <= edges[period - 1] < end))
        for period in range(1, len(edges))
    }
    for live in dict.fromkeys(live_in.values()):
        is_then = np.isin(number, [period for period, names in live_in.items() if names == live])
        counts = pd.Series(arm[is_then]).value_counts()
        arms = tuple(name for name in live if counts.get(name, 0) >= knobs.min_leads_per_period)
        if len(arms) > 1:
            taken = pd.Categorical(arm, categories=list(arms)).codes.astype(np.int64)
            rows = np.flatnonzero(is_then & (taken >= 0))
            yield arms, rows, taken[rows]


def _weigh(
    arms: tuple[str, ...],
    rows: Positions,
    taken: Positions,
    assignment: Array,
    fold: Positions,
    borrowed_rows: int,
    knobs: EffectParameters,
) -> Period:
    own = np.arange(len(rows)), taken
    tried = [
        _predict_out_of_fold(assignment[rows], taken, fold[rows], len(arms), penalty)
        for penalty in knobs.assignment_penalties
    ]
    chance = max(tried, key=lambda each: float(np.log(each[own]).sum()))
    return Period(
        arms,
        rows,
        taken,
        np.maximum(chance, knobs.least_propensity),
        np.asarray(chance.min(axis=1) >= knobs.least_propensity),
        borrowed_rows,
    )


def _predict_out_of_fold(design: Array, taken: Positions, fold: Positions, arms: int, penalty: float) -> Array:
    """Rows x arms: the chance of each arm, by a regularised multinomial model that never saw the lead."""
    chance = np.empty((len(taken), arms))
    for number in np.unique(fold):
        is_out = fold == number
        known = taken[~is_out]
        share = np.bincount(known, minlength=arms) + 1.0
        chance[is_out] = share / share.sum()
        if len(np.unique(known)) == arms:
            model = LogisticRegression(C=1 / penalty, max_iter=1000).fit(design[~is_out], known)
            chance[is_out] = model.predict_proba(design[is_out])
    return np.maximum(chance, np.finfo(np.float64).tiny)
