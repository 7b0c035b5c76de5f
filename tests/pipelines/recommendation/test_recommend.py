"""What is recommended, and when nothing is."""

import json

import pandas as pd
import pytest
from estimated_elements import estimate_effects

from lead_conversion.pipelines.recommendation.recommend import recommend_changes

GREETING = "Hi {{first_name}}, "
PRESSING = GREETING + "you asked about our course. Act now. Could we talk for ten minutes this week?"
CALM = GREETING + "you asked about our course. Which day suits you for a short call?"


@pytest.fixture
def recommend(as_of, make_labels, targets, parameters):
    def run(risk_set, steps, labels=None, grade=None, flagged=None, **columns):
        effects = estimate_effects(risk_set, steps, as_of, (), parameters, 1).assign(**columns)
        effects = effects if grade is None else effects.assign(evidence_grade=grade)
        effects = effects if flagged is None else effects.assign(flagged=flagged)
        labels = make_labels() if labels is None else labels
        return recommend_changes(effects, steps, risk_set, labels, as_of, targets, parameters)

    return run


@pytest.fixture
def steps(make_steps):
    return make_steps(
        {"prompt_id": 1, "body": PRESSING, "variant_orders": "B:1:24.00"},
        {"prompt_id": 2, "body": CALM, "prompt_version": 2, "variant_orders": "B:1:24.00"},
    )


@pytest.fixture
def bad_version(make_risk_set):
    return make_risk_set(
        {"prompt_id": 1, "leads": 600, "booked": 12, "met_at": "2026-05-20"},
        {"prompt_id": 2, "leads": 600, "booked": 90, "met_at": "2026-05-20"},
        {"prompt_id": 1, "leads": 112, "booked": 0, "met_at": "2026-08-20", "is_mature": False},
    )


def test_bad_prompt_is_to_be_tested_with_the_concrete_edit(recommend, bad_version, steps):
    answer = recommend(bad_version, steps)
    found = answer["recommendations"][0]
    assert answer["status"] == "recommendations"
    assert (found["id"], found["rank"], found["experiment_id"]) == ("prompt-1", 1, "test-prompt-1")
    assert found["current_text"] == PRESSING
    assert found["proposed_text"] == PRESSING.replace(" Act now.", "")
    assert found["evidence"]["effect"] == pytest.approx(0.02 - 0.15, abs=0.005)


def test_prompt_without_a_proposed_wording_says_so(recommend, bad_version, make_steps):
    alike = make_steps(*({"prompt_id": p, "prompt_version": p} for p in (1, 2)))
    found = recommend(bad_version, alike)["recommendations"][0]
    assert (found["proposed_text"], found["diff"]) == (None, None)
    assert found["reasons"][-1].startswith("No wording is proposed")


def test_version_that_runs_already_is_no_new_wording(recommend, bad_version, make_steps):
    other = "Bonjour {{first_name}}, auriez-vous dix minutes cette semaine pour un appel avec notre conseillère ?"
    mine = "Bonjour {{first_name}}, notre formation commence en mai et les places sont encore disponibles pour vous."
    steps = make_steps({"prompt_id": 1, "body": mine}, {"prompt_id": 2, "prompt_version": 2, "body": other})
    found = recommend(bad_version, steps)["recommendations"][0]
    assert (found["edit"]["is_whole_version"], found["edit"]["version"]) == (True, "2")
    assert found["title"] == f"Test a better version instead of {found['label']}"
    assert found["expected_impact"]["assumes"] == "nothing hidden decided who got which"
    proven = recommend(bad_version, steps, grade="A")["recommendations"][0]
    assert (proven["action"], proven["expected_impact"]["assumes"]) == ("change", None)


def test_association_alone_is_never_a_reason_to_change(recommend, bad_version, steps):
    found = recommend(bad_version, steps, grade="C")["recommendations"][0]
    assert found["action"] == "test first"
    assert found["evidence"]["flagged"]
    assert any("Association only" in reason for reason in found["reasons"])


def test_impact_is_the_shrunken_effect_on_the_leads_of_a_month(recommend, bad_version, steps):
    found = recommend(bad_version, steps)["recommendations"][0]
    leads_a_month = 112 / (8 * 7 / 30)
    impact = found["expected_impact"]
    assert impact["conversions_a_month"] == pytest.approx(-found["evidence"]["shrunken_effect"] * leads_a_month)
    assert 0 < impact["conversions_a_month"] < 0.13 * leads_a_month
    assert impact["ci_low"] < impact["conversions_a_month"] < impact["ci_high"]


def test_impact_of_an_association_says_what_it_assumes(recommend, bad_version, steps):
    answer = recommend(bad_version, steps, grade="C")
    found = answer["recommendations"][0]
    assert found["expected_impact"]["assumes"] == (
        "the association is the cause and the new wording does as well as the other versions"
    )
    assert found["expected_impact"]["if_causal"]
    assert "do not add up" in answer["message"]
    assert "if the association were the cause" in answer["message"]
    assert not any("chance" in reason or "q " in reason for reason in found["reasons"])


def test_adjusted_difference_is_tested_first_and_says_how_strong_a_hidden_cause_must_be(recommend, bad_version, steps):
    found = recommend(bad_version, steps)["recommendations"][0]
    assert (found["evidence"]["grade"], found["action"]) == ("B", "test first")
    assert found["expected_impact"]["assumes"].startswith("nothing hidden decided who got which and ")
    (caveat,) = [reason for reason in found["reasons"] if "grade B" in reason]
    assert float(caveat.partition("booking, ")[2].partition(" times")[0]) > 2


@pytest.mark.parametrize(
    ("is_flagged", "caveat"),
    [
        (False, "Adjusted (grade B), and it may be chance alone. Test it first."),
        (True, "Adjusted (grade B): by its own leads alone the interval reaches zero, "),
    ],
)
def test_hidden_cause_that_need_not_be_any_is_no_bound(recommend, bad_version, steps, is_flagged, caveat):
    wording = {"text_mean": -0.05, "text_sd": 0.01, "text_doubt": 0.01 if is_flagged else 0.4}
    found = recommend(bad_version, steps, sensitivity=1.04, flagged=is_flagged, **wording)["recommendations"][0]
    (told,) = [reason for reason in found["reasons"] if "grade B" in reason]
    assert told.startswith(caveat)
    (chance,) = [reason for reason in found["reasons"] if "chance that it is no worse" in reason]
    assert chance.startswith("Unlikely to be chance alone" if is_flagged else "This may be chance")


def test_chance_to_be_worse_counts_the_wording_where_the_flag_does(recommend, bad_version, steps):
    wording = {"text_mean": -0.05, "text_sd": 0.01, "text_doubt": 0.04}
    found = recommend(bad_version, steps, **wording)["recommendations"][0]
    assert found["evidence"]["certainty"] == pytest.approx(0.96)
    assert any("no worse is 4\N{NO-BREAK SPACE}%" in reason for reason in found["reasons"])


@pytest.mark.parametrize(("is_flagged", "proven_by"), [(True, "test-wait-10-12h"), (False, "")])
def test_change_that_a_test_showed_names_it_and_one_that_it_did_not_is_unproven(
    recommend, make_risk_set, steps, is_flagged, proven_by
):
    recent = {"met_at": "2026-07-25", "leads": 900}
    risk_set = make_risk_set(recent | {"booked": 20}, recent | {"booked": 120, "planned_wait_hours": 12.0})
    answer = recommend(risk_set, steps, grade="A", flagged=is_flagged, tested_by="test-wait-10-12h")
    found = answer["recommendations"][0]
    assert found["proven_by"] == proven_by
    assert any("the registered test test-wait-10-12h showed" in reason for reason in found["reasons"])


@pytest.mark.parametrize(
    ("group", "is_flagged", "action", "title"),
    [
        ({"is_skipped": True}, True, "change", "Skip the step: "),
        ({"is_skipped": True}, False, "test first", "Test skipping the step: "),
        ({"planned_wait_hours": 12.0}, True, "change", "Wait 12 h: "),
        ({"prompt_id": 2}, True, "test first", "Test a new wording instead of "),
    ],
)
def test_to_change_asks_for_a_difference_beyond_chance_and_an_alternative_that_was_tried(
    recommend, make_risk_set, steps, group, is_flagged, action, title
):
    recent = {"met_at": "2026-07-25", "leads": 900}
    risk_set = make_risk_set(recent | {"booked": 20}, recent | {"booked": 120} | group)
    answer = recommend(risk_set, steps, grade="A", flagged=is_flagged)
    found = answer["recommendations"][0]
    assert (found["action"], found["title"].startswith(title)) == (action, True)
    assert ("to test first" in answer["message"], "to make" in answer["message"]) == (
        action == "test first",
        action == "change",
    )


def test_step_that_a_decision_point_sends_leads_to_is_not_skipped_unsaid(recommend, make_risk_set, make_steps):
    recent = {"met_at": "2026-07-25", "leads": 900}
    risk_set = make_risk_set(recent | {"booked": 20}, recent | {"booked": 120, "is_skipped": True})
    before = {"step_id": 9, "step_order": 0, "decision_point": '{"if": "no_reply", "goto": 1}'}
    said = "The decision point of step 0 sends leads here: it has to name another step first."
    for other, is_said in ((before, True), (before | {"decision_point": None}, False)):
        (found,) = recommend(risk_set, make_steps({"prompt_id": 1}, other))["recommendations"]
        assert (found["element_type"], said in found["reasons"]) == ("step", is_said)


def test_impact_of_a_randomised_difference_assumes_only_that_new_words_do_as_well(recommend, bad_version, steps):
    answer = recommend(bad_version, steps, grade="A")
    found = answer["recommendations"][0]
    assert found["expected_impact"]["assumes"] == "the new wording does as well as the other versions"
    assert not found["expected_impact"]["if_causal"]
    assert not any("Association only" in reason for reason in found["reasons"])
    assert "association" not in answer["message"]


def test_figures_in_words_are_written_as_in_the_report(recommend, bad_version, steps):
    reasons = recommend(bad_version, steps)["recommendations"][0]["reasons"]
    assert "2.0\N{NO-BREAK SPACE}% booked a call" in reasons[0]
    assert (
        "Difference between leads alike \N{MINUS SIGN}13.0\N{NO-BREAK SPACE}points (95\N{NO-BREAK SPACE}% interval"
        in reasons[1]
    )


def test_leads_left_out_for_missing_records_are_counted_in_the_message(recommend, bad_version, steps, make_labels):
    labels = make_labels(*((f"early{n}", "t1", "left_truncated") for n in range(1_200)), ("x", "t2", "left_truncated"))
    assert "1,200 leads engaged before bookings were recorded" in recommend(bad_version, steps, labels)["message"]
    assert "recorded" not in recommend(bad_version, steps)["message"]


@pytest.mark.parametrize(
    "stopped",
    [{"campaign_status": "Paused"}, {"is_active": False}, {"prompt_retired_at": pd.Timestamp("2026-08-25")}],
)
def test_what_no_longer_runs_is_not_recommended_for_change(recommend, bad_version, steps, stopped):
    assert recommend(bad_version, steps.assign(**stopped))["recommendations"] == []
    assert recommend(bad_version, steps.assign(campaign_status="ACTIVE"))["recommendations"]


def test_order_of_a_stopped_campaign_is_not_recommended_for_change(recommend, make_risk_set, steps):
    recent = {"met_at": "2026-07-25", "leads": 900}
    risk_set = make_risk_set(recent | {"booked": 20}, recent | {"booked": 120, "sequence_variant": "B"})
    assert recommend(risk_set, steps.assign(campaign_status="paused"))["status"] == "nothing_to_change"


def test_element_that_nobody_meets_any_more_is_not_recommended(recommend, bad_version, steps):
    mature = bad_version.loc[bad_version["is_mature"]]
    assert recommend(mature, steps)["status"] == "nothing_to_change"


def test_equal_versions_leave_nothing_to_change(recommend, make_risk_set, steps):
    risk_set = make_risk_set(
        *(
            {"prompt_id": p, "leads": 400, "booked": 40, "met_at": m}
            for p in (1, 2)
            for m in ("2026-05-20", "2026-07-25")
        )
    )
    answer = recommend(risk_set, steps)
    assert (answer["status"], answer["recommendations"]) == ("nothing_to_change", [])
    assert answer["message"].startswith("Nothing to change: of 2 comparisons none that leads still meet is below")


def test_elements_too_uncertain_to_tell_are_not_called_as_good_as_their_alternative(recommend, make_risk_set, steps):
    few = make_risk_set(*({"prompt_id": p, "leads": 60, "booked": 6, "met_at": "2026-07-25"} for p in (1, 2)))
    assert "Of 2 nobody can tell yet" in recommend(few, steps)["message"]


def test_step_wait_and_order_are_recommended_with_their_alternative(recommend, make_risk_set, steps):
    recent = {"met_at": "2026-07-25"}
    groups = {
        "step-10": ({}, {"is_skipped": True}),
        "wait-10-12h": ({}, {"planned_wait_hours": 12.0}),
        "order-1-B": ({}, {"sequence_variant": "B"}),
    }
    for identity, (own, other) in groups.items():
        risk_set = make_risk_set(
            recent | own | {"leads": 900, "booked": 20}, recent | other | {"leads": 900, "booked": 120}
        )
        found = recommend(risk_set, steps)["recommendations"]
        assert [r["id"] for r in found] == [identity]
        assert found[0]["diff"] is None
        assert found[0]["action"] == "test first"


def test_one_step_gets_one_recommendation(recommend, make_risk_set, steps):
    risk_set = make_risk_set(
        {"prompt_id": 1, "leads": 900, "booked": 20, "met_at": "2026-07-25"},
        {"prompt_id": 2, "leads": 900, "booked": 160, "met_at": "2026-07-25"},
        {"prompt_id": 2, "leads": 900, "booked": 320, "met_at": "2026-07-25", "is_skipped": True},
    )
    assert len(recommend(risk_set, steps)["recommendations"]) == 1


def test_list_is_cut_at_top_n_and_ranked_by_impact(make_steps, make_risk_set, make_labels, targets, as_of, parameters):
    steps = make_steps(
        *({"step_id": s, "prompt_id": s + v, "prompt_version": v, "body": CALM} for s in (10, 20, 30) for v in (1, 2))
    )
    risk_set = make_risk_set(
        *(
            {"step_id": s, "prompt_id": s + v, "leads": 500, "booked": booked, "met_at": "2026-07-25"}
            for s, low in ((10, 30), (20, 10), (30, 20))
            for v, booked in ((1, low), (2, 100))
        )
    )
    few = parameters.model_copy(update={"top_n": 2})
    effects = estimate_effects(risk_set, steps, as_of, (), few, 1)
    found = recommend_changes(effects, steps, risk_set, make_labels(), as_of, targets, few)["recommendations"]
    assert [r["element_id"] for r in found] == ["21", "31"]


def test_twenty_six_leads_are_not_enough(make_risk_set, make_labels, targets, steps, as_of, parameters):
    shipped = parameters.model_copy(
        update={"minimum_data": parameters.minimum_data.model_copy(update={"leads": 1000, "bookings": 50})}
    )
    risk_set = make_risk_set({"leads": 26, "booked": 1})
    effects = estimate_effects(risk_set, steps, as_of, (), shipped, 1)
    answer = recommend_changes(effects, steps, risk_set, make_labels(), as_of, targets, shipped)
    assert answer["status"] == "not_enough_data"
    assert answer["recommendations"] == []
    assert "26 leads" in answer["message"]


def test_steps_that_no_lead_met_are_not_enough(recommend, make_risk_set, steps):
    answer = recommend(make_risk_set(), steps)
    assert answer["status"] == "not_enough_data"
    assert "no attempt belongs to a step" in answer["message"]


def test_source_without_steps_has_nothing_to_compare_and_will_not_with_time(recommend, make_risk_set, make_steps):
    answer = recommend(make_risk_set(), make_steps())
    assert (answer["status"], answer["recommendations"]) == ("nothing_to_compare", [])
    assert "no campaign steps and no prompts" in answer["message"]
    assert "Not enough data" not in answer["message"]


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ({"leads": 30, "booked": 0, "is_mature": False}, "no lead was met 30 days ago or earlier; 20 leads"),
        ({"leads": 30, "booked": 0}, "30 leads were met 30 days ago or earlier, of whom none booked a call; 20 leads"),
        ({"leads": 1, "booked": 1}, "1 lead was met 30 days ago or earlier, of whom 1 booked a call; 20 leads"),
        ({"leads": 30, "booked": 30}, "Each of the 30 leads that were met 30 days ago or earlier booked a call"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(recommend, make_risk_set, steps, group, said):
    answer = recommend(make_risk_set(group), steps)
    assert answer["status"] == "not_enough_data"
    assert said in answer["message"]


def test_single_version_everywhere_is_not_enough(recommend, make_risk_set, make_steps):
    answer = recommend(make_risk_set({"leads": 100, "booked": 20}), make_steps({"prompt_id": 1}))
    assert answer["status"] == "not_enough_data"
    assert "side by side" in answer["message"]


def test_versions_sent_one_after_the_other_are_not_said_to_need_no_change(recommend, make_risk_set, make_steps):
    steps = make_steps(
        {"prompt_id": 1, "prompt_retired_at": "2026-06-01"},
        {"prompt_id": 2, "prompt_version": 2, "prompt_created_at": "2026-06-01"},
        {"campaign_id": 2, "campaign_name": "Winter", "step_id": 20, "prompt_id": 3},
    )
    risk_set = make_risk_set(
        {"prompt_id": 1, "leads": 100, "booked": 20, "met_at": "2026-05-20"},
        {"prompt_id": 2, "leads": 100, "booked": 5, "met_at": "2026-07-25"},
        *(
            {"campaign_id": 2, "step_id": 20, "prompt_id": 3, "leads": 50, "booked": 5, "met_at": m}
            for m in ("2026-05-20", "2026-07-25")
        ),
    )
    message = recommend(risk_set, steps)["message"]
    assert message.startswith("Nobody can tell what to change: no prompt, step, wait or order was run in two ways")
    assert "Nothing is told of 2 of the 2 prompt versions that leads still meet" in message


def test_prompt_that_ran_alone_is_counted_as_one_of_which_nothing_is_told(
    recommend, bad_version, make_risk_set, steps, make_steps
):
    assert "Nothing is told" not in recommend(bad_version, steps)["message"]
    risk_set = pd.concat(
        [
            bad_version,
            make_risk_set({"step_id": 20, "prompt_id": 3, "leads": 30, "booked": 3, "met_at": "2026-08-20"}).assign(
                lead_key=[f"new{i}" for i in range(30)]
            ),
        ],
        ignore_index=True,
    )
    steps = pd.concat([steps, make_steps({"step_id": 20, "step_order": 2, "prompt_id": 3})], ignore_index=True)
    assert (
        "Nothing is told of 1 of the 2 prompt versions that leads still meet" in recommend(risk_set, steps)["message"]
    )


def test_answer_is_plain_json_and_the_same_for_any_order_of_rows(recommend, bad_version, steps):
    shuffled = bad_version.sample(frac=1, random_state=2)
    texts = [json.dumps(recommend(rows, steps), allow_nan=False) for rows in (bad_version, shuffled)]
    assert texts[0] == texts[1]


def test_inputs_are_left_as_they_were(recommend, bad_version, steps):
    before = bad_version.copy(), steps.copy()
    recommend(bad_version, steps)
    pd.testing.assert_frame_equal(bad_version, before[0])
    pd.testing.assert_frame_equal(steps, before[1])


def test_change_says_how_sure_it_is_what_it_costs_and_what_it_excludes(recommend, bad_version, steps):
    answer = recommend(bad_version, steps)
    (found,) = answer["recommendations"]
    assert found["evidence"]["certainty"] > 0.9
    assert found["effort"] == "small: one text is written anew"
    assert found["excludes"] == []
    assert answer["portfolio"]["together"] == [found["id"]]
