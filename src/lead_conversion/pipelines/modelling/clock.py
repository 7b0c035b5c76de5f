"""The clock of a target: how the chance falls while the label window runs out, whoever the lead is.

Close to the end of its window a lead's chance is the rate at which leads convert times the time that is left. So what
is learned is that rate, at the landmarks of training (landmark supermodel, van Houwelingen 2007); between them it is
interpolated, beyond them it stays, and the time left brings the chance down to nothing at the window's end. A curve of
the chance itself would stay flat beyond the last landmark.
"""

from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.pipelines.modelling.log_odds import Array, rounded, to_log_odds

CLOCK_FEATURE = "hours_since_engaged"
# Of a row: over how many windows its label counts outcomes; without the column each counts one.
WINDOWS = "windows"
# A prior worth this many positive leads a landmark, at one rate for the whole window: it matters where there are few.
PRIOR_POSITIVES = 0.5
LARGEST_PRIOR_SHARE = 0.5
LEAST_HOURS_LEFT = 1 / 60

Clock = dict[str, Any]


def fit_clock(rows: pd.DataFrame, window_hours: float) -> Clock:
    """The clock as JSON: for each landmark of `rows` the log odds for each share of the window that is left."""
    counts = rows.groupby(CLOCK_FEATURE, sort=True)["label"].agg(["sum", "count"]).astype(float)
    hours, positives, tried = counts.index.to_numpy(dtype=float), counts["sum"].to_numpy(), counts["count"].to_numpy()
    left = _share_left(hours, window_hours)
    one_rate = np.clip(positives.sum() / np.sum(tried * left), 1 / tried.sum(), None)
    prior = np.minimum(one_rate * left, LARGEST_PRIOR_SHARE)
    shares = (positives + PRIOR_POSITIVES) / (tried + PRIOR_POSITIVES / prior)
    levels = to_log_odds(shares) - np.log(left)
    return {
        "window_hours": float(window_hours),
        "hours": [rounded(hour) for hour in hours],
        "levels": [rounded(level) for level in levels],
    }


def fit_clocks(rows: pd.DataFrame, window_hours: float) -> tuple[Clock, Array]:
    """The target's clock, and for each row the log odds of the clock of its own label.

    A row whose label counts more than one window (`windows`) has the clock of all rows that count as many.
    """
    if WINDOWS not in rows:
        clock = fit_clock(rows, window_hours)
        return clock, read_clock(clock, rows)
    windows = rows[WINDOWS].to_numpy()
    clocks = {count: fit_clock(rows[windows == count], count * window_hours) for count in np.unique(windows)}
    log_odds = np.empty(len(rows))
    for count, clock in clocks.items():
        log_odds[windows == count] = read_clock(clock, rows[windows == count])
    return clocks[1], log_odds


def read_clock(clock: Clock, rows: pd.DataFrame) -> Array:
    """Log odds of the average lead at these rows' hours since first engagement."""
    levels = np.interp(_log_hours(rows), np.log1p(clock["hours"]), clock["levels"])
    return np.asarray(levels + np.log(_share_left(rows[CLOCK_FEATURE].to_numpy(dtype=float), clock["window_hours"])))


def read_landmark(hours: list[float], position: int, rows: pd.DataFrame) -> Array:
    """How much of each row stands at one landmark: 1 at it, falling to 0 at its neighbours; the last reaches on."""
    at = np.zeros(len(hours))
    at[position] = 1
    return np.asarray(np.interp(_log_hours(rows), np.log1p(hours), at))


def _log_hours(rows: pd.DataFrame) -> Array:
    # Rates change fastest early: between landmarks the logarithm of the hours is what moves evenly.
    return np.asarray(np.log1p(rows[CLOCK_FEATURE].to_numpy(dtype=float)))


def _share_left(hours: Array, window_hours: float) -> Array:
    return np.asarray(np.maximum(window_hours - hours, LEAST_HOURS_LEFT) / window_hours)
