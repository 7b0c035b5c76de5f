"""What a decided test says outweighs what was chosen before it and beside it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from estimated_elements import estimate_effects

START, UNTIL = "2026-04-11T00:00:00", "2026-08-01T00:00:00"


def decided(**changes: Any) -> dict[str, Any]:
    """A test of the prompts 101 and 102 at step 10."""
    test = {
        "experiment_id": "test-prompt-101", "hypothesis": "More leads book.", "plan_snapshot_id": "s", "campaign_id": 1,
        "step_id": 10, "control": {"mark": "prompt", "told_as": ["101"]},
        "treatment": {"mark": "prompt", "told_as": ["102"]}, "start": START, "data_as_of": START,
        "share_treatment": 0.5, "seed": None, "horizon_days": 30, "base_rate": 0.1, "minimal_detectable_effect": 0.05,
        "alpha": 0.05, "power": 0.8, "sample_size_per_arm": 400, "looks": [1.0],
        "guardrails": {"days": 7, "limit_ratio": 1.25}, "sample_ratio_p": 0.001,
    }  # fmt: skip
    return {"test": test | changes, "until": UNTIL}


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
        steps = make_steps(*({"step_id": 10, "prompt_id": v, "prompt_version": v - 100} for v in versions))
        effects = estimate_effects(rows, steps, as_of, tests, parameters, 1)
        return effects[effects["element_type"] == "prompt"].set_index("element_id")

    return run


def test_decided_test_is_grade_a_and_of_its_own_leads_alone(leads, prompts):
    chosen, tested = prompts(), prompts(decided())
    assert set(chosen["evidence_grade"]) <= {"B", "C"}
    assert set(tested["evidence_grade"]) == {"A"}
    taken_in = (leads["met_at"] >= pd.Timestamp(START)) & (leads["met_at"] < pd.Timestamp(UNTIL))
    assert tested.loc["101", ["n_treated", "n_control"]].sum() == taken_in.sum() < len(leads)
    assert tested.loc["101", "ci_low"] < -0.1 < tested.loc["101", "ci_high"]


def test_leads_who_came_after_the_look_that_decided_count_as_chosen(leads, prompts):
    early = decided() | {"until": "2026-05-20T00:00:00"}
    taken_in = (leads["met_at"] >= pd.Timestamp(START)) & (leads["met_at"] < pd.Timestamp(early["until"]))
    assert prompts(early).loc["101", ["n_treated", "n_control"]].sum() == taken_in.sum()


@pytest.mark.parametrize(
    "changes",
    [{"step_id": 11}, {"campaign_id": 2}, {"start": "2027-01-01T00:00:00"}],
    ids=["another_step", "another_campaign", "nobody_taken_in"],
)
def test_test_of_something_else_changes_nothing(changes, prompts):
    pd.testing.assert_frame_equal(prompts(decided(**changes)), prompts())


def test_test_whose_arms_were_not_dealt_by_chance_gives_no_grade_a(prompts):
    told = prompts(decided(start="2026-01-01T00:00:00"))
    assert set(told["evidence_grade"]) <= {"B", "C"}


def test_version_that_the_test_did_not_hold_stays_compared_as_it_was(leads, prompts):
    third = leads["prompt_id"].where(np.arange(len(leads)) % 3 > 0, 103)
    found = prompts(decided(), rows=leads.assign(prompt_id=third))
    assert found.loc[["101", "102"], "evidence_grade"].tolist() == ["A", "A"]
    assert found.loc["103", "evidence_grade"] != "A"
    assert found.loc["103", ["n_treated", "n_control"]].sum() > found.loc["101", ["n_treated", "n_control"]].sum()
    assert found["hypothesis"].nunique() == 2
