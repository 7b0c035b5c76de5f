"""Contrasts against counts by hand and against statsmodels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

from lead_conversion.pipelines.recommendation.proportions import (
    adjust_for_multiple_tests,
    contrast_proportions,
    e_value,
)

test_proportions_2indep.__test__ = False


def test_two_proportions_give_the_interval_and_test_of_agresti_and_caffo():
    found = contrast_proportions([30, 50], [200, 220], [1, -1], 0.95)
    low, high = confint_proportions_2indep(30, 200, 50, 220, method="agresti-caffo", compare="diff")
    test = test_proportions_2indep(30, 200, 50, 220, method="agresti-caffo", compare="diff")
    assert found.estimate == pytest.approx(30 / 200 - 50 / 220)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
    assert found.p_value == pytest.approx(test.pvalue)


@given(st.integers(0, 40), st.integers(0, 60))
def test_mirrored_contrast_has_the_opposite_effect_and_the_same_p(x, y):
    one = contrast_proportions([x, y], [40, 60], [1, -1], 0.95)
    other = contrast_proportions([x, y], [40, 60], [-1, 1], 0.95)
    assert one.estimate == -other.estimate
    assert one.ci_low == pytest.approx(-other.ci_high)
    assert one.p_value == pytest.approx(other.p_value)


def test_interval_of_three_proportions_covers_as_often_as_it_says():
    rng = np.random.default_rng(1)
    rates, sizes, weights = np.array([0.1, 0.15, 0.05]), np.array([80, 120, 200]), np.array([1, -0.5, -0.5])
    true = float(weights @ rates)
    found = [contrast_proportions(rng.binomial(sizes, rates), sizes, weights, 0.95) for _ in range(2000)]
    covered = np.mean([f.ci_low <= true <= f.ci_high for f in found])
    assert 0.935 <= covered <= 0.975


def test_e_value_of_a_doubled_risk_is_the_published_one():
    # VanderWeele and Ding 2017: a risk ratio of 3.9 has an E-value of 7.26, a limit of 1.8 one of 3.0
    assert e_value(0.1, 0.29, 0.5) == pytest.approx(7.26, abs=0.005)
    assert e_value(0.1, 0.08, 0.5) == pytest.approx(3.0, abs=0.005)


def test_e_value_of_halving_equals_that_of_doubling():
    assert e_value(0.2, -0.15, -0.1) == pytest.approx(e_value(0.1, 0.1, 0.2))


def test_interval_that_holds_zero_needs_no_confounding_to_explain():
    assert e_value(0.1, -0.01, 0.2) == 1
    assert e_value(0.0, 0.01, 0.2) == 1


def test_nothing_explains_away_a_rate_that_falls_to_zero():
    assert e_value(0.1, -0.2, -0.1) == math.inf


def test_q_values_are_those_of_benjamini_and_hochberg():
    p = np.array([0.001, 0.02, 0.04, 0.3, 0.8])
    q = adjust_for_multiple_tests(p, np.array(list("abcde"), dtype=object))
    assert q == pytest.approx(multipletests(p, method="fdr_bh")[1])


def test_mirrored_rows_count_as_one_test():
    p = np.array([0.01, 0.01, 0.03])
    q = adjust_for_multiple_tests(p, np.array(["a", "a", "b"], dtype=object))
    assert q == pytest.approx([0.02, 0.02, 0.03])
