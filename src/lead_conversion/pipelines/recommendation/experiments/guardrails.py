"""What must not get worse while more calls are booked: opt-outs and negative replies."""

from datetime import datetime
from typing import Any

import pandas as pd

from lead_conversion.lifecycle.experiments import CONTROL, TREATMENT, RegisteredTest
from lead_conversion.pipelines.recommendation.experiments.confidence_sequences import rate_ratio_sequence
from lead_conversion.pipelines.recommendation.exposure.risk_sets import falls_within

# When the lead did it first after it was at risk.
FIRST_MOMENTS = {"opt-outs": "opted_out_at", "negative replies": "replied_negative_at"}
STOPS, WITHIN, OPEN = "stops", "within the limit", "open"


def guardrail_rates(rows: pd.DataFrame, as_of: datetime, days: int) -> dict[str, float | None]:
    """By guardrail the share of leads that did it within `days` days, of those whose days are over."""
    mature = rows.loc[_is_over(rows["met_at"], as_of, days)]
    return {
        name: float(_happened(mature, column, days).mean()) if len(mature) else None
        for name, column in FIRST_MOMENTS.items()
    }


def watch_guardrails(assigned: pd.DataFrame, test: RegisteredTest, as_of: datetime) -> list[dict[str, Any]]:
    """Each guardrail's rate by arm, their ratio with an interval that holds however often one looks, and a verdict.

    It `stops` the test where more do it under treatment beyond chance and not surely by less than the limit; it is
    `within the limit` where the interval ends below that, and else `open`. All guardrails together stop a test that
    does no harm with a chance of alpha at most.

    Args:
        assigned: lead_key, arm, met_at and the moments of `FIRST_MOMENTS`, one row a lead.
        test: the test as it was registered.
        as_of: the moment that the data look from.
    """
    rails = test.guardrails
    mature = assigned.loc[_is_over(assigned["met_at"], as_of, rails.days)]
    leads = {arm: int((mature["arm"] == arm).sum()) for arm in (CONTROL, TREATMENT)}
    watched = []
    for name, column in FIRST_MOMENTS.items():
        arms = mature.loc[_happened(mature, column, rails.days), "arm"]
        events = {arm: int((arms == arm).sum()) for arm in (CONTROL, TREATMENT)}
        low, high = rate_ratio_sequence(
            events[TREATMENT], events[CONTROL], test.share_treatment, test.alpha / len(FIRST_MOMENTS)
        )
        is_within = high < rails.limit_ratio
        watched.append(
            {
                "guardrail": name,
                "days": rails.days,
                "leads": leads,
                "events": events,
                "ratio": _ratio(events, leads),
                "ci_low": low,
                "ci_high": high if high < float("inf") else None,
                "limit_ratio": rails.limit_ratio,
                "verdict": WITHIN if is_within else STOPS if low > 1 else OPEN,
            }
        )
    return watched


def _is_over(met_at: pd.Series, as_of: datetime, days: int) -> pd.Series:
    return met_at + pd.Timedelta(days=days) <= as_of


def _happened(rows: pd.DataFrame, column: str, days: int) -> pd.Series:
    return falls_within(rows[column], rows["met_at"], pd.Timedelta(days=days))


def _ratio(events: dict[str, int], leads: dict[str, int]) -> float | None:
    if not events[CONTROL] or not leads[TREATMENT]:
        return None
    return (events[TREATMENT] / leads[TREATMENT]) / (events[CONTROL] / leads[CONTROL])
