"""Log odds, and the one place where coefficients are fitted to them."""

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

Array = npt.NDArray[np.float64]

SIGNIFICANT_DIGITS = 9
# As good as none, and yet it keeps the slopes finite where a column parts the labels perfectly.
HARDLY_A_PENALTY = 1e6
SMALLEST_PROBABILITY = 1e-6


def to_log_odds(probability: Array) -> Array:
    """The log odds of probabilities, kept finite."""
    return np.asarray(logit(np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)))


def fit_coefficients(
    columns: Array, label: Array, inverse_penalty: float = HARDLY_A_PENALTY
) -> tuple[list[float], float]:
    """Slopes and intercept of a logistic regression with an L2 penalty on the slopes.

    The sums run on one thread and the result is rounded: with several threads the last digits of a BLAS sum depend on
    their number, and with them every byte of the model.
    """
    estimator = LogisticRegression(C=inverse_penalty, solver="newton-cholesky", tol=1e-6, max_iter=100)
    with threadpool_limits(limits=1):
        estimator.fit(columns, label)
    return [rounded(slope) for slope in estimator.coef_[0]], rounded(estimator.intercept_[0])


def weighted_sum(columns: Array, weights: list[float]) -> Array:
    """`columns @ weights`, the same to the last digit however many threads there are."""
    with threadpool_limits(limits=1):
        return np.asarray(columns @ np.asarray(weights, dtype=float))


def rounded(value: float) -> float:
    """A figure as models keep it: enough digits to predict, too few to tell two orders of summation apart."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
