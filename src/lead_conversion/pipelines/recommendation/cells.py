"""From arms and their periods to the cells of a linear contrast."""

from dataclasses import dataclass, field

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


def count_cells(comparison: Comparison, element: Element, min_leads: int) -> Cells:
    """The element's arm minus the plain mean of the other arms live at the same time.

    The time line is cut wherever an arm begins or ends, so that within a period every compared arm
    is live; periods are weighed as by Mantel and Haenszel. An arm below `min_leads` is left out;
    without two arms there are no cells.
    """
    rows = comparison.rows
    sizes = rows["arm"].value_counts()
    arms = [a for a in (element.arm, *element.others) if sizes.get(a, 0) >= min_leads]
    if element.arm not in arms:
        return Cells()
    edges = np.unique(np.array([comparison.spans[arm] for arm in arms], dtype="datetime64[us]"))
    period = np.searchsorted(edges, rows["met_at"].to_numpy(dtype="datetime64[us]"), "right")
    counts = rows.groupby([pd.Series(period, rows.index, name="period"), "arm"])["booked"]
    table = {key: (int(booked), int(size)) for key, booked, size in counts.agg(["sum", "size"]).itertuples(name=None)}
    cells: list[tuple[int, str, int, int, float]] = []
    for number, start in enumerate(edges[:-1], start=1):
        live = [a for a in arms if comparison.spans[a][0] <= start < comparison.spans[a][1] and (number, a) in table]
        others = [a for a in live if a != element.arm]
        if element.arm not in live or not others:
            continue
        counted = {a: table[number, a] for a in live}
        n_treated = counted[element.arm][1]
        n_control = len(others) ** 2 / sum(1 / counted[a][1] for a in others)
        mass = n_treated * n_control / (n_treated + n_control)
        cells += [(number, a, *counted[a], mass if a == element.arm else -mass / len(others)) for a in live]
    return _weigh(cells, period, rows)


def _weigh(cells: list[tuple[int, str, int, int, float]], period: np.ndarray, rows: pd.DataFrame) -> Cells:
    mass = sum(weight for *_, weight in cells if weight > 0)
    if not mass:
        return Cells()
    keys = pd.MultiIndex.from_tuples([(number, arm) for number, arm, *_ in cells])
    return Cells(
        successes=tuple(x for _, _, x, _, _ in cells),
        trials=tuple(n for _, _, _, n, _ in cells),
        weights=tuple(w / mass for *_, w in cells),
        used=pd.Series(pd.MultiIndex.from_arrays([period, rows["arm"]]).isin(keys), index=rows.index),
    )
