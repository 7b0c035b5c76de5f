"""The true effect of every element: the same leads, with the element and with its alternative.

The outcome is a call booked within 30 days after the lead was at risk at the step. Sequences are
short enough that this is any booking that still comes, so the chances of `outlook` answer it.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lead_conversion.simulation import behaviour as law
from lead_conversion.simulation.campaigns import SLOTS, Agency, Bools, Floats, Ints
from lead_conversion.simulation.journeys import Journeys
from lead_conversion.simulation.outlook import BOOKED, DIRECT, GOES_ON, Outlook, look_ahead
from lead_conversion.simulation.people import Leads, running_campaigns, variant_probability
from lead_conversion.simulation.spec import HORIZON_HOURS

OWN_ORDER = 0  # the campaign's own; variant B runs its steps after other waits
RELEVANT = 0.005  # an effect of less than half a point is neither good nor bad


@dataclass
class Sums:
    """Running sums of differences by element; their mean is the effect, over all batches."""

    n: Floats
    total: Floats
    squares: Floats

    @classmethod
    def of(cls, size: int) -> "Sums":
        """Sums over nothing."""
        return cls(*(np.zeros(size) for _ in range(3)))

    def add(self, element: Ints, difference: Floats) -> None:
        """Count one difference a row towards its element."""
        size = len(self.n)
        self.n += np.bincount(element, minlength=size)
        self.total += np.bincount(element, difference, minlength=size)
        self.squares += np.bincount(element, difference**2, minlength=size)

    @property
    def mean(self) -> Floats:
        """The mean difference; NaN for an element that no lead met."""
        return self.total / np.where(self.n > 0, self.n, np.nan)

    @property
    def standard_error(self) -> Floats:
        """Of the mean, were the leads drawn anew."""
        spread = self.squares / np.where(self.n > 0, self.n, np.nan) - self.mean**2
        return np.sqrt(np.maximum(spread, 0.0) / self.n)


@dataclass
class Tally:
    """Raw bookings by arm, as someone without a model would count them."""

    n: Floats
    booked: Floats

    @classmethod
    def of(cls, *shape: int) -> "Tally":
        """Counts of nothing."""
        return cls(np.zeros(shape), np.zeros(shape))

    def add(self, arm: tuple[Ints, ...], booked: Bools) -> None:
        """Count one row a lead and arm."""
        np.add.at(self.n, arm, 1.0)
        np.add.at(self.booked, arm, booked.astype(float))

    def difference_from_others(self) -> Floats:
        """The rate of each arm less the pooled rate of the other arms along the last axis."""
        others = self.n.sum(axis=-1, keepdims=True) - self.n
        booked = self.booked.sum(axis=-1, keepdims=True) - self.booked
        return _rate(self.booked, self.n) - _rate(booked, others)


def _rate(booked: Floats, n: Floats) -> Floats:
    return booked / np.where(n > 0, n, np.nan)


@dataclass
class Effects:
    """Everything that is summed over the leads; `add` takes a batch, `table` says the result."""

    agency: Agency
    prompts: Sums = field(init=False)
    steps: Sums = field(init=False)
    waits: Sums = field(init=False)
    orders: Sums = field(init=False)
    campaigns: Sums = field(init=False)
    raw_prompts: Tally = field(init=False)
    raw_steps: Tally = field(init=False)
    raw_waits: Tally = field(init=False)
    raw_orders: Tally = field(init=False)
    raw_campaigns: Tally = field(init=False)

    def __post_init__(self) -> None:
        """Begin every sum at zero."""
        count, steps = len(self.agency.appeal), len(self.agency.step_ids)
        self.prompts = Sums.of(steps * SLOTS)
        self.steps, self.waits = Sums.of(steps), Sums.of(steps)
        self.orders, self.campaigns = Sums.of(count), Sums.of(count)
        self.raw_prompts = Tally.of(steps, SLOTS)
        self.raw_steps, self.raw_waits = Tally.of(steps, 2), Tally.of(steps, 2)
        self.raw_orders, self.raw_campaigns = Tally.of(count, 2), Tally.of(count)

    def count_raw(self, leads: Leads, journeys: Journeys) -> None:
        """Count the bookings that the database shows, mature or not."""
        end = self.agency.spec.hours
        booked = np.broadcast_to((journeys.booked_at < end)[:, None], journeys.is_met.shape)
        met = journeys.is_met & (np.nan_to_num(journeys.due_at, nan=np.inf) < end)
        sent = met & journeys.is_sent
        step = journeys.step
        self.raw_prompts.add((step[sent], journeys.slot[sent]), booked[sent])
        self.raw_steps.add((step[met], journeys.is_sent[met].astype(np.int64)), booked[met])
        in_own_order = sent & (leads.variant == OWN_ORDER)[:, None]
        self.raw_waits.add((step[in_own_order], journeys.alternative[in_own_order]), booked[in_own_order])
        enrolled = leads.enrolled_at < end
        self.raw_campaigns.add((leads.campaign[enrolled],), booked[enrolled, 0])
        self.raw_orders.add((leads.campaign[enrolled], leads.variant[enrolled]), booked[enrolled, 0])

    def add(self, leads: Leads, journeys: Journeys, view: Outlook) -> None:
        """Add what the steps' elements do to some leads, in the states in which they met them."""
        agency, rows = self.agency, np.arange(len(leads))
        tried = journeys.is_met & (journeys.alternative == 1)
        a, b = (((w == view.wait_axis.T) & tried).any(axis=1).astype(np.int64) for w in (0, 1))
        mature_at = agency.spec.hours - HORIZON_HOURS
        for k in range(len(view.wait_axis)):
            is_mature = np.nan_to_num(journeys.due_at[:, k], nan=np.inf) <= mature_at
            met = journeys.is_met[:, k] & journeys.is_reachable[:, k] & is_mature
            sent = met & journeys.is_sent[:, k]
            step, state = journeys.step[:, k], journeys.state[:, k]
            later = view.before[k + 1, BOOKED, rows, a, b]  # n x states

            laws = view.laws[k, rows, state, :, journeys.alternative[:, k]]
            booked = laws[..., :DIRECT].sum(axis=-1)
            booked += np.einsum("nph,nh->np", laws[..., GOES_ON:], later)
            live = view.live[k, rows, a, b]
            self._add_prompts(step[sent], booked[sent], live[sent])

            keep = view.sent[k, BOOKED, rows, a, b, state]
            skip = later[rows, state] if agency.matters else keep
            self.steps.add(step[met], (keep - skip)[met])

            axis = view.wait_axis[k]
            tries = sent & (axis >= 0) & (leads.variant == OWN_ORDER)
            by_choice = [
                view.sent[k, BOOKED, rows, np.where(axis == 0, c, a), np.where(axis == 1, c, b), state] for c in (0, 1)
            ]
            self.waits.add(step[tries], (by_choice[0] - by_choice[1])[tries])

    def _add_prompts(self, step: Ints, booked: Floats, live: Bools) -> None:
        others = live.sum(axis=1) - 1
        for slot in range(SLOTS):
            has_contrast = live[:, slot] & (others > 0)
            rest = (booked * live).sum(axis=1) - booked[:, slot]
            difference = booked[:, slot] - rest / np.maximum(others, 1)
            element = step * SLOTS + slot
            self.prompts.add(element[has_contrast], difference[has_contrast])

    def add_sequences(self, leads: Leads) -> None:
        """Add what the order and the campaign would have done to some leads from the start.

        A campaign is held against the mean of the others that took in leads when it did.
        """
        agency, n = self.agency, len(leads)
        is_mature = leads.enrolled_at <= agency.spec.hours - HORIZON_HOURS
        leads = leads.take(is_mature)
        n = len(leads)
        if n == 0:
            return
        chances = np.zeros((len(agency.appeal), 2, n))
        for c in range(len(agency.appeal)):
            for v in range(1 + int(agency.has_variant[c])):
                moved = leads.moved(np.full(n, c), np.full(n, v))
                view = look_ahead(agency, moved, moved.enrolled_at, leads.hidden, outcomes=1)
                chances[c, v] = view.before[0, BOOKED, :, 0, 0, law.COLD]
            share = variant_probability(agency, np.full(n, c), leads.tilt)
            if agency.has_variant[c]:
                own = leads.campaign == c
                self.orders.add(np.full(own.sum(), c), (chances[c, 0] - chances[c, 1])[own])
            chances[c, 0] = (1 - share) * chances[c, 0] + share * chances[c, 1]
        running = running_campaigns(agency, leads.arrived_at).T
        others = running.sum(axis=0) - 1
        total = (running * chances[:, 0]).sum(axis=0)
        for c in range(len(agency.appeal)):
            own = running[c] & (others > 0)
            rest = (total - chances[c, 0])[own] / others[own]
            self.campaigns.add(np.full(own.sum(), c), chances[c, 0][own] - rest)

    def table(self) -> pd.DataFrame:
        """One row an element: its true effect, what kind it is, and what raw rates say."""
        agency = self.agency
        campaign, step_ids = agency.campaign_of_step + 1, agency.step_ids
        step, slot = np.nonzero(agency.prompt_ids > 0)
        flat = step * SLOTS + slot
        waits = np.flatnonzero(agency.wait_axis >= 0)
        orders = np.flatnonzero(agency.has_variant)
        ids = agency.campaign_ids
        every_step = np.arange(len(step_ids))
        is_decoy = np.where(np.abs(agency.order_effect[:, 1]) > 0, "null", "decoy")
        parts = [
            _Part(
                "prompt",
                "this version minus the mean of the other live versions",
                self.prompts,
                flat,
                agency.prompt_ids[step, slot],
                agency.prompt_kind[step, slot],
                self.raw_prompts.difference_from_others()[step, slot],
            ),
            _Part(
                "step",
                "keep minus skip",
                self.steps,
                every_step,
                step_ids,
                agency.step_kind,
                self.raw_steps.difference_from_others()[:, 1],
            ),
            _Part(
                "wait",
                "own wait minus the alternative, in the own order",
                self.waits,
                waits,
                step_ids[waits],
                agency.wait_kind[waits],
                self.raw_waits.difference_from_others()[waits, 0],
            ),
            _Part(
                "order",
                "variant A minus variant B",
                self.orders,
                orders,
                ids[orders],
                is_decoy[orders],
                self.raw_orders.difference_from_others()[orders, 0],
            ),
            _Part(
                "campaign",
                "this campaign minus the mean of the other live campaigns",
                self.campaigns,
                ids - 1,
                ids,
                np.full(len(ids), "null"),
                self.raw_campaigns.difference_from_others(),
            ),
        ]
        of_step = {"prompt": step, "step": every_step, "wait": waits}
        frames = []
        for part in parts:
            steps_of = of_step.get(part.element_type)
            frames.append(
                part.rows().assign(
                    campaign_id=part.element_ids if steps_of is None else campaign[steps_of],
                    step_id=np.nan if steps_of is None else step_ids[steps_of],
                )
            )
        return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class _Part:
    """The elements of one type."""

    element_type: str
    contrast: str
    sums: Sums
    places: Ints  # of the elements in the sums
    element_ids: Ints
    planted: NDArray[np.str_]
    naive_difference: Floats

    def rows(self) -> pd.DataFrame:
        """One row an element."""
        effect = self.sums.mean[self.places]
        kind = np.select(
            [effect <= -RELEVANT, effect >= RELEVANT, self.planted == "decoy"],
            ["bad", "good", "decoy"],
            "null",
        )
        return pd.DataFrame(
            {
                "element_type": self.element_type,
                "element_id": [str(e) for e in self.element_ids],
                "contrast": self.contrast,
                "effect": effect,
                "standard_error": self.sums.standard_error[self.places],
                "leads": self.sums.n[self.places].astype(np.int64),
                "kind": kind,
                "naive_difference": self.naive_difference,
            }
        )
