"""With or without a feature of the text: what prompts of one channel have in common."""

import math
from itertools import product

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from lead_conversion.language.templates import text_features
from lead_conversion.pipelines.recommendation.cells import count_cells
from lead_conversion.pipelines.recommendation.elements import (
    Comparison,
    Element,
    each_group,
    prompt_spans,
)
from lead_conversion.pipelines.recommendation.parameters import EffectParameters
from lead_conversion.pipelines.recommendation.proportions import e_value

CHANNELS = ("sms", "email", "voice")


def estimate_text_features(
    mature: pd.DataFrame,
    campaign_steps: pd.DataFrame,
    exposed: dict[tuple[str, str], float],
    knobs: EffectParameters,
) -> list[dict[str, object]]:
    """The mean difference within a step between versions with and without each feature.

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
    sent = mature.loc[~mature["is_skipped"] & mature["prompt_id"].notna()]
    sent = sent.assign(prompt=sent["prompt_id"].astype("str"))
    spans = prompt_spans(campaign_steps)
    records = []
    for channel, name in product(CHANNELS, names):
        having = {key: found[name] for key, found in features.items()}
        rows = sent.loc[(sent["channel"] == channel) & sent["prompt"].isin(having)]
        steps = _compare_steps(rows, having, spans, knobs)
        if len(steps) >= knobs.min_steps_per_text_feature:
            prompts_with = [key for key in sorted(set(rows["prompt"])) if having[key]]
            leads_a_month = sum(exposed.get(("prompt", key), 0.0) for key in prompts_with)
            records.append(_combine_steps(channel, name, steps, leads_a_month, knobs))
    return records


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _compare_steps(
    rows: pd.DataFrame,
    having: dict[str, bool],
    spans: dict[str, tuple[pd.Timestamp, pd.Timestamp]],
    knobs: EffectParameters,
) -> pd.DataFrame:
    """Per step: difference of rates, its weight, and the counts."""
    found = []
    for step_id, at_step in each_group(rows, "step_id"):
        arm = at_step["prompt"].map(having).map({True: "with", False: "without"})
        if set(arm) != {"with", "without"}:
            continue
        used = {key: spans[key] for key in sorted(at_step["prompt"].unique())}
        arm_spans = {
            side: (
                min(s for key, (s, _) in used.items() if having[key] == (side == "with")),
                max(e for key, (_, e) in used.items() if having[key] == (side == "with")),
            )
            for side in ("with", "without")
        }
        element = Element("text_feature", "", None, step_id, "", "", "with", ("without",))
        comparison = Comparison("", at_step.assign(arm=arm), arm_spans, (element,))
        cells = count_cells(comparison, element, knobs.min_leads_per_arm, knobs.min_leads_per_period)
        n_treated, n_control = cells.total(treated=True), cells.total(treated=False)
        if min(n_treated, n_control) >= knobs.min_leads_per_arm:
            rates = cells.rate(treated=True), cells.rate(treated=False)
            weight = n_treated * n_control / (n_treated + n_control)
            found.append((*rates, weight, n_treated, n_control))
    columns = ["rate_treated", "rate_control", "weight", "n_treated", "n_control"]
    return pd.DataFrame(found, columns=columns)


def _combine_steps(
    channel: str, name: str, steps: pd.DataFrame, leads_a_month: float, knobs: EffectParameters
) -> dict[str, object]:
    share = (steps["weight"] / steps["weight"].sum()).to_numpy(dtype=np.float64)
    difference = (steps["rate_treated"] - steps["rate_control"]).to_numpy(dtype=np.float64)
    effect, freedom = float(share @ difference), len(steps) - 1
    spread = float(share**2 @ (difference - effect) ** 2) * len(steps) / freedom
    error = max(math.sqrt(spread), np.finfo(np.float64).tiny)
    reach = float(stdtrit(freedom, (1 + knobs.confidence_level) / 2)) * error
    rate_control = float(share @ steps["rate_control"].to_numpy(dtype=np.float64))
    return {
        "element_type": "text_feature",
        "element_id": f"{channel}:{name}",
        "campaign_id": None,
        "step_id": None,
        "contrast": f"with - without, across {len(steps)} steps",
        "effect": effect,
        "ci_low": effect - reach,
        "ci_high": effect + reach,
        "p_value": float(2 * stdtr(freedom, -abs(effect) / error)),
        "n_treated": int(steps["n_treated"].sum()),
        "n_control": int(steps["n_control"].sum()),
        "rate_treated": float(share @ steps["rate_treated"].to_numpy(dtype=np.float64)),
        "rate_control": rate_control,
        "overlap": 1.0,
        "sensitivity": e_value(rate_control, effect - reach, effect + reach),
        "label": f"{channel} · {name.replace('_', ' ')}",
        "exposed_leads_month": leads_a_month,
        "hypothesis": f"text_feature {channel} {name}",
    }
