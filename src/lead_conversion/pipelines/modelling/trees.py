"""Gradient-boosted trees (LightGBM), kept as LightGBM's own text.

They start from the clock's log odds: trees are flat beyond the last landmark, the clock is not.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.clock import CLOCK_FEATURE, WINDOWS, fit_clocks, read_clock
from lead_conversion.pipelines.modelling.encoding import encode_codes, learn_categories
from lead_conversion.pipelines.modelling.folds import Folds
from lead_conversion.pipelines.modelling.log_odds import Array, rounded
from lead_conversion.pipelines.modelling.parameters import EncodingParameters, LightgbmParameters

# Trees are counted by steps of at least this size: how good they are depends on how far they reach, the learning rate
# times their number, and hardly on the size of the steps.
COUNTING_STEP = 0.1
# Refits are judged by the signs of what they say: fewer and larger steps reach as far in less time.
REFIT_ROUNDS = 32
LARGEST_REFIT_STEP = 0.3


def choose_trees(
    rows: pd.DataFrame,
    features: Sequence[Feature],
    lightgbm: LightgbmParameters,
    encoding: EncodingParameters,
    seed: int,
    window_hours: float,
    folds: Folds,
) -> tuple[LightgbmParameters, int]:
    """The shape of the trees, of all that are to be tried, and the number of them, that lose least on other leads.

    One count is found for all folds together, to which the leads are dealt at random. Later leads would tell when
    to stop at another rate than the trees start from, and where rates move that ends the growth at once. Of shapes that
    lose the same the first one is taken.

    Few large steps reach as far as many small ones, so they are what shapes are compared by and trees counted.
    """
    names = [feature.name for feature in features]
    categories, (_clock, so_far) = learn_categories(rows, features, encoding), fit_clocks(rows, window_hours)
    step, trees_a_step = _larger_step(lightgbm)

    def lose(tried: LightgbmParameters) -> Array:
        """The loss by the number of steps."""
        parameters = _parameters(tried.model_copy(update={"learning_rate": step}), seed)
        losses = lgb.cv(
            parameters,
            _dataset(rows, names, categories, so_far, parameters),
            num_boost_round=ceil(tried.max_rounds / trees_a_step),
            folds=folds,
            callbacks=[lgb.early_stopping(tried.early_stopping_rounds, verbose=False)],
        )
        return np.array(losses["valid binary_logloss-mean"])

    shapes = [lightgbm.alone, *(lightgbm.alone.model_copy(update=shape.model_dump()) for shape in lightgbm.also_tried)]
    by_steps = [lose(tried) for tried in shapes]
    best = int(np.argmin([losses.min() for losses in by_steps]))
    steps = int(np.argmin(by_steps[best])) + 1
    return shapes[best], min(round(steps * trees_a_step), lightgbm.max_rounds)


def in_larger_steps(lightgbm: LightgbmParameters, rounds: int) -> tuple[LightgbmParameters, int]:
    """Parameters and number of fewer and larger trees that reach as far: quicker, and nearly as good."""
    step, trees_a_step = _larger_step(lightgbm)
    return lightgbm.model_copy(update={"learning_rate": step}), max(round(rounds / trees_a_step), 1)


def _larger_step(lightgbm: LightgbmParameters) -> tuple[float, float]:
    """The size of the steps by which trees are counted, and how many trees reach as far."""
    step = max(COUNTING_STEP, lightgbm.learning_rate)
    return step, step / lightgbm.learning_rate


def fit_trees(
    rows: pd.DataFrame,
    features: Sequence[Feature],
    lightgbm: LightgbmParameters,
    encoding: EncodingParameters,
    rounds: int,
    seed: int,
    window_hours: float,
) -> dict[str, Any]:
    """The model as JSON; `rows` hold the features and `label`."""
    names = [feature.name for feature in features]
    categories = learn_categories(rows, features, encoding)
    clock, so_far = fit_clocks(rows, window_hours)
    booster = lgb.train(_parameters(lightgbm, seed), _dataset(rows, names, categories, so_far), num_boost_round=rounds)
    # The parameters at the end of the text are not needed to predict, and they name the thread count.
    text = booster.model_to_string().partition("\nparameters:")[0]
    learnt = {"features": names, "categories": categories, "clock": clock}
    return {
        "family": "lightgbm",
        "rounds": rounds,
        "text": text,
        **learnt,
        "mean_clock": rounded(read_clock(clock, rows).mean()),
    }


def refit_trees(
    model: dict[str, Any], rows: pd.DataFrame, weights: Iterable[Array], lightgbm: LightgbmParameters, seed: int
) -> Iterator[dict[str, Any]]:
    """The model trained again for each weighting of `rows`, with the same encoding, its own clock, in larger steps."""
    rounds = min(model["rounds"], REFIT_ROUNDS)
    step = min(lightgbm.learning_rate * model["rounds"] / rounds, max(LARGEST_REFIT_STEP, lightgbm.learning_rate))
    # On so few rows a second thread costs more than it saves.
    coarse = lightgbm.model_copy(update={"learning_rate": step, "num_threads": 1})
    parameters = _parameters(coarse, seed)
    window_hours = model["clock"]["window_hours"]
    _clock, of_all = fit_clocks(rows, window_hours)
    whole = _dataset(rows, model["features"], model["categories"], of_all, parameters).construct()
    told = rows[[name for name in (CLOCK_FEATURE, "label", WINDOWS) if name in rows]]
    for weight in weights:
        drawn = np.flatnonzero(weight)
        clock, of_draws = fit_clocks(told.iloc[np.repeat(drawn, weight[drawn].astype(int))], window_hours)
        so_far = of_draws[np.cumsum(weight[drawn].astype(int)) - 1]
        resample = whole.subset(drawn.tolist()).construct()
        resample.set_weight(weight[drawn]).set_init_score(so_far)
        booster = lgb.train(parameters, resample, num_boost_round=rounds)
        mean_clock = np.average(read_clock(clock, told.iloc[drawn]), weights=weight[drawn])
        learnt = {"clock": clock, "mean_clock": rounded(mean_clock)}
        yield {**model, **learnt, "rounds": rounds, "text": booster.model_to_string()}


def predict_trees(model: dict[str, Any], rows: pd.DataFrame) -> Array:
    """Log odds."""
    return read_clock(model["clock"], rows) + _predict(model, rows, raw_score=True)


def explain_trees(model: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    """What each feature adds to a lead's log odds (TreeSHAP, Lundberg et al. 2020); one column a feature.

    What the clock adds, against the average training row, counts to the hours since first engagement.
    """
    # The last column is the expected log odds, the same for all.
    contributions = _predict(model, rows, pred_contrib=True)[:, :-1]
    explained = pd.DataFrame(contributions, index=rows.index, columns=model["features"])
    of_clock = read_clock(model["clock"], rows) - model["mean_clock"]
    return explained.assign(**{CLOCK_FEATURE: explained.get(CLOCK_FEATURE, 0.0) + of_clock})


def _predict(model: dict[str, Any], rows: pd.DataFrame, **kind: bool) -> Array:
    codes = encode_codes(rows, model["features"], model["categories"])
    return np.asarray(lgb.Booster(model_str=model["text"]).predict(codes, **kind))


def _dataset(
    rows: pd.DataFrame,
    names: list[str],
    categories: dict[str, list[str]],
    so_far: Array,
    parameters: dict[str, Any] | None = None,
) -> lgb.Dataset:
    return lgb.Dataset(
        encode_codes(rows, names, categories),
        rows["label"].to_numpy(dtype=float),
        init_score=so_far,
        feature_name=names,
        categorical_feature=[name for name in names if name in categories],
        params=parameters,
    )


def _parameters(lightgbm: LightgbmParameters, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "num_leaves": lightgbm.num_leaves,
        "learning_rate": lightgbm.learning_rate,
        "min_data_in_leaf": lightgbm.min_rows_per_leaf,
        "lambda_l2": lightgbm.l2_penalty,
        "feature_fraction": lightgbm.feature_share,
        "num_threads": lightgbm.num_threads,
        "deterministic": True,
        "force_col_wise": True,
        # Bundles of sparse features are summed in as many blocks as there are threads, whatever the two above say.
        "enable_bundle": False,
        "seed": seed,
        "verbosity": -1,
    }
