"""What one feature says of the label when nothing else is known: its AUC, its gaps, and values that only winners have.

A winner is a lead that reached the target. All figures are read off one table of counts by landmark, fold of leads,
value and label. Rows are compared at the same landmark only (strata, van Elteren 1960), so that what the clock tells is
not credited to a feature; a lead stands there once and in one fold, so that folds are independent.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import beta, t

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.log_odds import Array

Codes = npt.NDArray[np.int64]

FOLDS = 10
# A feature with more different numbers is cut at its quantiles.
MOST_NUMBERS, BINS = 50, 40
# What it takes to believe that a value says something, in expected winners.
PRIOR_WINNERS = 1.0
PRESENT, MISSING = "any value", "no value"


@dataclass(frozen=True)
class Rows:
    """Labelled rows: label, landmark, and the fold of the lead, counted from 0."""

    label: Codes
    landmark: Codes
    fold: Codes

    @classmethod
    def of(cls, examples: pd.DataFrame) -> "Rows":
        """From examples with lead_key, landmark_hours and label; winners and others are dealt to the folds in turn."""
        leads = examples.drop_duplicates("lead_key").sort_values("lead_key").set_index("lead_key")
        fold_of_lead = leads.groupby("label").cumcount() % FOLDS
        return cls(
            examples["label"].to_numpy(dtype=np.int64),
            pd.factorize(examples["landmark_hours"], sort=True)[0].astype(np.int64),
            fold_of_lead[examples["lead_key"]].to_numpy().astype(np.int64),
        )


@dataclass(frozen=True)
class Auc:
    """The chance that a winner stands above another lead at the same landmark; 0.5 is a coin. NaN: not defined."""

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class WinnersValue:
    """A value, the leads that have it at the landmark where it tells most, the winners among them and their share."""

    value: str
    leads: int
    winners: int
    share_at_least: float


@dataclass(frozen=True)
class Counts:
    """Rows of one feature by landmark, fold, value and label; the values' names, and which of them mean none."""

    table: Array
    names: list[str]
    is_missing: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Rows, values: pd.Series, feature: Feature) -> "Counts":
        """Numbers are cut at their quantiles where there are many; a category stays as it is."""
        codes, names, is_missing = _code_values(values, feature)
        shape = (int(rows.landmark.max()) + 1, FOLDS, len(names), 2)
        cell = np.ravel_multi_index((rows.landmark, rows.fold, codes, rows.label), shape)
        table = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype(float)
        return cls(table, names, is_missing)

    def presence(self) -> "Counts":
        """Only whether there is a value."""
        parts = [self.table[:, :, which].sum(axis=2) for which in (~self.is_missing, self.is_missing)]
        return Counts(np.stack(parts, axis=2), [PRESENT, MISSING], np.array([False, True]))

    def auc(self, confidence_level: float) -> Auc:
        """Each value is scored by its rate in the other folds, so that many values earn nothing by chance."""
        total = self.table.sum(axis=1)
        pairs = [_order_pairs(self.table[:, fold], total - self.table[:, fold]) for fold in range(FOLDS)]
        return _over_folds(np.array(pairs), confidence_level)

    def winners_value(self, confidence_level: float) -> WinnersValue:
        """The value whose leads are most surely winners: by the exact lower bound (Clopper & Pearson 1934)."""
        by_landmark = self.table.sum(axis=1)
        leads, winners = by_landmark.sum(axis=2), by_landmark[:, :, 1]
        bounds = np.nan_to_num(beta.ppf((1 - confidence_level) / 2, winners, leads - winners + 1))
        landmark, best = np.unravel_index(int(bounds.argmax()), bounds.shape)
        of_best = (int(leads[landmark, best]), int(winners[landmark, best]), float(bounds[landmark, best]))
        return WinnersValue(self.names[best], *of_best)


def auc_of_scores(rows: Rows, score: Array, confidence_level: float) -> Auc:
    """The AUC of scores that were made out of fold, compared at the same landmark and in the same fold."""
    cells = pd.DataFrame({"fold": rows.fold, "landmark": rows.landmark, "label": rows.label, "score": score})
    stratum = cells.groupby(["fold", "landmark"])
    won = (stratum["score"].rank() * cells["label"]).groupby([cells["fold"], cells["landmark"]]).sum()
    winners, leads = stratum["label"].sum(), stratum.size()
    # The sum of ranks counts the others below each winner, ties half (Mann & Whitney 1947).
    pairs = pd.DataFrame({"ordered": won - winners * (winners + 1) / 2, "all": winners * (leads - winners)})
    return _over_folds(pairs.groupby("fold").sum().to_numpy(dtype=float), confidence_level)


def _code_values(values: pd.Series, feature: Feature) -> tuple[Codes, list[str], npt.NDArray[np.bool_]]:
    """Each row's value as a code, the codes' names, and which of them mean that there is none."""
    if feature.kind == "categorical":
        # The dictionary quotes the word that stands for none.
        absent = feature.missing.split("'")[1] if feature.missing.startswith("'") else MISSING
        codes, words = pd.factorize(values.astype("str").where(values.notna(), absent), sort=True)
        return codes.astype(np.int64), [str(word) for word in words], np.asarray(words == absent)
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    known = np.unique(numbers[~np.isnan(numbers)])
    if known.size > MOST_NUMBERS:
        cuts = np.unique(np.nanquantile(numbers, np.linspace(0, 1, BINS + 1)[1:-1], method="nearest"))
        names = [f"below {cuts[0]:g}", *(f"{low:g} to {high:g}" for low, high in pairwise(cuts))]
        names.append(f"{cuts[-1]:g} or more")
        codes = np.searchsorted(cuts, numbers, side="right")
    else:
        names = [f"{number:g}" for number in known]
        codes = np.searchsorted(known, numbers)
    codes = np.where(np.isnan(numbers), len(names), codes)
    return codes.astype(np.int64), [*names, MISSING], np.arange(len(names) + 1) == len(names)


def _order_pairs(held_out: Array, others: Array) -> tuple[float, float]:
    """Pairs of winner and other lead that the others' rates put in order, ties half; and all pairs."""
    leads, winners = others.sum(axis=2), others[:, :, 1]
    rate = winners.sum(axis=1) / np.maximum(leads.sum(axis=1), 1)
    expected = (leads * rate[:, None]).sum(axis=0)
    score = (winners.sum(axis=0) + PRIOR_WINNERS) / (expected + PRIOR_WINNERS)
    scores, place = np.unique(score, return_inverse=True)
    in_order = np.zeros((scores.size, len(held_out), 2))
    np.add.at(in_order, place, held_out.transpose(1, 0, 2))
    below, above = in_order[:, :, 0].T, in_order[:, :, 1].T
    ordered = (above * (np.cumsum(below, axis=1) - below / 2)).sum()
    return float(ordered), float((above.sum(axis=1) * below.sum(axis=1)).sum())


def _over_folds(pairs: Array, confidence_level: float) -> Auc:
    """All folds together, with Student's interval by how they differ."""
    ordered, possible = pairs[pairs[:, 1] > 0].T
    if possible.size <= 1:
        return Auc(float("nan"), float("nan"), float("nan"))
    value = float(ordered.sum() / possible.sum())
    error = float((ordered / possible).std(ddof=1) / np.sqrt(possible.size))
    half = float(t.ppf((1 + confidence_level) / 2, possible.size - 1)) * error
    return Auc(value, value - half, value + half)
