"""What each element does to the chance of a booked call: first version, raw rates step by step."""

import numpy as np
import pandas as pd

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.cells import Cells, count_cells
from lead_conversion.pipelines.recommendation.elements import (
    Comparison,
    Element,
    list_comparisons,
)
from lead_conversion.pipelines.recommendation.parameters import (
    EffectParameters,
    RecommendationParameters,
)
from lead_conversion.pipelines.recommendation.proportions import (
    adjust_for_multiple_tests,
    contrast_proportions,
    e_value,
)
from lead_conversion.pipelines.recommendation.text_effects import estimate_text_features
from lead_conversion.pipelines.recommendation.traffic import count_exposed_leads

ASSOCIATION_ONLY = "C"
EFFECT_DTYPES = {
    "element_type": "str",
    "element_id": "str",
    "campaign_id": "Int64",
    "step_id": "Int64",
    "contrast": "str",
    "effect": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "p_value": "float64",
    "q_value": "float64",
    "n_treated": "int64",
    "n_control": "int64",
    "rate_treated": "float64",
    "rate_control": "float64",
    "overlap": "float64",
    "sensitivity": "float64",
    "evidence_grade": "str",
    "flagged": "bool",
    "label": "str",
    "exposed_leads_month": "float64",
    "hypothesis": "str",
}


def estimate_effects(
    risk_set: pd.DataFrame,
    primary_campaign_steps: pd.DataFrame,
    primary_as_of: dict[str, str],
    parameters: RecommendationParameters,
) -> pd.DataFrame:
    """The change in the chance of a booked call that goes with each element, unadjusted.

    Differences of raw rates among mature leads at risk at the step, within the time in which all
    compared arms were live. Nothing is adjusted for who got which arm, so every row has evidence
    grade C: association only. `flagged` says that the difference is below zero by more than the
    margin of relevance at the false discovery rate; it does not say why.

    Returns:
        One row an element and contrast, columns as in `EFFECT_DTYPES`, ordered by element. Effects
        are absolute changes of probability; `overlap` the share of leads in calendar cells where
        both arms occur; `sensitivity` the E-value of the interval's limit nearest zero. Rows with
        the same `hypothesis` are one test seen from both sides.
    """
    knobs = parameters.effects
    as_of = parse_moment(primary_as_of["as_of"])
    mature = risk_set.loc[risk_set["is_mature"]]
    exposed = count_exposed_leads(risk_set, primary_campaign_steps, as_of, knobs.traffic_weeks)
    rows = [
        row
        for comparison in list_comparisons(mature, primary_campaign_steps)
        for element in comparison.elements
        if (row := _estimate(comparison, element, exposed, knobs))
    ]
    rows += estimate_text_features(mature, primary_campaign_steps, exposed, knobs)
    if not rows:
        return pd.DataFrame(columns=list(EFFECT_DTYPES)).astype(EFFECT_DTYPES)
    return _judge(pd.DataFrame(rows), knobs)


def _estimate(
    comparison: Comparison,
    element: Element,
    exposed: dict[tuple[str, str], float],
    knobs: EffectParameters,
) -> dict[str, object] | None:
    cells = count_cells(comparison, element, knobs.min_leads_per_arm, knobs.min_leads_per_period)
    n_treated, n_control = cells.total(treated=True), cells.total(treated=False)
    if min(n_treated, n_control) < knobs.min_leads_per_arm:
        return None
    contrast = contrast_proportions(cells.successes, cells.trials, cells.weights, knobs.confidence_level)
    rate_control = cells.rate(treated=False)
    return {
        "element_type": element.element_type,
        "element_id": element.element_id,
        "campaign_id": element.campaign_id,
        "step_id": element.step_id,
        "contrast": element.contrast,
        "effect": contrast.estimate,
        "ci_low": contrast.ci_low,
        "ci_high": contrast.ci_high,
        "p_value": contrast.p_value,
        "n_treated": n_treated,
        "n_control": n_control,
        "rate_treated": cells.rate(treated=True),
        "rate_control": rate_control,
        "overlap": _share_in_shared_cells(comparison, element, cells, knobs.overlap_cell_days),
        "sensitivity": e_value(rate_control, contrast.ci_low, contrast.ci_high),
        "label": element.label,
        "exposed_leads_month": exposed.get((element.element_type, element.element_id), 0.0),
        "hypothesis": _hypothesis(comparison, element, cells),
    }


def _hypothesis(comparison: Comparison, element: Element, cells: Cells) -> str:
    """Two arms seen from either side are one hypothesis; of three arms each side is its own."""
    arms = sorted(set(comparison.rows.loc[cells.used, "arm"]))
    is_mirror = arms in (sorted((element.arm, other)) for other in element.others)
    return f"{comparison.name}: {' '.join(arms) if is_mirror else element.arm}"


def _share_in_shared_cells(comparison: Comparison, element: Element, cells: Cells, cell_days: int) -> float:
    """Share of the compared leads who were met in a calendar cell in which both arms occur."""
    rows = comparison.rows.loc[cells.used]
    is_treated = rows["arm"] == element.arm
    day = (rows["met_at"] - rows["met_at"].min()).dt.days
    both = is_treated.groupby(day // cell_days).transform("nunique") > 1
    return float(both.mean())


def _judge(rows: pd.DataFrame, knobs: EffectParameters) -> pd.DataFrame:
    q_values = adjust_for_multiple_tests(
        rows["p_value"].to_numpy(dtype=np.float64), rows["hypothesis"].to_numpy(dtype=object)
    )
    is_worse = (rows["effect"] < -knobs.margin) & (q_values <= knobs.false_discovery_rate)
    judged = rows.assign(q_value=q_values, evidence_grade=ASSOCIATION_ONLY, flagged=is_worse)
    return (
        judged[list(EFFECT_DTYPES)]
        .astype(EFFECT_DTYPES)
        .sort_values(["element_type", "campaign_id", "step_id", "element_id", "contrast"])
        .reset_index(drop=True)
    )
