"""One check: a figure, what chance explains of it, what matters of it, and the verdict of the two together.

A change counts where it is larger than chance explains and larger than matters: its limit is the greater of the two.
With few leads chance is the limit; with very many, for which any change is certain, it is what matters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from scipy.stats import hypergeom, norm

from lead_conversion.lifecycle.drift.parameters import DriftParameters

Array = npt.NDArray[np.float64]
Verdict = Literal["steady", "watch", "act"]
Kind = Literal["distribution", "shape", "categories", "missing", "together", "score", "estimate", "outcomes"]

# What may be alarmed for nothing is shared equally by the kinds that may call for action (Bonferroni, twice: over the
# kinds, and within a kind over its tests).
ACTING_KINDS: tuple[Kind, ...] = ("distribution", "shape", "categories", "missing", "together", "score", "outcomes")
SEVERITY: tuple[Verdict, ...] = ("steady", "watch", "act")
CONFIDENCE_LEVEL = 0.95
SIGNIFICANT_DIGITS = 6

REMEDIES: dict[Kind, str] = {
    "distribution": "Look at the feed of this feature; if the change is real, retrain.",
    "shape": "Look at the feed of this feature; if the change is real, retrain.",
    "categories": "Look at the feed of this feature; if the change is real, retrain.",
    "missing": "Look at the feed of this feature: something is filled in that was not, or no longer.",
    "together": "Look whether one of the two is mixed up between leads; if the change is real, retrain.",
    "score": "Look at the inputs that moved; where none did, compare the model's version and its features.",
    "estimate": "Wait for outcomes: this estimate takes the probabilities at their word.",
    "outcomes": "Recalibrate.",
}


class DriftCheck(BaseModel):
    """What was compared, by how much it moved, beyond which limit that counts, and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    subject: str
    sentence: str
    before: float | None
    now: float | None
    figure: float
    ci_low: float | None
    ci_high: float | None
    limit: float
    watch_limit: float
    floor: float
    is_worse: bool
    verdict: Verdict
    remedy: str


@dataclass(frozen=True)
class Change:
    """A change as it was measured; `chance` says how large it gets by luck with a given probability.

    `is_worse` is False where the change is for the better, which calls for nothing.
    """

    kind: Kind
    subject: str
    sentence: str
    figure: float
    chance: Callable[[float], float]
    floor: float
    before: float | None = None
    now: float | None = None
    low: float | None = None
    high: float | None = None
    may_act: bool = True
    is_worse: bool = True
    remedy: str | None = None


def decide_check(change: Change, tests: int, drift: DriftParameters) -> DriftCheck:
    """The verdict on one change, as one of `tests` of its kind."""
    share = len(ACTING_KINDS) * tests
    limit = max(change.chance(drift.act_error / share), change.floor)
    watch_limit = max(change.chance(drift.watch_error / share), change.floor)
    size = abs(change.figure) if change.is_worse else 0.0
    verdict: Verdict = "steady"
    if size > watch_limit:
        verdict = "act" if size > limit and change.may_act else "watch"
    return DriftCheck(
        kind=change.kind,
        subject=change.subject,
        sentence=change.sentence,
        before=rounded(change.before),
        now=rounded(change.now),
        figure=_number(change.figure),
        ci_low=rounded(change.low),
        ci_high=rounded(change.high),
        limit=_number(limit),
        watch_limit=_number(watch_limit),
        floor=change.floor,
        is_worse=change.is_worse,
        verdict=verdict,
        remedy=(change.remedy or REMEDIES[change.kind]) if verdict != "steady" else "",
    )


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The most severe verdict; steady where there is none."""
    return max(verdicts, key=SEVERITY.index, default="steady")


def closeness(check: DriftCheck) -> float:
    """How far a figure has gone to its limit: 1 at the limit, 0 where it is for the better."""
    return abs(check.figure) / check.limit if check.limit > 0 and check.is_worse else 0.0


def compare_counts(before: int, of_before: int, now: int, of_now: int) -> tuple[float, Callable[[float], float]]:
    """The change of a share, and how large it gets by luck in its own direction.

    Exact: if both groups are drawn from one, the second's count is hypergeometric (Fisher's exact test).
    """
    figure = now / of_now - before / of_before
    both, group = before + now, of_before + of_now

    def chance(error: float) -> float:
        # The side is half of a two-sided test; a count beyond this one comes with at most error / 2.
        quantile = hypergeom.isf if figure >= 0 else hypergeom.ppf
        count = float(quantile(error / 2, group, both, of_now))
        return abs(count / of_now - (both - count) / of_before)

    return figure, chance


def interval_of_shares(before: int, of_before: int, now: int, of_now: int) -> tuple[float, float]:
    """The interval of the difference of two independent shares (Agresti & Caffo 2000)."""
    first, second = (before + 1) / (of_before + 2), (now + 1) / (of_now + 2)
    spread = np.sqrt(first * (1 - first) / (of_before + 2) + second * (1 - second) / (of_now + 2))
    return within(second - first, float(spread))


def within(figure: float, spread: float) -> tuple[float, float]:
    """The interval of a figure with this standard error."""
    reach = norm.isf((1 - CONFIDENCE_LEVEL) / 2) * spread
    return figure - reach, figure + reach


def two_sided(spread: float) -> Callable[[float], float]:
    """How large a normal figure with this standard error gets by luck."""
    return lambda error: float(norm.isf(error / 2) * spread)


def rounded(value: float | None) -> float | None:
    """A figure with as many digits as are the same however sums were ordered; None stays."""
    return None if value is None or not np.isfinite(value) else _number(value)


def _number(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
