import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from lead_conversion.pipelines.modelling.log_odds import fit_coefficients, step_from_optimum, to_log_odds


def _draw(n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(n, 3))
    return columns, (rng.random(n) < expit(columns @ [1.0, -0.5, 0.0] - 2)).astype(float)


@pytest.mark.parametrize("inverse_penalty", [0.01, 1.0, 1e6])
def test_coefficients_agree_with_scikit_learn(inverse_penalty: float) -> None:
    columns, label = _draw()
    slopes, intercept = fit_coefficients(columns, label, inverse_penalty)
    reference = LogisticRegression(C=inverse_penalty, tol=1e-10, max_iter=1000).fit(columns, label)
    np.testing.assert_allclose(slopes, reference.coef_[0], atol=1e-5)
    assert intercept == pytest.approx(reference.intercept_[0], abs=1e-5)


def test_what_is_known_beforehand_is_not_learnt_again() -> None:
    columns, label = _draw()
    slopes, intercept = fit_coefficients(columns, label)
    added, nothing = fit_coefficients(columns, label, offset=columns @ np.array(slopes) + intercept)
    np.testing.assert_allclose([*added, nothing], 0, atol=1e-6)


def test_without_columns_the_intercept_is_the_log_odds_of_the_share() -> None:
    _columns, label = _draw()
    slopes, intercept = fit_coefficients(np.empty((len(label), 0)), label)
    assert slopes == []
    assert intercept == pytest.approx(to_log_odds(label.mean()))


def test_column_that_parts_the_labels_perfectly_keeps_a_finite_slope() -> None:
    label = np.repeat([0.0, 1.0], 50)
    (slope,), intercept = fit_coefficients(label[:, None], label)
    assert np.isfinite([slope, intercept]).all()
    assert slope > 5


def test_extreme_columns_do_not_lead_astray() -> None:
    label = np.array([0.0] * 98 + [1.0] * 2)
    columns = np.column_stack([np.r_[np.zeros(99), 1e4], label * 50])
    slopes, intercept = fit_coefficients(columns, label, 0.1)
    assert np.isfinite([*slopes, intercept]).all()


def test_one_step_leads_nearly_to_the_fit_on_a_resample() -> None:
    columns, label = _draw()
    slopes, intercept = fit_coefficients(columns, label, 0.1)
    weight = np.bincount(np.random.default_rng(1).integers(len(label), size=len(label)), minlength=len(label))
    margin, design = columns @ np.array(slopes) + intercept, np.column_stack([np.ones(len(label)), columns])
    (step,) = step_from_optimum(design, label, margin, [weight.astype(float)], 0.1)
    drawn = np.repeat(np.arange(len(label)), weight)
    refitted, refitted_intercept = fit_coefficients(columns[drawn], label[drawn], 0.1)
    moves = np.array([refitted_intercept - intercept, *np.subtract(refitted, slopes)])
    assert np.linalg.norm(step - moves) < 0.15 * np.linalg.norm(moves)


def test_without_resampling_there_is_no_step() -> None:
    columns, label = _draw()
    slopes, intercept = fit_coefficients(columns, label, 0.1)
    margin, design = columns @ np.array(slopes) + intercept, np.column_stack([np.ones(len(label)), columns])
    (step,) = step_from_optimum(design, label, margin, [np.full(len(label), 3.0)], 0.1)
    np.testing.assert_allclose(step, 0, atol=1e-9)
