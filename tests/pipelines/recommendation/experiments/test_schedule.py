"""Which tests disturb each other, and which week each of them begins."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_conversion.pipelines.recommendation.experiments.schedule import (
    ORDER_OF_CAMPAIGN,
    SAME_LEADS,
    SAME_STEP,
    Conflict,
    Place,
    find_conflicts,
    schedule_tests,
)


def leads(first, last):
    return pd.Index([f"l{number}" for number in range(first, last)])


FIRST_STEP = Place(1, 10, leads(0, 100))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (Place(1, 10, leads(500, 600)), SAME_STEP),
        (Place(1, None, leads(500, 600)), ORDER_OF_CAMPAIGN),
        (Place(1, 11, leads(90, 190)), SAME_LEADS),
        (Place(2, 20, leads(40, 140)), SAME_LEADS),
    ],
)
def test_tests_that_disturb_each_other_are_told_with_the_reason(other, reason):
    found = find_conflicts({"one": FIRST_STEP, "other": other}, 0.05)
    assert [(c.other, c.reason) for c in found["one"]] == [("other", reason)]
    assert [(c.other, c.reason) for c in found["other"]] == [("one", reason)]


@pytest.mark.parametrize(
    "other", [Place(1, 11, leads(95, 195)), Place(2, None, leads(500, 600)), Place(2, 20, leads(0, 0))]
)
def test_tests_on_other_leads_do_not(other):
    assert find_conflicts({"one": FIRST_STEP, "other": other}, 0.05) == {"one": [], "other": []}


def test_shared_leads_are_counted_against_the_smaller_test():
    (conflict,) = find_conflicts({"one": FIRST_STEP, "other": Place(1, 11, leads(90, 110))}, 0.05)["other"]
    assert conflict.shared_leads == pytest.approx(0.5)


def against(*pairs):
    found = {name: [] for name in "abcd"}
    for one, other in pairs:
        found[one].append(Conflict(other, SAME_LEADS, 1.0))
        found[other].append(Conflict(one, SAME_LEADS, 1.0))
    return found


def test_tests_on_other_leads_begin_at_once():
    assert schedule_tests({"a": 8, "b": 12}, against(), {}) == {"a": (1, 8), "b": (1, 12)}


def test_test_on_the_same_leads_waits_for_the_last_outcome_of_the_more_valuable_one():
    assert schedule_tests({"a": 8, "b": 12}, against("ab"), {}) == {"a": (1, 8), "b": (9, 20)}


def test_test_that_fits_in_between_does_not_queue_behind():
    weeks = schedule_tests({"a": 10, "b": 4, "c": 9, "d": 6}, against("ac", "cd", "bc", "bd"), {})
    assert weeks == {"a": (1, 10), "b": (1, 4), "c": (11, 19), "d": (5, 10)}


def test_infeasible_test_takes_no_time():
    assert schedule_tests({"b": 3}, against("ab"), {}) == {"b": (1, 3)}


def test_test_waits_for_one_that_runs_on_its_leads():
    weeks = schedule_tests({"a": 8, "b": 12}, against("ac"), {"c": 5})
    assert weeks == {"c": (1, 5), "a": (6, 13), "b": (1, 12)}


def test_running_test_is_not_begun_again_and_waits_for_nobody():
    assert schedule_tests({"a": 8, "c": 30}, against("ac"), {"c": 5}) == {"c": (1, 5), "a": (6, 13)}


names = st.lists(st.integers(1, 30), min_size=1, max_size=6)


@given(names, st.data())
def test_no_lead_is_ever_in_two_tests(lengths, data):
    weeks = dict(enumerate(lengths))
    pairs = [(one, other) for one in weeks for other in weeks if one < other]
    chosen = [pair for pair in pairs if data.draw(st.booleans())]
    conflicts = {name: [] for name in weeks}
    for one, other in chosen:
        conflicts[one].append(Conflict(other, SAME_LEADS, 1.0))
        conflicts[other].append(Conflict(one, SAME_LEADS, 1.0))
    placed = schedule_tests(weeks, conflicts, {})
    assert all(last - first + 1 == weeks[name] for name, (first, last) in placed.items())
    assert all(placed[one][1] < placed[other][0] or placed[other][1] < placed[one][0] for one, other in chosen)
    # Nobody waits for nothing: each begins at once or right after one that is in its way.
    ends = {name: {0, *(placed[c.other][1] for c in conflicts[name])} for name in weeks}
    assert all(first - 1 in ends[name] for name, (first, _) in placed.items())
