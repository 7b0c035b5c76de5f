from zoneinfo import ZoneInfo

import numpy as np
import phonenumbers
import pytest

from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation.campaigns import draw_agency
from lead_conversion.simulation.people import draw_people


@pytest.fixture(scope="module")
def agency():
    return draw_agency(WorldSpec(leads=20_000))


@pytest.fixture(scope="module")
def people(agency):
    return [draw_people(agency, batch, np.random.default_rng(batch)) for batch in (0, 1)]


def test_everyone_has_an_address_of_their_own_across_batches(people):
    for column in ("email", "phone"):
        values = [v for profile, _ in people for v in profile[column].dropna()]
        assert len(set(values)) == len(values)


def test_addresses_lie_in_a_domain_that_is_reserved(people):
    assert all(email.endswith(".example") for profile, _ in people for email in profile["email"].dropna())


def test_numbers_are_valid_where_they_are_from(people):
    profile = people[0][0].dropna(subset="phone").head(400)
    for phone, country in zip(profile["phone"], profile["country"], strict=True):
        region = country if country in {"US", "CA"} else None
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone, region))


def test_time_zones_are_iana_names(people):
    assert all(ZoneInfo(name) for name in people[0][0]["timezone"].unique())


def test_everyone_can_be_reached_somehow(people):
    leads = people[0][1]
    assert (leads.has_phone | leads.has_email).all()


def test_leads_arrive_in_order_within_the_history_and_rarely_at_weekends(agency, people):
    arrived = np.concatenate([leads.arrived_at for _, leads in people])
    assert (np.diff(arrived) >= 0).all()
    assert arrived.min() >= 0
    assert arrived.max() <= agency.spec.hours
    weekday = agency.spec.moments(arrived).astype("datetime64[D]").astype(int) + 3
    assert np.mean(weekday % 7 >= 5) < 0.2


def test_no_campaign_takes_leads_before_it_starts_or_after_it_pauses(agency, people):
    for _, leads in people:
        assert (leads.arrived_at >= agency.starts_at[leads.campaign]).all()
        assert (leads.arrived_at < agency.pauses_at[leads.campaign]).all()


def test_cold_leads_go_to_the_reactivation_campaign_unless_assignment_is_by_lot():
    def cold_share(assignment):
        agency = draw_agency(WorldSpec(leads=4000, assignment=assignment))
        profile, leads = draw_people(agency, 0, np.random.default_rng(1))
        cold = (profile["lead_source"] == "cold_list").to_numpy(dtype=bool)
        return np.mean(cold[leads.campaign == 3]) - np.mean(cold[leads.campaign == 0])

    assert cold_share("confounded") > 0.2
    assert abs(cold_share("randomised")) < 0.06
