from dataclasses import replace

import duckdb
import numpy as np
import pytest

from lead_conversion.simulation import WorldSpec, write_world
from lead_conversion.simulation.campaigns import draw_agency
from lead_conversion.simulation.effects import Effects, Sums
from lead_conversion.simulation.journeys import draw_journeys
from lead_conversion.simulation.outlook import look_ahead
from lead_conversion.simulation.people import draw_people


def measure(agency, leads, journeys):
    effects = Effects(agency)
    effects.count_raw(leads, journeys)
    for start in range(0, len(leads), 1000):
        some, fates = leads.take(slice(start, start + 1000)), journeys.take(slice(start, start + 1000))
        effects.add(some, fates, look_ahead(agency, some, fates.first_engaged_at, some.hidden, outcomes=1))
    effects.add_sequences(leads.take(slice(0, 600)))
    return effects.table().set_index(["element_type", "element_id"])


@pytest.fixture(scope="module")
def measured():
    agency = draw_agency(WorldSpec(leads=8000))
    _, leads = draw_people(agency, 0, np.random.default_rng(1))
    journeys = draw_journeys(agency, leads, np.random.default_rng(2))
    return agency, leads, journeys, measure(agency, leads, journeys)


def forced(agency, step, slot):
    """The agency with one version of a step live, and no other."""
    live_from, live_until = agency.live_from.copy(), agency.live_until.copy()
    live_from[step], live_until[step] = np.inf, -np.inf
    live_from[step, slot], live_until[step, slot] = 0.0, np.inf
    return replace(agency, live_from=live_from, live_until=live_until)


def test_the_effect_of_a_prompt_is_what_happens_when_everyone_gets_it_instead_of_the_other():
    agency = draw_agency(WorldSpec(leads=10_000, days=200))
    agency = replace(agency, pauses_at=np.full(6, np.inf))
    step = next(
        s for s in agency.order[:, 0, 0] if (agency.prompt_ids[s] > 0).sum() == 2 and np.ptp(agency.effect[s]) > 0.3
    )
    both = np.where(agency.prompt_ids[step] > 0, 0.0, np.inf)
    agency.live_from[step] = both
    agency.live_until[step] = np.where(agency.prompt_ids[step] > 0, np.inf, -np.inf)
    _, leads = draw_people(agency, 0, np.random.default_rng(1))
    own = (leads.campaign == agency.campaign_of_step[step]) & (leads.enrolled_at < agency.spec.hours - 760)
    leads = leads.take(own)
    journeys = draw_journeys(agency, leads, np.random.default_rng(2))
    said = measure(agency, leads, journeys).loc[("prompt", str(agency.prompt_ids[step, 0])), "effect"]

    # The leads who were sent the step in the first place, sent it many times over.
    sent = leads.take(np.repeat(np.flatnonzero(journeys.is_sent[:, 0]), 40))
    rates, errors = [], []
    for slot in (0, 1):
        lived = draw_journeys(
            replace(forced(agency, step, slot), skip_base=np.where(np.arange(48) == step, -50.0, agency.skip_base)),
            sent,
            np.random.default_rng(3 + slot),
        )
        booked = np.isfinite(lived.booked_at)
        rates.append(booked.mean())
        errors.append(booked.var() / len(booked))
    assert abs(said) > 0.01
    assert abs((rates[0] - rates[1]) - said) < 4 * np.sqrt(sum(errors))


def test_the_effect_of_a_step_is_what_happens_when_no_one_is_skipped_instead_of_everyone():
    agency = draw_agency(WorldSpec(leads=10_000, days=200))
    step = int(agency.order[0, 0, 0])
    _, leads = draw_people(agency, 0, np.random.default_rng(1))
    own = (leads.campaign == 0) & leads.has_phone & (leads.enrolled_at < agency.spec.hours - 760)
    leads = leads.take(own)
    said = measure(agency, leads, draw_journeys(agency, leads, np.random.default_rng(2)))
    many = leads.take(np.repeat(np.arange(len(leads)), 30))
    rates, errors = [], []
    for base in (-50.0, 50.0):
        lived = draw_journeys(
            replace(agency, skip_base=np.where(np.arange(48) == step, base, agency.skip_base)),
            many,
            np.random.default_rng(3),
        )
        booked = np.isfinite(lived.booked_at)
        rates.append(booked.mean())
        errors.append(booked.var() / len(booked))
    effect = said.loc[("step", str(agency.step_ids[step])), "effect"]
    assert abs((rates[0] - rates[1]) - effect) < 4 * np.sqrt(sum(errors))


def test_a_decoy_looks_bad_in_raw_rates_and_has_no_effect(measured):
    *_, table = measured
    decoys = table.loc["prompt"].query("kind == 'decoy'")
    assert len(decoys) >= 6
    assert decoys["effect"].abs().max() < 0.001
    assert decoys["naive_difference"].mean() < -0.02


def test_a_wait_is_judged_by_the_leads_of_the_order_it_stands_in(measured):
    agency, leads, journeys, table = measured
    in_own_order = leads.variant == 0
    alone = measure(agency, leads.take(in_own_order), journeys.take(in_own_order))
    assert (~in_own_order & agency.has_variant[leads.campaign]).sum() > 500
    for figure in ("effect", "naive_difference"):
        assert table.loc["wait", figure].to_numpy() == pytest.approx(alone.loc["wait", figure].to_numpy())


def test_there_are_bad_and_good_prompts_large_and_small(measured):
    *_, table = measured
    effects = table.loc["prompt", "effect"]
    assert (effects <= -0.02).sum() >= 8
    assert ((effects > -0.02) & (effects <= -0.01)).sum() >= 3
    assert (effects >= 0.01).sum() >= 8
    assert (effects.abs() < 0.005).sum() >= 30


def test_the_campaign_that_gets_the_cold_leads_is_the_best_and_does_not_look_it(measured):
    *_, table = measured
    campaigns = table.loc["campaign"]
    assert campaigns["effect"].idxmax() == "4"
    assert campaigns.loc["4", "naive_difference"] < campaigns.loc["4", "effect"] / 2


def test_where_nothing_matters_every_effect_is_zero_and_raw_rates_still_differ():
    agency = draw_agency(WorldSpec(leads=3000, null_world=True))
    _, leads = draw_people(agency, 0, np.random.default_rng(1))
    table = measure(agency, leads, draw_journeys(agency, leads, np.random.default_rng(2)))
    assert table["effect"].abs().max() < 1e-9
    assert table["naive_difference"].abs().max() > 0.05
    assert set(table["kind"]) == {"null", "decoy"}


def test_an_element_that_no_lead_met_has_no_effect_rather_than_zero():
    assert np.isnan(Sums.of(1).mean[0])


def test_a_campaign_is_held_against_those_that_took_in_leads_when_it_did(measured):
    agency, leads, *_ = measured
    effects = Effects(agency)
    is_early = leads.arrived_at < min(agency.starts_at[4], agency.pauses_at[1])
    effects.add_sequences(leads.take(is_early).take(slice(None, None, 20)))
    table = effects.table().set_index(["element_type", "element_id"]).loc["campaign"]
    assert table.loc[["5", "6"], "effect"].isna().all()
    # Where all four have the same leads, what one is above the others is what they are below it together.
    assert table["effect"].sum() == pytest.approx(0, abs=1e-12)


def test_sequences_are_judged_by_leads_of_the_whole_history(tmp_path):
    spec = WorldSpec(leads=3000, days=120)
    summary = write_world(spec, tmp_path / "w.duckdb", tmp_path / "w.truth.duckdb")
    with duckdb.connect(summary.truth_path, read_only=True) as truth:
        query = "SELECT element_id, leads FROM elements WHERE element_type = 'campaign' ORDER BY element_id"
        leads = dict(truth.execute(query).fetchall())
    assert leads["6"] > 100  # it takes in leads only from the middle of the history on
    assert leads["6"] < leads["1"]
