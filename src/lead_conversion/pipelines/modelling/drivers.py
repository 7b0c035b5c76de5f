"""Why a lead scores as it does, in plain words."""

from typing import Any

import numpy as np
import pandas as pd

TOP_DRIVERS = 3
# In log odds: less than this moves a probability of 10 % by less than half a point.
LEAST_CONTRIBUTION = 0.05
WHOLE_NUMBERS_FROM = 100
NOTHING_STANDS_OUT = "nothing stands out from the average lead"
NOT_ENOUGH_DATA = "not enough data to say"


def name_drivers(contributions: pd.DataFrame, rows: pd.DataFrame, features: list[dict[str, str]]) -> list[str]:
    """For each row the three features that move its score most, as phrases joined by "; ".

    `contributions` holds log odds, one column a feature; `rows` the features' values; `features` their descriptions.
    """
    described = {feature["name"]: feature for feature in features}
    names = sorted(contributions.columns)
    values = contributions[names].to_numpy(dtype=float)
    strongest = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :TOP_DRIVERS]
    phrases = np.full(strongest.shape, "", dtype=object)
    for position, name in enumerate(names):
        at = strongest == position
        of_row = np.flatnonzero(at.any(axis=1))
        moves = values[of_row, position]
        said = _say_drivers(described[name], rows[name].iloc[of_row], moves)
        phrases[at] = np.where(np.abs(moves) >= LEAST_CONTRIBUTION, said, "")
    return ["; ".join(phrase for phrase in of_row if phrase) or NOTHING_STANDS_OUT for of_row in phrases]


def _say_drivers(feature: dict[str, str], values: pd.Series, moves: np.ndarray[Any, np.dtype[np.float64]]) -> list[str]:
    """A phrase for each value; each distinct value is put into words once."""
    known = {value: _say_value(value, feature) for value in values.dropna().unique()}
    subject = feature["sentence"].rstrip(".")
    return [
        f"{subject}: {known.get(value, 'not known')} ({'raises' if move > 0 else 'lowers'} the chance)"
        for value, move in zip(values, moves, strict=True)
    ]


def _say_value(value: str | float, feature: dict[str, str]) -> str:
    if isinstance(value, str):
        return value.replace(";", ",")
    if feature["unit"] == "share":
        return f"{100 * value:.0f} %"
    number = f"{value:,.0f}" if abs(value) >= WHOLE_NUMBERS_FROM else f"{value:.3g}"
    return f"{number} {feature['unit']}" if feature["unit"] == "hours" else number
