import re
from copy import deepcopy

import pytest

from lead_conversion.contracts.features import FEATURES
from lead_conversion.kernel.targets import Targets
from lead_conversion.reports.model_card import render_model_card
from lead_conversion.reports.recommendations_page import render_recommendations


def card_of(inputs):
    return render_model_card(
        inputs["primary_as_of"],
        Targets.model_validate(inputs["params:target"]),
        inputs["evaluation"],
        inputs["scored_leads"],
        inputs["data_quality"],
        inputs["label_summary"],
        inputs["run_identity"]["code"],
    )


def recommendations_of(inputs):
    return render_recommendations(inputs["recommendations"], inputs["experiment_plan"])


def tables_of(text):
    """The tables of a Markdown text, each as its lines."""
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)]


def cells(line):
    return len(re.findall(r"(?<!\\)\|", line)) - 1


@pytest.mark.parametrize("write", [card_of, recommendations_of])
@pytest.mark.parametrize("which", ["full_inputs", "empty_inputs"])
def test_tables_are_well_formed(write, which, request):
    for table in tables_of(write(request.getfixturevalue(which))):
        assert re.fullmatch(r"(\| -+:? )+\|", table[1])
        assert len({cells(line) for line in table}) == 1


@pytest.mark.parametrize("write", [card_of, recommendations_of])
def test_a_table_begins_after_a_blank_line(write, full_inputs):
    lines = write(full_inputs).splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("|") and not lines[n - 1].startswith("|")]
    assert starts
    assert all(lines[start - 1] == "" for start in starts)


def test_the_card_has_the_parts_of_a_model_card(full_inputs):
    card = card_of(full_inputs)
    parts = (
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Data",
        "Quantitative analyses",
        "Ethical considerations",
        "Caveats and limits",
    )
    assert [line for line in card.splitlines() if line.startswith("## ")] == [
        f"## {part}" for part in (*parts, "Feature dictionary")
    ]


def test_the_card_says_gate_trial_and_failed_condition(full_inputs):
    card = card_of(full_inputs)
    assert "- **T1**, A call is booked within 7 days of first engagement: blend, gate passed.\n" in card
    assert "blend, gate not passed. **Trial: not approved.**" in card
    failed = "Interval of the paired difference above zero (limit 0, figure \N{MINUS SIGN}0.004)."
    assert f"- T3 does not pass its gate: {failed}" in card


def test_the_card_explains_every_feature(full_inputs):
    card = card_of(full_inputs)
    assert all(feature.sentence in card for feature in FEATURES)


def test_the_card_of_too_little_data_names_no_model(empty_inputs):
    card = card_of(empty_inputs)
    assert "no model, not enough data." in card
    assert "Not enough data. Not enough data" not in card


def test_what_nobody_can_tell_has_its_question_worth_and_test(full_inputs):
    page = recommendations_of(full_inputs)
    section = page.partition("\n## What nobody can tell yet\n")[2].partition("\n## ")[0]
    assert "do more leads book a call where the wait is 24 h, or where the wait is 48 h?" in section
    assert "would be worth +1.37 calls a month" in section
    assert "It begins after test-prompt-2 ends." in section
    plan = full_inputs["experiment_plan"] | {"experiments": []}
    assert "nobody can tell" not in recommendations_of(full_inputs | {"experiment_plan": plan})


def test_each_recommendation_has_its_evidence_impact_and_test(full_inputs):
    page = recommendations_of(full_inputs)
    assert page.partition("\n## What nobody can tell yet")[0].count("\n## ") == 3
    assert page.count("**Expected impact:** +") == 3
    assert "2,411 leads an arm, 10 weeks." in page
    assert "no lead has met this place lately" in page
    assert "**Grade C is association only.**" in page


def test_a_gain_that_assumes_something_is_nowhere_without_its_if(full_inputs):
    page = recommendations_of(full_inputs)
    assert page.count("booked calls a month, if the association were the cause") == 3
    assert "| Booked calls a month, if the association were the cause (95 % interval) |" in page


def test_a_table_of_gains_of_several_kinds_says_the_if_in_each_row(full_inputs):
    recommendations = deepcopy(full_inputs["recommendations"])
    proved = recommendations["recommendations"][0]
    proved["expected_impact"] |= {"assumes": None, "if_causal": False}
    proved["evidence"]["grade"] = "A"
    page = render_recommendations(recommendations, full_inputs["experiment_plan"])
    assert "| Booked calls a month (95 % interval) |" in page
    assert [line.count("if the association") for line in tables_of(page)[0][2:]] == [0, 1, 1]


def test_q_does_not_stand_beside_an_association(full_inputs):
    recommendations = deepcopy(full_inputs["recommendations"])
    recommendations["recommendations"][0]["evidence"]["grade"] = "A"
    assert render_recommendations(recommendations, full_inputs["experiment_plan"]).count("; q ") == 1


def test_the_wording_is_shown_as_a_diff_that_cannot_break_out(full_inputs):
    recommendations = deepcopy(full_inputs["recommendations"])
    recommendations["recommendations"][0]["diff"] = "-a\n+```\n+# not a heading"
    page = render_recommendations(recommendations, full_inputs["experiment_plan"])
    assert "````diff\n-a\n+```\n+# not a heading\n````" in page


def test_a_prompt_without_a_proposal_shows_its_current_wording(full_inputs):
    recommendations = deepcopy(full_inputs["recommendations"])
    recommendations["recommendations"][0] |= {"diff": None, "proposed_text": None}
    assert "Current wording:\n\n```text\nSubject:" in render_recommendations(
        recommendations, full_inputs["experiment_plan"]
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("not_enough_data", "Too early to tell."),
        ("nothing_to_change", "\n\nNot enough data: no attempt"),
        ("nothing_to_compare", "\n\nNot enough data: no attempt"),
    ],
)
def test_no_recommendation_is_said_in_words(status, words, empty_inputs):
    page = render_recommendations(empty_inputs["recommendations"] | {"status": status}, empty_inputs["experiment_plan"])
    assert words in page
    assert "|" not in page
