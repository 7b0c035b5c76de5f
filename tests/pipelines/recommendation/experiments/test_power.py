"""Planned, run and analysed by the project's own functions, tests find what they are planned to find, as often."""

import math

import power
import pytest

pytestmark = pytest.mark.no_cover
TESTS = 120


@pytest.fixture(scope="module")
def verdicts_of():
    experiment, test = power.plan_test(0.3, 0.12, 300)

    def run(seed, **world):
        ended = power.run_tests(experiment, test, power.World(0.3, **world), TESTS, seed)
        return ended["verdict"].value_counts(normalize=True)

    return run


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
