"""Log odds, and the one place where coefficients are fitted to them."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from threadpoolctl import threadpool_limits

Array = npt.NDArray[np.float64]

SIGNIFICANT_DIGITS = 9
# As good as none, and yet it keeps the slopes finite where a column parts the labels perfectly.
HARDLY_A_PENALTY = 1e6
SMALLEST_PROBABILITY = 1e-6
MOST_STEPS, SMALLEST_STEP = 100, 1e-9
ROWS_AT_A_TIME = 4096


def to_log_odds(probability: Array) -> Array:
    """The log odds of probabilities, kept finite."""
    return np.asarray(logit(np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)))


def fit_coefficients(
    columns: Array, label: Array, inverse_penalty: float = HARDLY_A_PENALTY, offset: Array | float = 0.0
) -> tuple[list[float], float]:
    """Slopes and intercept of a logistic regression with an L2 penalty on the slopes, by Newton's method.

    `offset` are log odds that are known beforehand, for each row; the regression says what is to be added to them.

    The sums run on one thread and the result is rounded: with several threads the last digits of a BLAS sum depend on
    their number, and with them every byte of the model.
    """
    return fit_design(np.column_stack([np.ones(len(label)), columns]), label, inverse_penalty, offset)


def fit_design(design: Array, label: Array, inverse_penalty: float, offset: Array | float) -> tuple[list[float], float]:
    """The same where the columns stand after one of ones already: a large matrix need not be copied."""
    penalty = _penalise(design.shape[1], inverse_penalty)
    with threadpool_limits(limits=1):
        intercept, *slopes = _climb(design, label, penalty, offset + np.zeros(len(label)))
    return [rounded(slope) for slope in slopes], rounded(intercept)


def step_from_optimum(
    design: Array, label: Array, margin: Array, weights: Iterable[Array], inverse_penalty: float
) -> Iterator[Array]:
    """How far intercept and slopes move when the rows are weighted so: one Newton step with the curvature of all rows.

    `design` are the columns after one of ones, `margin` the fitted log odds. Costs one product a weighting instead of a
    fit (score bootstrap, Kline & Santos 2012); weights are scaled to the number of rows, so that the penalty weighs as
    it did.
    """
    fitted = expit(margin)
    with threadpool_limits(limits=1):
        inverse = np.linalg.inv(_curve(design, fitted) + np.diag(_penalise(design.shape[1], inverse_penalty)))
    for weight in weights:
        # At the optimum the penalty balances the unweighted sum.
        excess = weight * (weight.size / weight.sum()) - 1
        with threadpool_limits(limits=1):
            step = inverse @ (design.T @ (excess * (label - fitted)))
        yield step


def weighted_sum(columns: Array, weights: list[float]) -> Array:
    """`columns @ weights`, the same to the last digit however many threads there are."""
    with threadpool_limits(limits=1):
        return np.asarray(columns @ np.asarray(weights, dtype=float))


def rounded(value: float) -> float:
    """A figure as models keep it: enough digits to predict, too few to tell two orders of summation apart."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _penalise(coefficients: int, inverse_penalty: float) -> Array:
    # The intercept goes free, but for what keeps the equations solvable where a column parts the labels perfectly.
    penalty = np.full(coefficients, 1 / inverse_penalty)
    penalty[0] = 1 / HARDLY_A_PENALTY**2
    return penalty


def _climb(design: Array, label: Array, penalty: Array, offset: Array) -> Array:
    """The coefficients of the smallest penalised loss: Newton's steps, halved while they lead too far."""

    def lose(margin: Array, coefficients: Array) -> float:
        return float(np.sum(np.logaddexp(0, margin) - label * margin) + np.sum(penalty * coefficients**2) / 2)

    coefficients = np.zeros(design.shape[1])
    margin = offset
    for _step in range(MOST_STEPS):
        fitted = expit(margin)
        gradient = design.T @ (label - fitted) - penalty * coefficients
        curvature = _curve(design, fitted) + np.diag(penalty)
        step, loss = np.linalg.solve(curvature, gradient), lose(margin, coefficients)
        moves = design @ step
        while lose(margin + moves, coefficients + step) > loss and np.abs(step).max() > SMALLEST_STEP:
            step, moves = step / 2, moves / 2
        coefficients, margin = coefficients + step, margin + moves
        if np.abs(step).max() <= SMALLEST_STEP:
            break
    return coefficients


def _curve(design: Array, fitted: Array) -> Array:
    """How steeply the loss curves.

    Few rows at a time stay in the processor's cache, and a matrix times itself is half the work of two.
    """
    curvature = np.zeros((design.shape[1], design.shape[1]))
    spread = np.sqrt(fitted * (1 - fitted))
    for begin in range(0, len(design), ROWS_AT_A_TIME):
        part = design[begin : begin + ROWS_AT_A_TIME] * spread[begin : begin + ROWS_AT_A_TIME, None]
        curvature += part.T @ part
    return curvature
