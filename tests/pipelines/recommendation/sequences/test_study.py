"""Funnel, stopping rule and proposal of a campaign whose leads live by known chances."""

import json

import numpy as np
import pandas as pd
import pytest
from estimated_elements import estimate_effects
from tested_leads import planned

from lead_conversion.lifecycle.experiments import parse_arm, register_planned
from lead_conversion.pipelines.recommendation.effects.step_outcomes import learn_step_outcomes
from lead_conversion.pipelines.recommendation.sequences.policies import propose_changes
from lead_conversion.pipelines.recommendation.sequences.study import study_sequences

LEADS = 4000


def studied(effects, risk_set, steps, tests, parameters):
    outcomes = learn_step_outcomes(risk_set, parameters, 1)
    return study_sequences(effects, risk_set, outcomes, steps, tests, parameters, 1)


@pytest.fixture
def steps(make_steps):
    return make_steps(
        {"step_id": 10, "prompt_id": 1, "decision_point": '{"if": "no_reply", "goto": 2}'},
        {"step_id": 10, "prompt_id": 2, "prompt_version": 2},
        {"step_id": 20, "step_order": 2, "prompt_id": 3, "channel": "email"},
    )


@pytest.fixture
def campaign(make_risk_set):
    """Two steps, dealt by lot: which version of the first, and whether the second is skipped."""

    def make(first=(0.0, 0.6), kept=0.0, skipped=0.5, leads=LEADS):
        rng = np.random.default_rng(3)
        version = rng.integers(0, 2, leads)
        books_first = rng.random(leads) < np.array(first)[version]
        is_skipped = rng.random(leads) < 0.5
        books_second = ~books_first & (rng.random(leads) < np.where(is_skipped, skipped, kept))
        one = make_risk_set({"leads": leads, "booked": 0, "met_at": "2026-07-25"}).assign(
            prompt_id=pd.array(1 + version, "Int64"), booked=books_first | books_second
        )
        two = one.assign(
            step_id=pd.array([20] * leads, "Int64"), prompt_id=pd.array([3] * leads, "Int64"), channel="email",
            met_at=one["met_at"] + pd.Timedelta(hours=36), is_skipped=is_skipped, steps_met=1, booked=books_second,
        )  # fmt: skip
        return pd.concat([one, two.loc[~books_first]], ignore_index=True)

    return make


@pytest.fixture
def study(steps, as_of, parameters):
    def run(risk_set, *tests):
        effects = estimate_effects(risk_set, steps, as_of, tests, parameters, 1)
        (found,) = studied(effects, risk_set, steps, tests, parameters)["campaigns"]
        return found

    return run


def test_all_changes_at_once_are_worth_what_leads_who_live_them_book(study, campaign):
    proposal = study(campaign())["proposal"]
    changes = {(change["decision"], change["step_id"], change["to"]) for change in proposal["changes"]}
    assert changes == {("step", 20, "skip"), ("prompt", 10, "2")}
    assert {change["step_id"]: change["sent_from"] for change in proposal["changes"]} == {20: [1], 10: []}
    value, added = proposal["value"], proposal["value"]["sum_of_parts"]
    now = 0.5 * (0.0 + 1.0 * 0.25) + 0.5 * (0.6 + 0.4 * 0.25)
    assert value["effect"] == pytest.approx(0.6 + 0.4 * 0.5 - now, abs=0.03)
    assert value["ci_low"] < 0.6 + 0.4 * 0.5 - now < value["ci_high"]
    # One by one, leaving out the second step is worth as much as if the first still lost as many leads to it.
    one_by_one = 0.5 * (0.7 - 0.25) + 0.7 * (0.5 - 0.25)
    assert added["ci_low"] < one_by_one < added["ci_high"]
    assert added["effect"] - value["effect"] > 0.04
    assert proposal["expected_sum_of_parts"] == pytest.approx(added["effect"], abs=0.03)


def test_interval_of_the_whole_narrows_with_the_leads(study, campaign):
    few, many = (study(campaign(leads=leads))["proposal"]["value"] for leads in (1000, 8000))
    assert many["ci_high"] - many["ci_low"] < 0.6 * (few["ci_high"] - few["ci_low"])


def test_funnel_counts_who_comes_to_each_step_and_what_becomes_of_them(study, campaign):
    risk_set = campaign()
    first, second = study(risk_set)["funnel"]
    came = (risk_set["step_id"] == 20).sum()
    assert (first["step_id"], first["leads"], second["leads"]) == (10, LEADS, came)
    assert (first["step_order"], second["step_order"]) == (1, 2)
    assert first["booked_here"] == pytest.approx(1 - came / LEADS)
    assert second["booked_here"] == pytest.approx(risk_set.loc[risk_set["step_id"] == 20, "booked"].mean())
    assert second["booked_here"] + second["opted_out_here"] + second["ended_otherwise"] == pytest.approx(1)
    assert (first["hours_to_next"], second["hours_to_next"]) == (36.0, None)
    assert (first["verdict"], second["verdict"]) == ("can't tell", "harmful")


def test_step_that_books_and_drives_leads_away_is_not_said_to_work(campaign, steps, as_of, parameters):
    risk_set = campaign(kept=0.5, skipped=0.0)
    effects = estimate_effects(risk_set, steps, as_of, (), parameters, 1)
    is_step = effects["element_type"] == "step"
    others = [effects[is_step].assign(element_id=str(key), step_id=key, campaign_id=2) for key in (98, 99)]
    harsh = effects.assign(
        opt_out_effect=effects["opt_out_effect"].mask(is_step, 0.2),
        opt_out_ci_low=effects["opt_out_ci_low"].mask(is_step, 0.15),
    )
    (found,) = studied(pd.concat([harsh, *others], ignore_index=True), risk_set, steps, (), parameters)["campaigns"]
    assert found["funnel"][1]["verdict"] == "drives away"


def test_writing_on_stops_before_a_step_that_does_harm_and_not_before_one_that_works(study, campaign):
    # Of the first step no lead was skipped, so that nothing tells what it does.
    harm, works = study(campaign()), study(campaign(kept=0.5, skipped=0.0))
    assert (harm["funnel"][1]["verdict"], works["funnel"][1]["verdict"]) == ("harmful", "works")
    assert (works["stopping"]["after_step_id"], works["stopping"]["later_steps"]) == (20, 0)
    assert (harm["stopping"]["after_step_id"], harm["stopping"]["later_steps"]) == (10, 1)
    assert harm["stopping"]["ci_high"] < 0


def test_campaign_whose_only_step_does_harm_has_none_to_stop_after(make_risk_set, make_steps, as_of, parameters):
    risk_set = make_risk_set({"leads": 600, "booked": 6}, {"leads": 600, "booked": 90, "is_skipped": True})
    steps = make_steps({"prompt_id": 1})
    effects = estimate_effects(risk_set, steps, as_of, (), parameters, 1)
    (found,) = studied(effects, risk_set, steps, (), parameters)["campaigns"]
    assert (found["stopping"]["after_step_id"], found["stopping"]["later_steps"]) == (None, 1)
    assert found["proposal"]["changes"] == []
    assert found["proposal"]["reason"].startswith("A step does worse than skipping it, and yet no change")
    assert found["stopping"]["effect"] < 0


def test_campaign_that_tried_nothing_is_not_said_to_need_no_change(make_risk_set, make_steps, as_of, parameters):
    risk_set, steps = make_risk_set({"leads": 600, "booked": 60}), make_steps({"prompt_id": 1})
    effects = estimate_effects(risk_set, steps, as_of, (), parameters, 1)
    (found,) = studied(effects, risk_set, steps, (), parameters)["campaigns"]
    assert found["proposal"]["reason"].startswith("Nobody can tell yet")


def test_decided_test_is_valued_among_its_own_leads(study, campaign):
    before = campaign(first=(0.6, 0.0), kept=0.3, skipped=0.0)
    earlier = {name: before[name] - pd.Timedelta(days=60) for name in ("met_at", "enrolled_at")}
    rows = pd.concat(
        [before.assign(lead_key="x" + before["lead_key"], **earlier), campaign(kept=0.3, skipped=0.0)],
        ignore_index=True,
    )
    arms = parse_arm("--control", "prompt=1"), parse_arm("--treatment", "prompt=2")
    plan = {"snapshot_id": "s", "as_of": "2026-07-01T00:00:00"}
    test = register_planned(planned(), arms, pd.Timestamp("2026-07-02").to_pydatetime(), plan)
    look = {"rates": {"A": 0.1, "B": 0.35}, "effect": 0.25, "is_last": True}
    result = {"look": look, "information": 1.0, "mature_leads": {"A": LEADS // 2, "B": LEADS // 2}}
    decided = {"test": test.model_dump(mode="json"), "until": "2026-08-30T00:00:00"}
    decided |= {"result": result, "earlier_looks": []}
    proposal = study(rows, decided)["proposal"]
    assert [(change["decision"], change["to"]) for change in proposal["changes"]] == [("prompt", "2")]
    assert proposal["value"]["leads"] == LEADS
    assert proposal["value"]["effect"] > 0.15
    # Without the test both halves count, of which each says the opposite of the other.
    both = study(rows)["proposal"]["value"]
    assert both is None or both["effect"] < 0.1


def test_equal_arms_leave_the_sequence_as_it_is(study, campaign):
    proposal = study(campaign(first=(0.2, 0.2), kept=0.2, skipped=0.2))["proposal"]
    assert (proposal["changes"], proposal["value"]) == ([], None)
    assert proposal["reason"].startswith("Nothing to change")


def test_arm_that_makes_leads_leave_is_not_proposed(steps, campaign, as_of, parameters):
    effects = estimate_effects(campaign(), steps, as_of, (), parameters, 1)
    is_skip = effects["element_type"] == "step"
    leaving = effects.assign(
        guardrails_better=effects["guardrails_better"].where(~is_skip, "opt_out"),
        guardrails_worse=effects["guardrails_worse"].where(effects["element_id"] != "2", "negative_reply"),
    )
    knobs = parameters.effects
    assert propose_changes(leaving, 1, knobs) == []
    assert len(propose_changes(effects, 1, knobs)) == 2


def test_answer_is_plain_json_and_the_same_for_any_order_of_rows(study, campaign):
    risk_set = campaign(leads=600)
    told = [json.dumps(study(rows), allow_nan=False) for rows in (risk_set, risk_set.sample(frac=1, random_state=1))]
    assert told[0] == told[1]


def test_no_steps_give_no_sequences(make_risk_set, make_steps, as_of, parameters):
    effects = estimate_effects(make_risk_set(), make_steps(), as_of, (), parameters, 1)
    assert studied(effects, make_risk_set(), make_steps(), (), parameters) == {"campaigns": []}
