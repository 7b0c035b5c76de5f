"""Intervals that hold at every look: against their definition, and against daily peeking."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from lead_conversion.pipelines.recommendation.experiments.confidence_sequences import PRIOR_EVENTS, rate_ratio_sequence


def evidence_against(ratio, treated, control, share):
    """The mixture's likelihood over that of a ratio, by plain numerical integration."""
    chance = share * ratio / (share * ratio + 1 - share)
    grid = (np.arange(200_000) + 0.5) / 200_000
    weight = beta.pdf(grid, PRIOR_EVENTS * share, PRIOR_EVENTS * (1 - share))
    n = treated + control
    return (weight * binom.pmf(treated, n, grid)).mean() / binom.pmf(treated, n, chance)


@pytest.mark.parametrize(("treated", "control", "share"), [(30, 12, 0.5), (5, 40, 0.5), (25, 80, 0.2)])
def test_limits_are_the_ratios_against_which_evidence_is_one_to_alpha(treated, control, share):
    low, high = rate_ratio_sequence(treated, control, share, 0.05)
    for limit in (low, high):
        assert evidence_against(limit, treated, control, share) == pytest.approx(20, rel=1e-3)


def test_without_an_event_nothing_is_known():
    assert rate_ratio_sequence(0, 0, 0.5, 0.05) == (0, math.inf)


def test_one_arm_without_events_bounds_the_ratio_on_one_side_only():
    assert rate_ratio_sequence(0, 40, 0.5, 0.05)[0] == 0
    assert rate_ratio_sequence(0, 40, 0.5, 0.05)[1] < 1
    assert rate_ratio_sequence(40, 0, 0.5, 0.05)[1] == math.inf


def test_arms_are_mirrored():
    low, high = rate_ratio_sequence(30, 12, 0.5, 0.05)
    assert rate_ratio_sequence(12, 30, 0.5, 0.05) == pytest.approx((1 / high, 1 / low))


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.floats(0.05, 0.95), st.floats(0.001, 0.2))
def test_interval_holds_the_ratio_that_was_seen(treated, control, share, alpha):
    low, high = rate_ratio_sequence(treated, control, share, alpha)
    seen = treated / control * (1 - share) / share if control else math.inf
    assert 0 <= low <= high
    assert not treated + control or low <= seen * (1 + 1e-9) <= high * (1 + 1e-6)


def peek_daily(rng, tests, rates, share=0.5, days=200, leads_a_day=50):
    """Whether each of many tests was ever stopped by a look at the end of each day; base rates drift by season."""
    treated = rng.binomial(leads_a_day, share, (tests, days))
    season = 1 + 0.5 * np.sin(np.arange(days) / 20)
    of_treated = rng.binomial(treated, rates[1] * season).cumsum(axis=1)
    of_control = rng.binomial(leads_a_day - treated, rates[0] * season).cumsum(axis=1)
    seen, place = np.unique(np.stack([of_treated, of_control], axis=-1).reshape(-1, 2), axis=0, return_inverse=True)
    stops = np.array([rate_ratio_sequence(int(b), int(a), share, 0.05)[0] > 1 for b, a in seen])
    return stops[place.ravel()].reshape(tests, days).any(axis=1)


@pytest.mark.parametrize(("rate", "share"), [(0.02, 0.5), (0.004, 0.5), (0.02, 0.2)])
def test_peeking_daily_keeps_false_alarms_below_alpha(rate, share):
    stopped = peek_daily(np.random.default_rng(8), 1_000, (rate, rate), share)
    # One side of a two-sided 5 %.
    assert stopped.mean() <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 1_000)


def test_doubled_rate_is_found():
    assert peek_daily(np.random.default_rng(9), 200, (0.02, 0.04)).mean() > 0.95
