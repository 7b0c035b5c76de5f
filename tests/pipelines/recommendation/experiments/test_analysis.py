"""What a registered test shows: the order of the questions, who counts, and when a difference may be told."""

import json

import numpy as np
import pandas as pd
import pytest

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.recommendation.experiments.analysis import (
    analyse_experiment,
    correct_for_looks,
)
from lead_conversion.pipelines.recommendation.experiments.sequential import stopping_boundaries

START, AS_OF = parse_moment("2026-06-01"), parse_moment("2026-09-01")


@pytest.fixture
def result_of(make_risk_set, test_of):
    """The analysis of two arms, each so many leads of which so many booked."""

    def run(a, b, looks=(), as_of=AS_OF, test=None, is_last=False, **columns):
        groups = [
            {"prompt_id": prompt, "leads": leads, "booked": booked, "met_at": "2026-06-05"} | columns
            for prompt, (leads, booked) in ((1, a), (2, b))
        ]
        return analyse_experiment(make_risk_set(*groups), test or test_of(), looks, as_of, is_last=is_last)

    return run


def test_arms_that_chance_did_not_fill_stop_the_test_and_no_effect_is_told(result_of):
    result = result_of((400, 40), (300, 90))
    assert result["verdict"] == "stopped_sample_ratio"
    assert result["sample_ratio"]["p_value"] < 0.001
    assert result["look"] is None
    assert result["guardrails"] == []
    assert "effect" not in json.dumps(result)


def test_sample_ratio_is_that_of_the_chi_square_test(result_of):
    from scipy.stats import chisquare

    ratio = result_of((400, 40), (360, 40))["sample_ratio"]
    assert ratio["p_value"] == pytest.approx(chisquare([400, 360]).pvalue)
    assert ratio["is_chance"]


def test_uneven_allocation_is_judged_by_its_own_shares(result_of, test_of):
    test = test_of(share_treatment=0.2, sample_size_per_arm=100)
    assert result_of((400, 40), (100, 10), test=test)["verdict"] != "stopped_sample_ratio"
    assert result_of((250, 40), (250, 10), test=test)["verdict"] == "stopped_sample_ratio"


def test_leads_that_are_not_mature_count_for_the_ratio_only(result_of):
    result = result_of((400, 40), (400, 80), is_mature=False)
    assert result["leads"]["A"] == 400
    assert result["mature_leads"] == {"A": 0, "B": 0}
    assert (result["verdict"], result["information"], result["look"]) == ("not_mature", 0, None)


def test_between_looks_no_difference_is_told(result_of):
    result = result_of((250, 10), (250, 100), looks=(0.5,))
    assert result["verdict"] == "not_mature"
    assert result["next_look_at"] == 1.0
    assert result["information"] == pytest.approx(250 / 400)
    assert result["look"] is None


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ((200, 15), (200, 60), "b_better"),
        ((200, 60), (200, 15), "a_better"),
        ((200, 30), (200, 32), "go_on"),
        ((400, 60), (400, 64), "no_difference"),
        ((400, 40), (400, 72), "b_better"),
    ],
)
def test_verdict_follows_from_the_boundary_of_the_look(result_of, a, b, verdict):
    result = result_of(a, b)
    assert result["verdict"] == verdict
    assert (abs(result["look"]["z"]) >= result["look"]["boundary"]) == (verdict in ("a_better", "b_better"))


def test_next_look_is_the_first_that_the_information_does_not_reach(result_of, test_of):
    thirds = test_of(looks=(0.25, 0.5, 0.75, 1.0))
    late = result_of((240, 24), (240, 26), test=thirds)
    assert (late["verdict"], late["next_look_at"]) == ("go_on", 0.75)
    assert result_of((280, 28), (280, 30), looks=(0.6,), test=thirds)["look"] is None
    assert result_of((400, 40), (400, 44), looks=(0.6,), test=thirds)["next_look_at"] is None


def test_boundary_is_of_the_information_that_came_and_not_of_that_planned(result_of):
    look = result_of((240, 24), (240, 26))["look"]
    assert look["boundary"] == pytest.approx(stopping_boundaries((0.6,), 0.05)[0])
    later = result_of((400, 40), (400, 44), looks=(0.6,))["look"]
    assert later["number"] == 2
    assert later["boundary"] == pytest.approx(stopping_boundaries((0.6, 1.0), 0.05)[1])


def test_last_look_spends_what_is_left_though_chance_split_the_leads_unevenly(result_of):
    result = result_of((412, 40), (388, 44), looks=(0.5,))
    assert result["information"] < 1
    assert result["look"]["is_last"]
    assert result["look"]["boundary"] == pytest.approx(
        stopping_boundaries((0.5, result["information"]), 0.05, is_complete=True)[1]
    )


def test_test_that_ends_early_for_want_of_leads_spends_what_is_left(result_of):
    assert result_of((300, 30), (300, 30), looks=(0.5,))["look"] is None
    result = result_of((300, 30), (300, 30), looks=(0.5,), is_last=True)
    assert result["verdict"] == "no_difference"
    assert result["look"]["boundary"] < stopping_boundaries((0.5, 0.75), 0.05)[1]


@pytest.mark.parametrize("earlier", [0.75, 0.8])
def test_last_look_at_no_more_than_was_known_before_takes_that_look_again(result_of, earlier):
    look = result_of((300, 30), (300, 30), looks=(0.5, earlier), is_last=True)["look"]
    assert look["is_last"]
    assert look["boundary"] == pytest.approx(stopping_boundaries((0.5, 0.75), 0.05, is_complete=True)[1])


def test_interval_holds_at_all_looks_and_is_as_wide_as_the_boundary(result_of):
    look = result_of((200, 30), (200, 40))["look"]
    error = (0.15 * 0.85 / 200 + 0.2 * 0.8 / 200) ** 0.5
    assert look["effect"] == pytest.approx(0.05)
    assert look["ci_high"] - look["effect"] == pytest.approx(look["boundary"] * error)
    assert look["boundary"] > 2.9


@pytest.mark.parametrize(("a", "b"), [((200, 15), (200, 60)), ((200, 60), (200, 15)), ((400, 60), (400, 64))])
def test_look_that_decides_has_the_difference_corrected_for_the_looks_beside(result_of, a, b):
    look = result_of(a, b, looks=(0.5,) if a[0] == 400 else ())["look"]
    found = look["corrected"]
    assert found["ci_low"] < found["effect"] < found["ci_high"]
    assert (found["p_value"] < 0.05) == (abs(look["z"]) >= look["boundary"])
    assert abs(found["effect"]) == pytest.approx(abs(look["effect"]), abs=0.002)


def test_corrected_difference_of_a_test_with_one_look_is_the_plain_one(result_of, test_of):
    look = result_of((400, 40), (400, 72), test=test_of(looks=(1.0,)))["look"]
    assert look["corrected"]["effect"] == pytest.approx(look["effect"], abs=1e-6)
    assert look["corrected"]["ci_low"] == pytest.approx(look["ci_low"], abs=1e-4)
    assert look["corrected"]["ci_high"] == pytest.approx(look["ci_high"], abs=1e-4)


def test_test_that_stops_later_than_at_its_first_look_is_corrected_towards_nothing(result_of, test_of):
    quarters = test_of(looks=(0.25, 0.5, 0.75, 1.0))
    look = result_of((300, 30), (300, 51), looks=(0.25, 0.5), test=quarters)["look"]
    assert abs(look["z"]) >= look["boundary"]
    assert 0 < look["corrected"]["effect"] < look["effect"] - 0.0003


def test_corrected_intervals_of_simulated_tests_cover_and_their_middle_is_right(test_of):
    test, rng, effect, tests = test_of(looks=(0.5, 1.0), sample_size_per_arm=1000), np.random.default_rng(7), 0.04, 200
    bound, found = stopping_boundaries(test.looks, test.alpha)[0], []
    a, b = (rng.binomial(500, rate, (tests, 2)).cumsum(axis=1) for rate in (0.1, 0.1 + effect))
    for booked in zip(a, b, strict=True):
        pooled = sum(hits[0] for hits in booked) / 1000
        is_early = abs(booked[1][0] - booked[0][0]) / 500 >= bound * (pooled * (1 - pooled) / 250) ** 0.5
        leads, hits = (500, [each[0] for each in booked]) if is_early else (1000, [each[1] for each in booked])
        rates = {"A": hits[0] / leads, "B": hits[1] / leads}
        look = {"rates": rates, "effect": rates["B"] - rates["A"], "is_last": not is_early}
        ended = {"look": look, "information": leads / 1000, "mature_leads": {"A": leads, "B": leads}}
        found.append(correct_for_looks(ended, () if is_early else (0.5,), test, 0.05))
    told = pd.DataFrame(found)
    assert (told["effect"] < effect).mean() == pytest.approx(0.5, abs=0.1)
    assert 0.9 <= ((told["ci_low"] <= effect) & (effect <= told["ci_high"])).mean() <= 0.99


@pytest.mark.parametrize(("a", "b"), [((200, 30), (200, 32)), ((150, 10), (150, 50))])
def test_test_that_goes_on_is_not_corrected(result_of, a, b):
    assert "corrected" not in json.dumps(result_of(a, b))


def test_guardrail_stops_even_a_test_that_wins(make_risk_set, test_of):
    rows = make_risk_set(
        {"prompt_id": 1, "leads": 400, "booked": 40, "met_at": "2026-06-05"},
        {"prompt_id": 2, "leads": 320, "booked": 90, "met_at": "2026-06-05"},
        {"prompt_id": 2, "leads": 80, "booked": 0, "met_at": "2026-06-05", "opted_out_at": "2026-06-06"},
    )
    result = analyse_experiment(rows, test_of(), (), AS_OF)
    assert result["verdict"] == "stopped_guardrail"
    assert result["look"]["z"] > result["look"]["boundary"]
    assert [rail["verdict"] for rail in result["guardrails"]] == ["stops", "open"]


def test_guardrail_speaks_before_any_outcome_is_mature(make_risk_set, test_of):
    columns = {"booked": 0, "met_at": "2026-06-05", "is_mature": False}
    rows = make_risk_set(
        {"prompt_id": 1, "leads": 200} | columns,
        {"prompt_id": 2, "leads": 150} | columns,
        {"prompt_id": 2, "leads": 50, "replied_negative_at": "2026-06-07"} | columns,
    )
    assert analyse_experiment(rows, test_of(), (), parse_moment("2026-06-13"))["verdict"] == "stopped_guardrail"
    assert analyse_experiment(rows, test_of(), (), parse_moment("2026-06-10"))["verdict"] == "not_mature"


def test_guardrail_event_after_its_days_does_not_count(make_risk_set, test_of):
    group = {"leads": 200, "booked": 0, "met_at": "2026-06-05"}
    rows = make_risk_set(group | {"prompt_id": 1}, group | {"prompt_id": 2, "opted_out_at": "2026-06-12"})
    assert analyse_experiment(rows, test_of(), (), AS_OF)["guardrails"][0]["events"] == {"A": 0, "B": 0}


def test_surely_small_rise_does_not_stop(make_risk_set, test_of):
    group = {"booked": 0, "met_at": "2026-06-05"}
    event = {"opted_out_at": "2026-06-06"}
    rows = make_risk_set(
        {"prompt_id": 1, "leads": 60_000} | group,
        {"prompt_id": 1, "leads": 40_000} | group | event,
        {"prompt_id": 2, "leads": 57_600} | group,
        {"prompt_id": 2, "leads": 42_400} | group | event,
    )
    rail = analyse_experiment(rows, test_of(), (), AS_OF)["guardrails"][0]
    assert rail["ci_low"] > 1
    assert rail["verdict"] == "within the limit"


def test_lead_that_got_neither_arm_is_counted_and_left_out(result_of, test_of):
    result = result_of((200, 20), (200, 20), test=test_of(treatment="3", share_treatment=0.01))
    assert result["leads"] == {"A": 200, "B": 0, "neither": 200}


def test_analysis_is_plain_json(result_of):
    json.dumps(result_of((200, 0), (200, 30)), allow_nan=False)


def test_test_that_nobody_came_to_is_not_mature(make_risk_set, test_of):
    assert analyse_experiment(make_risk_set(), test_of(), (), AS_OF, is_last=True)["verdict"] == "not_mature"
