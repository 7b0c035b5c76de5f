"""Planned looks at an experiment: boundaries that keep the false positives together, and what is true once it ended."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(256)
_FAR = 20.0


def spend_alpha(information: float, alpha: float) -> float:
    """The two-sided error spent by this share of the information, O'Brien-Fleming type.

    Lan and DeMets (1983, Biometrika 70, 659), alpha / 2 on each side: little is spent early, almost
    all at the end; beyond the planned information nothing is left.
    """
    return float(4 * ndtr(ndtri(alpha / 4) / math.sqrt(min(information, 1.0))))


def stopping_boundaries(
    information: tuple[float, ...], alpha: float, *, is_complete: bool = False
) -> tuple[float, ...]:
    """The |z| beyond which the experiment stops at each look.

    Looks may come at other shares of the information than were planned, as long as no result decides when.

    Args:
        information: share of the planned information at each look, ascending.
        alpha: two-sided error over all looks.
        is_complete: whether the last of them is the last there will be, which spends all that is left.
    """
    bounds: list[float] = []
    spent = 0.0
    for look, share in enumerate(information):
        is_last = is_complete and look == len(information) - 1
        due = (alpha if is_last else spend_alpha(share, alpha)) - spent

        def overspent(
            bound: float, due: float = due, taken: tuple[float, ...] = tuple(bounds), look: int = look
        ) -> float:
            return crossing_probabilities((*taken, bound), information[: look + 1])[-1] - due

        bounds.append(float(brentq(overspent, 0.5, _FAR, xtol=1e-6)))
        spent += due
    return tuple(bounds)


def crossing_probabilities(
    bounds: tuple[float, ...], information: tuple[float, ...], drift: float = 0.0
) -> tuple[float, ...]:
    """The chance of crossing the boundary, on either side, first at each look.

    Args:
        bounds: |z| at each look.
        information: share of the planned sample at each look, ascending.
        drift: mean of z at full information; 0 is no difference.
    """
    return tuple(above + below for above, below in _crossings(bounds, information, drift))


def chance_beyond(z: float, bounds: tuple[float, ...], information: tuple[float, ...], drift: float) -> float:
    """The chance of an end that speaks for treatment as much as this one or more, in the stagewise order.

    Who crossed the upper boundary at an earlier look speaks more for it than who went on, of two that ended at one look
    the larger z (Tsiatis, Rosner and Mehta 1984, Biometrics 40, 797; Jennison and Turnbull 2000, section 8.4).

    Args:
        z: at the last look.
        bounds: |z| at each look up to that.
        information: share of the planned sample at each of them, ascending.
        drift: mean of z at full information.
    """
    return sum(above for above, _ in _crossings((*bounds[:-1], z), information, drift))


def estimate_after_looks(
    z: float, bounds: tuple[float, ...], information: tuple[float, ...], alpha: float
) -> tuple[float, float, float]:
    """What the drift is once a test has ended: median-unbiased, and an interval of level 1 - alpha.

    The drifts at which such an end would have been a chance of 1/2, of alpha / 2 and of 1 - alpha / 2
    (`chance_beyond`; Jennison and Turnbull 2000, section 8.5). With one look z and the usual interval.

    Args:
        z: at the look at which it ended.
        bounds: |z| at each look up to that.
        information: share of the planned sample at each of them, ascending.
        alpha: chance that the interval misses the drift.

    Returns:
        estimate, lower and upper limit, each the mean of z at full information.
    """
    naive, reach = z / math.sqrt(information[-1]), _FAR / math.sqrt(information[0])

    def drift_at(chance: float) -> float:
        def excess(drift: float) -> float:
            return chance_beyond(z, bounds, information, drift) - chance

        return float(brentq(excess, naive - reach, naive + reach, xtol=1e-8))

    return drift_at(0.5), drift_at(alpha / 2), drift_at(1 - alpha / 2)


def drift_for_power(bounds: tuple[float, ...], information: tuple[float, ...], power: float) -> float:
    """The mean of the final z at which the boundaries are crossed with this power."""

    def shortfall(drift: float) -> float:
        return sum(crossing_probabilities(bounds, information, drift)) - power

    return float(brentq(shortfall, 0.0, _FAR, xtol=1e-8))


def _crossings(
    bounds: tuple[float, ...], information: tuple[float, ...], drift: float
) -> Iterator[tuple[float, float]]:
    """The chance of coming first at each look above its bound, and below the bound's opposite.

    Recursive integration of the density of the paths that have not stopped (Armitage, McPherson
    and Rowe 1969, J. R. Stat. Soc. A 132, 235), by Gauss-Legendre on the Brownian scale.
    """
    points, mass = np.zeros(1), np.ones(1)
    before = 0.0
    for bound, share in zip(bounds, information, strict=True):
        edge, sd = bound * math.sqrt(share), math.sqrt(share - before)
        centre = points + drift * (share - before)
        yield float(mass @ ndtr((centre - edge) / sd)), float(mass @ ndtr((-edge - centre) / sd))
        grid = edge * _NODES
        mass = edge * _WEIGHTS * (mass @ _density(grid, centre, sd))
        points, before = grid, share


def _density(grid: NDArray[np.float64], centre: NDArray[np.float64], sd: float) -> NDArray[np.float64]:
    scaled = (grid[None, :] - centre[:, None]) / sd
    density: NDArray[np.float64] = np.exp(-(scaled**2) / 2) / (sd * math.sqrt(2 * math.pi))
    return density
