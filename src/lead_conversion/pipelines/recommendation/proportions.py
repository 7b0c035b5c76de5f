"""Linear contrasts of proportions: estimate, interval, test, and how much bias they withstand."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of proportions, as absolute change of probability."""

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float


def contrast_proportions(
    successes: ArrayLike, trials: ArrayLike, weights: ArrayLike, confidence_level: float
) -> Contrast:
    """How much the weighted sum of proportions differs from zero.

    The interval and its test add 2/m successes and 2/m failures to each of the m proportions
    (Price and Bonett 2004, doi:10.1016/S0167-9473(03)00007-0); for two proportions this is the
    interval of Agresti and Caffo (2000). The estimate is the raw difference.

    Args:
        successes: count of successes of each independent group.
        trials: size of each group, above zero.
        weights: coefficient of each group, none of them zero.
        confidence_level: of the interval, e.g. 0.95.
    """
    x, n, c = (np.asarray(values, dtype=np.float64) for values in (successes, trials, weights))
    added = 2 / len(c)
    size = n + 2 * added
    rate = (x + added) / size
    centre = float(c @ rate)
    error = math.sqrt(float(c**2 @ (rate * (1 - rate) / size)))
    reach = float(ndtri((1 + confidence_level) / 2)) * error
    return Contrast(
        estimate=float(c @ (x / n)),
        ci_low=centre - reach,
        ci_high=centre + reach,
        p_value=float(2 * ndtr(-abs(centre) / error)),
    )


def e_value(control_rate: float, ci_low: float, ci_high: float) -> float:
    """How strong hidden confounding must be to explain the difference away; 1 where it need not be.

    The E-value of the interval's limit nearest to no difference (VanderWeele and Ding 2017,
    doi:10.7326/M16-2607), on the scale of risk ratios.

    Args:
        control_rate: probability without the element.
        ci_low: lower limit of the absolute difference.
        ci_high: upper limit of the absolute difference.
    """
    if ci_low <= 0 <= ci_high or control_rate <= 0:
        return 1.0
    nearest = ci_low if ci_low > 0 else ci_high
    ratio = max(control_rate + nearest, 0) / control_rate
    if ratio == 0:
        return math.inf
    ratio = max(ratio, 1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def adjust_for_multiple_tests(p_values: NDArray[np.float64], hypotheses: NDArray[np.object_]) -> NDArray[np.float64]:
    """The q-value (Benjamini and Hochberg 1995) of each row, each hypothesis counted once.

    Rows with the same hypothesis, such as two versions seen from either side, share p and q.
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415  costs start-up half a second

    _, first, inverse = np.unique(hypotheses, return_index=True, return_inverse=True)
    adjusted = false_discovery_control(p_values[first], method="bh")
    q_values: NDArray[np.float64] = np.asarray(adjusted, dtype=np.float64)[inverse]
    return q_values
