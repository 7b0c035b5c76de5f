"""Comparisons that a registered test has decided: chance dealt their arms, and the test itself says what it showed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.experiments import CONTROL, TREATMENT, RegisteredTest
from lead_conversion.pipelines.recommendation.effects.elements import NEVER, Comparison, list_comparisons
from lead_conversion.pipelines.recommendation.experiments.analysis import correct_for_looks
from lead_conversion.pipelines.recommendation.experiments.assignment import NEITHER, assign_arms
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters

# What a test's mark tells apart.
ELEMENT_TYPES = {"prompt": "prompt", "skipped": "step", "wait": "wait", "variant": "order"}


@dataclass(frozen=True)
class Answer:
    """What a test showed of its two arms, the looks allowed for.

    Attributes:
        experiment_id: the test.
        treatment: the compared arms that are its B.
        difference: B less A: effect, ci_low, ci_high and p_value.
        leads: whose outcome was known at the look that decided, by A and B.
        rates: of them who booked.
    """

    experiment_id: str
    treatment: frozenset[str]
    difference: Mapping[str, float]
    leads: Mapping[str, int]
    rates: Mapping[str, float]

    def told_of(self, arm: str) -> dict[str, Any]:
        """The same as the effect of one of the arms less the other, in the columns of the effects."""
        treated, control = (TREATMENT, CONTROL) if arm in self.treatment else (CONTROL, TREATMENT)
        sign = 1 if treated == TREATMENT else -1
        low, high = sorted(sign * self.difference[name] for name in ("ci_low", "ci_high"))
        return {
            "effect": sign * self.difference["effect"],
            "ci_low": low,
            "ci_high": high,
            "p_value": self.difference["p_value"],
            "n_treated": self.leads[treated],
            "n_control": self.leads[control],
            "rate_treated": self.rates[treated],
            "rate_control": self.rates[control],
            "tested_by": self.experiment_id,
        }


@dataclass(frozen=True)
class Tested:
    """What is to be compared, given what registered tests decided.

    Attributes:
        comparisons: those that a test answers are held to the leads that it took in.
        answers: by name of comparison, what its test showed.
        distrusted: names of comparisons among whose leads are some of a test that was stopped.
        unheard: by experiment id, why a decided test answers nothing.
    """

    comparisons: list[Comparison]
    answers: Mapping[str, Answer]
    distrusted: frozenset[str]
    unheard: Mapping[str, str]


def list_tested(
    mature: pd.DataFrame,
    campaign_steps: pd.DataFrame,
    decided_tests: Sequence[Mapping[str, Any]],
    parameters: RecommendationParameters,
) -> Tested:
    """Every comparison that the risk set holds, each that a test has decided held to the leads that it took in.

    Of several tests of one place the last one counts. Elements that the test does not answer, such as a version that it
    did not hold, stay compared as they were. A test of another horizon than today's answers nothing here, nor does one
    that gave one of its arms fewer leads than an arm needs.

    Args:
        mature: rows of the risk set.
        campaign_steps: with their prompts.
        decided_tests: as `DecidedTests` tells them.
        parameters: of the recommendations.
    """
    least = parameters.effects.min_leads_per_arm
    latest = sorted(decided_tests, key=lambda each: parse_moment(each["until"]), reverse=True)
    told = [(RegisteredTest.model_validate(each["test"]), each) for each in latest]
    answering = [each for each in told if each[1]["result"] and each[0].horizon_days == parameters.horizon_days]
    stopped = [test for test, each in told if not each["result"]]
    found: list[Comparison] = []
    answers: dict[str, Answer] = {}
    for comparison in list_comparisons(mature, campaign_steps, least):
        narrowed = (_narrow(comparison, mature, *each, parameters) for each in answering if _is_of(comparison, each[0]))
        held, answer = next((each for each in narrowed if each), (None, None))
        if held is None or answer is None:
            found.append(comparison)
            continue
        answered = {element.arm for element in held.elements}
        others = tuple(each for each in comparison.elements if each.arm not in answered)
        if others:
            held = replace(held, name=f"{held.name}, tested")
            found.append(replace(comparison, elements=others))
        found.append(held)
        answers[held.name] = answer
    distrusted = {comparison.name for comparison in found for test in stopped if _is_touched(comparison, mature, test)}
    heard = {answer.experiment_id for answer in answers.values()}
    unheard = {
        test.experiment_id: _why_unheard(test, parameters)
        for test, each in told
        if each["result"] and test.experiment_id not in heard
    }
    return Tested(found, answers, frozenset(distrusted), unheard)


def _why_unheard(test: RegisteredTest, parameters: RecommendationParameters) -> str:
    if test.horizon_days != parameters.horizon_days:
        return f"it counts calls booked within {test.horizon_days} days, this run within {parameters.horizon_days}"
    least = parameters.effects.min_leads_per_arm
    return f"a later test of its place counts, or not {least} of its leads in each arm are mature here"


def _is_of(comparison: Comparison, test: RegisteredTest) -> bool:
    element = comparison.elements[0]
    place = (element.campaign_id, element.step_id)
    is_place = place == (test.campaign_id, test.step_id)
    return is_place and element.element_type == ELEMENT_TYPES[test.control.mark]


def _is_touched(comparison: Comparison, mature: pd.DataFrame, test: RegisteredTest) -> bool:
    """Whether leads of both arms of the test are compared."""
    return _is_of(comparison, test) and len(set(_dealt(comparison, mature, test, NEVER))) > 1


def _dealt(comparison: Comparison, mature: pd.DataFrame, test: RegisteredTest, until: datetime) -> pd.Series:
    """The arm of the test, A or B, by row of the comparison that it took in before a moment."""
    dealt = assign_arms(mature, test, until)
    is_compared = (dealt["arm"] != NEITHER) & dealt.index.isin(comparison.rows.index)
    return dealt.loc[is_compared & (dealt["met_at"] < until), "arm"]


def _narrow(
    comparison: Comparison,
    mature: pd.DataFrame,
    test: RegisteredTest,
    decided: Mapping[str, Any],
    parameters: RecommendationParameters,
) -> tuple[Comparison, Answer] | None:
    """The comparison among the test's leads, of the elements whose arms are its arms; None where there are none."""
    dealt = _dealt(comparison, mature, test, parse_moment(decided["until"]))
    rows = comparison.rows.loc[comparison.rows.index.isin(dealt.index)]
    sizes = rows["arm"].value_counts()
    sides = [set(rows.loc[dealt[rows.index] == side, "arm"]) for side in (CONTROL, TREATMENT)]
    if not all(sides) or sides[0] & sides[1] or sizes.min() < parameters.effects.min_leads_per_arm:
        return None
    elements = tuple(
        replace(element, others=tuple(other for other in element.others if other in others))
        for element in comparison.elements
        for own, others in (sides, sides[::-1])
        if own == {element.arm} and others <= set(element.others)
    )
    if not elements:
        return None
    spans = {arm: span for arm, span in comparison.spans.items() if arm in sizes.index}
    alpha = 1 - parameters.effects.confidence_level
    answer = Answer(
        test.experiment_id,
        frozenset(sides[1]),
        correct_for_looks(decided["result"], decided["earlier_looks"], test, alpha),
        decided["result"]["mature_leads"],
        decided["result"]["look"]["rates"],
    )
    return Comparison(comparison.name, rows, spans, elements), answer
