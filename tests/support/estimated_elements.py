"""Rows of the effects: one element against its alternative, as `estimate_effects` would tell them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.pipelines.recommendation.effects import estimation
from lead_conversion.pipelines.recommendation.effects.estimation import EFFECT_DTYPES
from lead_conversion.pipelines.recommendation.effects.shrinkage import shrink_effects
from lead_conversion.pipelines.recommendation.effects.step_outcomes import learn_step_outcomes
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters

KEYS = ("element_type", "element_id", "campaign_id", "step_id", "contrast")
NOTHING_ELSE = {"str": "", "bool": False, "float64": np.nan, "int64": 0, "Int64": None}
DEFAULT = {
    "element_type": "wait", "element_id": "10", "campaign_id": 1, "step_id": 10, "contrast": "24 h - 48 h",
    "label": "Autumn · step 1", "evidence_grade": "B", "rate_treated": 0.1, "rate_control": 0.1, "n_treated": 500,
    "n_control": 500, "exposed_leads_month": 400.0,
}  # fmt: skip


def effects_of(*elements: dict[str, Any], effect: float = 0.0, error: float = 0.01) -> pd.DataFrame:
    """The effects of these elements, each with `effect` and its standard `error` where it says nothing else."""
    rows = []
    for number, given in enumerate(elements):
        row = {name: NOTHING_ELSE[dtype] for name, dtype in EFFECT_DTYPES.items()} | DEFAULT
        row |= {"effect": effect, "error": error, "hypothesis": f"h{number}"} | given
        reach = 1.959964 * row.pop("error")
        rows.append(row | {"ci_low": row["effect"] - reach, "ci_high": row["effect"] + reach})
    told = pd.DataFrame(rows, columns=list(EFFECT_DTYPES)).astype(EFFECT_DTYPES)
    return shrink_effects(told, confidence_level=0.95, least_sd=0.003)


def recommended(**given: Any) -> dict[str, Any]:
    """A recommendation, as far as the planner reads it."""
    return {
        "id": "prompt-1", "experiment_id": "test-prompt-1", "element_type": "prompt", "element_id": "1",
        "campaign_id": 1, "step_id": 10, "contrast": "version 1 - version 2", "label": "Autumn · step 1",
        "change": "edit_prompt", "evidence": {"shrunken_effect": -0.05}, "proposed_text": "Hello",
        "edit": {"version": None}, "proven_by": "",
    } | given  # fmt: skip


def asking(*recommendations: dict[str, Any], status: str = "recommendations") -> dict[str, Any]:
    """The document of the recommendations, as far as the planner reads it."""
    return {"status": status, "recommendations": [*recommendations], "sequences": []}


def estimate_effects(
    risk_set: pd.DataFrame,
    campaign_steps: pd.DataFrame,
    as_of: dict[str, str],
    decided_tests: Sequence[Mapping[str, Any]],
    parameters: RecommendationParameters,
    seed: int,
) -> pd.DataFrame:
    """The effects of a risk set, with what came of its steps learned first."""
    outcomes = learn_step_outcomes(risk_set, parameters, seed)
    return estimation.estimate_effects(risk_set, outcomes, campaign_steps, as_of, decided_tests, parameters, seed)
