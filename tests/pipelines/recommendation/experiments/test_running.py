"""For how long a running test keeps its leads."""

from datetime import datetime

import pandas as pd
import pytest
from tested_leads import planned

from lead_conversion.lifecycle.experiments import parse_arm, register_planned
from lead_conversion.pipelines.recommendation.experiments.running import watch_running

NOW = datetime(2026, 9, 1)  # noqa: DTZ001, times are naive UTC


@pytest.fixture
def watch(parameters):
    def run(risk_set, start="2026-08-01", looks=(), **changes):
        arms = parse_arm("--control", "prompt=1"), parse_arm("--treatment", "prompt=2")
        plan = {"snapshot_id": "s", "as_of": "2026-07-01T00:00:00"}
        test = register_planned(planned(), arms, pd.Timestamp(start).to_pydatetime(), plan)
        running = {"test": test.model_dump(mode="json") | changes, "looks": looks, "was_stopped": False}
        return watch_running(running, risk_set, NOW, parameters)

    return run


@pytest.fixture
def met(make_risk_set):
    def make(leads, met_at="2026-08-20", **columns):
        return make_risk_set({"leads": leads, "booked": 0, "met_at": met_at, "is_mature": False} | columns)

    return make


def test_leads_that_are_missing_and_the_last_outcome_take_their_time(watch, met):
    # 320 in eight weeks are 40 a week; 480 of 800 are missing, and an outcome takes 30 days.
    told = watch(met(320))
    assert (told["leads_taken_in"], told["leads_needed"]) == (320, 800)
    assert told["weeks_left"] == 12 + 5


def test_neither_arm_and_leads_before_the_start_are_not_in(watch, met):
    others = pd.concat([met(60, prompt_id=3), met(90, met_at="2026-07-20").assign(lead_key=range(90))])
    told = watch(pd.concat([met(100), others.assign(lead_key="x" + others["lead_key"].astype("str"))]))
    assert told["leads_taken_in"] == 100


def test_leads_that_get_neither_arm_do_not_fill_it(watch, met):
    # as many again get another version: of 80 a week 40 are dealt, and 480 are missing
    others = met(320, prompt_id=3)
    told = watch(pd.concat([met(320), others.assign(lead_key="x" + others["lead_key"].astype("str"))]))
    assert told["weeks_left"] == 12 + 5


def test_other_orders_bring_no_leads_to_a_test_of_a_wait(watch, met):
    arms = {name: {"mark": "wait", "told_as": [hours]} for name, hours in (("control", "24"), ("treatment", "48"))}
    rows = met(320, enrolled_at="2026-08-19")
    both = pd.concat([rows, rows.assign(lead_key="x" + rows["lead_key"], sequence_variant="B")])
    told = watch(both, **arms)
    assert (told["leads_taken_in"], told["weeks_left"]) == (320, 12 + 5)


def test_full_test_waits_for_its_last_outcome_only(watch, met):
    assert watch(met(900))["weeks_left"] == 5


def test_test_that_has_not_begun_takes_its_leads_from_its_start_on(watch, met):
    assert watch(met(320), start="2026-09-15")["weeks_left"] == 2 + 20 + 5


def test_uneven_arms_need_more_leads(watch, met):
    assert watch(met(320), share_treatment=0.2)["leads_needed"] == 2000


def test_test_that_gets_no_lead_any_more_is_not_waited_for_without_end(watch, met, parameters):
    told = watch(met(10, met_at="2026-06-01"), start="2026-05-01")
    assert told["weeks_left"] == parameters.experiments.max_duration_weeks + 5


def test_next_look_is_due_when_the_outcomes_of_its_leads_are_known(watch, met):
    # 400 of 800 leads are half of them, all met on 20 August; an outcome takes 30 days
    look = watch(met(400))["next_look"]
    assert (look["number"], look["information"], look["due"]) == (1, 0.5, "2026-09-19T00:00:00")


def test_look_whose_leads_are_missing_waits_for_them_too(watch, met):
    # 40 a week come, and 80 are missing
    assert watch(met(320))["next_look"]["due"] == "2026-10-15T00:00:00"
    assert watch(met(320), start="2026-09-15")["next_look"]["due"] == "2026-12-24T00:00:00"


def test_look_that_was_taken_is_followed_by_the_next(watch, met):
    look = watch(met(400), looks=(0.52,))["next_look"]
    assert (look["number"], look["information"]) == (2, 1.0)
    assert watch(met(800), looks=(0.5, 1.0))["next_look"]["information"] == 1.0


def test_look_at_a_test_that_gets_no_leads_has_no_day(watch, met):
    assert watch(met(10, met_at="2026-06-01"), start="2026-05-01")["next_look"]["due"] is None
