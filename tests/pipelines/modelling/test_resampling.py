import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from lead_conversion.pipelines.modelling import resampling
from lead_conversion.pipelines.modelling.log_odds import fit_coefficients, to_log_odds
from lead_conversion.pipelines.modelling.resampling import (
    METRICS,
    Estimate,
    Resamples,
    measure,
    measure_curve,
    measure_pr_auc,
)


def _draw(leads: int = 400, landmarks: int = 3, seed: int = 0, *, coarse: bool = False) -> tuple[np.ndarray, ...]:
    """Labels, true probabilities and leads, all landmarks of a lead with one label."""
    rng = np.random.default_rng(seed)
    lead = np.repeat(np.arange(leads), landmarks)
    truth = expit(rng.normal(-1.5, 1.2, leads))
    label = (rng.random(leads) < truth).astype(float)[lead]
    probability = truth[lead]
    return label, np.round(probability, 1) * 0.9 + 0.05 if coarse else probability, lead


def _measure(label: np.ndarray, probability: np.ndarray, resamples: Resamples) -> dict[str, Estimate]:
    """All rows at one landmark."""
    return measure(label, probability, resamples, np.zeros(len(label)))


@pytest.mark.parametrize("coarse", [False, True], ids=["distinct", "tied"])
def test_figures_agree_with_scikit_learn_on_every_resample(coarse: bool) -> None:
    label, probability, lead = _draw(coarse=coarse)
    resamples = Resamples(lead, 5, seed=3)
    found = _measure(label, probability, resamples)
    for row, of_leads in enumerate(resamples.weights):
        weight = of_leads[lead]
        expected = {
            "pr_auc": average_precision_score(label, probability, sample_weight=weight),
            "roc_auc": roc_auc_score(label, probability, sample_weight=weight),
            "brier": brier_score_loss(label, probability, sample_weight=weight),
            "log_loss": log_loss(label, probability, sample_weight=weight),
        }
        for name, value in expected.items():
            figures = [found[name].value, *found[name].draws]
            assert figures[row] == pytest.approx(value, rel=1e-9), name


def test_brier_score_is_reliability_less_resolution_plus_uncertainty_where_bins_hold_one_prediction_each() -> None:
    label, _probability, lead = _draw()
    probability = np.random.default_rng(4).choice(np.linspace(0.05, 0.5, 10), len(label))
    found = _measure(label, probability, Resamples(lead, 20, seed=3))
    parts = [found[f"brier_{part}"] for part in ("reliability", "resolution", "uncertainty")]
    for draw in (lambda estimate: estimate.value, lambda estimate: estimate.draws):
        reliability, resolution, uncertainty = map(draw, parts)
        assert reliability - resolution + uncertainty == pytest.approx(draw(found["brier"]), rel=1e-9)


def test_expected_calibration_error_is_how_far_predictions_are_off_on_average() -> None:
    label = np.tile([1.0, 0.0, 0.0, 0.0], 500)
    for off in (0.0, 0.1, -0.2):
        found = _measure(label, np.full(2000, 0.25 + off), Resamples(np.arange(2000), 20, seed=1))
        assert found["expected_calibration_error"].value == pytest.approx(abs(off))


def test_calibration_slope_of_a_resample_is_close_to_a_full_refit() -> None:
    label, probability, lead = _draw(leads=2000)
    resamples = Resamples(lead, 5, seed=3)
    found = _measure(label, probability**1.3, resamples)["calibration_slope"]
    for row, draw in enumerate(found.draws, start=1):
        repeated = np.repeat(np.arange(len(lead)), resamples.weights[row][lead])
        margin = to_log_odds(probability[repeated] ** 1.3)
        (slope,), _intercept = fit_coefficients(margin[:, None], label[repeated])
        assert draw == pytest.approx(slope, abs=0.01)


def test_true_probabilities_have_slope_one_and_intercept_zero_inside_their_intervals() -> None:
    label, probability, lead = _draw(leads=4000, landmarks=1)
    found = _measure(label, probability, Resamples(lead, 200, seed=1))
    for name, truth in (("calibration_slope", 1.0), ("calibration_intercept", 0.0)):
        low, high = found[name].interval(0.95)
        assert low < truth < high
    assert found["brier_skill"].interval(0.95)[0] > 0


def test_lift_of_a_perfect_ranking_is_ten_and_of_no_ranking_one() -> None:
    label = np.array([1.0] * 10 + [0.0] * 90)
    resamples = Resamples(np.arange(100), 20, seed=1)
    assert _measure(label, label * 0.8 + 0.1, resamples)["lift_at_10"].value == pytest.approx(10)
    tied = _measure(label, np.full(100, 0.1), resamples)
    assert tied["lift_at_10"].value == pytest.approx(1)
    assert tied["roc_auc"].value == pytest.approx(0.5)
    assert np.isnan(tied["calibration_slope"].value)


def test_intervals_are_by_lead_and_not_by_row() -> None:
    label, probability, lead = _draw(leads=300, landmarks=5)
    by_lead = _measure(label, probability, Resamples(lead, 200, seed=1))["brier"].interval(0.95)
    by_row = _measure(label, probability, Resamples(np.arange(len(lead)), 200, seed=1))["brier"].interval(0.95)
    assert np.ptp(by_lead) > 1.7 * np.ptp(by_row)


def test_missing_class_gives_no_figure_rather_than_a_default() -> None:
    lead = np.arange(50)
    found = _measure(np.zeros(50), np.linspace(0.1, 0.2, 50), Resamples(lead, 20, seed=1))
    for name in ("pr_auc", "roc_auc", "lift_at_10", "brier_skill", "calibration_slope"):
        assert np.isnan(found[name].value), name
        assert np.isnan(found[name].interval(0.95)).all()
    assert found.keys() == set(METRICS)


def test_interval_is_undefined_where_many_resamples_are() -> None:
    assert np.isnan(Estimate(0.5, np.array([0.4, np.nan, 0.6])).interval(0.95)).all()


def test_small_blocks_give_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    label, probability, lead = _draw()
    whole = _measure(label, probability, Resamples(lead, 30, seed=2))
    monkeypatch.setattr(resampling, "CELLS_IN_MEMORY", 2500)
    parts = _measure(label, probability, Resamples(lead, 30, seed=2))
    for name in METRICS:
        np.testing.assert_array_equal(whole[name].draws, parts[name].draws)


def test_calibration_curve_counts_every_row_once() -> None:
    label, probability, lead = _draw(coarse=True)
    curve = measure_curve(label, probability, Resamples(lead, 20, seed=2), bins=10)
    assert sum(n for _predicted, _observed, n in curve) == len(label)
    predicted = [point for point, _observed, _n in curve]
    assert predicted == sorted(predicted)
    observed = sum(point.value * n for _predicted, point, n in curve)
    assert observed == pytest.approx(label.sum())


def test_knowing_the_landmark_alone_is_no_skill_and_no_lift_at_the_landmark() -> None:
    rng = np.random.default_rng(4)
    landmark = np.tile([0.0, 24.0], 5000)
    rate = np.where(landmark == 0, 0.3, 0.02)
    label = (rng.random(10_000) < rate).astype(float)
    found = measure(label, rate, Resamples(np.repeat(np.arange(5000), 2), 100, seed=1), landmark)
    assert found["brier_skill"].interval(0.95)[0] > 0.05
    assert found["lift_at_10"].value > 1.5
    assert found["brier_skill_at_landmark"].value <= 0
    assert found["lift_at_10_at_landmark"].value == pytest.approx(1)


def test_figures_at_one_landmark_are_those_over_all_rows() -> None:
    label, probability, lead = _draw(landmarks=1, coarse=True)
    found = _measure(label, probability, Resamples(lead, 20, seed=1))
    for name in ("brier_skill", "lift_at_10"):
        assert found[f"{name}_at_landmark"].value == pytest.approx(found[name].value)
    np.testing.assert_allclose(found["brier_skill_at_landmark"].draws, found["brier_skill"].draws)


def test_some_rows_keep_the_resamples_of_their_leads() -> None:
    label, probability, lead = _draw(landmarks=2)
    first = np.tile([True, False], 400)
    resamples = Resamples(lead, 20, seed=1)
    found = measure_pr_auc(label[first], probability[first], resamples.at(first))
    alone = _measure(label[first], probability[first], Resamples(lead[first], 20, seed=1))["pr_auc"]
    np.testing.assert_array_equal(found.draws, alone.draws)
    assert found.value == alone.value
