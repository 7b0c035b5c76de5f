"""Boundaries against the published ones, and against simulated experiments."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from lead_conversion.pipelines.recommendation.experiments.sequential import (
    chance_beyond,
    crossing_probabilities,
    drift_for_power,
    estimate_after_looks,
    stopping_boundaries,
)

QUARTERS = (0.25, 0.5, 0.75, 1.0)


def test_classic_obrien_fleming_boundaries_spend_five_per_cent():
    # Jennison and Turnbull 2000, table 2.3: C = 2.024 for four looks
    assert sum(crossing_probabilities((4.049, 2.863, 2.338, 2.024), QUARTERS)) == pytest.approx(0.05, abs=1e-4)


def test_spending_boundaries_at_four_looks_are_the_published_ones():
    # Lan and DeMets' O'Brien-Fleming type, as printed by ldbounds and gsDesign
    assert stopping_boundaries(QUARTERS, 0.05) == pytest.approx((4.3326, 2.9631, 2.3590, 2.0141), abs=2e-4)


def test_one_look_is_the_plain_test():
    assert stopping_boundaries((1.0,), 0.05) == pytest.approx((1.95996,), abs=1e-4)
    assert drift_for_power((1.959964,), (1.0,), 0.8) == pytest.approx(1.959964 + 0.841621, abs=1e-4)


def test_uneven_looks_keep_the_error_too():
    looks = (0.1, 0.6, 1.0)
    assert sum(crossing_probabilities(stopping_boundaries(looks, 0.05), looks)) == pytest.approx(0.05, abs=1e-5)


def test_simulated_experiments_stop_as_often_as_planned():
    bounds = stopping_boundaries(QUARTERS, 0.05)
    drift = drift_for_power(bounds, QUARTERS, 0.8)
    steps = np.random.default_rng(3).normal(scale=0.5, size=(40_000, 4)).cumsum(axis=1)
    scale = np.sqrt(QUARTERS)
    null = (np.abs(steps / scale) > bounds).any(axis=1).mean()
    power = (np.abs((steps + drift * np.array(QUARTERS)) / scale) > bounds).any(axis=1).mean()
    assert null == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 40_000))
    assert power == pytest.approx(0.8, abs=3 * math.sqrt(0.8 * 0.2 / 40_000))


def simulate_ends(drift, bounds, tests):
    """Of so many tests the looks that each took, and its z at the last of them."""
    steps = np.random.default_rng(5).normal(scale=0.5, size=(tests, len(QUARTERS))).cumsum(axis=1)
    z = (steps + drift * np.array(QUARTERS)) / np.sqrt(QUARTERS)
    is_end = np.abs(z) >= bounds
    is_end[:, -1] = True
    looks = is_end.argmax(axis=1)
    return list(zip(looks + 1, z[np.arange(tests), looks], strict=True))


def test_with_one_look_the_estimate_is_the_plain_one():
    found = estimate_after_looks(2.5, (1.959964,), (1.0,), 0.05)
    assert found == pytest.approx((2.5, 2.5 - 1.959964, 2.5 + 1.959964), abs=1e-5)


@pytest.mark.parametrize("z", [-1.0, 0.4, 2.6])
def test_chance_of_two_looks_is_that_of_the_bivariate_normal_distribution(z):
    bounds, information, drift = (2.9, 1.97), (0.4, 1.0), 1.7
    means = drift * np.sqrt(information)
    paths = multivariate_normal(means, [[1, math.sqrt(0.4)], [math.sqrt(0.4), 1]])
    goes_on = paths.cdf([2.9, np.inf], lower_limit=[-2.9, z])
    expected = norm.sf(2.9, means[0]) + goes_on
    assert chance_beyond(z, bounds, information, drift) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("drift", [-2.8, 0.0, 1.0, 2.8, 5.0])
def test_tests_that_ended_are_estimated_too_high_as_often_as_too_low_and_covered(drift):
    bounds = stopping_boundaries(QUARTERS, 0.05)
    ends = simulate_ends(drift, bounds, 2_000)
    # An estimate is too high where its end, a chance of a half at it, is a smaller one at the true drift.
    tails = np.array([chance_beyond(z, bounds[:looks], QUARTERS[:looks], drift) for looks, z in ends])
    assert (tails < 0.5).mean() == pytest.approx(0.5, abs=3 * math.sqrt(0.25 / 2_000))
    covers = (tails > 0.025) & (tails < 0.975)
    assert covers.mean() == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 2_000))


def test_estimate_of_an_early_stop_is_drawn_in():
    bounds = stopping_boundaries(QUARTERS, 0.05)
    ends = simulate_ends(2.8, bounds, 100)
    naive = np.array([z / math.sqrt(QUARTERS[looks - 1]) for looks, z in ends])
    found = np.array([estimate_after_looks(z, bounds[:looks], QUARTERS[:looks], 0.05) for looks, z in ends])
    is_early = np.array([looks < len(QUARTERS) for looks, _ in ends])
    assert (found[is_early, 0] <= naive[is_early] + 1e-6).all()
    assert abs(found[:, 0].mean() - 2.8) < abs(naive.mean() - 2.8)
    assert ((found[:, 1] < found[:, 0]) & (found[:, 0] < found[:, 2])).all()


def test_interval_holds_no_difference_where_the_boundary_is_not_crossed():
    bounds = stopping_boundaries(QUARTERS, 0.05)
    for end, is_beyond in ((bounds[-1] - 1e-3, False), (bounds[-1] + 1e-3, True)):
        _, low, high = estimate_after_looks(end, bounds, QUARTERS, 0.05)
        assert (low > 0) == is_beyond
        assert high > 0


def test_end_for_control_is_the_mirror_of_one_for_treatment():
    bounds = stopping_boundaries(QUARTERS, 0.05)
    effect, low, high = estimate_after_looks(3.2, bounds[:2], QUARTERS[:2], 0.05)
    assert estimate_after_looks(-3.2, bounds[:2], QUARTERS[:2], 0.05) == pytest.approx((-effect, -high, -low), abs=1e-6)
