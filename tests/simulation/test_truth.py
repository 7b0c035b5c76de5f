import numpy as np
import pandas as pd
import pytest

from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation.campaigns import draw_agency
from lead_conversion.simulation.journeys import draw_journeys
from lead_conversion.simulation.people import draw_people
from lead_conversion.simulation.truth import lead_chances, look_ahead_at_addresses, look_ahead_at_traits

COPIES = 8_000


def chances_of(agency, leads, journeys):
    views = look_ahead_at_traits(agency, leads, journeys)
    return lead_chances(agency, leads, journeys, np.arange(len(leads)), views)


def in_thousands(agency, leads, journeys):
    return pd.concat(
        chances_of(agency, leads.take(slice(s, s + 1000)), journeys.take(slice(s, s + 1000)))
        for s in range(0, len(leads), 1000)
    )


def test_one_lead_lived_many_times_reaches_each_target_as_often_as_the_truth_says():
    agency = draw_agency(WorldSpec(leads=500))
    _, leads = draw_people(agency, 0, np.random.default_rng(3))
    warm = int(np.argsort(leads.score)[-25])
    many = leads.take(np.full(COPIES, warm))
    journeys = draw_journeys(agency, many, np.random.default_rng(4))
    # The truth is conditional on the moment of the first engagement.
    first = journeys.is_sent[:, 0] & np.isnan(journeys.wrote_first_at)
    many, journeys = many.take(first), journeys.take(first)
    rows = in_thousands(agency, many, journeys)
    start = rows[rows["landmark_hours"] == 0]
    for target in ("t1", "t2", "t3"):
        said, share = start[f"p_{target}"].iloc[0], start[f"reached_{target}"].mean()
        error = np.sqrt(said * (1 - said) / len(start))
        assert np.ptp(start[f"p_{target}"]) < 1e-12
        assert abs(share - said) < 4 * error


@pytest.mark.parametrize("knobs", [{}, {"hidden_confounding": 1.5}, {"null_world": True}, {"assignment": "randomised"}])
def test_chances_agree_with_what_came_of_the_leads_at_every_landmark(knobs):
    agency = draw_agency(WorldSpec(leads=3500, **knobs))
    _, leads = draw_people(agency, 0, np.random.default_rng(5))
    journeys = draw_journeys(agency, leads, np.random.default_rng(6))
    rows = in_thousands(agency, leads, journeys)
    for (hours, target), said in {
        (hours, t): at[f"p_{t}"].dropna() for hours, at in rows.groupby("landmark_hours") for t in ("t1", "t2", "t3")
    }.items():
        at = rows[(rows["landmark_hours"] == hours) & rows[f"p_{target}"].notna()]
        if hours == 168 and target == "t1":
            assert said.empty
            continue
        surprise = (at[f"reached_{target}"] - said.to_numpy()).sum() / np.sqrt((said * (1 - said)).sum())
        assert said.between(0, 1).all()
        assert abs(surprise) < 4


def test_chances_tell_leads_apart_within_tenths_of_the_scale():
    agency = draw_agency(WorldSpec(leads=5000))
    _, leads = draw_people(agency, 0, np.random.default_rng(7))
    journeys = draw_journeys(agency, leads, np.random.default_rng(8))
    rows = in_thousands(agency, leads, journeys)
    at = rows[(rows["landmark_hours"] == 24) & rows["p_t1"].notna()].sort_values("p_t1", ignore_index=True)
    tenth = at.index * 10 // len(at)
    said, reached = at["p_t1"].groupby(tenth), at["reached_t1"].astype(float).groupby(tenth)
    error = np.sqrt(said.apply(lambda p: (p * (1 - p)).sum())) / said.size()
    assert ((reached.mean() - said.mean()).abs() < 4 * error).all()
    assert reached.mean().iloc[-1] > 5 * reached.mean().iloc[0]


def test_a_lead_that_reached_the_target_or_opted_out_is_not_open_for_it():
    agency = draw_agency(WorldSpec(leads=1500))
    _, leads = draw_people(agency, 0, np.random.default_rng(9))
    journeys = draw_journeys(agency, leads, np.random.default_rng(10))
    engaged = np.isfinite(journeys.first_engaged_at)  # every step of a few is skipped
    journeys = journeys.take(engaged)
    rows = in_thousands(agency, leads.take(engaged), journeys)
    at = rows[rows["landmark_hours"] == 72]
    landmark = journeys.first_engaged_at + 72
    gone = journeys.opted_out_at < landmark
    assert at["p_t1"].isna().to_numpy().tolist() == (gone | (journeys.booked_at < landmark)).tolist()
    assert at["p_t2"].isna().to_numpy().tolist() == (gone | (journeys.qualified_at < landmark)).tolist()
    assert gone.any()


@pytest.mark.parametrize("knobs", [{}, {"hidden_confounding": 1.5}])
def test_chance_for_one_who_sees_less_is_the_mean_of_the_true_chances_that_look_the_same(knobs):
    agency = draw_agency(WorldSpec(leads=3500, **knobs))
    _, leads = draw_people(agency, 0, np.random.default_rng(5))
    journeys = draw_journeys(agency, leads, np.random.default_rng(6))
    true = chances_of(agency, leads, journeys)
    views = look_ahead_at_addresses(agency, leads, journeys)
    seen = lead_chances(agency, leads, journeys, np.arange(len(leads)), views, settling_hours=24.0)
    assert seen["p_t1"].isna().equals(true["p_t1"].isna())
    for hours, here in seen.groupby("landmark_hours"):
        if hours == 168:
            continue
        said = here["p_t1"].dropna()
        missed = true.loc[said.index, "p_t1"] - said
        assert missed.abs().max() > 0.01
        for _, rank in said.groupby(pd.qcut(said, 4)):
            part = missed[rank.index]
            assert abs(part.mean()) < 4 * part.std() / np.sqrt(len(part)) + 1e-12, hours
