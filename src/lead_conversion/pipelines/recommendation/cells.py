"""From arms and their periods to the cells of a linear contrast."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pandas as pd

from lead_conversion.pipelines.recommendation.elements import Comparison, Element


@dataclass(frozen=True)
class Cells:
    """Counts by period and arm: groups of a linear contrast, with the weight of each."""

    successes: tuple[int, ...] = ()
    trials: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    used: pd.Series = field(default_factory=lambda: pd.Series(dtype="bool"))

    def total(self, *, treated: bool) -> int:
        """Leads in the treated arm, or in the arms it is compared with."""
        return sum(n for n, w in zip(self.trials, self.weights, strict=True) if (w > 0) == treated)

    def rate(self, *, treated: bool) -> float:
        """The weighted rate of the treated arm, or of the arms it is compared with."""
        return sum(
            abs(w) * x / n
            for x, n, w in zip(self.successes, self.trials, self.weights, strict=True)
            if (w > 0) == treated
        )


@dataclass(frozen=True)
class _Cell:
    arm: str
    periods: tuple[int, ...]
    booked: int
    size: int
    weight: float


def count_cells(comparison: Comparison, element: Element, min_leads: int, min_leads_per_period: int) -> Cells:
    """The element's arm minus the plain mean of the other arms live at the same time.

    The time line is cut wherever an arm begins or ends, so that within a period every compared arm
    is live; periods are weighed as by Mantel and Haenszel. Adjacent periods in which the arms have
    fewer than `min_leads_per_period` leads are counted as one, for the interval of a contrast of
    many thin cells is too narrow; an arm that is thin even so is left out there. An arm below
    `min_leads` is left out everywhere; without two arms there are no cells.
    """
    rows = comparison.rows
    sizes = rows["arm"].value_counts()
    arms = [a for a in (element.arm, *element.others) if sizes.get(a, 0) >= min_leads]
    if element.arm not in arms:
        return Cells()
    edges = np.unique(np.array([comparison.spans[arm] for arm in arms], dtype="datetime64[us]"))
    period = np.searchsorted(edges, rows["met_at"].to_numpy(dtype="datetime64[us]"), "right")
    starts = pd.Series(edges[:-1], index=range(1, len(edges)))
    is_live = pd.DataFrame({a: (starts >= comparison.spans[a][0]) & (starts < comparison.spans[a][1]) for a in arms})
    counts = rows.groupby([pd.Series(period, rows.index), "arm"])["booked"].agg(["size", "sum"])
    counts = counts.reindex(pd.MultiIndex.from_product([is_live.index, arms]), fill_value=0)
    sizes_by, booked_by = (
        is_live.astype("int64") * counts[counted].to_numpy().reshape(is_live.shape) for counted in ("size", "sum")
    )
    cells = [
        cell
        for periods in _join_thin_periods(sizes_by, is_live, min_leads_per_period)
        for cell in _fill_cells(periods, sizes_by, booked_by, min_leads_per_period)
    ]
    return _weigh(cells, period, rows, is_live)


def _join_thin_periods(sizes: pd.DataFrame, is_live: pd.DataFrame, least: int) -> Iterator[tuple[int, ...]]:
    """Runs of periods to count as one; periods with enough leads stay alone, hopeless ones are left out.

    A thin period never joins a full one: an arm would then be judged by another time than its rivals.
    """
    shared = is_live.iloc[:, 0] & is_live.iloc[:, 1:].any(axis="columns")
    kinds = {n: "full" if _is_enough(sizes.loc[n], least) else "thin" for n in sizes.index[shared]}
    for kind, run in groupby(sizes.index, key=lambda n: kinds.get(n, "apart")):
        if kind == "full":
            yield from ((n,) for n in run)
        elif kind == "thin":
            yield from _join_run(list(run), sizes, least)


def _join_run(run: list[int], sizes: pd.DataFrame, least: int) -> list[tuple[int, ...]]:
    joined: list[tuple[int, ...]] = []
    waiting: tuple[int, ...] = ()
    for number in run:
        waiting = (*waiting, number)
        if _is_enough(sizes.loc[list(waiting)].sum(), least):
            joined.append(waiting)
            waiting = ()
    if joined:
        joined[-1] += waiting
    return joined


def _is_enough(sizes: pd.Series, least: int) -> bool:
    """Whether the element's arm, which stands first, and one other have enough leads."""
    return bool(sizes.iloc[0] >= least and (sizes.iloc[1:] >= least).any())


def _fill_cells(periods: tuple[int, ...], sizes: pd.DataFrame, booked: pd.DataFrame, least: int) -> Iterator[_Cell]:
    size, hits = sizes.loc[list(periods)].sum(), booked.loc[list(periods)].sum()
    arm, *others = size.index[size >= least]
    n_control = len(others) ** 2 / sum(1 / size[a] for a in others)
    mass = size[arm] * n_control / (size[arm] + n_control)
    for a in (arm, *others):
        yield _Cell(a, periods, int(hits[a]), int(size[a]), mass if a == arm else -mass / len(others))


def _weigh(cells: list[_Cell], period: np.ndarray, rows: pd.DataFrame, is_live: pd.DataFrame) -> Cells:
    if not cells:
        return Cells()
    mass = sum(cell.weight for cell in cells if cell.weight > 0)
    keys = pd.MultiIndex.from_tuples(
        [(number, cell.arm) for cell in cells for number in cell.periods if is_live.loc[number, cell.arm]]
    )
    return Cells(
        successes=tuple(cell.booked for cell in cells),
        trials=tuple(cell.size for cell in cells),
        weights=tuple(cell.weight / mass for cell in cells),
        used=pd.Series(pd.MultiIndex.from_arrays([period, rows["arm"]]).isin(keys), index=rows.index),
    )
