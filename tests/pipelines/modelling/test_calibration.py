import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from lead_conversion.pipelines.modelling.calibration import calibrate, fit_calibrator, fit_platt
from lead_conversion.pipelines.modelling.parameters import CalibrationParameters

LIMITS = CalibrationParameters(platt_from_positives=20, isotonic_from_positives=200)


def _draw(n: int, slope: float, intercept: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    margin = rng.normal(-1, 1, n)
    return margin, (rng.random(n) < expit(intercept + slope * margin)).astype(float)


@pytest.mark.parametrize(("positives", "kind"), [(19, "none"), (20, "platt"), (199, "platt"), (200, "isotonic")])
def test_calibrator_is_chosen_by_the_number_of_positive_leads(positives: int, kind: str) -> None:
    margin, label = _draw(2000, 1, 0)
    assert fit_calibrator(margin, label, positives, LIMITS)["kind"] == kind


def test_scores_of_one_value_stay_as_they_are() -> None:
    _margin, label = _draw(2000, 1, 0)
    assert fit_calibrator(np.zeros(2000), label, 500, LIMITS) == {"kind": "none"}
    np.testing.assert_allclose(calibrate({"kind": "none"}, np.array([0.0])), [0.5])


def test_platt_undoes_predictions_that_are_too_extreme() -> None:
    margin, label = _draw(20_000, 0.5, 0.3)
    fitted = fit_platt(margin, label)
    assert fitted["slope"] == pytest.approx(0.5, abs=0.05)
    assert fitted["intercept"] == pytest.approx(0.3, abs=0.1)


def test_platt_never_turns_a_ranking_round() -> None:
    margin, label = _draw(2000, -1, 0)
    probability = calibrate(fit_platt(margin, label), np.array([-2.0, 0.0, 2.0]))
    assert (np.diff(probability) > 0).all()
    assert probability.mean() == pytest.approx(label.mean(), abs=0.05)


def test_isotonic_follows_a_curve_that_two_coefficients_cannot() -> None:
    rng = np.random.default_rng(1)
    margin = rng.uniform(-4, 4, 40_000)
    truth = np.where(margin < 0, 0.05, 0.6)
    label = (rng.random(40_000) < truth).astype(float)
    found = calibrate(fit_calibrator(margin, label, 1000, LIMITS), np.array([-2.0, 2.0]))
    np.testing.assert_allclose(found, [0.05, 0.6], atol=0.03)


@settings(max_examples=30, deadline=None)
@given(
    scores=st.lists(st.integers(-20, 20), min_size=30, max_size=200),
    seed=st.integers(0, 100),
    positives=st.sampled_from([50, 500]),
)
def test_calibrators_rise_strictly_and_survive_json(scores: list[int], seed: int, positives: int) -> None:
    margin = np.array(scores) / 5
    label = (np.random.default_rng(seed).random(len(scores)) < expit(margin)).astype(float)
    if label.min() == label.max():
        return
    calibrator = fit_calibrator(margin, label, positives, LIMITS)
    seen = np.unique(margin)
    probability = calibrate(json.loads(json.dumps(calibrator)), seen)
    assert ((probability > 0) & (probability < 1)).all()
    assert (np.diff(probability) > 0).all()
