"""What a decided test showed outweighs what was chosen before it and beside it, as its looks allow."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from estimated_elements import estimate_effects

from lead_conversion.lifecycle.experiments import RegisteredTest
from lead_conversion.pipelines.recommendation.experiments.analysis import correct_for_looks

START, UNTIL = "2026-04-11T00:00:00", "2026-08-01T00:00:00"


RESULT = {
    "mature_leads": {"A": 300, "B": 310}, "information": 0.75,
    "look": {"rates": {"A": 0.1, "B": 0.17}, "effect": 0.07, "is_last": False},
}  # fmt: skip


def decided(until: str = UNTIL, result: Any = RESULT, **changes: Any) -> dict[str, Any]:
    """A test of the prompts 101 and 102 at step 10, which stopped at its second look."""
    test = {
        "experiment_id": "test-prompt-101", "hypothesis": "More leads book.", "plan_snapshot_id": "s", "campaign_id": 1,
        "step_id": 10, "control": {"mark": "prompt", "told_as": ["101"]},
        "treatment": {"mark": "prompt", "told_as": ["102"]}, "start": START, "data_as_of": START,
        "share_treatment": 0.5, "seed": None, "horizon_days": 30, "base_rate": 0.1, "minimal_detectable_effect": 0.05,
        "alpha": 0.05, "power": 0.8, "sample_size_per_arm": 400, "looks": [0.5, 0.75, 1.0],
        "guardrails": {"days": 7, "limit_ratio": 1.25}, "sample_ratio_p": 0.001,
    }  # fmt: skip
    return {"test": test | changes, "until": until, "result": result, "earlier_looks": [0.5]}


@pytest.fixture
def leads(make_risk_set):
    """4,000 leads of 200 days; until the start the industry chose the prompt, from then on a lot, and 101 is worse."""
    rng = np.random.default_rng(1)
    rows = make_risk_set({"leads": 4000, "booked": 0, "step_id": 10})
    day = np.sort(rng.random(4000)) * 200
    is_retail = rng.random(4000) < 0.5
    is_by_lot = pd.Timestamp("2026-01-01") + pd.to_timedelta(day, unit="D") >= pd.Timestamp(START)
    chance = np.where(is_by_lot, 0.5, np.where(is_retail, 0.7, 0.3))
    version = np.where(rng.random(4000) < chance, 1, 2)
    return rows.assign(
        lead_key=[f"l{place}" for place in range(4000)],
        met_at=pd.Timestamp("2026-01-01") + pd.to_timedelta(day, unit="D").as_unit("us"),
        industry=np.where(is_retail, "retail", "health"),
        booked=rng.random(4000) < 0.05 + 0.1 * is_retail + 0.1 * (version == 2),
        prompt_id=pd.array(100 + version, "Int64"),
    )


@pytest.fixture
def prompts(leads, make_steps, as_of, parameters):
    """The effects of the prompts, given what was tested."""

    def run(*tests, rows=leads):
        versions = sorted(rows["prompt_id"].unique())
        steps = make_steps(*({"step_id": v // 10, "prompt_id": v, "prompt_version": v % 10} for v in versions))
        effects = estimate_effects(rows, steps, as_of, tests, parameters, 1)
        return effects[effects["element_type"] == "prompt"].set_index("element_id")

    return run


def test_decided_test_is_grade_a_and_told_as_its_looks_allow(prompts):
    chosen, tested = prompts(), prompts(decided())
    assert set(chosen["evidence_grade"]) <= {"B", "C"}
    assert set(chosen["tested_by"]) == {""}
    assert set(tested["evidence_grade"]) == {"A"}
    assert set(tested["tested_by"]) == {"test-prompt-101"}
    test = decided()
    expected = correct_for_looks(RESULT, [0.5], RegisteredTest.model_validate(test["test"]), 0.05)
    better = tested.loc["102"]
    assert better[["effect", "ci_low", "ci_high", "p_value"]].to_dict() == pytest.approx(expected)
    assert 0 < better["effect"] < 0.07
    assert better[["n_treated", "n_control", "rate_treated", "rate_control"]].tolist() == [310, 300, 0.17, 0.1]


def test_control_of_a_test_is_told_as_the_mirror_of_its_treatment(prompts):
    tested = prompts(decided())
    a, b = tested.loc["101"], tested.loc["102"]
    assert [a["effect"], a["ci_low"], a["ci_high"]] == pytest.approx([-b["effect"], -b["ci_high"], -b["ci_low"]])
    assert (a["n_treated"], a["rate_treated"], a["p_value"]) == (300, 0.1, b["p_value"])
    assert a["hypothesis"] == b["hypothesis"]


def test_guardrails_are_told_of_the_leads_that_the_test_took_in_alone(leads, prompts):
    asked = pd.Timestamp(START) + pd.Timedelta(days=1)
    harmed = leads.assign(opted_out=(leads["prompt_id"] == 101) & (leads["met_at"] < asked))
    assert prompts(rows=harmed).loc["101", "opt_out_effect"] > 0.3
    assert abs(prompts(decided(), rows=harmed).loc["101", "opt_out_effect"]) < 0.05


@pytest.mark.parametrize(
    "changes",
    [{"step_id": 11}, {"campaign_id": 2}, {"start": "2027-01-01T00:00:00"}, {"horizon_days": 14}],
    ids=["another_step", "another_campaign", "nobody_taken_in", "another_horizon"],
)
def test_test_of_something_else_changes_nothing(changes, prompts):
    pd.testing.assert_frame_equal(prompts(decided(**changes)), prompts())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"horizon_days": 14}, "it counts calls booked within 14 days, this run within 30"),
        ({"start": "2027-01-01T00:00:00"}, "not 5 of its leads in each arm are mature here"),
    ],
)
def test_test_that_answers_nothing_is_named_with_the_reason(changes, reason, prompts, caplog):
    prompts(decided(**changes), decided("2026-05-01T00:00:00", None, experiment_id="stopped"))
    (told,) = [record.getMessage() for record in caplog.records if "decided" in record.getMessage()]
    assert "test-prompt-101" in told
    assert reason in told


def test_test_whose_arms_were_not_dealt_by_chance_gives_no_grade_a(prompts):
    told = prompts(decided(start="2026-01-01T00:00:00"))
    assert set(told["evidence_grade"]) <= {"B", "C"}
    assert set(told["tested_by"]) == {""}


def test_stopped_test_gives_no_grade_a_although_its_leads_look_dealt_by_chance(leads, prompts):
    step = leads.loc[leads["met_at"] >= pd.Timestamp(START)]
    by_lot = pd.concat(
        step.assign(lead_key=step["lead_key"] + f"-{more}", step_id=10 + more, prompt_id=step["prompt_id"] + 10 * more)
        for more in (0, 10, 20)
    )
    by_lot = by_lot.reset_index(drop=True).astype({"step_id": "Int64"})
    assert set(prompts(rows=by_lot)["evidence_grade"]) == {"A"}
    stopped = prompts(decided(result=None), rows=by_lot)["evidence_grade"]
    assert set(stopped[["101", "102"]]) == {"B"}
    assert set(stopped.drop(["101", "102"])) == {"A"}


def test_test_after_a_stopped_one_is_read_among_its_own_leads(prompts):
    stopped = decided("2026-05-01T00:00:00", None, start="2026-02-01T00:00:00")
    pd.testing.assert_frame_equal(prompts(stopped, decided()), prompts(decided()))


def test_last_of_several_tests_of_one_place_counts(prompts):
    earlier = decided("2026-05-20T00:00:00", RESULT | {"mature_leads": {"A": 90, "B": 91}}, experiment_id="before")
    assert set(prompts(decided(), earlier)["tested_by"]) == {"test-prompt-101"}


def test_version_that_the_test_did_not_hold_stays_compared_as_it_was(leads, prompts):
    third = leads["prompt_id"].where(np.arange(len(leads)) % 3 > 0, 103)
    found = prompts(decided(), rows=leads.assign(prompt_id=third))
    assert found.loc[["101", "102"], "evidence_grade"].tolist() == ["A", "A"]
    assert found.loc["103", "evidence_grade"] != "A"
    assert found.loc["103", ["n_treated", "n_control"]].sum() > found.loc["101", ["n_treated", "n_control"]].sum()
    assert found["hypothesis"].nunique() == 2


def test_test_against_two_versions_answers_for_the_one_against_both_alone(leads, prompts):
    third = leads["prompt_id"].where(np.arange(len(leads)) % 3 > 0, 103)
    both = decided(treatment={"mark": "prompt", "told_as": ["102", "103"]})
    found = prompts(both, rows=leads.assign(prompt_id=third))
    assert found["tested_by"].to_dict() == {"101": "test-prompt-101", "102": "", "103": ""}
    assert found.loc["101", "evidence_grade"] == "A"
    pd.testing.assert_series_equal(found["effect"][1:], prompts(rows=leads.assign(prompt_id=third))["effect"][1:])
