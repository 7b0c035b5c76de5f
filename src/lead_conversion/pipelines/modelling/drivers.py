"""Why a lead scores as it does, in plain words.

What bootstrap models do not agree on is left out. Of what is left, features that are versions of one thing are added
up, and then all that pulls one way within a family of features: the families that pull hardest are named, each by the
one or two features that weigh most in it.
"""

from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.pipelines.modelling.log_odds import Array
from lead_conversion.pipelines.modelling.phrases import say_value
from lead_conversion.pipelines.modelling.stability import Cells, Stability, is_steady

TOP_FAMILIES = 3
PHRASES_A_FAMILY = 2
# In log odds: less than this moves a probability of 10 % by less than half a point.
LEAST_CONTRIBUTION = 0.05
NOTHING_STANDS_OUT = "nothing stands out from the average lead"
NOT_ENOUGH_DATA = "not enough data to say"


def name_drivers(
    contributions: pd.DataFrame, rows: pd.DataFrame, features: list[dict[str, str]], stability: Stability
) -> list[str]:
    """For each row what moves its score most, strongest first: "phrase and phrase: raise the chance; phrase: lowers …".

    `contributions` holds log odds, one column a feature; `rows` the features' values; `features` their descriptions;
    `stability` is the model's own (stability.learn_stability).
    """
    described = {feature["name"]: feature for feature in features}
    steady = keep_steady(contributions, rows, stability)
    names = sorted(steady.columns)
    sums, speakers = _add_kin(steady[names].to_numpy(dtype=float), _number_kin(names, stability["kin"]))
    families = sorted({feature["family"] for feature in features})
    family_of = np.array([families.index(described[name]["family"]) for name in names])
    # One place for each family and direction: 2 f for what lowers, 2 f + 1 for what raises.
    side = np.where(speakers >= 0, 2 * family_of[speakers] + (sums > 0), 0)
    totals = np.column_stack([np.sum(sums * (side == place), axis=1) for place in range(2 * len(families))])
    strongest = np.argsort(-np.abs(totals), axis=1, kind="stable")[:, :TOP_FAMILIES]
    words = _Words(rows, [described[name] for name in names])
    by_size = np.argsort(-np.abs(sums), axis=1, kind="stable")
    return [
        "; ".join(
            _say_side(words.of(row, place_speakers), bool(place % 2))
            for place in strongest[row]
            if abs(totals[row, place]) >= LEAST_CONTRIBUTION
            and (place_speakers := _pick(sums[row], speakers[row], side[row] == place, by_size[row]))
        )
        or NOTHING_STANDS_OUT
        for row in range(len(rows))
    ]


def keep_steady(contributions: pd.DataFrame, rows: pd.DataFrame, stability: Stability) -> pd.DataFrame:
    """The contributions on whose sign enough bootstrap models agree; zero in place of all others."""
    kept = {}
    for name in contributions.columns:
        values = contributions[name].to_numpy(dtype=float)
        table = stability["features"].get(name)
        if table is None:
            kept[name] = np.zeros(len(values))
        else:
            kept[name] = np.where(is_steady(values, rows[name], table, stability["least_agreement"]), values, 0.0)
    return pd.DataFrame(kept, index=contributions.index)


def _number_kin(names: list[str], kin: list[list[str]]) -> list[list[int]]:
    """The columns of each group of kin; a feature without kin is a group of its own."""
    position = {name: number for number, name in enumerate(names)}
    groups = [[position[name] for name in group if name in position] for group in kin]
    alone = sorted(set(position.values()) - {number for group in groups for number in group})
    return [group for group in groups if group] + [[number] for number in alone]


def _add_kin(values: Array, groups: list[list[int]]) -> tuple[Array, Cells]:
    """The sum of each group of columns, and the column that speaks for it: the one that pulls most the sum's way."""
    sums, speakers = np.zeros((len(values), len(groups))), np.full((len(values), len(groups)), -1)
    for number, group in enumerate(groups):
        of_group = values[:, group]
        sums[:, number] = of_group.sum(axis=1)
        along = of_group * np.sign(sums[:, number])[:, None]
        speakers[:, number] = np.where(sums[:, number] == 0, -1, np.array(group)[along.argmax(axis=1)])
    return sums, speakers


def _pick(sums: Array, speakers: Cells, at_place: Array, by_size: Cells) -> list[int]:
    """The columns that speak for one place of one row: the strongest, and a second one if it weighs enough."""
    first, *others = [group for group in by_size if at_place[group] and sums[group] != 0] or [-1]
    if first < 0:
        return []
    seconds = [group for group in others[: PHRASES_A_FAMILY - 1] if abs(sums[group]) >= LEAST_CONTRIBUTION]
    return [int(speakers[group]) for group in (first, *seconds)]


def _say_side(phrases: list[str], raises: bool) -> str:
    verb = "raise" if raises else "lower"
    return f"{' and '.join(phrases)}: {verb if len(phrases) > 1 else verb + 's'} the chance"


class _Words:
    """The phrases of rows' values; each distinct value is put into words once."""

    def __init__(self, rows: pd.DataFrame, described: list[dict[str, str]]) -> None:
        self._described = described
        self._values = [rows[feature["name"]].tolist() for feature in described]
        self._said: dict[tuple[int, Any], str] = {}

    def of(self, row: int, columns: list[int]) -> list[str]:
        phrases = []
        for column in columns:
            value = self._values[column][row]
            key = (column, None if pd.isna(value) else value)
            if key not in self._said:
                self._said[key] = say_value(key[1], self._described[column])
            phrases.append(self._said[key])
        return phrases
