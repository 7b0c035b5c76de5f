"""Planned, run and analysed by the project's own functions, tests find what they are planned to find, as often."""

import math
from functools import cache

import power
import pytest

pytestmark = pytest.mark.no_cover
TESTS = 120


@pytest.fixture(scope="module")
def ended_of():
    experiment, test = power.plan_test(0.3, 0.12, 300)

    @cache
    def run(seed, **world):
        return power.run_tests(experiment, test, power.World(0.3, **world), TESTS, seed)

    return run


@pytest.fixture(scope="module")
def verdicts_of(ended_of):
    return lambda seed, **world: ended_of(seed, **world)["verdict"].value_counts(normalize=True)


def within(share, expected):
    """Three Monte-Carlo standard errors around what is expected."""
    return share == pytest.approx(expected, abs=3 * math.sqrt(expected * (1 - expected) / TESTS))


def test_planned_effect_is_found_with_the_planned_power(verdicts_of):
    verdicts = verdicts_of(5, effect=0.12)
    assert within(verdicts["b_better"], 0.8)
    assert "a_better" not in verdicts


def test_looks_together_call_no_more_false_winners_than_alpha(verdicts_of):
    verdicts = verdicts_of(6, effect=0.0)
    called = verdicts.get("b_better", 0) + verdicts.get("a_better", 0)
    assert called <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / TESTS)
    assert verdicts["no_difference"] > 0.9 - 3 * math.sqrt(0.1 * 0.9 / TESTS)


def test_lost_leads_of_one_arm_stop_the_test(verdicts_of):
    assert verdicts_of(7, effect=0.12, lost=0.4)["stopped_sample_ratio"] > 0.95


@pytest.mark.parametrize(("seed", "effect"), [(5, 0.12), (6, 0.0)])
def test_difference_of_a_test_that_ended_is_too_large_as_often_as_too_small_and_covered(ended_of, seed, effect):
    ended = ended_of(seed, effect=effect).dropna(subset="effect")
    assert within((ended["effect"] > effect).mean(), 0.5)
    assert within(((ended["ci_low"] <= effect) & (effect <= ended["ci_high"])).mean(), 0.95)
