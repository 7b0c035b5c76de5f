"""What nobody wants beside a booked call: an element that books more and makes leads leave is no win."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lead_conversion.pipelines.recommendation.effects.intervals import reach_of
from lead_conversion.pipelines.recommendation.parameters import EffectParameters
from lead_conversion.reports.formats import bounds, points

# Columns of the risk set, and what effects call them.
GUARDRAILS = {"opted_out": "opt_out", "replied_negative": "negative_reply"}
WORDS = {"opt_out": "opt-outs", "negative_reply": "negative replies"}
# Times the median step's.
FAR_MORE = 2.0


def tell_guardrails(differences: Mapping[str, tuple[float, float]], knobs: EffectParameters) -> dict[str, object]:
    """The columns of the effects: each guardrail's change and interval, and where it is beyond chance and margin.

    No allowance for many tests: a guardrail is there to be heard early.

    Args:
        differences: by column of the risk set, the adjusted difference and its standard error.
        knobs: level of the intervals, and the margin.
    """
    reach = reach_of(knobs.confidence_level)
    told: dict[str, object] = {}
    worse, better = [], []
    for event, (effect, error) in differences.items():
        name = GUARDRAILS[event]
        low, high = effect - reach * error, effect + reach * error
        told |= {f"{name}_effect": effect, f"{name}_ci_low": low, f"{name}_ci_high": high}
        if low > 0 and effect > knobs.guardrail_margin:
            worse.append(name)
        if high < 0 and effect < -knobs.guardrail_margin:
            better.append(name)
    return told | {"guardrails_worse": " ".join(worse), "guardrails_better": " ".join(better)}


def drives_away(effects: pd.DataFrame, knobs: EffectParameters) -> pd.Series:
    """Whether each is a step at which far more leads leave than at others, by the whole interval of a guardrail.

    Leads that stay may be lost too, later and at other steps: that would not show in what the step brings.
    """
    is_step = effects["element_type"] == "step"

    def is_far_more(name: str) -> pd.Series:
        usual = max(effects.loc[is_step, f"{name}_effect"].median(), knobs.guardrail_margin)
        return effects[f"{name}_ci_low"] > FAR_MORE * usual

    return is_step & pd.concat([is_far_more(name) for name in WORDS], axis="columns").any(axis="columns")


def read_guardrails(names: str) -> str:
    """Names as told in the effects, as a person says them."""
    return " and ".join(WORDS[name] for name in names.split())


def explain_guardrails(change: Mapping[str, Any], level: str) -> str:
    """What the element as it stands does to opt-outs and negative replies, in one sentence."""
    figures = " and ".join(
        f"{words} {points(change[f'{name}_effect'])} "
        f"({level} interval {bounds(change[f'{name}_ci_low'], change[f'{name}_ci_high'], points)})"
        for name, words in WORDS.items()
    )
    also = f": it makes more {read_guardrails(change['guardrails_worse'])} too" if change["guardrails_worse"] else ""
    return f"Beside bookings, {figures}{also}."
