"""The test of each recommendation: how many leads, how long, when to stop, and whether it can be done."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.experiments.guardrails import guardrail_rates
from lead_conversion.pipelines.recommendation.experiments.questions import (
    CHANGE_SEQUENCE,
    CHANGE_WAIT,
    Question,
    ask_of_change,
    ask_of_sequences,
    find_open_questions,
)
from lead_conversion.pipelines.recommendation.experiments.running import eligible_rows, watch_running, weekly_leads
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
from lead_conversion.pipelines.recommendation.exposure.sequence_variants import OWN_VARIANT
from lead_conversion.pipelines.recommendation.exposure.traffic import DAYS_A_MONTH, DAYS_A_WEEK
from lead_conversion.pipelines.recommendation.parameters import (
    ExperimentParameters,
    RecommendationParameters,
)
from lead_conversion.pipelines.recommendation.recommend import NOT_ENOUGH_DATA
from lead_conversion.reports.formats import after_words, count, decimal, percent, plural, signed

# a test is not planned to lift a rate above this: near certainty the sample size says nothing
HIGHEST_RATE = 0.99
WAITING_UNIT = "lead that is still waiting when the shorter wait is over"
ARM_NAMES = ("A (control)", "B (treatment)")


def plan_experiments(
    recommendations: dict[str, Any],
    effects: pd.DataFrame,
    risk_set: pd.DataFrame,
    primary_as_of: dict[str, str],
    running_tests: Sequence[Mapping[str, Any]],
    parameters: RecommendationParameters,
) -> dict[str, Any]:
    """One randomised test for each unproven change, whole sequence and open question, on the leads that really come.

    Of the open questions those are planned whose answer is worth most, first the ones that the traffic can answer. A
    test waits for those in turn before it that take in its leads (those of changes first, and of these the one that
    brings most for each week it takes), and for those that run already. What a running test asks is not planned again.

    Returns:
        experiments in the order of the recommendations, then of the campaigns' sequences and then of the open
        questions, which alone have a `so_far`; the tests that run; and sentences on the schedule and on the open
        questions. Rates and effects are probabilities, sample sizes leads, durations weeks including the wait for the
        last label, and first and last week counted from the start of the first test, from 1.
    """
    as_of = parse_moment(primary_as_of["as_of"])
    knobs = parameters.experiments
    information = tuple(look / knobs.looks for look in range(1, knobs.looks + 1))
    bounds = stopping_boundaries(information, knobs.alpha)
    drift = drift_for_power(bounds, information, knobs.power)
    boundaries = [
        {"look": look, "information": share, "z": round(z, 4)}
        for look, (share, z) in enumerate(zip(information, bounds, strict=True), start=1)
    ]
    under_way = [watch_running(each, risk_set, as_of, parameters) for each in running_tests]
    asked = {each["id"] for each in under_way}

    def plan(questions: Sequence[Question]) -> list[dict[str, Any]]:
        return [
            _plan(question, effects, risk_set, as_of, drift, parameters) | {"stopping_boundaries": boundaries}
            for question in questions
            if question.test_id not in asked
        ]

    changes = recommendations["recommendations"]
    is_asked = knobs.open_questions and recommendations["status"] != NOT_ENOUGH_DATA
    questions = find_open_questions(effects, changes, parameters.effects) if is_asked else []
    open_questions = plan(questions)
    open_questions.sort(key=lambda each: not each["feasible"])
    unproven = [change for change in changes if not change["proven_by"]]
    proofs = [*map(ask_of_change, unproven), *ask_of_sequences(recommendations["sequences"])]
    planned = [*plan(proofs), *open_questions[: knobs.open_questions]]
    places = {each["id"]: _place(each, risk_set) for each in [*under_way, *planned]}
    conflicts = find_conflicts(places, knobs.max_shared_leads)
    weeks = schedule_tests(
        {each["id"]: each["duration_weeks"] for each in _in_turn(planned)},
        conflicts,
        {each["id"]: each["weeks_left"] for each in under_way},
    )
    return {
        "as_of": primary_as_of["as_of"],
        "snapshot_id": primary_as_of["snapshot_id"],
        "schedule": _summarise_schedule(weeks, conflicts, under_way, planned),
        "open_questions": _summarise_questions(questions, open_questions, knobs),
        "running": under_way,
        "experiments": [each | _describe_timing(each["id"], weeks, conflicts[each["id"]]) for each in planned],
    }


def _in_turn(planned: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The feasible tests as they get their leads: proofs of changes first, of each the most worth for a week of test.

    What waits for one test after the other costs least in that order (Smith 1956, Naval Res. Logist. Q. 3, 59).
    """
    feasible = [each for each in planned if each["feasible"]]
    return sorted(feasible, key=lambda each: (bool(each["so_far"]), -each["worth"] / each["duration_weeks"]))


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
    question: Question,
    effects: pd.DataFrame,
    risk_set: pd.DataFrame,
    as_of: datetime,
    drift: float,
    parameters: RecommendationParameters,
) -> dict[str, Any]:
    knobs = parameters.experiments
    place = question.place
    base_rate = _base_rate(place, effects, risk_set)
    least = knobs.minimal_effect_points / 100
    room = HIGHEST_RATE - base_rate
    difference = max(min(question.difference, room), least)
    is_of_wait = place["change"] == CHANGE_WAIT
    eligible = eligible_rows(place["campaign_id"], place["step_id"], risk_set, is_of_wait=is_of_wait)
    weekly = weekly_leads(eligible, as_of, parameters.effects.traffic_weeks)
    sample = leads_per_arm(base_rate + difference / 2, difference, drift) if least <= room else None
    maturation_weeks = math.ceil(parameters.horizon_days / DAYS_A_WEEK)
    weeks = math.ceil(2 * sample / weekly) if sample and weekly else None
    duration = weeks + maturation_weeks if weeks else None
    return {
        "id": question.test_id,
        "recommendation_id": question.recommendation_id,
        **place,
        "hypothesis": question.hypothesis,
        "arms": [f"{name}: {words}" for name, words in zip(ARM_NAMES, question.arms, strict=True)],
        "told_by": [arm and arm.model_dump(mode="json") for arm in question.told_by],
        "wording": question.wording,
        "so_far": question.so_far,
        "worth": question.so_far["worth"]
        if question.so_far
        else question.difference * weekly * DAYS_A_MONTH / DAYS_A_WEEK,
        "unit": WAITING_UNIT if is_of_wait else "lead",
        "allocation": _describe_allocation(place),
        "primary_metric": f"call booked within {parameters.horizon_days} days after "
        + ("the shorter wait is over" if is_of_wait else "the lead is at risk"),
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


def _base_rate(place: Mapping[str, Any], effects: pd.DataFrame, risk_set: pd.DataFrame) -> float:
    """The rate of mature leads under the element as it stands."""
    if place["change"] == CHANGE_SEQUENCE:
        entered = eligible_rows(place["campaign_id"], None, risk_set)
        return float(entered.loc[entered["is_mature"] & (entered["sequence_variant"] == OWN_VARIANT), "booked"].mean())
    is_element = np.logical_and.reduce(
        [effects[key] == place[key] for key in ("element_type", "element_id", "contrast")]
    )
    return float(effects.loc[is_element, "rate_treated"].iloc[0])


def _describe_allocation(place: Mapping[str, Any]) -> str:
    if place["step_id"] is None:
        rest = "; the campaign's other orders rest meanwhile" if place["change"] == CHANGE_SEQUENCE else ""
        return f"50/50 at random when the lead is enrolled{rest}"
    if place["change"] == CHANGE_WAIT:
        return "50/50 at random right after the step before, when the wait is set"
    at_step = "50/50 at random when the lead is at risk at the step"
    # its leads are counted among all that come to the step
    rest = "; the step's other versions rest meanwhile"
    return at_step + (rest if place["element_type"] == "prompt" else "")


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


def _place(test: Mapping[str, Any], risk_set: pd.DataFrame) -> Place:
    leads = eligible_rows(test["campaign_id"], test["step_id"], risk_set)["lead_key"]
    return Place(test["campaign_id"], test["step_id"], pd.Index(leads.unique()))


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


def _summarise_schedule(
    weeks: Mapping[str, Weeks],
    conflicts: Mapping[str, Sequence[Conflict]],
    under_way: Sequence[Mapping[str, Any]],
    planned: Sequence[Mapping[str, Any]],
) -> str:
    runs_now = {each["id"] for each in under_way}
    told = f"{plural(len(runs_now), 'test')} {'runs' if len(runs_now) == 1 else 'run'} now. " if runs_now else ""
    feasible = [each["id"] for each in planned if each["feasible"]]
    if not planned:
        return told + ("No other test is planned." if told else "No test is planned.")
    if not feasible:
        return told + ("No other test is feasible" if told else "No test is feasible") + " with the present traffic."
    at_once = sum(weeks[name][0] == 1 for name in feasible)
    beside = "begins at once" if at_once == 1 else "begin at once, side by side on different leads"
    told += f"{plural(at_once, 'test')} {beside}." if at_once else "No test can begin at once."
    queued = len(feasible) - at_once
    if queued:
        told += (
            f" {plural(queued, 'test')} would take in leads of others, and {'begins' if queued == 1 else 'begin'} when "
            "the outcomes of those are known"
        )
        held = {name: [c.other for c in conflicts[name] if c.other in runs_now] for name in feasible}
        told += "".join(f"; {name} {after_words(holding)}" for name, holding in held.items() if holding) + "."
    return f"{told} The last outcome is known after {plural(max(last for _, last in weeks.values()), 'week')}."


def _summarise_questions(
    questions: Sequence[Question], planned: Sequence[Mapping[str, Any]], knobs: ExperimentParameters
) -> str:
    """How much nobody can tell yet, and what of it the plan would."""
    if not questions:
        return ""
    worth = sum(question.so_far["worth"] for question in questions if question.so_far)
    told = (
        f"Of {plural(len(questions), 'place')} nobody can tell yet which side does better; to know "
        f"{'all of them' if len(questions) > 1 else 'it'} would be worth {signed(worth)} calls a month at most."
    )
    shown = planned[: knobs.open_questions]
    feasible = sum(each["feasible"] for each in shown)
    if not shown:
        return told
    if len(shown) == 1:
        here = "its test" if len(questions) == 1 else "the test of one"
        return f"{told} Here is {here}; the present traffic {'carries it' if feasible else 'does not carry it'}."
    carried = "all of them" if feasible == len(shown) else count(feasible) if feasible else "none of them"
    chosen = f"{count(len(shown))} of those worth most" if len(shown) < len(questions) else "the tests"
    return f"{told} Here are {chosen}; the present traffic carries {carried}."


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
            f"Feasible: {needed} at {_rate(weekly)} a week, and {maturation_weeks} weeks until the last label is known."
        )
    affordable = weekly * enrolment_weeks / 2

    def too_few(difference: float) -> float:
        return leads_per_arm(base_rate + difference / 2, difference, drift) - affordable

    # the sample shrinks steadily as the difference grows
    widest = HIGHEST_RATE - base_rate
    if too_few(widest) < 0:
        points = math.ceil(1000 * brentq(too_few, 1e-4, widest, xtol=1e-5)) / 10
        remedy = f"if {decimal(points, 1)} points are the smallest effect that matters"
    else:
        remedy = "if several campaigns share the test"
    return (
        f"Infeasible: {needed} at {_rate(weekly)} a week take {count(duration)} weeks, {knobs.max_duration_weeks} are "
        f"allowed. Feasible with {count(math.ceil(2 * sample / enrolment_weeks))} leads a week, or {remedy}."
    )


def _rate(weekly: float) -> str:
    """Leads a week; in whole ones, traffic that is just too thin would read as enough, and thinner one as none."""
    return decimal(weekly, 1).removesuffix(".0")
