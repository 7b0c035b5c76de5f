"""From a model's log odds to probabilities that come true: chosen by the positives that calibrate, kept as JSON.

Platt (1999) needs two coefficients; isotonic regression follows any rising curve and overfits small samples
(Niculescu-Mizil & Caruana 2005). Every calibrator here rises strictly, so it never changes or ties a ranking.
"""

from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import expit

from lead_conversion.pipelines.modelling.log_odds import Array, fit_coefficients, rounded, to_log_odds
from lead_conversion.pipelines.modelling.parameters import CalibrationParameters

LEAST_SLOPE = 0.01
POSITIVES_A_KNOT = 20

Calibrator = dict[str, Any]
NOT_CALIBRATED: Calibrator = {"kind": "none"}


def fit_calibrator(margin: Array, label: Array, positive_leads: int, calibration: CalibrationParameters) -> Calibrator:
    """The calibrator for log odds `margin` seen with 0/1 `label`, as JSON."""
    if positive_leads < calibration.platt_from_positives or label.all() or np.ptp(margin) == 0:
        return dict(NOT_CALIBRATED)
    if positive_leads < calibration.isotonic_from_positives:
        return fit_platt(margin, label)
    return _fit_isotonic(margin, label)


def fit_platt(margin: Array, label: Array) -> Calibrator:
    """Two coefficients on the log odds; the slope stays above zero, for calibrating must not turn a ranking round."""
    (slope,), intercept = fit_coefficients(margin[:, None], label)
    if slope < LEAST_SLOPE:
        slope, intercept = LEAST_SLOPE, rounded(float(to_log_odds(label.mean()) - LEAST_SLOPE * margin.mean()))
    return {"kind": "platt", "slope": slope, "intercept": intercept}


def calibrate(calibrator: Calibrator, margin: Array) -> Array:
    """Probabilities for log odds `margin`."""
    if calibrator["kind"] == "platt":
        return np.asarray(expit(calibrator["intercept"] + calibrator["slope"] * margin))
    if calibrator["kind"] == "isotonic":
        return np.asarray(expit(_interpolate(margin, np.array(calibrator["from"]), np.array(calibrator["to"]))))
    return np.asarray(expit(margin))


def _fit_isotonic(margin: Array, label: Array) -> Calibrator:
    """Isotonic regression over cells of neighbouring scores, kept as one knot a step.

    Cells of about twenty positives keep the ends from being decided by single leads; equal scores share a cell.
    """
    cells = max(int(label.sum() // POSITIVES_A_KNOT), 1)
    edges = np.unique(np.quantile(margin, np.linspace(0, 1, cells + 1)[1:-1]))
    _filled, cell = np.unique(np.searchsorted(edges, margin, side="right"), return_inverse=True)
    sizes = np.bincount(cell).astype(float)
    rising = isotonic_regression(np.bincount(cell, label) / sizes, weights=sizes)
    starts = rising.blocks[:-1]
    centres = np.add.reduceat(np.bincount(cell, margin), starts) / np.add.reduceat(sizes, starts)
    floor = 0.5 / len(label)
    rates = np.clip(rising.x[starts], floor, 1 - floor)
    return {
        "kind": "isotonic",
        "from": [rounded(value) for value in centres],
        "to": [rounded(value) for value in to_log_odds(rates)],
    }


def _interpolate(margin: Array, knots: Array, values: Array) -> Array:
    """Straight lines between the knots, and beyond them the model's own log odds, shifted to join."""
    inside = np.interp(margin, knots, values)
    return np.asarray(inside + np.minimum(margin - knots[0], 0) + np.maximum(margin - knots[-1], 0))
