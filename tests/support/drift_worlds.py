"""Leads as a model would score them, invented: features of every shape, with a probability that comes true."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from configured import PARAMETERS

from lead_conversion.lifecycle.drift.decision import DriftDecision, decide_drift
from lead_conversion.lifecycle.drift.parameters import DriftParameters

# Few resamples: tests ask for verdicts, not for smooth limits.
DRIFT = DriftParameters.model_validate(PARAMETERS["drift"] | {"resamples": 60})
NO_OUTCOMES = pd.DataFrame({"probability": pd.Series(dtype=float), "label": pd.Series(dtype=int)})


def make_leads(leads: int, seed: int = 0) -> pd.DataFrame:
    """Leads with features of the data dictionary: even, long-tailed, mostly zero, often missing, in categories."""
    rng = np.random.default_rng(seed)
    interest = rng.normal(size=leads)
    outbound = 1 + rng.poisson(4, leads)
    replies = rng.binomial(outbound, 0.15 / (1 + np.exp(-interest)))
    rows = pd.DataFrame(
        {
            "lead_source": rng.choice(["organic", "paid", "referral", "event"], leads, p=[0.4, 0.3, 0.2, 0.1]),
            "industry": rng.choice([f"industry {n}" for n in range(9)], leads),
            "crm_score": np.where(rng.random(leads) < 0.1, np.nan, 50 + 15 * interest + rng.normal(0, 10, leads)),
            "site_visits_30d": rng.poisson(np.exp(0.5 * interest)).astype(float),
            "hours_to_engagement": rng.exponential(30, leads),
            "n_outbound": outbound.astype(float),
            "n_replies": replies.astype(float),
            "n_opened": rng.binomial(outbound, 0.4).astype(float),
            "reply_share": replies / outbound,
            "first_reply_hours": np.where(replies > 0, rng.exponential(20, leads), np.nan),
            "campaign_rate": rng.beta(20, 180, leads),
        }
    )
    log_odds = -2.3 + 0.8 * interest + 0.5 * (replies > 0)
    return rows.assign(probability=1 / (1 + np.exp(-log_odds)))


def halves(leads: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two groups of so many leads each, drawn from one world."""
    rows = make_leads(2 * leads, seed)
    return rows.iloc[:leads].reset_index(drop=True), rows.iloc[leads:].reset_index(drop=True)


def outcomes(probability: pd.Series, seed: int = 0, thinned: float = 1.0) -> pd.DataFrame:
    """What becomes of leads whose probabilities come true, or a share of them."""
    rng = np.random.default_rng(seed)
    label = (rng.random(len(probability)) < thinned * probability.to_numpy()).astype(int)
    return pd.DataFrame({"probability": probability.to_numpy(), "label": label})


def decide(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    known: pd.DataFrame = NO_OUTCOMES,
    **changes: Mapping[str, Any] | Any,
) -> DriftDecision:
    """The verdict under the project's own limits, some of them changed."""
    return decide_drift(reference, current, known, DRIFT.model_copy(update=changes), seed=1)
