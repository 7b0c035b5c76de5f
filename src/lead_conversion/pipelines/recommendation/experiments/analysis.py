"""The result of a registered test: who fell to which arm, whether that was chance, and what it shows so far."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from scipy.special import ndtr

from lead_conversion.lifecycle.experiments import (
    A_BETTER,
    B_BETTER,
    BAD_RATIO,
    CONTROL,
    GO_ON,
    GUARDRAIL,
    NO_DIFFERENCE,
    NOT_MATURE,
    OUTCOMES,
    TREATMENT,
    RegisteredTest,
)
from lead_conversion.pipelines.recommendation.experiments.assignment import NEITHER, assign_arms
from lead_conversion.pipelines.recommendation.experiments.guardrails import STOPS, watch_guardrails
from lead_conversion.pipelines.recommendation.experiments.sequential import (
    chance_beyond,
    estimate_after_looks,
    stopping_boundaries,
)

# Chance never splits leads evenly, so that a look does not wait for the last per cent of its information.
ALMOST = 0.99


def analyse_experiment(
    risk_set: pd.DataFrame,
    test: RegisteredTest,
    earlier_looks: Sequence[float],
    as_of: datetime,
    *,
    is_last: bool = False,
) -> dict[str, Any]:
    """What a test shows at an as-of: whether to stop, go on or wait, and why.

    Leads count by the arm they were first dealt, whatever became of it, and for the outcome only once their horizon is
    over. In this order: how leads fell to the arms (where chance does not explain it, nothing else is said), the
    guardrails, and, where the next planned look is due, the difference with its boundary. Between looks no difference
    is told, so that nobody can stop at one. The look that decides has the difference corrected for the looks beside.

    Args:
        risk_set: with the horizon of the test.
        test: as it was registered.
        earlier_looks: share of the information at each look so far.
        as_of: the moment that the data look from.
        is_last: whether no more leads will be taken in, so that this look is the last one.

    Returns:
        verdict, counts by arm, the sample ratio, and where they may be told: guardrails, information, look; rates and
        effects are probabilities, the interval is the repeated one (Jennison and Turnbull 1989, J. R. Stat. Soc. B 51,
        305): it holds at all looks together. `corrected` is as `correct_for_looks` has it.
    """
    dealt = assign_arms(risk_set, test, as_of)
    counted = dealt["arm"].value_counts()
    assigned = dealt.loc[dealt["arm"] != NEITHER]
    result: dict[str, Any] = {
        "experiment_id": test.experiment_id,
        "as_of": as_of.isoformat(),
        "leads": {arm: int(counted.get(arm, 0)) for arm in (CONTROL, TREATMENT, NEITHER)},
        "guardrails": [],
        "look": None,
    }
    ratio = check_sample_ratio(result["leads"], test)
    result["sample_ratio"] = ratio
    if not ratio["is_chance"]:
        return result | {"verdict": BAD_RATIO}
    mature = assigned.loc[assigned["is_mature"]]
    sizes = {arm: int((mature["arm"] == arm).sum()) for arm in (CONTROL, TREATMENT)}
    information = share_of_information(sizes, test)
    due = next_look(test, max(earlier_looks, default=0)) or test.looks[-1]
    is_due = min(sizes.values()) > 1 and (information >= ALMOST * due or is_last)
    is_complete = is_last or information >= ALMOST
    looks = [*_taken_at_less(earlier_looks, information), information]
    result |= {
        "mature_leads": sizes,
        "information": information,
        "guardrails": watch_guardrails(assigned, test, as_of),
        "look": _look(mature, sizes, looks, test, is_complete=is_complete) if is_due else None,
        "next_look_at": next_look(test, information) if is_due else due,
    }
    if any(rail["verdict"] == STOPS for rail in result["guardrails"]):
        return result | {"verdict": GUARDRAIL}
    verdict = _judge(result["look"])
    if verdict in OUTCOMES:
        result["look"] |= {"corrected": correct_for_looks(result, earlier_looks, test, test.alpha)}
    return result | {"verdict": verdict}


def correct_for_looks(
    result: Mapping[str, Any], earlier_looks: Sequence[float], test: RegisteredTest, alpha: float
) -> dict[str, float]:
    """The difference that a test which ended at a look shows, once it is allowed for that it could have ended before.

    A test ends early where chance helps it, so that what it shows is too large. In the stagewise order of ends (see
    `estimate_after_looks`) the estimate is as often too small as too large, and the interval holds the true difference
    with chance 1 - alpha.

    Args:
        result: the analysis that decided the test, as it stands on record.
        earlier_looks: share of the information at each look before.
        test: as it was registered.
        alpha: chance that the interval misses the difference.

    Returns:
        effect, ci_low and ci_high as absolute changes of probability, B less A, and the two-sided p_value.
    """
    look, information = result["look"], result["information"]
    looks = (*_taken_at_less(earlier_looks, information), information)
    bounds = stopping_boundaries(looks, test.alpha, is_complete=look["is_last"])
    spread = _spread(look["rates"], result["mature_leads"])
    if not spread:
        return {"effect": look["effect"], "ci_low": look["effect"], "ci_high": look["effect"], "p_value": 1.0}
    z, per_drift = look["effect"] / spread, spread * math.sqrt(information)
    figures = [min(max(drift * per_drift, -1.0), 1.0) for drift in estimate_after_looks(z, bounds, looks, alpha)]
    beyond = chance_beyond(z, bounds, looks, drift=0.0)
    return {**dict(zip(("effect", "ci_low", "ci_high"), figures, strict=True)), "p_value": 2 * min(beyond, 1 - beyond)}


def check_sample_ratio(leads: dict[str, int], test: RegisteredTest) -> dict[str, Any]:
    """Whether chance explains how many leads fell to each arm: chi-square with one degree of freedom."""
    dealt = leads[CONTROL] + leads[TREATMENT]
    expected = dealt * test.share_treatment
    deviation = math.sqrt(expected * (1 - test.share_treatment))
    p = float(2 * ndtr(-abs(leads[TREATMENT] - expected) / deviation)) if dealt else 1.0
    return {
        "share_treatment": leads[TREATMENT] / dealt if dealt else None,
        "planned_share": test.share_treatment,
        "p_value": p,
        "p_below": test.sample_ratio_p,
        "is_chance": p >= test.sample_ratio_p,
    }


def share_of_information(sizes: dict[str, int], test: RegisteredTest) -> float:
    """How much is known of what was planned to be known: 1 with two arms of the planned size."""
    both = sizes[CONTROL] + sizes[TREATMENT]
    return sizes[CONTROL] * sizes[TREATMENT] / both / (test.sample_size_per_arm / 2) if both else 0.0


def next_look(test: RegisteredTest, information: float) -> float | None:
    """The first planned look that this much information does not reach; None beyond the last."""
    return next((share for share in test.looks if ALMOST * share > information), None)


def _taken_at_less(earlier_looks: Sequence[float], information: float) -> list[float]:
    """The earlier looks that less was known at.

    Leads can leave the data (duplicates are merged, old ones deleted), so that a last look knows no more than the one
    before: it is then that look taken again, and spends what is left.
    """
    return [share for share in earlier_looks if share < information]


def _look(
    mature: pd.DataFrame,
    sizes: dict[str, int],
    information: Sequence[float],
    test: RegisteredTest,
    *,
    is_complete: bool,
) -> dict[str, Any]:
    """The difference in booked leads at a look, against the boundary of that look (Lan and DeMets 1983)."""
    bound = stopping_boundaries(tuple(information), test.alpha, is_complete=is_complete)[-1]
    booked = {arm: int(mature.loc[mature["arm"] == arm, "booked"].sum()) for arm in sizes}
    rate = {arm: booked[arm] / size for arm, size in sizes.items()}
    effect = rate[TREATMENT] - rate[CONTROL]
    pooled = sum(booked.values()) / sum(sizes.values())
    error = math.sqrt(pooled * (1 - pooled) * sum(1 / size for size in sizes.values()))
    spread = _spread(rate, sizes)
    return {
        "number": len(information),
        "is_last": is_complete,
        "boundary": bound,
        "z": effect / error if error else 0.0,
        "booked": booked,
        "rates": rate,
        "effect": effect,
        "ci_low": max(effect - bound * spread, -1.0),
        "ci_high": min(effect + bound * spread, 1.0),
    }


def _spread(rates: Mapping[str, float], sizes: Mapping[str, int]) -> float:
    """The standard error of the difference between two rates."""
    return math.sqrt(sum(rates[arm] * (1 - rates[arm]) / size for arm, size in sizes.items()))


def _judge(look: dict[str, Any] | None) -> str:
    if look is None:
        return NOT_MATURE
    if abs(look["z"]) >= look["boundary"]:
        return B_BETTER if look["z"] > 0 else A_BETTER
    return NO_DIFFERENCE if look["is_last"] else GO_ON
