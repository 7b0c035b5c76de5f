"""How far an interval reaches, and how noisy a figure is by what becomes of it without a part of its data."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from lead_conversion.pipelines.recommendation.effects.values import Array


def reach_of(confidence_level: float) -> float:
    """How many standard errors an interval of this level reaches to each side."""
    return float(ndtri((1 + confidence_level) / 2))


def error_of(low: pd.Series, high: pd.Series, confidence_level: float) -> pd.Series:
    """The standard errors that intervals of this level were made with."""
    return (high - low) / (2 * reach_of(confidence_level))


def jackknife_variance(without: Array) -> Array:
    """The variance of a figure from its values without each part (Efron and Tibshirani 1993, section 11.5)."""
    return np.asarray((len(without) - 1) / len(without) * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
