"""Grade A where chance dealt the arms, and nowhere else."""

import numpy as np
import pandas as pd
import pytest
from estimated_elements import estimate_effects

from lead_conversion.pipelines.recommendation.effects.randomisation import kinds_dealt_by_chance


@pytest.fixture
def leads_of(make_risk_set):
    """Leads of two industries over 200 days, with what a rule makes of each: its prompt."""

    def make(choose, step=10, size=2000, seed=1):
        rng = np.random.default_rng(seed)
        rows = make_risk_set({"leads": size, "booked": 0, "step_id": step})
        day = np.sort(rng.random(size)) * 200
        is_retail = rng.random(size) < 0.5
        return rows.assign(
            lead_key=rows["lead_key"] + f"-{step}",
            met_at=pd.Timestamp("2026-01-01") + pd.to_timedelta(day, unit="D").as_unit("us"),
            industry=np.where(is_retail, "retail", "health"),
            booked=rng.random(size) < 0.05 + 0.1 * is_retail,
            prompt_id=pd.array(step * 10 + np.where(choose(rng, day, is_retail), 1, 2), "Int64"),
        )

    return make


@pytest.fixture
def grade(make_steps, as_of, parameters):
    """The grade of the first version of each step."""

    def run(*parts):
        rows = pd.concat(parts, ignore_index=True)
        steps = make_steps(
            *(
                {"step_id": s, "step_order": i + 1, "prompt_id": 10 * s + v, "prompt_version": v}
                for i, s in enumerate(sorted(rows["step_id"].unique()))
                for v in (1, 2)
            )
        )
        effects = estimate_effects(rows, steps, as_of, (), parameters, 1)
        return effects.loc[effects["element_type"] == "prompt"].groupby("step_id")["evidence_grade"].first().to_dict()

    return run


def by_lot(rng, day, _is_retail):
    return rng.random(len(day)) < 0.5


def by_industry(rng, day, is_retail):
    return rng.random(len(day)) < np.where(is_retail, 0.6, 0.4)


def by_week(_rng, day, _is_retail):
    return (day // 7).astype(int) % 2 == 0


def by_lot_more_and_more(rng, day, _is_retail):
    return rng.random(len(day)) < 0.2 + 0.6 * day / 200


@pytest.fixture
def three_steps(leads_of):
    """Of which the arms were chosen by one rule: the fewest that speak for each other."""

    def make(choose, **choices):
        return [leads_of(choose, step=step, seed=step, **choices) for step in (10, 20, 30)]

    return make


def test_versions_dealt_by_lot_are_evidence_of_grade_a(grade, three_steps):
    assert set(grade(*three_steps(by_lot)).values()) == {"A"}


def test_lot_among_leads_of_whom_nothing_is_recorded_is_not_told_from_choice(grade, three_steps):
    assert set(grade(*(step.assign(industry="unknown") for step in three_steps(by_lot))).values()) == {"B"}


def test_choice_by_what_is_recorded_of_few_leads_is_not_taken_for_a_lot(grade, three_steps):
    steered = [
        step.assign(industry=step["industry"].where(step.index % 25 == 0, "unknown"))
        for step in three_steps(by_industry)
    ]
    assert set(grade(*steered).values()) == {"B"}


def test_lot_whose_shares_change_slowly_is_still_a_lot(grade, three_steps):
    assert set(grade(*three_steps(by_lot_more_and_more)).values()) == {"A"}


@pytest.mark.parametrize("choose", [by_industry, by_week])
def test_versions_chosen_by_lead_or_by_week_are_no_lot(grade, three_steps, choose):
    assert set(grade(*three_steps(choose)).values()) == {"B"}


def test_few_leads_would_not_show_a_choice_and_prove_no_lot(grade, three_steps):
    assert set(grade(*three_steps(by_lot, size=400)).values()) == {"B"}


def test_one_step_that_looks_dealt_by_lot_among_steered_ones_is_not_taken_for_it(grade, leads_of):
    steered = [leads_of(by_industry, step=step, seed=step) for step in (20, 30)]
    assert set(grade(leads_of(by_lot), *steered).values()) == {"B"}


def test_one_step_alone_that_looks_dealt_by_lot_has_no_like_to_bear_it_out(grade, leads_of):
    assert grade(leads_of(by_lot)) == {10: "B"}


def test_a_kind_is_dealt_by_chance_where_no_more_look_steered_than_chance_makes_look_so():
    doubts = {f"prompt {i}": p for i, p in enumerate(np.linspace(0.01, 1, 40))} | {"wait 1": 0.001, "wait 2": 0.8}
    kinds = {name: name.split()[0] for name in doubts}
    assert kinds_dealt_by_chance(doubts, kinds, 0.01) == {"prompt", "wait"}
    assert kinds_dealt_by_chance(doubts | {"wait 3": 0.002}, kinds | {"wait 3": "wait"}, 0.01) == {"prompt"}


def test_a_kind_of_few_comparisons_is_judged_beside_all_others():
    kinds = {"order 1": "order", "prompt 1": "prompt", "prompt 2": "prompt"}
    assert kinds_dealt_by_chance(dict.fromkeys(kinds, 0.5), kinds, 0.01) == {"order", "prompt"}
    assert kinds_dealt_by_chance({"order 1": 0.5, "prompt 1": 0.001, "prompt 2": 0.001}, kinds, 0.01) == set()
    assert kinds_dealt_by_chance({"order 1": 0.5, "prompt 1": 0.5}, kinds, 0.01) == set()


def test_wait_dealt_by_lot_is_a_lot_although_it_decides_when_the_step_is_met(leads_of, make_steps, as_of, parameters):
    first = leads_of(by_lot).assign(prompt_id=pd.array([101] * 2000, "Int64"))
    hours = np.where(by_lot(np.random.default_rng(5), first["met_at"], None), 24.0, 60.0)
    # Messages go out at eight: leads who chose the same wait at one time meet the step at one time.
    due = (first["met_at"] + pd.to_timedelta(hours, unit="h")).dt.floor("D")
    second = first.assign(step_id=pd.array([20] * 2000, "Int64"), planned_wait_hours=hours, met_at=due, steps_met=1)
    second["met_at"] += pd.to_timedelta(hours, unit="min")
    like = [leads_of(by_lot, step=step, seed=step) for step in (30, 40)]
    prompts = {10: [101], 20: [201], 30: [301, 302], 40: [401, 402]}
    steps = make_steps(
        *(
            {"step_id": step_id, "step_order": step_id // 10, "prompt_id": prompt_id}
            for step_id, versions in prompts.items()
            for prompt_id in versions
        )
    )
    effects = estimate_effects(pd.concat([first, second, *like], ignore_index=True), steps, as_of, (), parameters, 1)
    assert effects.set_index("element_type").loc["wait", "evidence_grade"] == "A"
