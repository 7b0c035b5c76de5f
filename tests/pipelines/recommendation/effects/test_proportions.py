"""Strength of hidden causes as published, and many tests against statsmodels."""

import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from lead_conversion.pipelines.recommendation.effects.proportions import (
    adjust_for_multiple_tests,
    e_value,
)


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
