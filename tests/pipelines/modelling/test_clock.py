import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from lead_conversion.pipelines.modelling.clock import fit_clock, read_clock, read_landmark

WINDOW = 168.0


def _rows(*landmarks: tuple[float, int, int]) -> pd.DataFrame:
    """(hours, leads, positives) as one row a lead."""
    parts = [
        pd.DataFrame({"hours_since_engaged": hours, "label": [1] * positives + [0] * (leads - positives)})
        for hours, leads, positives in landmarks
    ]
    return pd.concat(parts, ignore_index=True)


def _read(clock: dict[str, object], *hours: float) -> np.ndarray:
    return expit(read_clock(clock, pd.DataFrame({"hours_since_engaged": hours})))


def test_clock_tells_the_rate_of_each_landmark() -> None:
    clock = fit_clock(_rows((0, 1000, 150), (24, 1000, 90), (144, 1000, 20)), WINDOW)
    np.testing.assert_allclose(_read(json.loads(json.dumps(clock)), 0, 24, 144), [0.15, 0.09, 0.02], rtol=0.02)


def test_chance_beyond_the_last_landmark_falls_with_the_time_that_is_left() -> None:
    clock = fit_clock(_rows((0, 1000, 150), (144, 1000, 20)), WINDOW)
    at_144, at_156, at_165, at_end, after = _read(clock, 144, 156, 165, 168, 200)
    assert at_156 == pytest.approx(at_144 / 2, rel=0.02)
    assert at_165 == pytest.approx(at_144 / 8, rel=0.03)
    assert 0 < after == at_end < at_165 / 100


def test_chance_between_landmarks_lies_between_theirs() -> None:
    clock = fit_clock(_rows((0, 1000, 150), (24, 1000, 90), (144, 1000, 20)), WINDOW)
    assert (np.diff(_read(clock, 0, 1, 5, 24, 60, 100, 144)) < 0).all()


def test_landmark_without_a_positive_is_low_but_not_impossible() -> None:
    clock = fit_clock(_rows((0, 100, 20), (160, 100, 0)), WINDOW)
    assert 0 < _read(clock, 160)[0] < 0.01


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_gives_a_finite_clock(label: int) -> None:
    clock = fit_clock(_rows((0, 50, 50 * label), (24, 50, 50 * label)), WINDOW)
    assert np.isfinite(read_clock(clock, pd.DataFrame({"hours_since_engaged": [0.0, 24.0, 168.0]}))).all()


def test_nearness_to_the_landmarks_adds_up_to_one() -> None:
    hours = [0.0, 24.0, 144.0]
    rows = pd.DataFrame({"hours_since_engaged": [0.0, 3.0, 24.0, 100.0, 144.0, 167.0]})
    near = np.column_stack([read_landmark(hours, position, rows) for position in range(3)])
    np.testing.assert_allclose(near.sum(axis=1), 1)
    np.testing.assert_allclose(near[[0, 2, 4, 5]], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
