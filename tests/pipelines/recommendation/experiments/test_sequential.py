"""Boundaries against the published ones, and against simulated experiments."""

import math

import numpy as np
import pytest

from lead_conversion.pipelines.recommendation.experiments.sequential import (
    crossing_probabilities,
    drift_for_power,
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
