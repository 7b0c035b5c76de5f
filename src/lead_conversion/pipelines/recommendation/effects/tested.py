"""Comparisons that a registered test has decided: among its own leads chance dealt the arms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.experiments import RegisteredTest
from lead_conversion.pipelines.recommendation.effects.elements import Comparison
from lead_conversion.pipelines.recommendation.experiments.analysis import NEITHER, assign_arms

# What a test's mark tells apart.
ELEMENT_TYPES = {"prompt": "prompt", "skipped": "step", "wait": "wait", "variant": "order"}


def narrow_to_tests(
    comparisons: Sequence[Comparison], mature: pd.DataFrame, decided_tests: Sequence[Mapping[str, Any]], least: int
) -> tuple[list[Comparison], frozenset[str]]:
    """The comparisons, those of a decided test held to the leads that it took in; and the names of these.

    Of several tests of one place the last one counts. Arms that the test did not hold stay compared as they were. A
    test that gave one of its arms fewer than `least` mature leads decides nothing here.

    Args:
        comparisons: as from `list_comparisons`.
        mature: the rows of the risk set that they hold.
        decided_tests: each with `test`, as it was registered, and `until`, the as-of of the look that decided it.
        least: leads that each arm needs.
    """
    found: list[Comparison] = []
    tested: set[str] = set()
    latest = sorted(decided_tests, key=lambda each: parse_moment(each["until"]), reverse=True)
    told = [(RegisteredTest.model_validate(each["test"]), parse_moment(each["until"])) for each in latest]
    for comparison in comparisons:
        narrowed = (_narrow(comparison, mature, *each, least) for each in told if _is_of(comparison, each[0]))
        held = next((each for each in narrowed if each), None)
        if held is None:
            found.append(comparison)
            continue
        others = tuple(each for each in comparison.elements if each.arm not in held.spans)
        if others:
            held = replace(held, name=f"{held.name}, tested")
            found.append(replace(comparison, elements=others))
        found.append(held)
        tested.add(held.name)
    return found, frozenset(tested)


def _is_of(comparison: Comparison, test: RegisteredTest) -> bool:
    element = comparison.elements[0]
    place = (element.campaign_id, element.step_id)
    is_place = place == (test.campaign_id, test.step_id)
    return is_place and element.element_type == ELEMENT_TYPES[test.control.mark]


def _narrow(
    comparison: Comparison, mature: pd.DataFrame, test: RegisteredTest, until: datetime, least: int
) -> Comparison | None:
    """The comparison among the test's leads; None where that leaves nothing to compare."""
    dealt = assign_arms(mature, test)
    dealt = dealt.loc[(dealt["arm"] != NEITHER) & (dealt["met_at"] < until)]
    rows = comparison.rows.loc[comparison.rows.index.isin(dealt.index)]
    sizes = rows["arm"].value_counts()
    arms = set(sizes.index[sizes >= least])
    elements = tuple(
        replace(each, others=tuple(other for other in each.others if other in arms))
        for each in comparison.elements
        if each.arm in arms and arms & set(each.others)
    )
    if not elements:
        return None
    rows = rows.loc[rows["arm"].isin(arms)]
    return Comparison(
        comparison.name, rows, {arm: span for arm, span in comparison.spans.items() if arm in arms}, elements
    )
