"""With or without a feature of the text: what prompts of one channel have in common."""

import math
from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from lead_conversion.language.templates import text_features
from lead_conversion.pipelines.recommendation.effects.contrasts import Contrast, Inquiry
from lead_conversion.pipelines.recommendation.effects.harms import tell_guardrails
from lead_conversion.pipelines.recommendation.effects.heterogeneity import NOT_TESTED
from lead_conversion.pipelines.recommendation.effects.proportions import e_value
from lead_conversion.pipelines.recommendation.effects.values import Array
from lead_conversion.pipelines.recommendation.parameters import EffectParameters

CHANNELS = ("sms", "email", "voice")
MEANS = ("effect", "check", "rate_treated", "rate_control", "adjusted_control", "overlap")


def estimate_text_features(
    inquiries: Mapping[str, Inquiry],
    mature: pd.DataFrame,
    campaign_steps: pd.DataFrame,
    exposed: dict[tuple[str, str], float],
    knobs: EffectParameters,
) -> list[dict[str, object]]:
    """The mean adjusted difference within a step between versions with and without each feature.

    Only steps that ran both count, so that a feature is not judged by the steps it happens to sit
    in. The step is the cluster: the interval is a t-interval over steps, and a feature found at few
    steps has a wide one. Other features of the same texts are not held fixed.

    Returns:
        One record a channel and feature, in the columns of the effects.
    """
    prompts = campaign_steps.loc[campaign_steps["prompt_id"].notna()].sort_values("prompt_id")
    features = {
        str(int(prompt["prompt_id"])): text_features(
            _text_or_none(prompt["subject"]), _text_or_none(prompt["body"]) or ""
        )
        for prompt in prompts.to_dict("records")
    }
    names = sorted({name for found in features.values() for name in found})
    channel_of = mature.drop_duplicates("step_id").set_index("step_id")["channel"]
    by_channel: dict[str, list[Inquiry]] = {channel: [] for channel in CHANNELS}
    for step_id, channel in channel_of.sort_index().items():
        inquiry = inquiries.get(f"prompt {step_id}")
        if inquiry and channel in by_channel:
            by_channel[channel].append(inquiry)
    records = []
    for channel, name in product(CHANNELS, names):
        having = {key: found[name] for key, found in features.items()}
        steps = _compare_steps(by_channel[channel], having, knobs)
        if len(steps) >= knobs.min_steps_per_text_feature and any(step.is_told for step in steps):
            tried = {arm for inquiry in by_channel[channel] for period in inquiry.periods for arm in period.arms}
            leads_a_month = sum(exposed.get(("prompt", key), 0.0) for key in sorted(tried) if having[key])
            records.append(_combine_steps(channel, name, steps, leads_a_month, knobs))
    return records


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _compare_steps(inquiries: list[Inquiry], having: dict[str, bool], knobs: EffectParameters) -> list[Contrast]:
    """Per step: versions with the feature less versions without."""
    with_it, without = ({key for key, has_it in having.items() if has_it == side} for side in (True, False))
    found = [inquiry.contrast(with_it, without) for inquiry in inquiries]
    return [each for each in found if each and min(each.n_treated, each.n_control) >= knobs.min_leads_per_arm]


def _combine_guardrails(steps: list[Contrast], share: Array) -> dict[str, tuple[float, float]]:
    """The same means of what nobody wants; their noise is that of the leads."""
    found = {name: np.array([step.guardrails[name] for step in steps]) for name in steps[0].guardrails}
    return {
        name: (float(share @ each[:, 0]), math.sqrt(float(share**2 @ each[:, 1] ** 2))) for name, each in found.items()
    }


def _combine_steps(
    channel: str, name: str, steps: list[Contrast], leads_a_month: float, knobs: EffectParameters
) -> dict[str, object]:
    figures = pd.DataFrame([vars(step) for step in steps]).drop(columns=["guardrails", "bounces"])
    weight = figures["n_treated"] * figures["n_control"] / (figures["n_treated"] + figures["n_control"])
    share = (weight / weight.sum()).to_numpy(dtype=np.float64)
    difference = figures["effect"].to_numpy(dtype=np.float64)
    mean = {name: float(share @ figures[name].to_numpy(dtype=np.float64)) for name in MEANS}
    effect, freedom = mean["effect"], len(steps) - 1
    spread = float(share**2 @ (difference - effect) ** 2) * len(steps) / freedom
    error = max(math.sqrt(spread), np.finfo(np.float64).tiny)
    reach = float(stdtrit(freedom, (1 + knobs.confidence_level) / 2)) * error
    return {
        "element_type": "text_feature",
        "element_id": f"{channel}:{name}",
        "campaign_id": None,
        "step_id": None,
        "contrast": f"with - without, across {len(steps)} steps",
        "effect": effect,
        "ci_low": max(effect - reach, -1.0),
        "ci_high": min(effect + reach, 1.0),
        "p_value": float(2 * stdtr(freedom, -abs(effect) / error)),
        "n_treated": int(figures["n_treated"].sum()),
        "n_control": int(figures["n_control"].sum()),
        "rate_treated": mean["rate_treated"],
        "rate_control": mean["rate_control"],
        "overlap": min(mean["overlap"], 1.0),
        "effective_leads": float(figures["effective_leads"].sum()),
        "check_effect": mean["check"],
        **tell_guardrails(_combine_guardrails(steps, share), knobs),
        "sensitivity": e_value(mean["adjusted_control"], effect - reach, effect + reach),
        **NOT_TESTED,
        # Texts were not dealt to steps by chance, and what else differs between them is not held fixed.
        "evidence_grade": "C",
        "tested_by": "",
        "label": f"{channel} · {name.replace('_', ' ')}",
        "exposed_leads_month": leads_a_month,
        "hypothesis": f"text_feature {channel} {name}",
    }
