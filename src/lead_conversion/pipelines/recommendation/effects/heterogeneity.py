"""For whom an element does more, or less, than for the others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from lead_conversion.pipelines.recommendation.effects.contrasts import Inquiry
from lead_conversion.pipelines.recommendation.effects.intervals import reach_of
from lead_conversion.pipelines.recommendation.effects.values import Array
from lead_conversion.pipelines.recommendation.parameters import EffectParameters
from lead_conversion.reports.formats import bounds, p_value, percent, points

SEGMENTS = {"lead_source": "source of the lead", "industry": "industry", "engagement": "what the lead did last"}
ANSWERED, LOOKED, SILENT = "had answered", "had opened or clicked", "had not reacted"
REACTIONS = ("opened", "clicked", "connected")
NOT_TESTED: Mapping[str, object] = {
    "differs_by": "",
    "differs_p": np.nan,
    "segment": "",
    "segment_effect": np.nan,
    "segment_ci_low": np.nan,
    "segment_ci_high": np.nan,
    "others_effect": np.nan,
}


@dataclass(frozen=True)
class _Levels:
    """The effect among leads of each level of a segment."""

    names: tuple[str, ...]
    effects: Array
    errors: Array

    def standardised(self) -> Array:
        """How far each level is from the mean of the others, in standard errors."""
        precision = 1 / self.errors**2
        others = precision.sum() - precision
        rest = ((precision * self.effects).sum() - precision * self.effects) / others
        return np.asarray((self.effects - rest) / np.sqrt(self.errors**2 + 1 / others))

    def tail(self) -> float:
        """The p-value of Wald's test that all levels have one effect."""
        precision = 1 / self.errors**2
        mean = (precision * self.effects).sum() / precision.sum()
        return float(chdtrc(len(self.names) - 1, float((precision * (self.effects - mean) ** 2).sum())))


def describe_segments(rows: pd.DataFrame, known: Collection[str]) -> dict[str, NDArray[np.object_]]:
    """By segment, the level of each row; of what was known when the arm was chosen."""
    segments = {name: rows[name].to_numpy(dtype=object) for name in ("lead_source", "industry")}
    if "last_outcome" in known:
        looked = rows["last_outcome"].isin(REACTIONS)
        segments["engagement"] = np.where(rows["replies"] > 0, ANSWERED, np.where(looked, LOOKED, SILENT)).astype(
            object
        )
    return segments


def tell_differences(
    inquiry: Inquiry, treated: Collection[str], control: Collection[str], knobs: EffectParameters
) -> dict[str, object]:
    """By which segment the effect differs most surely, with the p-value; and for whom, judged by other leads.

    Levels are held against each other by Wald's test, the segments by Bonferroni. The level that stands out is named by
    one half of the leads and its effect told by the other half, or it would look larger than it is (Egami et al. 2022,
    Sci. Adv. 8:eabg2652, of discovered measures); where the other half does not bear it out, none is named.
    """
    found = {
        name: levels
        for name in inquiry.segments
        if len((levels := _by_level(inquiry, name, None, treated, control, knobs)).names) > 1
    }
    if not found:
        return dict(NOT_TESTED)
    tails = {name: levels.tail() for name, levels in found.items()}
    surest = min(tails, key=lambda name: tails[name])
    told = {"differs_by": surest, "differs_p": min(1.0, len(tails) * tails[surest])}
    return {**NOT_TESTED, **told} | _name_level(inquiry, surest, treated, control, knobs)


def explain_differences(change: Mapping[str, Any], knobs: EffectParameters) -> list[str]:
    """For whom an element does more or less, in plain words; that it does not where nothing tells so."""
    if not change["differs_by"]:
        return []
    by, level = SEGMENTS[change["differs_by"]], percent(knobs.confidence_level, 0)
    chance = f"q {p_value(change['differs_q'])}"
    if not change["differs"]:
        return [f"No sign that it does more for some leads than for others (by {by}: {chance})."]
    if not change["segment"]:
        return [f"It differs by {by} ({chance}); for whom, the leads are too few to say."]
    interval = bounds(change["segment_ci_low"], change["segment_ci_high"], points)
    named = f"{points(change['segment_effect'])} ({level} interval {interval}) for leads of '{change['segment']}'"
    return [f"It differs by {by} ({chance}): {named}, {points(change['others_effect'])} for the others."]


def _by_level(
    inquiry: Inquiry,
    segment: str,
    half: NDArray[np.bool_] | None,
    treated: Collection[str],
    control: Collection[str],
    knobs: EffectParameters,
) -> _Levels:
    """The effect in each level that has enough leads of every arm, among all leads or half of them."""
    codes = inquiry.segments[segment]
    among = np.ones(len(codes), dtype=bool) if half is None else half
    found = [
        (str(level), *compared)
        for level in sorted(set(codes))
        if (compared := inquiry.compare_among((codes == level) & among, treated, control, knobs.min_leads_per_period))
    ]
    names, effects, errors = zip(*found, strict=True) if found else ((), (), ())
    return _Levels(tuple(names), np.array(effects), np.maximum(np.array(errors), np.finfo(np.float64).eps))


def _name_level(
    inquiry: Inquiry, segment: str, treated: Collection[str], control: Collection[str], knobs: EffectParameters
) -> dict[str, object]:
    """The level that one half of the leads points to, if the other half agrees, with the other half's figures."""
    codes, is_first = inquiry.segments[segment], inquiry.fold % 2 == 0
    levels = _by_level(inquiry, segment, is_first, treated, control, knobs)
    if len(levels.names) < 2:  # noqa: PLR2004
        return {}
    apart = levels.standardised()
    named = int(np.abs(apart).argmax())
    is_named = codes == levels.names[named]
    inside, outside = (
        inquiry.compare_among(rows & ~is_first, treated, control, knobs.min_leads_per_period)
        for rows in (is_named, ~is_named)
    )
    if inside is None or outside is None:
        return {}
    distance = (inside[0] - outside[0]) / np.hypot(inside[1], outside[1])
    if ndtr(-np.sign(apart[named]) * distance) > (1 - knobs.confidence_level) / 2:
        return {}
    reach = reach_of(knobs.confidence_level) * inside[1]
    return {
        "segment": levels.names[named],
        "segment_effect": inside[0],
        "segment_ci_low": inside[0] - reach,
        "segment_ci_high": inside[0] + reach,
        "others_effect": outside[0],
    }
