"""What lies before a lead: exact chances at every step of its sequence, by backward recursion.

The two waits on trial in a campaign make at most four timings of a sequence, and a lead carries
three states from step to step, so everything that can still happen is summed, not drawn.
Axes: T outcomes x n leads x 2 x 2 waits on trial x 3 states. An axis of a wait that has not been
chosen yet holds the same value twice.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lead_conversion.kernel.windows import HOURS_A_DAY
from lead_conversion.simulation import behaviour as law
from lead_conversion.simulation.campaigns import SLOTS, Agency, Bools, Floats, Ints
from lead_conversion.simulation.journeys import (
    CALL_LAGS,
    CUSTOMER_LAGS,
    DIRECT_LAGS,
    REPLIED_BOOKING_POWER,
    REPLY_POWER,
    SILENT_BOOKING_POWER,
)
from lead_conversion.simulation.people import Leads

BOOKED, T1, T2, T3 = range(4)
OUTCOMES = 4
# Hours from the first engagement; a booking at any time is the outcome of an effect.
WINDOWS = np.array((np.inf, 7.0 * HOURS_A_DAY, 14.0 * HOURS_A_DAY, 30.0 * HOURS_A_DAY))
SILENT, REPLIED, DIRECT, GOES_ON = 0, 1, 2, 3  # what a step leads to; GOES_ON + state

Chance = Callable[[Floats], Floats]


def booking_outcomes(by: Chance, leads: Leads, left: Floats) -> Floats:
    """Chance of each outcome through a booking that comes within t hours with chance `by(t)`.

    Args:
        by: distribution function of the booking, in hours since the step was due.
        leads: their chances of a qualification and a purchase; its arrays broadcast.
        left: T x ... hours from the step to the end of each window.
    """
    qualified = _after_lag(by, CALL_LAGS, left[T2])
    bought = _after_lag(lambda t: _after_lag(by, CALL_LAGS, t), CUSTOMER_LAGS, left[T3])
    return np.stack(
        [
            by(left[BOOKED]),
            by(left[T1]),
            leads.qualifies * qualified,
            leads.qualifies * leads.buys * bought,
        ]
    )


def direct_outcomes(by: Chance, leads: Leads, left: Floats) -> Floats:
    """The same through a qualification without a call, after a reply with distribution `by`."""
    qualified = _after_lag(by, DIRECT_LAGS, left[T2])
    bought = _after_lag(lambda t: _after_lag(by, DIRECT_LAGS, t), CUSTOMER_LAGS, left[T3])
    nothing = np.zeros_like(qualified)
    return np.stack([nothing, nothing, qualified, leads.buys * bought])


def _after_lag(by: Chance, lags: tuple[Floats, Floats], left: Floats) -> Floats:
    total = np.zeros_like(left)
    for hours, share in zip(*lags, strict=True):
        total = total + share * by(left - hours)
    return total


def remaining_share(hours: Floats, window: Floats) -> Floats:
    """How much of the answer time is left after some hours, between 0 and 1."""
    return np.clip(1.0 - hours / window, 0.0, 1.0)


def product_below(share: Floats) -> Floats:
    """Chance that the remaining share at a booking after a reply is below a share of the whole.

    The product of two independent powers U^(1/a) V^(1/b) lies below c with chance
    (a c^b - b c^a) / (a - b).
    """
    a, b = REPLY_POWER, REPLIED_BOOKING_POWER
    return (a * share**b - b * share**a) / (a - b)


@dataclass(frozen=True)
class Outlook:
    """Chances before, at and after each position, and the laws that they were summed from."""

    due_at: Floats  # K x n x 2 x 2
    live: Bools  # K x n x 2 x 2 x slots
    preferences: Floats  # K x n x states x slots
    laws: Floats  # K x n x states x slots x own or alternative wait x what it leads to
    own_wait: Floats  # K x n x states
    wait_axis: Ints  # K x n
    before: Floats  # K+1 x T x n x 2 x 2 x states: before the wait of the position is chosen
    at_risk: Floats  # K x T x n x 2 x 2 x states: at the position, before it is sent or skipped
    sent: Floats  # K x T x n x 2 x 2 x states: and sent


def _lay_out_times(agency: Agency, leads: Leads, axis: Ints) -> tuple[Floats, Ints]:
    positions = len(axis)
    some = leads.take(np.s_[:, None, None])
    shape = (len(leads), 2, 2)
    first, second = np.arange(2)[:, None], np.arange(2)[None, :]
    due_at = np.zeros((positions, *shape))
    alternatives = np.zeros((positions, *shape), dtype=np.int64)
    since = np.broadcast_to(some.enrolled_at, shape)
    for k in range(positions):
        chosen = axis[k][:, None, None]
        alternatives[k] = np.where(chosen == 0, first, np.where(chosen == 1, second, 0))
        wait = law.planned_wait(agency, some, k, alternatives[k], since)
        since = due_at[k] = law.send_time(agency.spec, since + wait, some.zone)
    return due_at, alternatives


def step_law(agency: Agency, leads: Leads, step: Ints, hidden: Floats) -> Floats:
    """Chances of what a sent step leads to: n x states x slots x waits x (GOES_ON + states)."""
    some = leads.take(np.s_[:, None, None, None])
    at = law.Situation(
        agency,
        some,
        step[:, None, None, None],
        np.arange(SLOTS)[:, None],
        np.arange(2),
        np.arange(law.STATES)[:, None, None],
        hidden[:, None, None, None],
    )
    level = np.arange(law.LEVELS).reshape(-1, 1, 1, 1, 1)
    response = np.arange(law.RESPONSES).reshape(-1, 1, 1, 1, 1, 1)
    met = law.level_probabilities(at) * law.response_probabilities(at, level)
    books = law.booking_probability(at, level, response)
    silent = (met[0] * books[0]).sum(axis=0)
    replied = (met[1:] * books[1:]).sum(axis=(0, 1))
    open_ = met * (1.0 - books)
    direct = open_[law.POSITIVE].sum(axis=0) * some.qualifies_directly
    goes_on = [np.zeros_like(silent) for _ in range(law.STATES)]
    after = law.state_after(agency, at.step, level, np.array(law.SILENCE), at.state)
    for state in range(law.STATES):
        goes_on[state] += (open_[law.SILENCE] * (after == state)).sum(axis=0)
    kept = (1.0 - law.STOPS).reshape(response.shape)
    goes_on[law.WARM] += (open_ * kept)[1:].sum(axis=(0, 1)) - direct
    return np.stack([silent, replied, direct, *goes_on], axis=-1)


def look_ahead(
    agency: Agency, leads: Leads, first_engaged_at: Floats, hidden: Floats, outcomes: int = OUTCOMES
) -> Outlook:
    """The outlook of each lead in its campaign and order, given what steers it unseen.

    Args:
        agency: the campaigns.
        leads: their campaign and variant may be counterfactual.
        first_engaged_at: the zero of the windows.
        hidden: the trait that is recorded nowhere.
        outcomes: how many of (booked ever, T1, T2, T3) are summed.
    """
    n, positions = len(leads), agency.order.shape[-1]
    step = agency.order[leads.campaign, leads.variant].T
    axis = agency.wait_axis[step]
    due_at, alternatives = _lay_out_times(agency, leads, axis)
    tree = leads.take(np.s_[:, None, None])
    carried = leads.take(np.s_[:, None])
    states = np.arange(law.STATES)
    shape = (outcomes, n, 2, 2, law.STATES)
    before, at_risk, sent = (np.zeros((positions + last, *shape)) for last in (1, 0, 0))
    live = np.zeros((positions, n, 2, 2, SLOTS), dtype=bool)
    preferences = np.zeros((positions, n, law.STATES, SLOTS))
    laws = np.zeros((positions, n, law.STATES, SLOTS, 2, GOES_ON + law.STATES))
    own_wait = np.zeros((positions, n, law.STATES))
    ends = WINDOWS.reshape(-1, 1, 1, 1) + np.nan_to_num(first_engaged_at, posinf=0.0)[:, None, None]

    for k in reversed(range(positions)):
        laws[k] = step_law(agency, leads, step[k], hidden)
        live[k] = agency.live(step[k][:, None, None], due_at[k])
        preferences[k] = law.prompt_preferences(agency, carried, step[k][:, None], states, hidden[:, None])
        own_wait[k] = law.own_wait_probability(agency, carried, step[k][:, None], states)
        chosen = law.prompt_probabilities(preferences[k][:, None, None], live[k][:, :, :, None, :])
        by_wait = np.einsum("nabhp,nhpwx->nabhwx", chosen, laws[k])
        is_other = alternatives[k][..., None, None] == 1
        leads_to = np.where(is_other, by_wait[..., 1, :], by_wait[..., 0, :])

        window = agency.window[leads.campaign, leads.variant, k][:, None, None]
        left = ends - due_at[k]
        gains = np.stack(
            [
                booking_outcomes(_silent_by(window), tree, left),
                booking_outcomes(_replied_by(window), tree, left),
                direct_outcomes(_reply_by(window), tree, left),
            ],
            axis=-1,
        )[:outcomes]
        sent[k] = np.einsum("nabhx,tnabx->tnabh", leads_to[..., :GOES_ON], gains)
        sent[k] += np.einsum("nabhx,tnabx->tnabh", leads_to[..., GOES_ON:], before[k + 1])
        skips = np.where(
            law.is_reachable(agency, leads, step[k]),
            law.skip_probability(agency, leads, step[k]),
            1.0,
        )[:, None, None, None]
        skipped = before[k + 1] if agency.matters else sent[k]
        at_risk[k] = skips * skipped + (1.0 - skips) * sent[k]
        before[k] = _mix_waits(at_risk[k], own_wait[k], axis[k])
    return Outlook(due_at, live, preferences, laws, own_wait, axis, before, at_risk, sent)


def _mix_waits(at_risk: Floats, own_wait: Floats, axis: Ints) -> Floats:
    own = own_wait[:, None, None, :]
    by_axis = [
        np.broadcast_to(
            own * at_risk.take([0], axis=2 + which) + (1 - own) * at_risk.take([1], axis=2 + which),
            at_risk.shape,
        )
        for which in range(2)
    ]
    chosen = axis[:, None, None, None]
    return np.where(chosen == 0, by_axis[0], np.where(chosen == 1, by_axis[1], at_risk))


def _silent_by(window: Floats) -> Chance:
    return lambda t: 1.0 - remaining_share(t, window) ** SILENT_BOOKING_POWER


def _reply_by(window: Floats) -> Chance:
    return lambda t: 1.0 - remaining_share(t, window) ** REPLY_POWER


def _replied_by(window: Floats) -> Chance:
    return lambda t: 1.0 - product_below(remaining_share(t, window))
