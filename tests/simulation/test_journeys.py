import numpy as np
import pytest

from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation import behaviour as law
from lead_conversion.simulation.campaigns import draw_agency
from lead_conversion.simulation.journeys import draw_journeys
from lead_conversion.simulation.people import draw_people
from lead_conversion.simulation.zones import hour_of_day


@pytest.fixture(scope="module")
def lived():
    agency = draw_agency(WorldSpec(leads=4000))
    _, leads = draw_people(agency, 0, np.random.default_rng(1))
    return agency, leads, draw_journeys(agency, leads, np.random.default_rng(2))


def test_no_step_is_met_after_a_booking_an_opt_out_or_a_stop(lived):
    _, _, journeys = lived
    ended = np.minimum(journeys.booked_at, np.minimum(journeys.opted_out_at, journeys.stopped_at))
    last_due = np.nanmax(journeys.due_at, axis=1)
    assert (last_due < ended).all()


def test_everything_that_follows_a_step_happens_before_the_next_one_is_due(lived):
    agency, leads, journeys = lived
    window = agency.window[leads.campaign, leads.variant]
    gap = np.diff(journeys.due_at, axis=1)
    assert (gap[np.isfinite(gap)] > window[:, :-1][np.isfinite(gap)]).all()


def test_a_booking_comes_within_thirty_days_of_the_first_step(lived):
    _, _, journeys = lived
    booked = np.isfinite(journeys.booked_at)
    assert (journeys.booked_at - journeys.due_at[:, 0])[booked].max() < 720


def test_messages_go_out_by_day_only(lived):
    agency, leads, journeys = lived
    local = hour_of_day(agency.spec, leads.zone[:, None], journeys.due_at)
    local = np.round(local[np.isfinite(local)], 6)
    assert ((local >= law.DAY_BEGINS) & (local < law.DAY_ENDS)).all()


def test_only_a_live_version_is_sent(lived):
    agency, _, journeys = lived
    rows, k = np.nonzero(journeys.is_sent)
    step, slot = journeys.step[rows, k], journeys.slot[rows, k]
    sent_at = journeys.sent_at[rows, k]
    assert (agency.live_from[step, slot] <= sent_at).all()
    assert (sent_at < agency.live_until[step, slot]).all()


def test_a_lead_without_the_address_is_never_sent_the_step(lived):
    agency, leads, journeys = lived
    needs_mail = agency.channel[journeys.step] == 1
    has_address = np.where(needs_mail, leads.has_email[:, None], leads.has_phone[:, None])
    assert not (journeys.is_sent & ~has_address).any()


def test_where_nothing_matters_a_lead_acts_whether_it_is_sent_to_or_not():
    agency = draw_agency(WorldSpec(leads=8000, null_world=True))
    _, leads = draw_people(agency, 0, np.random.default_rng(1))
    journeys = draw_journeys(agency, leads, np.random.default_rng(2))
    met = journeys.is_met & journeys.is_reachable
    sent, skipped = journeys.books[met & journeys.is_sent], journeys.books[met & ~journeys.is_sent]
    gap = sent.mean() - skipped.mean()
    error = np.sqrt(sent.var() / len(sent) + skipped.var() / len(skipped))
    # Who is skipped still depends on who the lead is, at some steps: the gap is small, not zero.
    assert abs(gap) < 4 * error + 0.01
