"""What a lead at risk is worth, and what came of each step in that coin."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lead_conversion.pipelines.recommendation.exposure.histories import AT_STEP, HISTORY_DTYPES
from lead_conversion.pipelines.recommendation.parameters import ValueParameters

Array = NDArray[np.float64]
Positions = NDArray[np.int64]

PLACES = ("step_id", "campaign_id", "sequence_variant")
CATEGORIES = {*PLACES, *(name for name, kind in HISTORY_DTYPES.items() if kind == "str")}
COLUMNS_A_CATEGORY = 8
BOOKED = "booked"


@dataclass(frozen=True)
class Outcomes:
    """By row of the risk set, what came of the step.

    Attributes:
        fold: 0 to folds - 1; all rows of a lead are in one.
        value: chance of the event within the horizon, given what was known before the step; by a model that never saw
            the lead.
        outcome: 1 or 0 where the lead met no further step, else the value of being at risk at the next one.
        outcomes_without: the same, folds x rows, by models that left one fold out each.
    """

    fold: Positions
    value: Array
    outcome: Array
    outcomes_without: Array


def learn_outcomes(risk_set: pd.DataFrame, parameters: ValueParameters, seed: int, event: str = BOOKED) -> Outcomes:
    """The outcomes of the rows of a risk set, cross-fitted by lead.

    A booking at a late step says little of an early one. Its expectation, given the state that the early step left the
    lead in, says the same with less noise: what came of a step is what it brought at once, or else what is to be
    expected of the next one (backward induction, Murphy 2005, Stat. Med. 24:1455; by one model of all further steps).
    Another event than a booking is told the same way.

    First steps have a model of their own: there nobody was written to yet, and who looks like that at a further step,
    where the first was skipped, would be taken for one who has all steps before it.
    """
    fold = assign_folds(risk_set["lead_key"], parameters.folds, seed)
    happened = risk_set[event].to_numpy(dtype=np.float64)
    following = _next_rows(risk_set)
    goes_on = following >= 0
    is_further = np.isin(np.arange(len(risk_set)), following)
    by_model, known = np.empty((parameters.folds, len(risk_set))), [*PLACES, *AT_STEP]
    for part in (is_further, ~is_further):
        by_model[:, part] = learn_values(risk_set.loc[part], fold[part], known, parameters, seed, event)
    value = own_fold(by_model, fold)
    return Outcomes(
        fold=fold,
        value=value,
        outcome=np.where(goes_on, value[following], happened),
        outcomes_without=np.where(goes_on, by_model[:, following], happened),
    )


def assign_folds(leads: pd.Series, folds: int, seed: int) -> Positions:
    """A fold for each row, by its lead alone: which other leads are there changes nothing."""
    hashed = pd.util.hash_array(leads.to_numpy(dtype=object), hash_key=f"{seed:016d}"[-16:])
    return np.asarray(hashed % np.uint64(folds), dtype=np.int64)


def learn_values(
    rows: pd.DataFrame,
    fold: Positions,
    known: Sequence[str],
    parameters: ValueParameters,
    seed: int,
    event: str = BOOKED,
) -> Array:
    """Folds x rows: the chance of the event of each row, by models that each left one fold out.

    Args:
        rows: of the risk set; those that are mature are learned from.
        fold: of each row.
        known: the columns that a model may read, beside the day.
        parameters: of the models.
        seed: of their draws.
        event: the column that says whether it happened within the horizon.
    """
    design = _design(rows, known)
    happened, is_mature = rows[event].to_numpy(dtype=np.float64), rows["is_mature"].to_numpy(dtype=bool)

    def grow(left_out: int) -> _Grown:
        is_left_out = fold == left_out
        learnt, unseen = (np.flatnonzero(is_mature & among) for among in (~is_left_out, is_left_out))
        return _grow(design, happened, learnt, unseen, parameters, seed)

    # Each model has a thread of its own, so that its sums are added in one order.
    with ThreadPoolExecutor(max_workers=parameters.num_threads) as pool:
        grown = list(pool.map(grow, range(parameters.folds)))
    trees = 1 + int(np.argmin(np.sum([each.losses for each in grown], axis=0)))
    return np.array([each.foretell(design, trees) for each in grown])


def own_fold(by_model: Array, fold: Positions) -> Array:
    """By row, what the model said that never saw the row's lead."""
    return np.asarray(by_model[fold, np.arange(len(fold))])


def days_of(moments: pd.Series) -> Array:
    """Days since the first of the moments."""
    return np.asarray((moments - moments.min()) / np.timedelta64(1, "D"), dtype=np.float64)


def _design(rows: pd.DataFrame, known: Sequence[str]) -> pd.DataFrame:
    coded = {
        name: pd.factorize(rows[name].astype("str"), sort=True)[0]
        if name in CATEGORIES
        else rows[name].to_numpy(dtype=np.float64)
        for name in known
    }
    return pd.DataFrame(coded | {"day": days_of(rows["met_at"])}, index=rows.index)


@dataclass(frozen=True)
class _Grown:
    """Trees, or the mean where rows are too few for one; losses of unseen rows, by number of trees, summed."""

    trees: lgb.Booster | float
    losses: Array

    def foretell(self, design: pd.DataFrame, trees: int) -> Array:
        """The chance of the event of every row, by so many trees."""
        if isinstance(self.trees, float):
            return np.full(len(design), self.trees)
        return np.asarray(self.trees.predict(design, num_iteration=trees, num_threads=1), dtype=np.float64)


def _grow(
    design: pd.DataFrame, happened: Array, learnt: Positions, unseen: Positions, parameters: ValueParameters, seed: int
) -> _Grown:
    label = happened[learnt]
    if len(label) < 2 * parameters.min_rows_per_leaf or label.min() == label.max():
        return _Grown(float(label.mean()) if len(label) else 0.0, np.zeros(parameters.rounds))
    settings = {
        "objective": "binary",
        "metric": "binary_logloss",
        "num_leaves": parameters.num_leaves,
        "learning_rate": parameters.learning_rate,
        "min_data_in_leaf": parameters.min_rows_per_leaf,
        "lambda_l2": parameters.l2_penalty,
        "max_cat_to_onehot": COLUMNS_A_CATEGORY,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }
    categories = [name for name in design.columns if name in CATEGORIES]
    training = lgb.Dataset(design.iloc[learnt], label, categorical_feature=categories)
    judging = [training.create_valid(design.iloc[unseen], happened[unseen])] if len(unseen) else []
    told: dict[str, dict[str, list[float]]] = {}
    booster = lgb.train(
        settings,
        training,
        parameters.rounds,
        judging,
        ["unseen"] * len(judging),
        callbacks=[lgb.record_evaluation(told)],
    )
    losses = told["unseen"]["binary_logloss"] if judging else np.zeros(parameters.rounds)
    return _Grown(booster, len(unseen) * np.asarray(losses))


def _next_rows(risk_set: pd.DataFrame) -> Positions:
    """The position of the row of the next step that the lead met at risk in the campaign; -1 where there is none."""
    ordered = risk_set.assign(position=np.arange(len(risk_set))).sort_values(
        ["lead_key", "campaign_id", "met_at", "step_id"]
    )
    following = ordered.groupby(["lead_key", "campaign_id"])["position"].shift(-1, fill_value=-1)
    return following.reindex(risk_set.index).to_numpy(dtype=np.int64)
