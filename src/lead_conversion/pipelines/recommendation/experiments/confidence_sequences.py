"""Rates that are watched all the time: intervals that hold at every look together, however often one looks."""

import math

from scipy.optimize import brentq
from scipy.special import betaln

# How many events the guess weighs that both arms do alike. More: quicker to see small differences, slower large ones.
PRIOR_EVENTS = 20.0
_EDGE = 1e-12


def rate_ratio_sequence(
    events_treated: int, events_control: int, share_treated: float, alpha: float
) -> tuple[float, float]:
    """The rate of events under treatment over that under control: an interval that holds at all times at once.

    Of leads dealt at random, an event falls to the treated arm with a chance of share · ratio / (share · ratio + 1 -
    share), whatever the rates are and however they drift in both arms alike. For that chance the beta-binomial mixture
    gives a confidence sequence (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, Ann. Stat. 49, 1055; used so
    by Lindon and Malek 2022, NeurIPS 35). It is exact: with rare events, from the first one on, at any number of looks.

    Args:
        events_treated: leads with the event so far.
        events_control: the same, of the other arm.
        share_treated: chance of a lead to be treated, between 0 and 1.
        alpha: chance that the interval misses the ratio at any time at all.

    Returns:
        lower and upper limit; 0 and infinity where nothing is known yet.
    """
    prior_treated, prior_control = PRIOR_EVENTS * share_treated, PRIOR_EVENTS * (1 - share_treated)
    mixture = betaln(prior_treated + events_treated, prior_control + events_control)
    evidence = float(mixture - betaln(prior_treated, prior_control)) + math.log(alpha)

    def excluded_by(chance: float) -> float:
        return evidence - events_treated * math.log(chance) - events_control * math.log1p(-chance)

    events = events_treated + events_control
    peak = min(max(events_treated / events, _EDGE), 1 - _EDGE) if events else share_treated
    low = brentq(excluded_by, _EDGE, peak) if excluded_by(_EDGE) > 0 > excluded_by(peak) else 0.0
    high = brentq(excluded_by, peak, 1 - _EDGE) if excluded_by(1 - _EDGE) > 0 > excluded_by(peak) else 1.0
    odds = share_treated / (1 - share_treated)
    return low / (1 - low) / odds, (high / (1 - high) / odds if high < 1 else math.inf)
