"""The test of each recommendation: how many leads, how long, when to stop, and whether it can be done."""

import math
from datetime import datetime
from typing import Any

import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.experiments.guardrails import guardrail_rates
from lead_conversion.pipelines.recommendation.experiments.schedule import (
    SAME_LEADS,
    Conflict,
    Place,
    Weeks,
    find_conflicts,
    schedule_tests,
)
from lead_conversion.pipelines.recommendation.experiments.sequential import (
    drift_for_power,
    stopping_boundaries,
)
from lead_conversion.pipelines.recommendation.exposure.traffic import (
    DAYS_A_WEEK,
    first_of_journeys,
    recent_rows,
)
from lead_conversion.pipelines.recommendation.parameters import (
    ExperimentParameters,
    RecommendationParameters,
)
from lead_conversion.reports.formats import count, decimal, percent, plural

# a test is not planned to lift a rate above this: near certainty the sample size says nothing
HIGHEST_RATE = 0.99
PLACE = ("element_type", "element_id", "campaign_id", "step_id", "contrast", "change")
ARMS = {
    "edit_prompt": ("the current text is sent", "{words} is sent"),
    "skip_step": ("the step is sent", "the step is skipped"),
    "change_wait": ("the wait is {current}", "the wait is {alternative}"),
    "change_order": ("the order is {current}", "the order is {alternative}"),
}


def plan_experiments(
    recommendations: dict[str, Any],
    effects: pd.DataFrame,
    risk_set: pd.DataFrame,
    primary_as_of: dict[str, str],
    parameters: RecommendationParameters,
) -> dict[str, Any]:
    """One randomised test for each recommendation, sized, timed and scheduled on the leads that really come.

    Returns:
        experiments in the order of the recommendations, and a sentence on the schedule; rates and effects are
        probabilities, sample sizes leads, durations weeks including the wait for the last label, and first and last
        week counted from the start of the first test, from 1.
    """
    as_of = parse_moment(primary_as_of["as_of"])
    looks = parameters.experiments.looks
    information = tuple(look / looks for look in range(1, looks + 1))
    bounds = stopping_boundaries(information, parameters.experiments.alpha)
    drift = drift_for_power(bounds, information, parameters.experiments.power)
    boundaries = [
        {"look": look, "information": share, "z": round(z, 4)}
        for look, (share, z) in enumerate(zip(information, bounds, strict=True), start=1)
    ]
    planned = [
        _plan(recommendation, effects, risk_set, as_of, drift, parameters) | {"stopping_boundaries": boundaries}
        for recommendation in recommendations["recommendations"]
    ]
    places = {
        recommendation["experiment_id"]: _place(recommendation, risk_set)
        for recommendation in recommendations["recommendations"]
    }
    conflicts = find_conflicts(places, parameters.experiments.max_shared_leads)
    weeks = schedule_tests({each["id"]: each["duration_weeks"] for each in planned if each["feasible"]}, conflicts)
    return {
        "as_of": primary_as_of["as_of"],
        "snapshot_id": primary_as_of["snapshot_id"],
        "schedule": _summarise_schedule(weeks),
        "experiments": [each | _describe_timing(each["id"], weeks, conflicts[each["id"]]) for each in planned],
    }


def leads_per_arm(rate: float, difference: float, drift: float) -> int:
    """Leads that each of two equal arms needs to show an absolute difference of probability.

    Two-proportion z-test: 2 drift² rate (1 - rate) / difference² (Fleiss, Levin and Paik 2003,
    section 4.2, equal variances).

    Args:
        rate: the probability both arms share on average.
        difference: absolute difference of probability.
        drift: mean of z that the power asks for; `fixed_sample_drift` where there is one look.

    Raises:
        ValueError: one of the two rates is not between 0 and 1, or they do not differ.
    """
    if not 0 <= rate - difference / 2 < rate + difference / 2 <= 1:
        raise ValueError(f"Expected two rates between 0 and 1, found {rate} with a difference of {difference}")
    return math.ceil(2 * drift**2 * rate * (1 - rate) / difference**2)


def fixed_sample_drift(alpha: float, power: float) -> float:
    """The mean of z at which a two-sided test with one look has this power."""
    return float(ndtri(1 - alpha / 2) + ndtri(power))


def _plan(
    recommendation: dict[str, Any],
    effects: pd.DataFrame,
    risk_set: pd.DataFrame,
    as_of: datetime,
    drift: float,
    parameters: RecommendationParameters,
) -> dict[str, Any]:
    knobs = parameters.experiments
    base_rate = _base_rate(recommendation, effects)
    least = knobs.minimal_effect_points / 100
    room = HIGHEST_RATE - base_rate
    difference = max(min(-recommendation["evidence"]["shrunken_effect"], room), least)
    eligible = _eligible_rows(recommendation, risk_set)
    weekly = len(recent_rows(eligible, as_of, parameters.effects.traffic_weeks)) / parameters.effects.traffic_weeks
    sample = leads_per_arm(base_rate + difference / 2, difference, drift) if least <= room else None
    maturation_weeks = math.ceil(parameters.horizon_days / DAYS_A_WEEK)
    weeks = math.ceil(2 * sample / weekly) if sample and weekly else None
    duration = weeks + maturation_weeks if weeks else None
    control, treatment = _name_arms(recommendation)
    return {
        "id": recommendation["experiment_id"],
        "recommendation_id": recommendation["id"],
        **{key: recommendation[key] for key in PLACE},
        "hypothesis": f"{recommendation['label']}: more leads book a call where {treatment} than where {control}.",
        "arms": [f"A (control): {control}", f"B (treatment): {treatment}"],
        "unit": "lead",
        "allocation": _describe_allocation(recommendation),
        "primary_metric": f"call booked within {parameters.horizon_days} days after the lead is at risk",
        "horizon_days": parameters.horizon_days,
        "sample_ratio_check": _describe_sample_ratio(knobs),
        "guardrails": _describe_guardrails(eligible, as_of, knobs),
        "base_rate": base_rate,
        "minimal_detectable_effect": difference,
        "alpha": knobs.alpha,
        "power": knobs.power,
        "sample_size_per_arm": sample,
        "weekly_eligible_leads": weekly,
        "weeks_enrolment": weeks,
        "label_maturation_days": parameters.horizon_days,
        "duration_weeks": duration,
        "feasible": duration is not None and duration <= knobs.max_duration_weeks,
        "reason": _judge_feasibility(base_rate, sample, weekly, duration, drift, maturation_weeks, knobs)
        if sample
        else f"Infeasible: {percent(base_rate)} book already, which leaves no room for {100 * least:g} points more.",
    }


def _base_rate(recommendation: dict[str, Any], effects: pd.DataFrame) -> float:
    """The rate of mature leads under the element as it stands."""
    is_element = (
        (effects["element_type"] == recommendation["element_type"])
        & (effects["element_id"] == recommendation["element_id"])
        & (effects["contrast"] == recommendation["contrast"])
    )
    return float(effects.loc[is_element, "rate_treated"].iloc[0])


def _eligible_rows(recommendation: dict[str, Any], risk_set: pd.DataFrame) -> pd.DataFrame:
    """One row a lead that the test could have taken in."""
    step_id: int | None = recommendation["step_id"]
    campaign_id: int = recommendation["campaign_id"]
    if step_id is None:
        journeys = first_of_journeys(risk_set)
        return journeys.loc[journeys["campaign_id"] == campaign_id]
    return risk_set.loc[(risk_set["step_id"] == step_id) & risk_set["is_reachable"]]


def _describe_allocation(recommendation: dict[str, Any]) -> str:
    if recommendation["step_id"] is None:
        return "50/50 at random when the lead is enrolled"
    at_step = "50/50 at random when the lead is at risk at the step"
    # its leads are counted among all that come to the step
    rest = "; the step's other versions rest meanwhile"
    return at_step + (rest if recommendation["change"] == "edit_prompt" else "")


def _name_arms(recommendation: dict[str, Any]) -> tuple[str, str]:
    current, _, alternative = recommendation["contrast"].partition(" - ")
    control, treatment = ARMS[recommendation["change"]]
    return (
        control.format(current=current, alternative=alternative),
        treatment.format(
            current=current,
            alternative=alternative,
            words="the proposed text"
            if recommendation["proposed_text"]
            else "a new text, which a person has to write,",
        ),
    )


def _describe_sample_ratio(knobs: ExperimentParameters) -> dict[str, Any]:
    return {
        "p_below": knobs.sample_ratio_p,
        "rule": "looked at first, each time: where chance explains the number of leads in each arm with p below "
        f"{knobs.sample_ratio_p:g}, the test stops, no effect is told and the allocation is mended",
    }


def _describe_guardrails(eligible: pd.DataFrame, as_of: datetime, knobs: ExperimentParameters) -> list[dict[str, Any]]:
    """What must not get worse while the primary metric gets better, with today's rate and the limit."""
    limit = f"{percent(knobs.max_guardrail_rise, 0)} more"
    return [
        {
            "guardrail": name,
            "days": knobs.guardrail_days,
            "rate_now": rate,
            "limit_ratio": 1 + knobs.max_guardrail_rise,
            "rule": f"{name} within {knobs.guardrail_days} days (now {percent(rate)}): stop at any time if treatment "
            f"has more beyond chance, unless surely less than {limit}",
        }
        for name, rate in guardrail_rates(eligible, as_of, knobs.guardrail_days).items()
    ]


def _place(recommendation: dict[str, Any], risk_set: pd.DataFrame) -> Place:
    leads = _eligible_rows(recommendation, risk_set)["lead_key"]
    return Place(recommendation["campaign_id"], recommendation["step_id"], pd.Index(leads.unique()))


def _describe_timing(name: str, weeks: dict[str, Weeks], conflicts: list[Conflict]) -> dict[str, Any]:
    """When a test runs, after and beside which others, and why it cannot run beside the rest."""
    span = weeks.get(name)
    in_the_way = [conflict.other for conflict in conflicts if conflict.other in weeks]
    return {
        "first_week": span[0] if span else None,
        "last_week": span[1] if span else None,
        "runs_after": [other for other in in_the_way if span and weeks[other][1] < span[0]],
        "runs_beside": [
            other
            for other, (first, last) in weeks.items()
            if span and other != name and first <= span[1] and last >= span[0]
        ],
        "conflicts": [
            {
                "with": conflict.other,
                "reason": conflict.reason,
                "shared_leads": conflict.shared_leads,
                "rule": f"not beside {conflict.other}: {conflict.reason}"
                + (f" ({percent(conflict.shared_leads, 0)})" if conflict.reason == SAME_LEADS else ""),
            }
            for conflict in conflicts
        ],
    }


def _summarise_schedule(weeks: dict[str, Weeks]) -> str:
    if not weeks:
        return "No test is feasible with the present traffic."
    at_once = sum(first == 1 for first, _ in weeks.values())
    queued = len(weeks) - at_once
    waiting = (
        f" {plural(queued, 'test')} would take in leads of others, and {'begins' if queued == 1 else 'begin'} when the "
        "outcomes of those are known."
        if queued
        else ""
    )
    beside = "begins at once" if at_once == 1 else "begin at once, side by side on different leads"
    return (
        f"{plural(at_once, 'test')} {beside}.{waiting} The last outcome is known after "
        f"{plural(max(last for _, last in weeks.values()), 'week')}."
    )


def _judge_feasibility(
    base_rate: float,
    sample: int,
    weekly: float,
    duration: int | None,
    drift: float,
    maturation_weeks: int,
    knobs: ExperimentParameters,
) -> str:
    """Whether the traffic carries the test, and if not, what would."""
    enrolment_weeks = knobs.max_duration_weeks - maturation_weeks
    if enrolment_weeks < 1:
        return f"Infeasible: the labels alone take {maturation_weeks} weeks and {knobs.max_duration_weeks} are allowed."
    needed = f"{count(2 * sample)} leads"
    if duration is None:
        return f"Infeasible: {needed} are needed and no lead has met this place lately. Enrol leads first."
    if duration <= knobs.max_duration_weeks:
        return (
            f"Feasible: {needed} at {count(weekly)} a week, and {maturation_weeks} weeks until the last label is known."
        )
    affordable = weekly * enrolment_weeks / 2

    def too_few(difference: float) -> float:
        return leads_per_arm(base_rate + difference / 2, difference, drift) - affordable

    # the sample shrinks steadily as the difference grows
    widest = HIGHEST_RATE - base_rate
    remedy = (
        f"if {decimal(100 * brentq(too_few, 1e-4, widest, xtol=1e-5), 1)} points are the smallest effect that matters"
        if too_few(widest) < 0
        else "if several campaigns share the test"
    )
    return (
        f"Infeasible: {needed} at {count(weekly)} a week take {duration} weeks, {knobs.max_duration_weeks} are "
        f"allowed. Feasible with {count(2 * sample / enrolment_weeks)} leads a week, or {remedy}."
    )
