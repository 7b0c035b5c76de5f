"""How a lead behaves at one step, and how the agency treats it: the hazards of the world.

Every law here is a plain function of a `Situation` whose arrays broadcast, so that the same text
draws one history a lead (`journeys`) and sums over all of them (`truth`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lead_conversion.kernel.windows import HOURS_A_DAY
from lead_conversion.simulation.campaigns import Agency, Bools, Floats, Ints
from lead_conversion.simulation.people import Leads
from lead_conversion.simulation.prompts import EMAIL
from lead_conversion.simulation.spec import WorldSpec
from lead_conversion.simulation.zones import hour_of_day, utc_offset

DAY_BEGINS, DAY_ENDS = 8.0, 20.0  # local hours between which messages go out

# What a lead's last attempt left behind. Warm: has written back at some time.
COLD, ENGAGED, WARM = range(3)
STATES = 3
# How far an attempt got. SMS: sent, delivered, clicked. E-mail: delivered, opened, clicked.
# Voice: no answer, voicemail, connected.
LEVELS = 3
SILENCE, NEUTRAL, OBJECTION, POSITIVE, OPT_OUT = range(5)
RESPONSES = 5

# By channel: sms, email, voice.
_REACHED = np.array((2.2, -0.35, 0.3))
_RESPONDED = np.array((-2.0, -1.3, -0.6))
_LEVEL_OF_ENGAGED = np.array((2, 1, 2))
_STATE_REACHED = np.array((0.0, 0.6, 0.9))
_BOOKING_BY_LEVEL = np.array(((-0.8, 0.0, 1.3), (-0.7, 0.3, 1.3), (-1.3, -0.6, 1.2)))
_BOOKING_BY_STATE = np.array((0.0, 0.3, 0.6))
_BOOKING_BY_RESPONSE = np.array((0.0, 0.9, 0.1, 2.5))
_BOOKING = -3.4
_RESPONSE = np.array((0.0, -4.3, -4.3, -4.4, -4.7))
_RESPONSE_BY_LEVEL = np.array(((0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.5, 0.4, 0.5, 0.0), (0.0, 1.4, 1.5, 1.6, 0.2)))
_RESPONSE_BY_RESPONSIVENESS = np.array((0.0, 0.5, 0.2, 0.9, -0.4))
_RESPONSE_BY_PROMPT = np.array((0.0, 0.0, -0.2, 0.5, 0.0))
_RESPONSE_BY_IRRITATION = np.array((0.0, 0.0, 0.8, -0.3, 1.0))
_RESPONSE_BY_PRESSURE = np.array((0.0, 0.0, 0.3, -0.1, 0.5))
_RESPONSE_BY_STATE = np.array(((0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.3, 0.2, 0.4, -0.2), (0.0, 0.9, 0.6, 0.9, -0.3)))
# After a reply without a booking: the share of sequences that a person takes over and stops.
STOPS = np.array((0.0, 0.10, 0.45, 0.30, 1.0))
_HIDDEN_ON_BOOKING = 0.45
_HIDDEN_ON_TASTE = 0.6


@dataclass(frozen=True)
class Situation:
    """A lead at risk at a step; arrays that broadcast against each other."""

    agency: Agency
    leads: Leads  # reshaped so that its arrays broadcast
    step: Ints
    slot: Ints
    alternative: Ints  # 0: the step's own wait, 1: the wait on trial
    state: Ints
    hidden: Floats

    @property
    def channel(self) -> Ints:
        """The step's channel."""
        return self.agency.channel[self.step]

    @property
    def effect(self) -> Floats:
        """What the prompt adds to the log-odds of a booking."""
        return self.agency.effect[self.step, self.slot]


def level_probabilities(at: Situation) -> Floats:
    """How far the attempt gets; the leading axis is the level."""
    push = 0.5 * at.leads.responsiveness + _STATE_REACHED[at.state] + 0.2 * at.effect
    reached = expit(_REACHED[at.channel] + push)
    responded = expit(_RESPONDED[at.channel] + push)
    return np.stack([1.0 - reached, reached * (1.0 - responded), reached * responded])


def response_probabilities(at: Situation, level: Ints) -> Floats:
    """What comes back, given how far the attempt got; the leading axis is the response.

    In a world without effects an answer depends on nothing that the agency does.
    """
    own = at.leads.responsiveness[..., None] * _RESPONSE_BY_RESPONSIVENESS
    done = (
        _RESPONSE_BY_LEVEL[level]
        + _RESPONSE_BY_STATE[at.state]
        + _RESPONSE_BY_PROMPT * at.effect[..., None]
        + _RESPONSE_BY_IRRITATION * at.agency.irritation[at.step][..., None]
        + _RESPONSE_BY_PRESSURE * at.agency.pressure[at.step, at.slot][..., None]
    )
    odds = np.moveaxis(np.exp(_RESPONSE + own + at.agency.matters * done), -1, 0)
    return np.asarray(odds / odds.sum(axis=0))


def booking_probability(at: Situation, level: Ints, response: Ints) -> Floats:
    """Whether the lead books a call before the next step is due; never after an opt-out."""
    agency = at.agency
    done = (
        agency.hazard[at.step]
        + agency.appeal[at.leads.campaign]
        + agency.order_effect[at.leads.campaign, at.leads.variant]
        + agency.wait_effect[at.step] * at.alternative
        + at.effect
        + _BOOKING_BY_LEVEL[at.channel, level]
        + _BOOKING_BY_STATE[at.state]
    )
    own = at.leads.score + agency.spec.hidden_confounding * _HIDDEN_ON_BOOKING * at.hidden
    reply = _BOOKING_BY_RESPONSE[np.minimum(response, POSITIVE)]
    chance = expit(_BOOKING + own + reply + agency.matters * done)
    return np.asarray(np.where(response == OPT_OUT, 0.0, chance))


def state_after(agency: Agency, step: Ints, level: Ints, response: Ints, state: Ints) -> Ints:
    """What the attempt leaves behind for the next step."""
    engaged = np.where(level >= _LEVEL_OF_ENGAGED[agency.channel[step]], ENGAGED, COLD)
    return np.where((state == WARM) | (response != SILENCE), WARM, engaged)


def is_reachable(agency: Agency, leads: Leads, step: Ints) -> Bools:
    """Whether the lead has the address that the step's channel needs."""
    return np.where(agency.channel[step] == EMAIL, leads.has_email, leads.has_phone)


def skip_probability(agency: Agency, leads: Leads, step: Ints) -> Floats:
    """How likely capacity runs out for a reachable lead at the step."""
    busy = 0.4 * np.sin(6 * np.pi * leads.trend)
    return np.asarray(expit(agency.skip_base[step] + agency.skip_tilt[step] * leads.tilt + busy))


def own_wait_probability(agency: Agency, leads: Leads, step: Ints, state: Ints) -> Floats:
    """How likely the step's own wait is chosen where another one is on trial."""
    engaged = np.where(state == COLD, 0.0, 0.4 * np.sign(agency.wait_tilt[step]))
    chance = expit(0.2 + agency.wait_tilt[step] * leads.tilt + engaged)
    return np.where(agency.wait_axis[step] < 0, 1.0, chance)


def prompt_preferences(agency: Agency, leads: Leads, step: Ints, state: Ints, hidden: Floats) -> Floats:
    """Weights of the slots of a step in the choice of a prompt; a trailing axis of slots."""
    engaged = np.where(state == COLD, -0.5, 0.5)[..., None]
    pull = (
        agency.taste[step] * leads.tilt[..., None]
        + agency.engaged_taste[step] * engaged
        + agency.trend_taste[step] * 2.0 * leads.trend[..., None]
        + agency.spec.hidden_confounding * _HIDDEN_ON_TASTE * agency.hidden_taste[step] * hidden[..., None]
    )
    return np.exp(np.clip(pull, -2.2, 2.2))


def prompt_probabilities(preferences: Floats, live: Bools) -> Floats:
    """The preferences among the versions that are live, summing to one."""
    weights = preferences * live
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def send_time(spec: WorldSpec, due: Floats, zone: Ints) -> Floats:
    """The first moment from `due` on that lies between 8 and 20 o'clock at the lead's place."""
    local = hour_of_day(spec, zone, due)
    pause = np.where(
        local < DAY_BEGINS,
        DAY_BEGINS - local,
        np.where(local >= DAY_ENDS, HOURS_A_DAY + DAY_BEGINS - local, 0.0),
    )
    # Where clocks change in the night between, 8 o'clock comes an hour sooner or later.
    return due + pause + utc_offset(spec, zone, due) - utc_offset(spec, zone, due + pause)


def planned_wait(agency: Agency, leads: Leads, position: int, alternative: Ints, since: Floats) -> Floats:
    """The wait before the step at a position, as configured when the step before was done."""
    own = agency.wait[leads.campaign, leads.variant, position]
    step = agency.order[leads.campaign, leads.variant, position]
    own = own * np.where(alternative == 1, agency.wait_ratio[step], 1.0)
    return np.asarray(own * np.where(since < agency.edited_at[step], agency.wait_before_edit[step], 1.0))
