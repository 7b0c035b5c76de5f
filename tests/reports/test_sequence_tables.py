"""What a person reads of a campaign's sequence."""

from lead_conversion.reports.formats import MISSING
from lead_conversion.reports.sequence_tables import sequence_views

from .sample_run import sequence

NO_TESTS = {"as_of": "2026-09-01T00:00:00", "running": [], "experiments": []}


def test_step_that_does_harm_is_named_and_its_leaving_out_is_worth_something():
    (view,) = sequence_views([sequence()], NO_TESTS)
    assert [row[-1].text for row in view["funnel"].rows] == ["✓ works", "✗ does harm", "can't tell yet"]
    assert view["changes"][0].startswith("leave out Autumn · step 2 (email) (+2.5")
    assert view["changes"][0].endswith(
        "The decision point of step 1 sends leads here: it has to name another step first."
    )
    assert "All at once +3.0" in view["value"]
    assert "one by one and added +4.0" in view["value"]
    assert "which neither figure nor interval allows for" in view["value"]
    assert "noise taken off the parts add up to +2.5" in view["value"]
    assert "After step 1 writing on brings nothing: the later 2 steps" in view["stopping"]
    assert view["stopping"].endswith("beyond chance.")


def test_step_is_called_by_its_place_as_in_the_recommendations():
    (view,) = sequence_views([sequence()], NO_TESTS)
    assert [row[0].text for row in view["funnel"].rows] == ["1 (sms)", "2 (email)", "3 (voice)"]
    assert view["waits"][0].startswith("Step 2: 24 h against 48 h")


def test_sequence_without_a_better_one_says_why():
    proposal = {"changes": [], "value": None, "reason": "Nothing to change: no decision point has a better arm."}
    stopping = {"after_step_id": 103, "later_steps": 0, "effect": 0.0, "ci_low": 0.0, "ci_high": 0.0}
    (view,) = sequence_views([sequence(proposal=proposal, stopping=stopping)], NO_TESTS)
    assert view["value"] == "Nothing to change: no decision point has a better arm."
    assert (
        view["stopping"] == "Nothing tells that writing on stops paying up to step 3, the last one that can be judged."
    )


def test_campaign_of_harmful_steps_only_is_not_said_to_pay():
    stopping = {"after_step_id": None, "later_steps": 1, "effect": -0.03, "ci_low": -0.05, "ci_high": -0.01}
    (view,) = sequence_views([sequence(stopping=stopping)], NO_TESTS)
    assert view["stopping"].startswith(
        "Writing brings nothing from the first step on: 1 step together \N{MINUS SIGN}3.0"
    )


def test_end_of_the_sequence_is_no_loss_of_its_last_step():
    (view,) = sequence_views([sequence()], NO_TESTS)
    *earlier, last = (row[6].text for row in view["funnel"].rows)
    assert last == MISSING
    assert MISSING not in earlier


def test_step_is_met_after_hours_and_after_a_dash_where_nobody_knows_when_leads_were_enrolled():
    first, *others = sequence()["funnel"]
    told = [first | {"hours_since_enrolment": known} for known in (144.0, 203.4, None)]
    (view,) = sequence_views([sequence(funnel=[*told, *others])], NO_TESTS)
    assert [row[3].text for row in view["funnel"].rows[:3]] == ["144 h", "203 h", MISSING]


def test_test_of_all_changes_at_once_stands_with_them():
    test = {"id": "test-sequence-1", "feasible": False, "reason": "Infeasible: 40 weeks."}
    plan = NO_TESTS | {"experiments": [test]}
    (view,) = sequence_views([sequence(campaign_id=1)], plan)
    assert view["test"] == "Test of all at once, test-sequence-1: Infeasible: 40 weeks."
    assert sequence_views([sequence(campaign_id=2)], plan)[0]["test"] == ""
