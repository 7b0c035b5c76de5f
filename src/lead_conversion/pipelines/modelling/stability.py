"""How steady a model's reasons are: the same model refitted on resamples of the training leads.

What is kept of the bootstrap models is a table, not the models: for cells of each feature's values how many of them say
that the value raises the chance, and how far their mean contributions spread. So a driver is checked by a look-up,
whatever the number of leads that are scored, and the table goes with the model as JSON.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.encoding import learn_categories
from lead_conversion.pipelines.modelling.estimators import explain_log_odds, refit_models
from lead_conversion.pipelines.modelling.log_odds import Array
from lead_conversion.pipelines.modelling.parameters import ExplanationParameters, ModelParameters

Cells = npt.NDArray[np.int64]
Stability = dict[str, Any]

# Cell borders lie at these quantiles of the rows and of the distinct values: where nearly all rows hold one value, the
# others have cells too.
BORDERS = (0.2, 0.4, 0.6, 0.8)
# Of the bootstrap models' mean contributions: a 90 % interval.
BAND = (0.05, 0.95)
# Features whose values tell each other this well are versions of one thing (rank correlation of each pair).
KIN_CORRELATION = 0.7
# A rank correlation weaker than this between value and contribution is no direction.
LEAST_CORRELATION = 0.3
STORED_DIGITS = 3


def learn_stability(
    chosen: dict[str, Any], rows: pd.DataFrame, features: Sequence[Feature], model: ModelParameters, seed: int
) -> Stability:
    """The table of a chosen model as JSON; `rows` are the training rows, in the order of leads and landmarks.

    For each feature that any bootstrap model uses: its cells, the share of bootstrap models in which the mean
    contribution of a cell `raises` and `lowers` the chance, the ends of the 90 % interval of that mean around its
    median, and the mean absolute contribution (`sizes`) and the direction of each bootstrap model. `kin` lists the
    features that are versions of one thing.
    """
    explanation = model.explanation
    reference = _take_evenly(rows, explanation.reference_rows)
    refitted = refit_models(chosen, rows, _draw_leads(rows, explanation, seed), model, seed)
    names = [feature.name for feature in features]
    explained = np.array(
        [explain_log_odds(fit, reference).reindex(columns=names).to_numpy(dtype=float) for fit in refitted]
    )
    categories = learn_categories(rows, features, model.encoding)
    tables = {}
    for position, feature in enumerate(features):
        moves = np.nan_to_num(explained[:, :, position])
        if np.any(moves):
            cells = _learn_cells(reference[feature.name], categories.get(feature.name))
            tables[feature.name] = {**cells, **_summarise(moves, reference[feature.name], feature, cells)}
    return {
        "bootstrap_models": explanation.bootstrap_models,
        "leads": _count_drawn(rows, explanation.bootstrap_leads),
        "least_agreement": explanation.least_agreement,
        "features": tables,
        "kin": find_kin(reference, features),
    }


def find_cells(values: pd.Series, table: dict[str, Any]) -> Cells:
    """The cell of each value: up to each edge, beyond the last one, missing; or each category, and all others."""
    if "categories" in table:
        found = pd.Index(table["categories"], dtype="str").get_indexer(pd.Index(values.astype("str")))
        return np.where(found < 0, len(table["categories"]), found).astype(np.int64)
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    inside = np.searchsorted(np.array(table["edges"], dtype=float), numbers, side="left")
    return np.where(np.isnan(numbers), len(table["edges"]) + 1, inside).astype(np.int64)


def is_steady(
    contributions: Array, values: pd.Series, table: dict[str, Any], least_agreement: float
) -> npt.NDArray[np.bool_]:
    """Whether enough bootstrap models give leads of the same value a contribution of the same sign."""
    cells = find_cells(values, table)
    raises, lowers = np.array(table["raises"])[cells], np.array(table["lowers"])[cells]
    return np.asarray(np.where(contributions > 0, raises, lowers) >= least_agreement)


def find_directions(values: pd.Series, contributions: Array, kind: str) -> npt.NDArray[np.int64]:
    """For each row of `contributions` what higher values do: 1 raise the chance, -1 lower it, 0 it depends.

    By Spearman's correlation over the known values. Categories have no order, and so no direction.
    """
    known = values.notna().to_numpy()
    if kind == "categorical" or not known.any():
        return np.zeros(len(contributions), dtype=np.int64)
    first, second = (
        ranks - ranks.mean(axis=-1, keepdims=True)
        for ranks in (rankdata(values[known].to_numpy(dtype=float)), rankdata(contributions[:, known], axis=1))
    )
    scale = np.sqrt(np.sum(first**2) * np.sum(second**2, axis=1))
    correlations = np.sum(first * second, axis=1) / np.maximum(scale, np.finfo(float).tiny)
    return np.where(np.abs(correlations) >= LEAST_CORRELATION, np.sign(correlations), 0).astype(np.int64)


def find_kin(reference: pd.DataFrame, features: Sequence[Feature]) -> list[list[str]]:
    """Groups of features that are versions of one thing: each of their pairs is alike.

    Alike are numbers whose ranks correlate, up or down, with a missing value as the lowest; and a category and numbers
    whose ranks it tells (correlation ratio). Two categories compare by their share of positives.
    """
    ranks = {feature.name: found for feature in features if np.ptp(found := _rank(reference, feature)) > 0}
    if len(ranks) < 2:  # noqa: PLR2004 - a pair
        return []
    columns = np.array(list(ranks.values()))
    # On one thread: the last digits of a BLAS product depend on their number.
    with threadpool_limits(limits=1):
        alike = np.abs(np.corrcoef(columns))
    for position, name in enumerate(ranks):
        if name in {feature.name for feature in features if feature.kind == "categorical"}:
            told = _tell_ranks(pd.factorize(reference[name].astype("str").fillna(""))[0], columns)
            alike[position] = np.maximum(alike[position], told)
            alike[:, position] = np.maximum(alike[:, position], told)
    distances = np.clip(1 - np.round(alike, 6), 0, 1)
    tree = linkage(distances[np.triu_indices(len(ranks), 1)], method="complete")
    groups = pd.Series(list(ranks)).groupby(fcluster(tree, 1 - KIN_CORRELATION, criterion="distance"))
    return sorted(sorted(group) for _number, group in groups if len(group) > 1)


def _rank(reference: pd.DataFrame, feature: Feature) -> Array:
    values = reference[feature.name]
    if feature.kind == "categorical":
        named = values.astype("str").fillna("")
        return np.asarray(rankdata(reference["label"].astype(float).groupby(named).transform("mean")))
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(rankdata(np.where(np.isnan(numbers), -np.inf, numbers)))


def _tell_ranks(group: npt.NDArray[np.int64], columns: Array) -> Array:
    """How well groups of rows tell the ranks in each row of `columns`: the correlation ratio, 0 to 1."""
    sizes = np.bincount(group)
    centred = columns - columns.mean(axis=1, keepdims=True)
    between = [np.sum(np.bincount(group, of_column) ** 2 / sizes) for of_column in centred]
    return np.asarray(np.sqrt(np.array(between) / np.sum(centred**2, axis=1)))


def _draw_leads(rows: pd.DataFrame, explanation: ExplanationParameters, seed: int) -> Iterator[Array]:
    """For each bootstrap model how often each row is drawn: all rows of a lead together, with replacement."""
    lead = pd.factorize(rows["lead_key"])[0]
    leads, drawn = int(lead.max()) + 1, _count_drawn(rows, explanation.bootstrap_leads)
    rng = np.random.default_rng(seed)
    for _model in range(explanation.bootstrap_models):
        yield np.bincount(rng.integers(leads, size=drawn), minlength=leads)[lead].astype(float)


def _count_drawn(rows: pd.DataFrame, bootstrap_leads: int) -> int:
    return int(min(rows["lead_key"].nunique(), bootstrap_leads))


def _take_evenly(rows: pd.DataFrame, number: int) -> pd.DataFrame:
    """Rows at even distances: leads stand in the order of their keys, which are digests, so this is a sample."""
    return rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(number, len(rows))).astype(int))]


def _learn_cells(values: pd.Series, categories: list[str] | None) -> dict[str, Any]:
    if categories is not None:
        return {"categories": categories}
    known = values.dropna().to_numpy(dtype=float)
    if known.size == 0:
        return {"edges": []}
    edges = [np.quantile(some, BORDERS, method="nearest") for some in (known, np.unique(known))]
    return {"edges": [float(edge) for edge in np.unique(np.concatenate(edges)) if edge < known.max()]}


def _summarise(moves: Array, values: pd.Series, feature: Feature, cells: dict[str, Any]) -> dict[str, Any]:
    """`moves` are contributions: bootstrap models by reference rows."""
    cell = find_cells(values, cells)
    n_cells = len(cells["categories"]) + 1 if "categories" in cells else len(cells["edges"]) + 2
    rows_in = np.maximum(np.bincount(cell, minlength=n_cells), 1)
    means = np.array([np.bincount(cell, move, n_cells) / rows_in for move in moves])
    low, middle, high = np.quantile(means, [BAND[0], 0.5, BAND[1]], axis=0)
    directions = find_directions(values, moves, feature.kind)
    return {
        "raises": _stored((means > 0).mean(axis=0)),
        "lowers": _stored((means < 0).mean(axis=0)),
        "below": _stored(middle - low),
        "above": _stored(high - middle),
        "sizes": _stored(np.abs(moves).mean(axis=1)),
        "directions": directions.tolist(),
    }


def _stored(figures: Array) -> list[float]:
    return [float(f"{figure:.{STORED_DIGITS}g}") for figure in figures]
