"""What came of each step for each event that is told of, learned once for all who compare."""

import pandas as pd

from lead_conversion.pipelines.recommendation.effects.harms import GUARDRAILS
from lead_conversion.pipelines.recommendation.effects.values import BOOKED, Outcomes, learn_outcomes
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters


def learn_step_outcomes(risk_set: pd.DataFrame, parameters: RecommendationParameters, seed: int) -> dict[str, Outcomes]:
    """By event, a booking and each guardrail, what came of the rows of the risk set in the order of `order_rows`."""
    rows = order_rows(risk_set)
    return {event: learn_outcomes(rows, parameters.value_model, seed, event) for event in (BOOKED, *GUARDRAILS)}


def order_rows(risk_set: pd.DataFrame) -> pd.DataFrame:
    """The rows of the risk set in one order, whatever the one they come in, numbered by it."""
    return risk_set.sort_values(["lead_key", "step_id"], ignore_index=True)
