"""Periods and arms, and how well the interval over many thin periods covers."""

import numpy as np
import pandas as pd
import pytest

from lead_conversion.pipelines.recommendation.cells import count_cells
from lead_conversion.pipelines.recommendation.elements import Comparison, Element
from lead_conversion.pipelines.recommendation.proportions import contrast_proportions

START = pd.Timestamp("2026-01-01")
WEEK = pd.Timedelta(weeks=1)


def element_of(arm, *others):
    return Element("prompt", arm, 1, 10, "", "", arm, others)


def compare(leads, spans, element):
    """Leads as (week, arm, booked); spans as weeks."""
    rows = pd.DataFrame(leads, columns=["week", "arm", "booked"])
    rows["met_at"] = START + rows["week"] * WEEK
    moments = {arm: (START + begin * WEEK, START + end * WEEK) for arm, (begin, end) in spans.items()}
    return Comparison("", rows, moments, (element,))


def cuts(periods):
    """Arms that were sent to nobody and cut the time line at every week."""
    return {f"cut{n}": (n, n + 1) for n in range(periods)}


def every(periods):
    return element_of("a", "b", *cuts(periods))


def leads_of(week, arm, size, booked):
    return [(week, arm, n < booked) for n in range(size)]


def test_periods_with_enough_leads_stay_apart():
    element = element_of("a", "b", "c")
    leads = [lead for week in (0, 1) for arm in "ab" for lead in leads_of(week, arm, 30, 3)] + leads_of(1, "c", 30, 9)
    cells = count_cells(compare(leads, {"a": (0, 2), "b": (0, 2), "c": (1, 2)}, element), element, 5, 20)
    assert cells.trials == (30,) * 5


def test_adjacent_thin_periods_are_counted_as_one():
    leads = [lead for week in range(5) for arm in "ab" for lead in leads_of(week, arm, 10, week)]
    cells = count_cells(compare(leads, {"a": (0, 5), "b": (0, 5)} | cuts(5), every(5)), every(5), 0, 20)
    assert cells.trials == (20, 20, 30, 30)
    assert cells.successes == (1, 1, 9, 9)
    assert cells.used.all()


def test_thin_period_does_not_pull_in_a_full_one():
    """Most leads of one arm would come from another time than those of the other."""
    element = element_of("a", "b", "c")
    leads = [
        *leads_of(0, "a", 2, 0), *leads_of(0, "b", 500, 250), *leads_of(1, "a", 50, 5), *leads_of(1, "b", 50, 10),
        *leads_of(1, "c", 50, 10),
    ]  # fmt: skip
    cells = count_cells(compare(leads, {"a": (0, 2), "b": (0, 2), "c": (1, 2)}, element), element, 5, 20)
    assert cells.trials == (50, 50, 50)
    assert cells.rate(treated=False) == pytest.approx(0.2)


def test_interval_over_many_thin_periods_covers_as_often_as_it_says():
    periods, size, repeats = 20, 3, 3_000
    rates = {"a": 0.3, "b": 0.5}
    leads = [lead for week in range(periods) for arm in "ab" for lead in leads_of(week, arm, size, 0)]
    comparison = compare(leads, {"a": (0, periods), "b": (0, periods)} | cuts(periods), every(periods))
    cells = count_cells(comparison, every(periods), 0, 20)
    assert sum(cells.trials) == 2 * periods * size
    weights = np.array(cells.weights)
    drawn = np.random.default_rng(7).binomial(
        cells.trials, np.where(weights > 0, rates["a"], rates["b"]), (repeats, len(weights))
    )
    found = [contrast_proportions(hits, cells.trials, weights, 0.95) for hits in drawn]
    covered = np.mean([f.ci_low <= rates["a"] - rates["b"] <= f.ci_high for f in found])
    assert 0.94 <= covered <= 0.965
