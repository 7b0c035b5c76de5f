"""What nobody can tell yet, and what it would be worth to know."""

import numpy as np
import pandas as pd
import pytest
from estimated_elements import effects_of, recommended
from hypothesis import given
from hypothesis import strategies as st

from lead_conversion.pipelines.recommendation.experiments.questions import (
    ask_of_change,
    ask_of_sequences,
    find_open_questions,
    value_of_knowing,
)


@pytest.fixture
def ask(parameters):
    def run(effects, *recommendations):
        return find_open_questions(effects, recommendations, parameters.effects)

    return run


@pytest.fixture
def versions():
    """Two versions of step 10 that nobody can tell apart."""

    def make(*changes, **kwargs):
        rows = [
            {
                "element_type": "prompt", "element_id": str(number), "hypothesis": "prompt 10",
                "contrast": f"version {number} - mean of the other live versions", "exposed_leads_month": 200.0,
            } | change
            for number, change in enumerate(changes, start=1)
        ]  # fmt: skip
        return effects_of(*rows, **kwargs)

    return make


@given(st.floats(-0.1, 0.1), st.floats(1e-3, 0.1))
def test_knowing_is_worth_what_choosing_by_the_truth_gains(mean, spread):
    truth = np.random.default_rng(3).standard_normal(200_000) * spread + mean
    gained = np.maximum(truth, 0).mean() - max(mean, 0)
    found = value_of_knowing(pd.Series([mean, -mean]), pd.Series([spread, spread]))
    assert found[0] == pytest.approx(gained, abs=0.01 * spread)
    assert found[1] == pytest.approx(found[0])
    assert found[0] >= 0


def test_what_is_certain_is_not_worth_knowing():
    assert value_of_knowing(pd.Series([-0.02]), pd.Series([0.0])).tolist() == [0.0]


def test_more_leads_and_more_doubt_make_an_answer_worth_more(ask):
    effects = effects_of(
        {"element_id": "10", "error": 0.002}, {"element_id": "11", "step_id": 11},
        {"element_id": "12", "step_id": 12, "exposed_leads_month": 800.0}, error=0.01,
    )  # fmt: skip
    found = ask(effects)
    assert [question.place["step_id"] for question in found] == [12, 11, 10]
    assert found[0].so_far["worth"] == pytest.approx(2 * found[1].so_far["worth"])


@pytest.mark.parametrize(
    "settled",
    [
        {"flagged": True},
        {"effect": 0.05},
        {"exposed_leads_month": 0.0},
        {"guardrails_better": "opt_out"},
        {"element_type": "campaign", "step_id": None},
        {"element_type": "text_feature", "step_id": None, "campaign_id": None},
    ],
)
def test_what_is_told_met_by_nobody_or_no_choice_is_no_question(ask, settled):
    assert len(ask(effects_of({}))) == 1
    assert ask(effects_of(settled)) == []


def test_place_of_a_recommended_change_is_not_asked_about(ask):
    order = {"element_type": "order", "element_id": "1", "step_id": None, "contrast": "A - B"}
    effects = effects_of({}, order)
    assert {question.test_id for question in ask(effects)} == {"test-wait-10-48h", "test-order-1-B"}
    assert [question.test_id for question in ask(effects, recommended())] == ["test-order-1-B"]
    changed = recommended(element_type="order", element_id="1", step_id=None)
    assert [question.test_id for question in ask(effects, changed)] == ["test-wait-10-48h"]


def test_one_place_is_asked_about_once_by_what_is_worth_most(ask):
    step = {"element_type": "step", "element_id": "10", "contrast": "keep - skip", "error": 0.03}
    (question,) = ask(effects_of({}, step, effect=-0.001))
    assert question.place["change"] == "skip_step"


def test_versions_of_a_step_are_tried_against_those_that_still_run(ask, versions):
    found = ask(versions({}, {}, {"exposed_leads_month": 0.0}))[0]
    assert found.test_id == "test-version-1"
    assert [str(arm) for arm in found.told_by] == ["prompt=1", "prompt=2"]
    assert found.arms == ("this version is sent", "prompt 2 is sent instead")
    three = ask(versions({}, {}, {}))[0]
    assert str(three.told_by[1]) == "prompt=2,3"
    assert three.arms[1] == "prompts 2 and 3, each as often, are sent instead"


def test_version_without_a_live_rival_that_does_no_harm_has_none_to_be_tried_against(ask, versions):
    assert ask(versions({}, {"exposed_leads_month": 0.0})) == []
    assert [each.place["element_id"] for each in ask(versions({}, {"guardrails_worse": "opt_out"}))] == ["2"]


def test_open_question_is_asked_both_ways_and_sized_for_what_may_be(ask):
    (question,) = ask(effects_of({}, effect=-0.004, error=0.02))
    assert "do more leads book a call where the wait is 24 h, or where the wait is 48 h?" in question.hypothesis
    low, mean = question.so_far["posterior_low"], question.so_far["posterior"]
    spread = (mean - low) / 1.959964
    assert question.difference == pytest.approx(np.sqrt(mean**2 + spread**2), rel=1e-4)


def test_recommended_change_is_asked_one_way():
    question = ask_of_change(recommended())
    assert (question.difference, question.so_far) == (0.05, None)
    assert [arm and str(arm) for arm in question.told_by] == ["prompt=1", None]
    assert question.wording == "Hello"


def test_better_version_in_its_place_is_known_by_its_number():
    question = ask_of_change(recommended(edit={"version": "7"}))
    assert [str(arm) for arm in question.told_by] == ["prompt=1", "prompt=7"]
    assert question.arms[1] == "prompt 7 is sent instead"
    assert question.wording is None


def test_wording_that_a_person_has_to_write_is_not_known_at_all():
    question = ask_of_change(recommended(edit=None, proposed_text=None))
    assert (question.told_by[1], question.wording) == (None, None)


def sequence(effect=0.05, parts=0.04, changes=3):
    value = {"effect": effect, "ci_low": 0.01, "ci_high": 0.09}
    return {
        "campaign_id": 4, "name": "Autumn",
        "proposal": {"value": value, "expected_sum_of_parts": parts, "changes": [{}] * changes},
    }  # fmt: skip


def test_whole_sequence_is_asked_about_at_the_smaller_of_what_it_may_bring():
    (question,) = ask_of_sequences([sequence()])
    assert (question.test_id, question.difference, question.so_far) == ("test-sequence-4", 0.04, None)
    assert [arm and str(arm) for arm in question.told_by] == ["variant=A", None]
    assert "the 3 changes of its proposed sequence are made at once" in question.hypothesis
    assert question.place["step_id"] is None
    assert ask_of_sequences([sequence(effect=0.03)])[0].difference == 0.03


def test_sequence_of_one_change_or_of_no_known_worth_has_no_test_of_its_own():
    unknown = sequence()
    unknown["proposal"]["value"] = None
    assert ask_of_sequences([sequence(changes=1), sequence(effect=-0.01), unknown]) == []
