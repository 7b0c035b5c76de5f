"""What a team would have without this system: a rule, a campaign's rate, and below both the rate of all leads.

The rule and the campaign's rate know the clock, as every candidate does: the chance falls as the hours go by, and a
model that knew no more than that must not look better than they.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import betaln
from scipy.stats import beta

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.clock import fit_clock, read_clock
from lead_conversion.pipelines.modelling.encoding import require_features
from lead_conversion.pipelines.modelling.log_odds import Array, fit_coefficients, rounded, to_log_odds, weighted_sum
from lead_conversion.pipelines.modelling.parameters import RuleCondition

# A prior worth less than one lead or more than ten thousand cannot be told from none or from certainty.
FEWEST_PRIOR_LEADS, MOST_PRIOR_LEADS = 1.0, 1e4
LEAST_SLOPE = 0.01


def fit_rule(
    rows: pd.DataFrame, rule: Sequence[RuleCondition], features: Sequence[Feature], window_hours: float
) -> dict[str, Any]:
    """The transparent rule: points for what a salesperson would look at, beside the clock.

    Training only sets how much a point counts.

    Raises:
        ConfigurationError: the rule names a feature that is not there.
    """
    named = require_features([condition.feature for condition in rule], features, "model.baselines.rule")
    sentence = "; ".join(
        f"{condition.points:+g} where '{feature.sentence}' is at least {condition.at_least:g}"
        for condition, feature in zip(rule, named, strict=True)
    )
    conditions = [condition.model_dump() for condition in rule]
    clock = fit_clock(rows, window_hours)
    columns = np.column_stack([_points(rows, conditions), read_clock(clock, rows)])
    slopes, intercept = fit_coefficients(columns, rows["label"].to_numpy(dtype=float))
    # The rule's ranking is the team's: training must not turn it round.
    scale = {"slopes": [max(slope, LEAST_SLOPE) for slope in slopes], "intercept": intercept}
    return {
        "family": "rule",
        "sentence": f"Points: {sentence}",
        "conditions": conditions,
        "clock": clock,
        "scale": scale,
    }


def predict_rule(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """Log odds."""
    columns = np.column_stack([_points(rows, model["conditions"]), read_clock(model["clock"], rows)])
    return float(model["scale"]["intercept"]) + weighted_sum(columns, model["scale"]["slopes"])


def fit_campaign_rate(rows: pd.DataFrame, window_hours: float) -> dict[str, Any]:
    """Each campaign's rate among its training leads, shrunk to the mean of all campaigns.

    The prior is the beta distribution under which the campaigns' counts are most likely (beta-binomial, empirical
    Bayes); a campaign without training leads gets the prior's mean. The clock carries the rate to other hours, at the
    same ratio of odds.
    """
    leads = rows.drop_duplicates("lead_key")
    counts = leads.groupby(_campaign_names(leads), sort=True)["label"].agg(["sum", "count"]).astype(float)
    positives, tried = counts["sum"].to_numpy(), counts["count"].to_numpy()
    mean = float((leads["label"].sum() + 0.5) / (len(leads) + 1))
    prior_leads = _prior_leads(positives, tried, mean)
    rates = (positives + prior_leads * mean) / (tried + prior_leads)
    return {
        "family": "campaign_rate",
        "clock": fit_clock(rows, window_hours),
        "mean": rounded(mean),
        "prior_leads": rounded(prior_leads),
        "rates": {str(name): rounded(rate) for name, rate in zip(counts.index, rates, strict=True)},
    }


def predict_campaign_rate(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """Log odds."""
    rates = _campaign_names(rows).map(model["rates"]).astype(float).fillna(model["mean"])
    against_mean = to_log_odds(np.asarray(rates, dtype=float)) - to_log_odds(np.array(model["mean"]))
    return read_clock(model["clock"], rows) + against_mean


def estimate_base_rate(examples: pd.DataFrame) -> dict[str, Any]:
    """The share of mature leads that reach the target, with a 95 % interval (Jeffreys); no figure without leads."""
    leads = examples[examples["split"] != "scoring"].drop_duplicates("lead_key")
    n_leads, positives = len(leads), int(leads["label"].sum())
    if n_leads == 0:
        return {"family": "base_rate", "value": None, "ci_low": None, "ci_high": None, "leads": 0, "positives": 0}
    low, high = beta.ppf([0.025, 0.975], positives + 0.5, n_leads - positives + 0.5)
    return {
        "family": "base_rate",
        "value": rounded((positives + 0.5) / (n_leads + 1)),
        # The Jeffreys interval ends at 0 and 1 where nothing, or everything, was positive (Brown, Cai, DasGupta 2001).
        "ci_low": 0.0 if positives == 0 else rounded(low),
        "ci_high": 1.0 if positives == n_leads else rounded(high),
        "leads": n_leads,
        "positives": positives,
    }


def _points(rows: pd.DataFrame, conditions: Sequence[dict[str, Any]]) -> Array:
    points = np.zeros(len(rows))
    for condition in conditions:
        # A missing value meets no condition.
        reached = rows[condition["feature"]].to_numpy(dtype=float, na_value=np.nan) >= condition["at_least"]
        points += condition["points"] * reached
    return points


def _campaign_names(rows: pd.DataFrame) -> pd.Series:
    return rows["campaign_id"].astype("Int64").astype("string").fillna("none")


def _prior_leads(positives: Array, tried: Array, mean: float) -> float:
    def unlikelihood(log_leads: float) -> float:
        a, b = np.exp(log_leads) * mean, np.exp(log_leads) * (1 - mean)
        return -float(np.sum(betaln(positives + a, tried - positives + b) - betaln(a, b)))

    bounds = (np.log(FEWEST_PRIOR_LEADS), np.log(MOST_PRIOR_LEADS))
    return float(np.exp(minimize_scalar(unlikelihood, bounds=bounds, method="bounded").x))
