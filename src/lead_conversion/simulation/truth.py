"""Each lead's true chances at its landmarks, given what can be observed of it until then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lead_conversion.simulation import behaviour as law
from lead_conversion.simulation import outlook as ahead
from lead_conversion.simulation.campaigns import Agency, Bools, Floats, Ints
from lead_conversion.simulation.journeys import (
    CALL_LAGS,
    CUSTOMER_LAGS,
    DIRECT_LAGS,
    REPLIED_BOOKING_POWER,
    REPLY_POWER,
    SILENT_BOOKING_POWER,
    Journeys,
)
from lead_conversion.simulation.outlook import OUTCOMES, T1, T2, T3, Outlook
from lead_conversion.simulation.people import ADDRESS_SHARES, Leads
from lead_conversion.simulation.prompts import VOICE

LANDMARKS_HOURS = (0.0, 1.0, 24.0, 72.0, 168.0)

_NO_SHARE = 1e-9  # keeps a division defined where nothing is left


@dataclass(frozen=True)
class View:
    """What may be true of some leads, unseen; how likely it was at first, and what lies ahead if it is."""

    leads: Leads
    hidden: float
    prior: float
    outlook: Outlook
    guesses_addresses: bool = False


@dataclass(frozen=True)
class _Weighed:
    """What is still possible at a landmark: its likelihood so far, and with each outcome (T x n)."""

    mass: Floats
    outcomes: Floats


def _trial_choices(journeys: Journeys, axis: Ints) -> tuple[Ints, Ints]:
    """Which of the two waits on trial each lead got; 0 where it never came to the choice."""
    tried = journeys.is_met & (journeys.alternative == 1)
    first, second = (((which == axis.T) & tried).any(axis=1).astype(np.int64) for which in (0, 1))
    return first, second


def _going_on(view: Outlook, k: Ints, state: Ints, waits: tuple[Ints, Ints], landmark: Floats) -> _Weighed:
    """The next step is still to come: the waits that have not run out by the landmark."""
    positions, n = view.wait_axis.shape
    rows, is_last = np.arange(n), k + 1 >= positions
    k_next = np.minimum(k + 1, positions - 1)
    axis = view.wait_axis[k_next, rows]
    own = view.own_wait[k_next, rows, state]
    mass, outcomes = np.zeros(n), np.zeros((OUTCOMES, n))
    for choice, chance in ((0, own), (1, np.where(axis < 0, 0.0, 1.0 - own))):
        a = np.where(axis == 0, choice, waits[0])
        b = np.where(axis == 1, choice, waits[1])
        weight = np.where(axis < 0, 1.0 - choice, chance)
        weight = weight * (view.due_at[k_next, rows, a, b] >= landmark)
        mass += weight
        outcomes += weight * view.at_risk[k_next, :, rows, a, b, state].T
    return _Weighed(np.where(is_last, 1.0, mass), np.where(is_last, 0.0, outcomes))


@dataclass(frozen=True)
class _Attempt:
    """The last attempt before the landmark, and what is known of its laws; n or T x n."""

    leads: Leads
    journeys: Journeys
    landmark: Floats
    due_at: Floats
    window: Floats
    left: Floats  # hours from the attempt to the end of each outcome's window
    answers: Floats  # response x n: chances, given how far the attempt got
    books: Floats  # response x n: chances of a booking
    quiet: _Weighed  # what lies ahead without an answer
    warm: _Weighed  # and with one

    @property
    def share(self) -> Floats:
        """How much of the time for an answer is left at the landmark."""
        return ahead.remaining_share(self.landmark - self.due_at, self.window)

    def share_after(self, hours: Floats) -> Floats:
        """How much is left some hours after the attempt."""
        return ahead.remaining_share(hours, self.window)


def _situation_at(agency: Agency, leads: Leads, journeys: Journeys, k: Ints, hidden: Floats) -> law.Situation:
    rows = np.arange(len(leads))
    step, slot, alternative, state = (
        values[rows, k] for values in (journeys.step, journeys.slot, journeys.alternative, journeys.state)
    )
    return law.Situation(agency, leads, step, slot, alternative, state, hidden)


def _describe_attempt(
    agency: Agency,
    leads: Leads,
    journeys: Journeys,
    view: Outlook,
    at: tuple[Ints, Floats, Floats, tuple[Ints, Ints]],
    level: Ints,
) -> _Attempt:
    k, landmark, hidden, waits = at
    rows = np.arange(len(leads))
    situation = _situation_at(agency, leads, journeys, k, hidden)
    step, state = situation.step, situation.state
    quiet_state = law.state_after(agency, step, level, np.array(law.SILENCE), state)
    due_at = journeys.due_at[rows, k]
    return _Attempt(
        leads=leads,
        journeys=journeys,
        landmark=landmark,
        due_at=due_at,
        window=agency.window[leads.campaign, leads.variant, k],
        left=ahead.WINDOWS[:, None] + journeys.first_engaged_at - due_at,
        answers=law.response_probabilities(situation, level),
        books=law.booking_probability(situation, level, np.arange(law.RESPONSES)[:, None]),
        quiet=_going_on(view, k, quiet_state, waits, landmark),
        warm=_going_on(view, k, np.full(len(leads), law.WARM), waits, landmark),
    )


def _without_answer(last: _Attempt) -> _Weighed:
    """No answer was seen: none comes, or one is on its way."""
    share, answers, books = last.share, last.answers, last.books
    unseen = share**REPLY_POWER
    silent = ahead.booking_outcomes(
        lambda t: _since(share, last.share_after(t), SILENT_BOOKING_POWER), last.leads, last.left
    )
    coming = ahead.booking_outcomes(lambda t: _product_since(share, last.share_after(t)), last.leads, last.left)
    by_person = ahead.direct_outcomes(lambda t: _since(share, last.share_after(t), REPLY_POWER), last.leads, last.left)

    still_quiet = books[law.SILENCE] * share**SILENT_BOOKING_POWER + (1 - books[law.SILENCE]) * last.quiet.mass
    mass = answers[law.SILENCE] * still_quiet + unseen * answers[law.NEUTRAL :].sum(axis=0)
    outcomes = answers[law.SILENCE] * (books[law.SILENCE] * silent + (1 - books[law.SILENCE]) * last.quiet.outcomes)
    for j in (law.NEUTRAL, law.OBJECTION, law.POSITIVE):
        direct = last.leads.qualifies_directly if j == law.POSITIVE else 0.0
        onward = unseen * (1.0 - law.STOPS[j] - direct) * last.warm.outcomes + direct * by_person
        outcomes += answers[j] * (books[j] * coming + (1 - books[j]) * onward)
    return _Weighed(mass, outcomes)


def _with_answer(last: _Attempt, response: Ints, replied_at: Floats) -> _Weighed:
    """The answer was seen, no opt-out: what it leads to may be on its way."""
    rows = np.arange(len(response))
    at_reply = np.maximum(last.share_after(replied_at - last.due_at), _NO_SHARE)
    now = np.minimum(last.share / at_reply, 1.0)
    books = last.books[response, rows]
    direct = np.where(response == law.POSITIVE, last.leads.qualifies_directly, 0.0)
    goes_on = 1.0 - law.STOPS[response] - direct
    booking = ahead.booking_outcomes(
        lambda t: _since(now, np.minimum(last.share_after(t) / at_reply, 1.0), REPLIED_BOOKING_POWER),
        last.leads,
        last.left,
    )
    pending, by_person = _pending(replied_at, DIRECT_LAGS, last.landmark, last.journeys, last.leads.buys)
    stays = goes_on * last.warm.mass + law.STOPS[response] + direct * pending
    mass = books * now**REPLIED_BOOKING_POWER + (1 - books) * stays
    outcomes = books * booking + (1 - books) * (goes_on * last.warm.outcomes + direct * by_person)
    return _Weighed(mass, outcomes)


def _answer_seen(last: _Attempt, k: Ints) -> tuple[Bools, Ints]:
    """Whether an answer was seen before the landmark, and which; neutral where none was."""
    rows = np.arange(len(k))
    is_seen = np.nan_to_num(last.journeys.replied_at[rows, k], nan=np.inf) < last.landmark
    return is_seen, np.where(is_seen, last.journeys.response[rows, k], law.NEUTRAL)


def _after_attempt(last: _Attempt, k: Ints) -> _Weighed:
    is_seen, response = _answer_seen(last, k)
    replied_at = last.journeys.replied_at[np.arange(len(k)), k]
    seen = _with_answer(last, response, np.where(is_seen, replied_at, last.due_at))
    unseen = _without_answer(last)
    return _Weighed(
        np.where(is_seen, seen.mass, unseen.mass),
        np.where(is_seen, seen.outcomes, unseen.outcomes),
    )


def _after_unsettled(describe: Callable[[Ints], _Attempt], k: Ints, chances: Floats) -> _Weighed:
    """After an attempt of which nobody knows yet how far it got; `chances` are levels x n."""
    rows, n = np.arange(len(k)), len(k)
    mass, outcomes = np.zeros(n), np.zeros((OUTCOMES, n))
    for level, chance in enumerate(chances):
        last = describe(np.full(n, level))
        is_seen, response = _answer_seen(last, k)
        met = _after_attempt(last, k)
        weight = chance * np.where(is_seen, last.answers[response, rows], 1.0)
        mass, outcomes = mass + weight * met.mass, outcomes + weight * met.outcomes
    return _Weighed(mass, outcomes)


def _since(now: Floats, then: Floats, power: int) -> Floats:
    """Chance of an event between the moments at which the shares `now` and `then` remained."""
    return np.maximum(now**power - then**power, 0.0)


def _product_since(now: Floats, then: Floats) -> Floats:
    """Chance of a reply after `now` and a booking after that, before `then`."""
    share = np.minimum(then / np.maximum(now, _NO_SHARE), 1.0)
    return now**REPLY_POWER * (1.0 - ahead.product_below(share))


def _pending(
    since: Floats,
    lags: tuple[Floats, Floats],
    landmark: Floats,
    journeys: Journeys,
    buys: Floats,
) -> tuple[Floats, Floats]:
    """A qualification that follows something at `since` after a lag, not come by the landmark.

    Returns:
        The chance that it has not come yet, and with that the chance of each outcome (T x n).
    """
    ends = journeys.first_engaged_at + ahead.WINDOWS[:, None]
    mass, outcomes = np.zeros(len(since)), np.zeros((OUTCOMES, len(since)))
    for lag, share in zip(*lags, strict=True):
        at = np.nan_to_num(since, nan=-np.inf) + lag
        open_share = share * (at >= landmark)
        mass += open_share
        outcomes[T2] += open_share * (at < ends[T2])
        for later, chance in zip(*CUSTOMER_LAGS, strict=True):
            outcomes[T3] += open_share * chance * buys * (at + later < ends[T3])
    return mass, outcomes


def _purchase_pending(journeys: Journeys, landmark: Floats) -> tuple[Floats, Floats]:
    at = journeys.qualified_at + CUSTOMER_LAGS[0][:, None]
    open_share = CUSTOMER_LAGS[1][:, None] * (at >= landmark)
    in_time = at < journeys.first_engaged_at + ahead.WINDOWS[T3]
    return open_share.sum(axis=0), (open_share * in_time).sum(axis=0)


def _history_likelihood(agency: Agency, leads: Leads, journeys: Journeys, hidden: Floats) -> Floats:
    """Likelihood of what was chosen and not booked before each position (n x K+1), given a trait.

    Column k holds the positions before k and the choice of the prompt at k - 1's successor is not
    yet in it; terms that do not depend on the trait are left out.
    """
    carried = leads.take(np.s_[:, None])
    trait = np.broadcast_to(hidden[:, None], journeys.step.shape)
    at = law.Situation(
        agency,
        carried,
        journeys.step,
        journeys.slot,
        journeys.alternative,
        journeys.state,
        trait,
    )
    acts = journeys.is_sent | (agency.matters == 0) & journeys.is_met
    open_ = np.where(acts, 1.0 - law.booking_probability(at, journeys.level, journeys.response), 1.0)
    steps = (_choice_likelihood(agency, leads, journeys, hidden) * open_).cumprod(axis=1)
    return np.concatenate([np.ones((len(leads), 1)), steps], axis=1)


def _choice_likelihood(agency: Agency, leads: Leads, journeys: Journeys, hidden: Floats) -> Floats:
    preferences = law.prompt_preferences(
        agency, leads.take(np.s_[:, None]), journeys.step, journeys.state, hidden[:, None]
    )
    live = agency.live(journeys.step, np.nan_to_num(journeys.due_at))
    chosen = law.prompt_probabilities(preferences, live)
    taken = np.take_along_axis(chosen, journeys.slot[..., None], axis=-1)[..., 0]
    return np.where(journeys.is_sent, taken, 1.0)


def _address_likelihood(agency: Agency, leads: Leads, journeys: Journeys, is_past: Bools) -> Floats:
    """Likelihood of what was sent and what was skipped, had the leads these addresses."""
    carried = leads.take(np.s_[:, None])
    sends = np.where(
        law.is_reachable(agency, carried, journeys.step), 1 - law.skip_probability(agency, carried, journeys.step), 0.0
    )
    return np.asarray(np.where(is_past, np.where(journeys.is_sent, sends, 1 - sends), 1.0).prod(axis=1))


def _weigh(agency: Agency, journeys: Journeys, view: View, landmark: Floats, settling_hours: float) -> _Weighed:
    """What may still happen to a lead without a booking, a qualification or an opt-out so far."""
    leads, outlook, n = view.leads, view.outlook, len(view.leads)
    rows, hidden = np.arange(n), np.full(n, view.hidden)
    waits = _trial_choices(journeys, outlook.wait_axis)
    is_past = journeys.is_met & (np.nan_to_num(journeys.due_at, nan=np.inf) < landmark[:, None])
    k = is_past.sum(axis=1) - 1
    last = np.maximum(k, 0)
    state = np.where(k >= 0, journeys.state[rows, last], law.COLD)
    untouched = _going_on(outlook, k, state, waits, landmark)
    at = (last, landmark, hidden, waits)

    def describe(level: Ints) -> _Attempt:
        return _describe_attempt(agency, leads, journeys, outlook, at, level)

    attempted = _after_attempt(describe(journeys.level[rows, last]), last)
    if settling_hours:
        situation = _situation_at(agency, leads, journeys, last, hidden)
        unsettled = _after_unsettled(describe, last, law.level_probabilities(situation))
        is_open = (situation.channel != VOICE) & (journeys.due_at[rows, last] + settling_hours >= landmark)
        attempted = _Weighed(
            np.where(is_open, unsettled.mass, attempted.mass), np.where(is_open, unsettled.outcomes, attempted.outcomes)
        )
    acts = (k >= 0) & (journeys.is_sent[rows, last] | (agency.matters == 0))
    mass = np.where(acts, attempted.mass, untouched.mass)
    outcomes = np.where(acts, attempted.outcomes, untouched.outcomes)
    if agency.spec.hidden_confounding:
        so_far = _history_likelihood(agency, leads, journeys, hidden)[rows, last]
        choice = _choice_likelihood(agency, leads, journeys, hidden)[rows, last]
        likelihood = np.where(k >= 0, so_far * choice, 1.0)
        mass, outcomes = mass * likelihood, outcomes * likelihood
    if view.guesses_addresses:
        likelihood = _address_likelihood(agency, leads, journeys, is_past)
        mass, outcomes = mass * likelihood, outcomes * likelihood
    return _Weighed(view.prior * mass, view.prior * outcomes)


def _at_first_engagement(agency: Agency, journeys: Journeys, views: Sequence[View]) -> Floats:
    """Chances of a lead whose first attempt is just being made, its prompt not yet known."""
    rows = np.arange(len(journeys.is_sent))
    k = journeys.is_sent.argmax(axis=1)
    is_past = journeys.is_met & (np.arange(journeys.step.shape[1]) <= k[:, None])
    mass, outcomes = np.zeros(len(rows)), np.zeros((OUTCOMES, len(rows)))
    for view in views:
        a, b = _trial_choices(journeys, view.outlook.wait_axis)
        weight = np.full(len(rows), view.prior)
        if view.guesses_addresses:
            weight *= _address_likelihood(agency, view.leads, journeys, is_past)
        mass, outcomes = mass + weight, outcomes + weight * view.outlook.sent[k, :, rows, a, b, law.COLD].T
    return outcomes / np.where(mass > 0, mass, np.nan)


def _chances(
    agency: Agency, leads: Leads, journeys: Journeys, views: Sequence[View], hours: float, settling_hours: float
) -> Floats:
    """T x n chances; NaN where the lead is not open for the outcome at the landmark."""
    zero = journeys.first_engaged_at
    landmark = zero + hours
    parts = [_weigh(agency, journeys, view, landmark, settling_hours) for view in views]
    mass = np.sum([p.mass for p in parts], axis=0)
    chances = np.sum([p.outcomes for p in parts], axis=0) / np.where(mass > 0, mass, np.nan)
    if hours == 0:
        first_sent = np.where(journeys.is_sent, journeys.due_at, np.inf).min(axis=1)
        start = _at_first_engagement(agency, journeys, views)
        chances = np.where(first_sent <= zero, start, chances)
        # An answer to something that was never sent (only where nothing matters) is no landmark
        # that could be foreseen.
        unforeseen = (zero < first_sent) & ~(journeys.wrote_first_at <= zero)
        chances = np.where(unforeseen, np.nan, chances)

    is_booked = journeys.booked_at < landmark
    is_qualified = journeys.qualified_at < landmark
    call_open, by_call = _pending(journeys.booked_at, CALL_LAGS, landmark, journeys, leads.buys)
    q = leads.qualifies
    by_call = q * by_call / (1.0 - q + q * call_open)
    sale_open, sale = _purchase_pending(journeys, landmark)
    by_sale = leads.buys * sale / (1.0 - leads.buys + leads.buys * sale_open)
    chances[T1] = np.where(is_booked, np.nan, np.where(is_qualified, 0.0, chances[T1]))
    chances[T2] = np.where(is_qualified, np.nan, np.where(is_booked, by_call[T2], chances[T2]))
    chances[T3] = np.where(is_qualified, by_sale, np.where(is_booked, by_call[T3], chances[T3]))
    chances[T3] = np.where(journeys.customer_at < landmark, np.nan, chances[T3])
    over = hours >= ahead.WINDOWS[:, None]
    return np.where(over | (journeys.opted_out_at < landmark), np.nan, chances)


def look_ahead_at_traits(agency: Agency, leads: Leads, journeys: Journeys) -> list[View]:
    """The outlook under each value that the unrecorded trait may have; one where none matters."""
    traits = (-1.0, 1.0) if agency.spec.hidden_confounding else (0.0,)
    return [
        View(
            leads,
            trait,
            1 / len(traits),
            ahead.look_ahead(agency, leads, journeys.first_engaged_at, np.full(len(leads), trait)),
        )
        for trait in traits
    ]


def look_ahead_at_addresses(agency: Agency, leads: Leads, journeys: Journeys) -> list[View]:
    """The same for one who does not know either whether a lead has a phone number or an e-mail address."""
    every = np.ones(len(leads), dtype=bool)
    return [
        replace(view, prior=view.prior * share, guesses_addresses=True)
        for has_phone, has_email, share in ADDRESS_SHARES
        for view in look_ahead_at_traits(
            agency, replace(leads, has_phone=every & has_phone, has_email=every & has_email), journeys
        )
    ]


def lead_chances(
    agency: Agency,
    leads: Leads,
    journeys: Journeys,
    contact_ids: Ints,
    views: Sequence[View],
    settling_hours: float = 0.0,
) -> pd.DataFrame:
    """One row a lead and landmark: true chances, and what really came of the lead in the end.

    A chance is NaN where the lead is not open for the target at the landmark. It is exact for
    event times without the few minutes by which an attempt follows its schedule.

    Args:
        agency: the campaigns.
        leads: who they are.
        journeys: what happened to them.
        contact_ids: one a lead.
        views: what may be true of them.
        settling_hours: for how long nobody knows what became of a message.
    """
    outcomes = (
        (T1, "t1", journeys.booked_at),
        (T2, "t2", journeys.qualified_at),
        (T3, "t3", journeys.customer_at),
    )
    frames = []
    engaged = np.isfinite(journeys.first_engaged_at)
    for hours in LANDMARKS_HOURS:
        chances = _chances(agency, leads, journeys, views, hours, settling_hours)
        columns = {
            "contact_id": contact_ids,
            "landmark_hours": hours,
            "landmark_at": agency.spec.moments(np.where(engaged, journeys.first_engaged_at + hours, np.nan)),
        }
        columns |= {f"p_{name}": chances[which] for which, name, _ in outcomes}
        columns |= {
            f"reached_{name}": at < journeys.first_engaged_at + ahead.WINDOWS[which] for which, name, at in outcomes
        }
        frames.append(pd.DataFrame(columns)[engaged])
    return pd.concat(frames, ignore_index=True)
