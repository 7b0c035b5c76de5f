"""Empirical-Bayes shrinkage: what is left of an effect once its noise is taken off."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from lead_conversion.pipelines.recommendation.effects.intervals import error_of, reach_of

KEEPING_A_STEP = "step"
# Where everybody books, or nobody, an interval can have no width.
LEAST_NOISE = 1e-6


@dataclass(frozen=True)
class Prior:
    """The normal distribution that effects of one type are drawn from, and how well its mean is known."""

    mean: float
    sd: float
    mean_error: float


def shrink_effects(
    effects: pd.DataFrame, confidence_level: float, least_sd: float, of_leads: pd.Series | None = None
) -> pd.DataFrame:
    """Each effect drawn toward the mean of its element type, the more so the noisier it is.

    Normal prior for each element type with variance by Paule and Mandel (1982, J. Res. Natl. Bur. Stand. 87:377), not
    below `least_sd`, so that few elements do not make the estimate certain. Weights of 1/noise² (DerSimonian and Laird
    1986) would let the elements of late steps, where few book and effects and noise are small, set the spread of all.
    Steps share a mean, known only with the error that Morris (1983, J. Am. Stat. Assoc. 78, 47) adds to the interval:
    keeping a step helps or harms on average. All other contrasts have no side to lean to, and their prior mean is zero.
    Mirrored rows count once. A prompt whose wording was counted (`text_mean`) is drawn in already.

    Args:
        effects: of elements, each with its interval.
        confidence_level: of the intervals.
        least_sd: of the prior.
        of_leads: where it is known, the part of each standard error that is the leads' own; the prior's spread is what
            lies beyond that. The other part is a jackknife, which is too large where leads are few (Efron and Stein
            1981, Ann. Statist. 9:586): beyond both of them no spread is left, and what is worth three points is told as
            half a point.

    Returns:
        The effects with `posterior`, `posterior_low`, `posterior_high`, as probabilities.
    """
    reach = reach_of(confidence_level)
    noise = error_of(effects["ci_low"], effects["ci_high"], confidence_level).to_numpy(dtype=np.float64)
    noise = noise.clip(min=LEAST_NOISE)
    least_noise = noise if of_leads is None else np.fmin(noise, of_leads.to_numpy(dtype=np.float64)).clip(LEAST_NOISE)
    observed = effects["effect"].to_numpy(dtype=np.float64)
    posterior, sd = np.empty_like(observed), np.empty_like(observed)
    is_mirror = effects["hypothesis"].duplicated().to_numpy()
    for element_type, rows in effects.groupby("element_type", sort=True).indices.items():
        once = rows[~is_mirror[rows]]
        has_mean = element_type == KEEPING_A_STEP
        prior = _fit_prior(observed[once], least_noise[once], least_sd, has_mean=has_mean)
        trust = prior.sd**2 / (prior.sd**2 + noise[rows] ** 2)
        posterior[rows] = prior.mean + trust * (observed[rows] - prior.mean)
        sd[rows] = np.sqrt(trust * noise[rows] ** 2 + ((1 - trust) * prior.mean_error) ** 2)
    has_wording = effects["text_mean"].notna().to_numpy()
    posterior[has_wording], sd[has_wording] = effects.loc[has_wording, ["text_mean", "text_sd"]].to_numpy().T
    return effects.assign(
        posterior=posterior,
        posterior_low=posterior - reach * sd,
        posterior_high=posterior + reach * sd,
    )


def _fit_prior(effects: NDArray[np.float64], noise: NDArray[np.float64], least_sd: float, *, has_mean: bool) -> Prior:
    lost = 1 if has_mean else 0

    def mean_and_weight(variance: float) -> tuple[float, NDArray[np.float64]]:
        weight = 1 / (noise**2 + variance)
        return (float(weight @ effects / weight.sum()) if has_mean else 0.0), weight

    def excess(variance: float) -> float:
        mean, weight = mean_and_weight(variance)
        return float(weight @ (effects - mean) ** 2) - (len(effects) - lost)

    # No two differences of probabilities are further apart than 2.
    variance = brentq(excess, 0.0, 4.0) if excess(0.0) > 0 else 0.0
    variance = max(variance, least_sd**2)
    mean, weight = mean_and_weight(variance)
    return Prior(mean, math.sqrt(variance), float(weight.sum()) ** -0.5 if has_mean else 0.0)
