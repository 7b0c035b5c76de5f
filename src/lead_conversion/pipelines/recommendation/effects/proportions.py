"""How much bias a difference of proportions withstands, and what many tests together show."""

import math

import numpy as np
from numpy.typing import NDArray


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
