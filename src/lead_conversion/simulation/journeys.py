"""One history a lead, drawn from the laws of `behaviour`: what was sent, what came back, when.

After a step with an answer time W, the remaining share of W at a reply is Beta(8, 1), at a booking
without reply Beta(4, 1), and of what is left after a reply at a booking Beta(3, 1). Powers are what
makes the chances in `truth` exact.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lead_conversion.simulation import behaviour as law
from lead_conversion.simulation.campaigns import Agency, Bools, Floats, Ints
from lead_conversion.simulation.draws import happen
from lead_conversion.simulation.people import Leads

REPLY_POWER = 8
SILENT_BOOKING_POWER = 4
REPLIED_BOOKING_POWER = 3

# Hours and their probabilities.
CALL_LAGS = (np.array((25.0, 49.0, 97.0)), np.array((0.45, 0.35, 0.20)))
DIRECT_LAGS = (np.array((6.0, 28.0, 52.0)), np.array((0.5, 0.3, 0.2)))
CUSTOMER_LAGS = (np.array((50.0, 122.0, 243.0)), np.array((0.40, 0.35, 0.25)))
Columns = dict[str, Any]
# What stands at a position that a lead did not come to.
_EMPTY: Columns = {
    "is_met": False,
    "is_sent": False,
    "is_reachable": False,
    "books": False,
    "step": 0,
    "slot": 0,
    "alternative": 0,
    "state": 0,
    "level": 0,
    "response": 0,
    "due_at": np.nan,
    "sent_at": np.nan,
    "replied_at": np.nan,
}
EARLY_WRITERS = 0.015  # write in before anything is sent


@dataclass(frozen=True)
class Journeys:
    """The histories of some leads. n leads x K positions; times in hours, NaN where none.

    `is_met`: the lead was at risk at the position. `is_sent`: and was sent the step. A lead meets
    no position after the one at which its sequence ended.
    """

    is_met: Bools
    is_sent: Bools
    is_reachable: Bools
    step: Ints
    slot: Ints
    alternative: Ints
    state: Ints  # at risk, before the attempt
    due_at: Floats
    sent_at: Floats
    level: Ints
    response: Ints
    replied_at: Floats
    books: Bools
    wrote_first_at: Floats  # n
    first_engaged_at: Floats  # n; infinite where nothing was ever sent
    booked_at: Floats  # n; infinite where never, and so on
    opted_out_at: Floats
    stopped_at: Floats
    qualified_at: Floats
    customer_at: Floats
    call_lag: Floats

    def take(self, rows: Ints | Bools | slice) -> "Journeys":
        """The histories of some of the leads."""
        return Journeys(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def _remaining(power: int | Ints, rng: np.random.Generator, size: int) -> Floats:
    return np.asarray(rng.random(size) ** (1.0 / power))


def _lag(lags: tuple[Floats, Floats], rng: np.random.Generator, size: int) -> Floats:
    return rng.choice(lags[0], size, p=lags[1])


def _pick(probabilities: Floats, rng: np.random.Generator) -> Ints:
    """One option a column, the options along the leading axis."""
    bounds = np.cumsum(probabilities, axis=0)
    drawn = rng.random(bounds.shape[1:]) * bounds[-1]
    return np.asarray(np.minimum((drawn >= bounds).sum(axis=0), len(bounds) - 1))


def _happen(rng: np.random.Generator, chances: Floats) -> Bools:
    return np.asarray(rng.random(len(chances)) < chances)


def _treat(agency: Agency, leads: Leads, k: int, state: Ints, since: Floats, rng: np.random.Generator) -> Columns:
    """What the agency does with some leads at position k: when, whether, with which prompt."""
    step = agency.order[leads.campaign, leads.variant, k]
    own = _happen(rng, law.own_wait_probability(agency, leads, step, state))
    alternative = np.where(own, 0, 1)
    wait = law.planned_wait(agency, leads, k, alternative, since)
    due = law.send_time(agency.spec, since + wait, leads.zone)
    is_reachable = law.is_reachable(agency, leads, step)
    is_sent = is_reachable & ~_happen(rng, law.skip_probability(agency, leads, step))
    preferences = law.prompt_preferences(agency, leads, step, state, leads.hidden)
    slot = _pick(law.prompt_probabilities(preferences, agency.live(step, due)).T, rng)
    return {
        "is_met": np.ones(len(leads), dtype=bool),
        "is_sent": is_sent,
        "is_reachable": is_reachable,
        "step": step,
        "slot": slot,
        "alternative": alternative,
        "state": state,
        "due_at": due,
        "sent_at": np.where(is_sent, due, np.nan),
    }


def _respond(agency: Agency, leads: Leads, k: int, treated: Columns, rng: np.random.Generator) -> Columns:
    """What the leads make of it. In a world without effects they act whether sent to or not."""
    n = len(leads)
    at = law.Situation(
        agency,
        leads,
        treated["step"],
        treated["slot"],
        treated["alternative"],
        treated["state"],
        leads.hidden,
    )
    level = np.where(treated["is_sent"], _pick(law.level_probabilities(at), rng), 0)
    acts = treated["is_sent"] | (agency.matters == 0)
    response = np.where(acts, _pick(law.response_probabilities(at, level), rng), law.SILENCE)
    books = acts & _happen(rng, law.booking_probability(at, level, response))

    is_silent = response == law.SILENCE
    window = agency.window[leads.campaign, leads.variant, k]
    left = np.where(is_silent, 1.0, _remaining(REPLY_POWER, rng, n))
    replied_at = np.where(is_silent, np.nan, treated["due_at"] + window * (1.0 - left))
    power = np.where(is_silent, SILENT_BOOKING_POWER, REPLIED_BOOKING_POWER)
    booked_at = treated["due_at"] + window * (1.0 - left * _remaining(power, rng, n))

    fate = rng.random(n)
    direct = np.where(response == law.POSITIVE, leads.qualifies_directly, 0.0)
    is_direct = acts & ~books & (fate < direct)
    stops = acts & ~books & (fate < direct + law.STOPS[response])
    leaves = response == law.OPT_OUT
    moved = law.state_after(agency, treated["step"], level, response, treated["state"])
    return {
        "level": level,
        "response": response,
        "replied_at": replied_at,
        "books": books,
        "booked_at": np.where(books, booked_at, np.inf),
        "opted_out_at": np.where(leaves, replied_at, np.inf),
        "stopped_at": np.where(stops & ~leaves, replied_at, np.inf),
        "qualified_at": np.where(is_direct, replied_at + _lag(DIRECT_LAGS, rng, n), np.inf),
        "goes_on": ~(books | stops),
        "next_state": np.where(acts, moved, treated["state"]),
    }


def draw_journeys(agency: Agency, leads: Leads, rng: np.random.Generator) -> Journeys:
    """A history for each lead, run to its end whatever the end of the world's history."""
    n, positions = len(leads), agency.order.shape[-1]
    grid: Columns = {name: np.full((n, positions), empty) for name, empty in _EMPTY.items()}
    ends: Columns = {name: np.full(n, np.inf) for name in ("booked_at", "opted_out_at", "stopped_at", "qualified_at")}
    call_lag = _lag(CALL_LAGS, rng, n)
    state, since = np.full(n, law.COLD), leads.enrolled_at.copy()
    rows = np.arange(n)
    for k in range(positions):
        some = leads.take(rows)
        treated = _treat(agency, some, k, state[rows], since[rows], rng)
        met = treated | _respond(agency, some, k, treated, rng)
        for name, values in grid.items():
            values[rows, k] = met[name]
        for name, values in ends.items():
            values[rows] = np.minimum(values[rows], met[name])
        state[rows], since[rows] = met["next_state"], met["due_at"]
        rows = rows[met["goes_on"]]

    qualifies = np.isfinite(ends["booked_at"]) & _happen(rng, leads.qualifies)
    ends["qualified_at"] = np.where(qualifies, ends["booked_at"] + call_lag, ends["qualified_at"])
    buys = np.isfinite(ends["qualified_at"]) & _happen(rng, leads.buys)
    customer_at = np.where(buys, ends["qualified_at"] + _lag(CUSTOMER_LAGS, rng, n), np.inf)
    before_first = (grid["due_at"][:, 0] - leads.enrolled_at) * rng.random(n)
    writes_first = happen(rng, EARLY_WRITERS, n)
    wrote_first_at = np.where(writes_first, leads.enrolled_at + before_first, np.nan)
    events = np.concatenate([grid["sent_at"], grid["replied_at"], wrote_first_at[:, None]], axis=1)
    return Journeys(
        **grid,
        **ends,
        wrote_first_at=wrote_first_at,
        first_engaged_at=np.nan_to_num(events, nan=np.inf).min(axis=1),
        customer_at=customer_at,
        call_lag=call_lag,
    )
