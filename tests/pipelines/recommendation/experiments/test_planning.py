"""Sample sizes, durations and feasibility of the planned tests."""

import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from estimated_elements import KEYS, asking, effects_of, recommended
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower
from tested_leads import planned

from lead_conversion.contracts.documents import PLANNED_TEST_PARTS, RUNNING_TEST_PARTS, experiment_plan
from lead_conversion.kernel.errors import DataError
from lead_conversion.lifecycle.experiments import parse_arm, register_planned
from lead_conversion.pipelines.recommendation.experiments.planning import (
    fixed_sample_drift,
    leads_per_arm,
    plan_experiments,
)
from lead_conversion.pipelines.recommendation.experiments.sequential import (
    drift_for_power,
    stopping_boundaries,
)

QUARTERS = (0.25, 0.5, 0.75, 1.0)


@pytest.fixture
def recommendation():
    return recommended()


@pytest.fixture
def plan(as_of, parameters):
    def run(recommendation, risk_set, base_rate=0.1):
        effects = effects_of({key: recommendation[key] for key in KEYS} | {"rate_treated": base_rate})
        return plan_experiments(asking(recommendation), effects, risk_set, as_of, [], parameters)["experiments"][0]

    return run


@pytest.fixture
def recent_leads(make_risk_set):
    def make(weekly, **columns):
        return make_risk_set({"leads": 8 * weekly, "booked": 0, "met_at": "2026-08-20", "is_mature": False} | columns)

    return make


@pytest.mark.parametrize(("points", "leads"), [(2, 4_145), (1, 16_577), (0.5, 66_308)])
def test_known_sample_sizes_come_out(points, leads):
    assert leads_per_arm(0.12, points / 100, fixed_sample_drift(0.05, 0.8)) == leads


def test_sample_size_agrees_with_statsmodels():
    drift = fixed_sample_drift(0.05, 0.8)
    standardised = 0.02 / np.sqrt(0.13 * 0.87)
    reference = NormalIndPower().solve_power(standardised, alpha=0.05, power=0.8)
    assert leads_per_arm(0.13, 0.02, drift) == pytest.approx(reference, abs=1)


def test_planned_test_has_the_planned_power_and_error():
    bounds = stopping_boundaries(QUARTERS, 0.05)
    base, difference = 0.1, 0.03
    n = leads_per_arm(base + difference / 2, difference, drift_for_power(bounds, QUARTERS, 0.8))
    rng = np.random.default_rng(11)
    sizes = np.diff([0, *(round(n * share) for share in QUARTERS)])

    def rejected(rate: float) -> float:
        control, treated = (np.cumsum([rng.binomial(size, p, 20_000) for size in sizes], axis=0) for p in (base, rate))
        seen = np.cumsum(sizes)[:, None]
        pooled = (control + treated) / (2 * seen)
        z = (treated - control) / seen / np.sqrt(2 * pooled * (1 - pooled) / seen)
        return float((np.abs(z) > np.array(bounds)[:, None]).any(axis=0).mean())

    assert 0.78 <= rejected(base + difference) <= 0.82
    assert rejected(base) <= 0.055


def test_wait_is_tested_on_the_leads_of_the_own_order_that_come_to_its_step(plan, recommendation, recent_leads):
    wait = {
        "element_type": "wait",
        "element_id": "10",
        "contrast": "24 h - 48 h",
        "change": "change_wait",
        "edit": None,
    }
    elsewhere = recent_leads(700, step_id=9)
    other_order = recent_leads(100, sequence_variant="B").assign(lead_key=range(800))
    rows = pd.concat([recent_leads(200), other_order.astype({"lead_key": "str"}), elsewhere])
    experiment = plan(recommendation | wait, rows)
    assert experiment["weekly_eligible_leads"] == 200
    assert experiment["unit"] == "lead that is still waiting when the shorter wait is over"
    assert experiment["allocation"] == "50/50 at random right after the step before, when the wait is set"
    assert experiment["primary_metric"] == "call booked within 30 days after the shorter wait is over"
    assert plan(recommendation, rows)["weekly_eligible_leads"] == 300


def test_duration_is_enrolment_of_eligible_leads_and_the_wait_for_the_last_label(plan, recommendation, recent_leads):
    experiment = plan(recommendation, recent_leads(200))
    n = experiment["sample_size_per_arm"]
    assert experiment["minimal_detectable_effect"] == pytest.approx(0.05)
    assert experiment["weekly_eligible_leads"] == 200
    assert experiment["weeks_enrolment"] == int(np.ceil(2 * n / 200))
    assert experiment["duration_weeks"] == experiment["weeks_enrolment"] + 5
    assert experiment["feasible"]
    assert experiment["reason"].startswith("Feasible")


def test_small_effect_is_planned_at_the_least_effect_of_interest(plan, recommendation, recent_leads):
    small = recommendation | {"evidence": {"shrunken_effect": -0.004}}
    assert plan(small, recent_leads(200))["minimal_detectable_effect"] == pytest.approx(0.01)


def test_thin_traffic_is_infeasible_and_says_what_would_make_it_feasible(plan, recommendation, recent_leads):
    experiment = plan(recommendation, recent_leads(20))
    assert not experiment["feasible"]
    needed = np.ceil(2 * experiment["sample_size_per_arm"] / 21)
    assert f"{needed:,.0f} leads a week" in experiment["reason"]
    assert "points are the smallest effect that matters" in experiment["reason"]


def test_effect_named_as_affordable_would_be_feasible(plan, recommendation, recent_leads):
    reason = plan(recommendation, recent_leads(20))["reason"]
    points = float(reason.split("or if ")[1].split(" points")[0])
    larger = recommendation | {"evidence": {"shrunken_effect": -points / 100}}
    assert plan(larger, recent_leads(20))["feasible"]


def test_traffic_that_is_just_too_thin_is_told_as_less_than_what_would_do(plan, recommendation, recent_leads):
    needed = float(plan(recommendation, recent_leads(20))["reason"].split("Feasible with ")[1].split()[0])
    just_too_thin = recent_leads(int(needed)).iloc[:-4]
    assert plan(recommendation, recent_leads(int(needed)))["feasible"]
    assert f"leads at {needed - 0.5:g} a week take 27 weeks" in plan(recommendation, just_too_thin)["reason"]


def test_a_lead_now_and_then_is_not_told_as_none(plan, recommendation, make_risk_set):
    lead = make_risk_set({"leads": 1, "booked": 0, "met_at": "2026-08-20", "is_mature": False})
    assert "leads at 0.1 a week" in plan(recommendation, lead)["reason"]


def test_one_lead_a_week_asks_for_campaigns_to_share(plan, recommendation, recent_leads):
    assert "campaigns share" in plan(recommendation, recent_leads(1), base_rate=0.5)["reason"]


def test_difference_is_capped_where_the_better_rate_would_leave_its_range(plan, recommendation, recent_leads):
    large = recommendation | {"evidence": {"shrunken_effect": -0.2}}
    experiment = plan(large, recent_leads(2000), base_rate=0.95)
    assert 0.95 < 0.95 + experiment["minimal_detectable_effect"] < 1
    assert experiment["sample_size_per_arm"] > 0
    assert experiment["feasible"]


@pytest.mark.parametrize("base_rate", [0.985, 1.0])
def test_place_where_nearly_all_book_leaves_nothing_to_find(plan, recommendation, recent_leads, base_rate):
    experiment = plan(recommendation, recent_leads(2000), base_rate=base_rate)
    assert not experiment["feasible"]
    assert experiment["sample_size_per_arm"] is None
    assert experiment["duration_weeks"] is None
    assert "leaves no room" in experiment["reason"]
    json.dumps(experiment, allow_nan=False)


@given(st.floats(0, 1), st.floats(-0.1, 1).filter(lambda x: abs(x) > 1e-3))
def test_sample_size_is_positive_or_refused(rate, difference):
    if difference > 0 and rate - difference / 2 >= 0 and rate + difference / 2 <= 1:
        assert leads_per_arm(rate, difference, 2.8) >= 1
    else:
        with pytest.raises(ValueError, match="between 0 and 1"):
            leads_per_arm(rate, difference, 2.8)


def test_place_that_nobody_met_lately_is_infeasible(plan, recommendation, make_risk_set):
    experiment = plan(recommendation, make_risk_set({"leads": 10, "booked": 1, "met_at": "2026-02-01"}))
    assert not experiment["feasible"]
    assert experiment["duration_weeks"] is None
    assert "no lead has met this place lately" in experiment["reason"]


def test_limit_shorter_than_the_labels_is_infeasible(recommendation, recent_leads, parameters, as_of):
    short = parameters.model_copy(
        update={"experiments": parameters.experiments.model_copy(update={"max_duration_weeks": 5})}
    )
    effects = effects_of({key: recommendation[key] for key in KEYS})
    found = plan_experiments(asking(recommendation), effects, recent_leads(200), as_of, [], short)
    assert "labels alone take 5 weeks" in found["experiments"][0]["reason"]


def test_unreachable_leads_and_other_steps_are_not_eligible(plan, recommendation, recent_leads):
    risk_set = pd.concat([recent_leads(200), recent_leads(50, is_reachable=False), recent_leads(70, step_id=11)])
    assert plan(recommendation, risk_set)["weekly_eligible_leads"] == 200


def test_order_enrols_each_new_lead_of_the_campaign_once(plan, recommendation, recent_leads):
    first = recent_leads(200)
    later = first.assign(step_id=11, met_at=first["met_at"] + pd.Timedelta(days=1))
    order = recommendation | {"element_type": "order", "step_id": None, "change": "change_order", "contrast": "A - B"}
    experiment = plan(order, pd.concat([first, later]))
    assert experiment["weekly_eligible_leads"] == 200
    assert experiment["arms"] == ["A (control): the order is A", "B (treatment): the order is B"]
    assert "enrolled" in experiment["allocation"]


def test_guardrails_name_todays_rates(plan, recommendation, make_risk_set):
    risk_set = make_risk_set(
        {"leads": 80, "booked": 0, "met_at": "2026-06-01"},
        {"leads": 10, "booked": 0, "met_at": "2026-06-01", "opted_out_at": "2026-06-07"},
        {"leads": 10, "booked": 0, "met_at": "2026-06-01", "opted_out_at": "2026-06-09"},
        # The week in which they may still opt out is not over.
        {"leads": 900, "booked": 0, "met_at": "2026-08-30"},
    )
    opt_outs, negative = plan(recommendation, risk_set)["guardrails"]
    assert (opt_outs["guardrail"], opt_outs["rate_now"], opt_outs["limit_ratio"]) == ("opt-outs", 0.1, 1.25)
    assert "now 10.0\N{NO-BREAK SPACE}%" in opt_outs["rule"]
    assert negative["rate_now"] == 0


def test_plan_says_when_the_sample_ratio_stops_it(plan, recommendation, recent_leads):
    check = plan(recommendation, recent_leads(200))["sample_ratio_check"]
    assert check["p_below"] == 0.001
    assert "0.001" in check["rule"]


@pytest.fixture
def plan_all(as_of, parameters):
    def run(recommendations, risk_set, *running):
        effects = effects_of(*({key: each[key] for key in KEYS} for each in recommendations))
        return plan_experiments(asking(*recommendations), effects, risk_set, as_of, running, parameters)

    return run


def at_step(recommendation, step_id, campaign_id=1):
    name = f"prompt-{step_id}"
    place = {"element_id": str(step_id), "step_id": step_id, "campaign_id": campaign_id}
    return recommendation | place | {"id": name, "experiment_id": f"test-{name}"}


def test_tests_on_the_same_leads_queue_and_others_run_beside(plan_all, recommendation, recent_leads):
    first = recent_leads(300)
    others = recent_leads(200, step_id=20, campaign_id=2)
    others = others.assign(lead_key="x" + others["lead_key"])
    risk_set = pd.concat([first, first.assign(step_id=11), others])
    wanted = [at_step(recommendation, 10), at_step(recommendation, 11), at_step(recommendation, 20, 2)]
    made = plan_all(wanted, risk_set)
    one, two, three = made["experiments"]
    assert (one["first_week"], one["last_week"]) == (1, one["duration_weeks"])
    assert (two["first_week"], two["runs_after"]) == (one["last_week"] + 1, ["test-prompt-10"])
    assert (three["first_week"], three["runs_after"]) == (1, [])
    assert three["runs_beside"] == ["test-prompt-10", "test-prompt-11"]
    assert two["conflicts"][0]["rule"] == "not beside test-prompt-10: same leads (100\N{NO-BREAK SPACE}%)"
    assert three["conflicts"] == []
    assert made["schedule"].startswith("2 tests begin at once, side by side on different leads. 1 test would")
    assert f"after {two['last_week']} weeks" in made["schedule"]


def test_test_that_brings_most_for_each_of_its_weeks_goes_first(plan_all, recommendation, recent_leads):
    # Both bring as much a month; the larger effect, at a step with fewer leads, takes fewer weeks to show.
    many = recent_leads(300)
    few = many.iloc[:1200].assign(step_id=11)
    slow = at_step(recommendation, 10) | {"evidence": {"shrunken_effect": -0.04}}
    quick = at_step(recommendation, 11) | {"evidence": {"shrunken_effect": -0.08}}
    first, second = plan_all([slow, quick], pd.concat([many, few]))["experiments"]
    assert first["worth"] == pytest.approx(second["worth"]) == 0.04 * 300 * 30 / 7
    assert first["duration_weeks"] > second["duration_weeks"]
    assert (second["first_week"], second["runs_after"]) == (1, [])
    assert (first["first_week"], first["runs_after"]) == (second["last_week"] + 1, ["test-prompt-11"])


def test_whole_sequence_goes_before_single_changes_that_bring_less_for_each_week(
    recommendation, recent_leads, as_of, parameters
):
    wanted = [at_step(recommendation, step_id) for step_id in (10, 11)]
    asked = asking(*(each | {"evidence": {"shrunken_effect": -0.03}} for each in wanted))
    proposal = {"value": {"effect": 0.06}, "expected_sum_of_parts": 0.06, "changes": [{}, {}]}
    asked["sequences"] = [{"campaign_id": 1, "name": "Autumn", "proposal": proposal}]
    entered = recent_leads(300, is_mature=True)
    effects = effects_of(*({key: each[key] for key in KEYS} for each in wanted))
    made = plan_experiments(asked, effects, pd.concat([entered, entered.assign(step_id=11)]), as_of, [], parameters)
    one, two, whole = made["experiments"]
    assert (whole["id"], whole["first_week"]) == ("test-sequence-1", 1)
    assert one["runs_after"] == ["test-sequence-1"]
    assert two["first_week"] > one["first_week"]


def test_order_and_step_of_one_campaign_queue_whoever_their_leads_are(plan_all, recommendation, recent_leads):
    order = recommendation | {
        "id": "order-1-B", "experiment_id": "test-order-1-B", "element_type": "order", "element_id": "1",
        "step_id": None, "change": "change_order", "contrast": "A - B",
    }  # fmt: skip
    one, two = plan_all([order, at_step(recommendation, 10)], recent_leads(300))["experiments"]
    assert two["first_week"] == one["last_week"] + 1
    assert two["conflicts"][0]["reason"] == "order of the same campaign"


def running(**given):
    """A registered test at step 10 of campaign 1, of 400 leads an arm."""
    plan = {"snapshot_id": "s", "as_of": "2026-08-01T00:00:00"}
    arms = parse_arm("--control", "prompt=1"), parse_arm("--treatment", "prompt=2")
    test = register_planned(planned(**{"id": "test-elsewhere"} | given), arms, datetime(2026, 8, 10), plan)  # noqa: DTZ001
    return {"test": test.model_dump(mode="json"), "looks": [], "was_stopped": False}


def test_test_on_leads_that_a_running_one_holds_is_planned_after_it(plan_all, recommendation, recent_leads):
    first = recent_leads(300)
    others = recent_leads(200, step_id=20, campaign_id=2)
    others = others.assign(lead_key="x" + others["lead_key"])
    risk_set = pd.concat([first, first.assign(step_id=11), others])
    wanted = [at_step(recommendation, 11), at_step(recommendation, 20, 2)]
    made = plan_all(wanted, risk_set, running())
    (now,) = made["running"]
    held, free = made["experiments"]
    # All of its leads are in: the last outcome is known five weeks from now.
    assert (now["id"], now["leads_needed"], now["weeks_left"]) == ("test-elsewhere", 800, 5)
    assert (held["first_week"], held["runs_after"]) == (6, ["test-elsewhere"])
    assert (free["first_week"], free["runs_after"]) == (1, [])
    assert "1 test runs now." in made["schedule"]
    assert "known; test-prompt-11 after test-elsewhere ends." in made["schedule"]


def test_what_nobody_can_tell_is_planned_after_the_changes_and_named_as_open(
    recommendation, recent_leads, as_of, parameters
):
    effects = effects_of({key: recommendation[key] for key in KEYS}, {"step_id": 11}, error=0.02)
    risk_set = pd.concat([recent_leads(200), recent_leads(3000, step_id=11)])
    made = plan_experiments(asking(recommendation), effects, risk_set, as_of, [], parameters)
    change, question = made["experiments"]
    assert (change["recommendation_id"], change["so_far"]) == ("prompt-1", None)
    assert (question["recommendation_id"], question["id"]) == (None, "test-wait-10-48h")
    assert question["told_by"] == [{"mark": "wait", "told_as": ["24"]}, {"mark": "wait", "told_as": ["48"]}]
    assert question["feasible"]
    assert made["open_questions"].startswith("Of 1 place nobody can tell yet which side does better; to know it would")
    assert made["open_questions"].endswith("at most. Here is its test; the present traffic carries it.")
    json.dumps(made, allow_nan=False)


def test_questions_that_the_traffic_answers_come_first_and_few_are_planned(recent_leads, as_of, parameters):
    effects = effects_of(
        {"element_id": "10", "exposed_leads_month": 900.0}, {"element_id": "11", "step_id": 11},
        {"element_id": "12", "step_id": 12, "exposed_leads_month": 100.0}, error=0.02,
    )  # fmt: skip
    risk_set = pd.concat([recent_leads(10), recent_leads(3000, step_id=11), recent_leads(20, step_id=12)])

    def plan_at_most(most):
        knobs = parameters.experiments.model_copy(update={"open_questions": most})
        few = parameters.model_copy(update={"experiments": knobs})
        return plan_experiments(asking(), effects, risk_set, as_of, [], few)

    def planned_questions(most):
        return plan_at_most(most)["experiments"]

    assert [(each["step_id"], each["feasible"]) for each in planned_questions(2)] == [(11, True), (10, False)]
    assert "leads a week" in planned_questions(2)[1]["reason"]
    assert planned_questions(0) == []
    assert plan_at_most(1)["open_questions"].endswith("Here is the test of one; the present traffic carries it.")
    assert plan_at_most(2)["open_questions"].endswith("Here are 2 of those worth most; the present traffic carries 1.")
    assert plan_at_most(3)["open_questions"].endswith("Here are the tests; the present traffic carries 1.")


def test_whole_sequence_is_tested_on_all_new_leads_of_its_campaign(recommendation, make_risk_set, as_of, parameters):
    risk_set = make_risk_set(
        {"leads": 800, "booked": 160, "met_at": "2026-08-20"},
        {"leads": 800, "booked": 0, "met_at": "2026-08-20", "sequence_variant": "B"},
        {"leads": 800, "booked": 0, "met_at": "2026-08-20", "campaign_id": 2, "step_id": 20},
    )
    proposal = {"value": {"effect": 0.08}, "expected_sum_of_parts": 0.06, "changes": [{}, {}]}
    asked = asking(at_step(recommendation, 10))
    asked["sequences"] = [{"campaign_id": 1, "name": "Autumn", "proposal": proposal}]
    effects = effects_of({key: recommendation[key] for key in KEYS} | {"element_id": "10"})
    step, whole = plan_experiments(asked, effects, risk_set, as_of, [], parameters)["experiments"]
    assert (whole["id"], whole["base_rate"], whole["weekly_eligible_leads"]) == ("test-sequence-1", 0.2, 200)
    assert whole["minimal_detectable_effect"] == pytest.approx(0.06)
    assert whole["conflicts"][0]["with"] == step["id"]
    assert whole["allocation"].endswith("enrolled; the campaign's other orders rest meanwhile")


def test_question_that_a_test_asks_already_is_not_planned_again(recent_leads, as_of, parameters):
    itself = running(id="test-wait-10-48h")
    made = plan_experiments(asking(), effects_of({}), recent_leads(300), as_of, [itself], parameters)
    assert made["experiments"] == []
    assert made["schedule"] == "1 test runs now. No other test is planned."


def test_change_whose_test_runs_is_not_planned_again(plan_all, recommendation, recent_leads):
    made = plan_all([recommendation, at_step(recommendation, 11)], recent_leads(300), running(id="test-prompt-1"))
    assert [each["id"] for each in made["experiments"]] == ["test-prompt-11"]
    assert [each["id"] for each in made["running"]] == ["test-prompt-1"]
    assert made["schedule"].startswith("1 test runs now.")


def test_change_that_a_test_has_proven_is_not_tested_again(plan_all, recommendation, recent_leads):
    proven = recommendation | {"proven_by": "test-prompt-1"}
    made = plan_all([proven, at_step(recommendation, 11)], recent_leads(300))
    assert [each["id"] for each in made["experiments"]] == ["test-prompt-11"]


def test_from_too_few_data_no_question_is_planned(recent_leads, as_of, parameters):
    early = asking(status="not_enough_data")
    assert plan_experiments(early, effects_of({}), recent_leads(300), as_of, [], parameters)["experiments"] == []


def test_plan_keeps_its_contract_and_each_part_of_a_test_is_needed(plan_all, recommendation, recent_leads):
    made = plan_all([recommendation], recent_leads(300))
    assert experiment_plan.validate(made) == made
    for part in PLANNED_TEST_PARTS:
        lacking = {key: value for key, value in made["experiments"][0].items() if key != part}
        with pytest.raises(DataError, match=rf"lacks experiments\[0\]\.{part};"):
            experiment_plan.validate(made | {"experiments": [lacking]})


@pytest.mark.parametrize("part", RUNNING_TEST_PARTS)
def test_each_part_of_a_running_test_is_needed(plan_all, recommendation, recent_leads, part):
    made = plan_all([recommendation], recent_leads(300), running())
    lacking = {key: value for key, value in made["running"][0].items() if key != part}
    with pytest.raises(DataError, match=rf"lacks running\[0\]\.{part};"):
        experiment_plan.validate(made | {"running": [lacking]})


def test_infeasible_test_has_no_week(plan_all, recommendation, recent_leads):
    made = plan_all([recommendation], recent_leads(2))
    assert made["experiments"][0]["first_week"] is None
    assert made["experiments"][0]["runs_beside"] == []
    assert made["schedule"] == "No test is feasible with the present traffic."


def test_where_nothing_is_planned_the_traffic_is_not_blamed(plan_all, recent_leads):
    assert plan_all([], recent_leads(2))["schedule"] == "No test is planned."


def test_weeks_without_number_are_told_as_other_numbers(plan_all, recommendation, recent_leads):
    made = plan_all([recommendation], recent_leads(1))
    (test,) = made["experiments"]
    assert test["duration_weeks"] > 1000
    assert f"take {test['duration_weeks']:,} weeks" in test["reason"]


def test_plan_is_plain_json(plan, recommendation, recent_leads):
    json.dumps(plan(recommendation, recent_leads(200)), allow_nan=False)


@pytest.mark.parametrize(
    ("proposed", "says"),
    [
        ("Hello", "the proposed text is sent instead"),
        (None, "a new text, which a person has to write, is sent instead"),
    ],
)
def test_plan_names_no_proposed_text_where_there_is_none(plan, recommendation, recent_leads, proposed, says):
    planned = plan(recommendation | {"proposed_text": proposed}, recent_leads(500))
    assert planned["arms"][1] == f"B (treatment): {says}"


def test_all_leads_of_the_step_are_dealt_one_of_two_wordings(plan, recommendation, recent_leads):
    words = plan(recommendation, recent_leads(500))["allocation"]
    assert words.endswith("at the step; the step's other versions rest meanwhile")
    skip = recommendation | {"element_type": "step", "change": "skip_step"}
    assert "other versions" not in plan(skip, recent_leads(500))["allocation"]


def test_without_recommendations_there_is_no_experiment(make_risk_set, as_of, parameters):
    found = plan_experiments(asking(), pd.DataFrame(), make_risk_set(), as_of, [], parameters)
    assert (found["experiments"], found["open_questions"]) == ([], "")
