"""Effects that can be counted by hand where nothing decides who gets what, and planted ones where something does."""

import numpy as np
import pandas as pd
import pytest
from doubleml import DoubleMLData, DoubleMLIRM
from estimated_elements import estimate_effects
from sklearn.linear_model import LogisticRegression

from lead_conversion.pipelines.recommendation.effects.estimation import EFFECT_DTYPES


def near(value, within=0.01):
    """Chances of an arm are learned from other leads, which moves an effect a little."""
    return pytest.approx(value, abs=within)


@pytest.fixture
def estimate(make_steps, as_of, parameters):
    def run(risk_set, steps=None):
        steps = make_steps({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2}) if steps is None else steps
        return estimate_effects(risk_set, steps, as_of, (), parameters, 1).set_index(["element_type", "element_id"])

    run.steps = make_steps
    return run


@pytest.fixture
def two_versions(make_risk_set):
    return make_risk_set(
        {"prompt_id": 1, "leads": 100, "booked": 5},
        {"prompt_id": 2, "leads": 200, "booked": 40},
    )


def test_prompt_effect_is_the_difference_of_rates(estimate, two_versions):
    effect = estimate(two_versions).loc[("prompt", "1")]
    assert effect["effect"] == near(0.05 - 0.20)
    assert (effect["n_treated"], effect["n_control"]) == (100, 200)
    assert effect["ci_low"] < effect["effect"] < effect["ci_high"] < 0
    assert effect["flagged"]


def test_two_versions_mirror_each_other_and_count_as_one_test(estimate, two_versions):
    effects = estimate(two_versions)
    one, other = effects.loc[("prompt", "1")], effects.loc[("prompt", "2")]
    assert one["effect"] == -other["effect"]
    assert one["q_value"] == other["q_value"] == one["p_value"]
    assert not other["flagged"]


def test_third_version_is_compared_with_the_plain_mean_of_the_others(estimate, make_steps, make_risk_set):
    steps = make_steps(*({"prompt_id": p, "prompt_version": p} for p in (1, 2, 3)))
    risk_set = make_risk_set(
        {"prompt_id": 1, "leads": 100, "booked": 10},
        {"prompt_id": 2, "leads": 100, "booked": 20},
        {"prompt_id": 3, "leads": 400, "booked": 160},
    )
    assert estimate(risk_set, steps).loc[("prompt", "1"), "effect"] == near(0.10 - (0.20 + 0.40) / 2)


def test_versions_are_compared_only_while_both_are_live(estimate, make_steps, make_risk_set):
    steps = make_steps(
        {"prompt_id": 1, "prompt_retired_at": "2026-04-01"},
        {"prompt_id": 2, "prompt_version": 2, "prompt_created_at": "2026-03-01"},
    )
    together, alone = {"met_at": "2026-03-10"}, {"met_at": "2026-02-01"}
    risk_set = make_risk_set(
        together | {"prompt_id": 1, "leads": 50, "booked": 5},
        together | {"prompt_id": 2, "leads": 50, "booked": 10},
        alone | {"prompt_id": 1, "leads": 500, "booked": 250},
    )
    effect = estimate(risk_set, steps).loc[("prompt", "1")]
    assert effect["effect"] == near(0.1 - 0.2)
    assert effect["n_treated"] == 50


def test_version_without_a_number_is_named_by_its_prompt(estimate, make_steps, two_versions):
    steps = make_steps(*({"prompt_id": p, "prompt_version": None} for p in (1, 2)))
    assert estimate(two_versions, steps).loc[("prompt", "1"), "label"].endswith("version of prompt 1")


def test_version_of_unknown_beginning_is_not_compared(estimate, make_steps, two_versions):
    steps = make_steps({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2, "prompt_created_at": None})
    assert estimate(two_versions, steps).empty


def test_versions_that_never_ran_together_are_not_compared(estimate, make_steps, make_risk_set):
    steps = make_steps(
        {"prompt_id": 1, "prompt_retired_at": "2026-04-01"},
        {"prompt_id": 2, "prompt_version": 2, "prompt_created_at": "2026-04-01"},
    )
    risk_set = make_risk_set(
        {"prompt_id": 1, "met_at": "2026-03-10", "leads": 50, "booked": 5},
        {"prompt_id": 2, "met_at": "2026-05-10", "leads": 50, "booked": 10},
    )
    assert estimate(risk_set, steps).empty


def test_immature_leads_count_in_no_effect(estimate, two_versions, make_risk_set):
    immature = make_risk_set({"prompt_id": 1, "leads": 50, "booked": 50, "is_mature": False})
    immature["lead_key"] = "i" + immature["lead_key"]
    with_immature = pd.concat([two_versions, immature], ignore_index=True)
    columns = ["effect", "n_treated", "p_value"]
    assert estimate(with_immature).loc[("prompt", "1"), columns].tolist() == (
        estimate(two_versions).loc[("prompt", "1"), columns].tolist()
    )


def test_skipped_leads_are_the_steps_alternative_and_unreachable_ones_are_not(estimate, make_risk_set):
    risk_set = make_risk_set(
        {"leads": 100, "booked": 20},
        {"leads": 50, "booked": 5, "is_skipped": True},
        {"leads": 80, "booked": 40, "is_skipped": True, "is_reachable": False},
    )
    effect = estimate(risk_set).loc[("step", "10")]
    assert effect["effect"] == near(0.2 - 0.1)
    assert effect["n_control"] == 50


def test_own_wait_is_compared_with_each_wait_on_trial_in_the_own_order(estimate, make_risk_set):
    risk_set = make_risk_set(
        {"leads": 100, "booked": 20},
        {"leads": 50, "booked": 20, "planned_wait_hours": 12.0},
        {"leads": 50, "booked": 5, "planned_wait_hours": 48.0},
        {"leads": 70, "booked": 70, "planned_wait_hours": 12.0, "sequence_variant": "B"},
    )
    waits = estimate(risk_set).loc[("wait", "10")].set_index("contrast")["effect"]
    assert waits.to_dict() == near({"24 h - 12 h": 0.2 - 0.4, "24 h - 48 h": 0.2 - 0.1}, within=0.02)


@pytest.mark.parametrize("hours", [8760.0, 1e9, -1.0])
def test_absurd_wait_is_no_arm(estimate, make_risk_set, hours):
    risk_set = make_risk_set({"leads": 100, "booked": 20}, {"leads": 50, "booked": 5, "planned_wait_hours": hours})
    assert estimate(risk_set).empty


def test_lead_without_a_known_prompt_counts_for_the_step_and_for_no_version(estimate, two_versions, make_risk_set):
    unknown = make_risk_set({"prompt_id": None, "leads": 50, "booked": 50}, {"leads": 50, "booked": 0, "is_skipped": 1})
    effects = estimate(pd.concat([two_versions, unknown], ignore_index=True))
    assert effects.loc[("prompt", "1"), "n_treated"] == 100
    assert effects.loc[("prompt", "2"), "n_treated"] == 200
    assert effects.loc[("step", "10"), "n_treated"] == 350


def test_order_counts_each_lead_once_at_the_first_step_it_met(estimate, make_steps, make_risk_set):
    first = make_risk_set(
        {"leads": 400, "booked": 40},
        {"leads": 600, "booked": 120, "sequence_variant": "B"},
    )
    later = first.assign(step_id=11, met_at=first["met_at"] + pd.Timedelta(days=1))
    effects = estimate(pd.concat([first, later]), make_steps({"step_id": 10}, {"step_id": 11}))
    effect = effects.loc[("order", "1")]
    assert (effect["n_treated"], effect["n_control"]) == (400, 600)
    assert effect["effect"] == near(0.1 - 0.2)


def test_campaign_is_compared_with_the_mean_of_the_others(estimate, make_steps, make_risk_set):
    steps = make_steps(*({"step_id": 10 * c, "campaign_id": c, "campaign_name": f"C{c}"} for c in (1, 2, 3)))
    risk_set = make_risk_set(
        *(
            {"campaign_id": c, "step_id": 10 * c, "leads": 200, "booked": 10 * booked, "met_at": moment}
            for c, booked in ((1, 2), (2, 4), (3, 8))
            for moment in ("2026-03-01", "2026-04-01")
        )
    )
    assert estimate(risk_set, steps).loc[("campaign", "3"), "effect"] == near(0.4 - 0.15)


def test_arm_with_too_few_leads_is_not_compared(estimate, make_risk_set):
    risk_set = make_risk_set({"prompt_id": 1, "leads": 100, "booked": 5}, {"prompt_id": 2, "leads": 4, "booked": 4})
    assert estimate(risk_set).empty


def test_effect_within_the_margin_of_relevance_is_not_flagged(estimate, make_risk_set):
    risk_set = make_risk_set(
        {"prompt_id": 1, "leads": 20_000, "booked": 100},
        {"prompt_id": 2, "leads": 20_000, "booked": 155},
    )
    effect = estimate(risk_set).loc[("prompt", "1")]
    assert effect["q_value"] < 0.01
    assert -0.003 < effect["effect"] < 0
    assert not effect["flagged"]


def test_overlap_is_the_share_of_leads_that_could_have_got_any_arm(estimate, make_risk_set):
    mixed = [{"prompt_id": p, "leads": 300, "booked": 30, "industry": "retail"} for p in (1, 2)]
    alone = {"prompt_id": 2, "leads": 400, "booked": 40, "industry": "health"}
    effect = estimate(make_risk_set(*mixed, alone)).loc[("prompt", "1")]
    assert effect["overlap"] == near(0.6)
    assert effect["evidence_grade"] == "C"


def test_effect_of_a_version_that_went_to_the_cold_leads_is_not_their_coldness(estimate, make_risk_set):
    def leads(industry, prompt, size, rate):
        return {"industry": industry, "prompt_id": prompt, "leads": size, "booked": int(size * rate)}

    confounded = make_risk_set(
        leads("health", 1, 1600, 0.05), leads("retail", 1, 400, 0.30),
        leads("health", 2, 400, 0.02), leads("retail", 2, 1600, 0.27),
    )  # fmt: skip
    better = estimate(confounded).loc[("prompt", "1")]
    assert better["rate_treated"] - better["rate_control"] < -0.1
    assert better["effect"] == near(0.03)
    assert better["check_effect"] == near(0.03)
    assert (better["evidence_grade"], better["flagged"]) == ("B", False)
    assert estimate(confounded).loc[("prompt", "2"), "flagged"]


def test_effect_agrees_with_doubleml_on_leads_of_two_kinds(estimate, make_risk_set):
    rng = np.random.default_rng(3)
    lead = pd.DataFrame({"is_retail": (rng.random(6000) < 0.5).astype(float), "score": rng.normal(50, 10, 6000)})
    chance = 1 / (1 + np.exp(-(1.0 * lead["is_retail"] - 0.5 + 0.03 * (lead["score"] - 50))))
    lead["treated"] = (rng.random(6000) < chance).astype(float)
    log_odds = -2 + 0.8 * lead["is_retail"] + 0.04 * (lead["score"] - 50) + 0.4 * lead["treated"]
    lead["booked"] = (rng.random(6000) < 1 / (1 + np.exp(-log_odds))).astype(float)
    risk_set = make_risk_set({"leads": 6000, "booked": 0}).assign(
        prompt_id=pd.array(np.where(lead["treated"], 1, 2), "Int64"),
        industry=np.where(lead["is_retail"], "retail", "health"),
        crm_score=lead["score"],
        booked=lead["booked"].astype(bool),
    )
    np.random.seed(1)  # noqa: NPY002  by which doubleml deals its folds
    expected = DoubleMLIRM(
        DoubleMLData(lead, "booked", "treated"), LogisticRegression(), LogisticRegression(), n_folds=5
    ).fit()
    found = estimate(risk_set).loc[("prompt", "1")]
    error = (found["ci_high"] - found["ci_low"]) / 2 / 1.96
    raw = found["rate_treated"] - found["rate_control"]
    assert abs(found["effect"] - expected.coef[0]) < error / 2 < abs(raw - expected.coef[0])
    assert error == pytest.approx(expected.se[0], rel=0.1)


def test_early_step_is_judged_by_what_it_leads_to_with_less_noise_than_by_late_bookings(estimate, make_risk_set):
    # The good version makes leads reply; those who replied book at the next step, whatever they got before.
    def journeys(prompt, replied):
        size, booked = (400, 160) if replied else (1600, 80)
        size, booked = (size * 2, booked * 2) if replied and prompt == 1 else (size, booked)
        first = make_risk_set({"leads": size, "booked": booked, "prompt_id": prompt}).assign(has_next=True)
        first["lead_key"] = first["lead_key"] + f"{prompt}{replied:d}"
        second = first.assign(
            step_id=pd.array([11] * size, "Int64"), prompt_id=pd.array([3] * size, "Int64"),
            met_at=first["met_at"] + pd.Timedelta(days=2), replies=int(replied), steps_met=1,
        )  # fmt: skip
        return [first, second]

    risk_set = pd.concat([part for p in (1, 2) for r in (True, False) for part in journeys(p, r)], ignore_index=True)
    steps = estimate.steps({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2}, {"step_id": 11, "prompt_id": 3})
    effect = estimate(risk_set, steps).loc[("prompt", "1")]
    assert effect["effect"] == near((320 + 80) / 2400 - (160 + 80) / 2000)
    p, q = (320 + 80) / 2400, (160 + 80) / 2000
    error_of_bookings = (p * (1 - p) / 2400 + q * (1 - q) / 2000) ** 0.5
    assert (effect["ci_high"] - effect["ci_low"]) / 2 / 1.96 < 0.7 * error_of_bookings


def test_interval_of_an_arm_that_few_got_is_as_wide_as_that_of_a_few(estimate, make_risk_set):
    risk_set = make_risk_set({"prompt_id": 1, "leads": 8000, "booked": 800}, {"prompt_id": 2, "leads": 52, "booked": 3})
    effect = estimate(risk_set).loc[("prompt", "2")]
    # Its own spread, and that of 200 of all.
    drawn = (52 * (3 / 52 * 49 / 52) + 200 * (0.1 * 0.9)) / 252
    by_hand = (0.1 * 0.9 / 8000 + drawn / 52) ** 0.5
    assert (effect["ci_high"] - effect["ci_low"]) / 2 / 1.96 == pytest.approx(by_hand, rel=0.15)
    assert not effect["flagged"]


def test_effect_where_all_book_or_none_stays_a_change_of_a_probability(estimate, make_risk_set):
    risk_set = make_risk_set({"prompt_id": 1, "leads": 300, "booked": 300}, {"prompt_id": 2, "leads": 300, "booked": 0})
    assert estimate(risk_set)[["effect", "ci_low", "ci_high"]].abs().max().max() <= 1


@pytest.mark.parametrize("booked", [0, 100])
def test_nothing_is_told_where_nobody_booked_or_everybody_did(estimate, make_steps, make_risk_set, booked):
    texts = {1: "Call me.", 2: "Act now. Call me."}
    steps = make_steps(*({"step_id": s, "prompt_id": s + v, "body": texts[v]} for s in (10, 20) for v in texts))
    groups = [{"step_id": s, "prompt_id": s + v, "leads": 100, "booked": booked} for s in (10, 20) for v in texts]
    assert estimate(make_risk_set(*groups), steps).empty


def test_step_where_nobody_booked_takes_nothing_off_the_effects_of_others(estimate, make_steps, make_risk_set):
    steps = make_steps(*({"step_id": s, "prompt_id": s + v} for s in (10, 20, 30) for v in (1, 2)))
    groups = [
        {"step_id": s, "prompt_id": s + v, "leads": 200, "booked": booked}
        for s, v, booked in ((10, 1, 20), (10, 2, 60), (20, 1, 50), (20, 2, 10))
    ]
    silent = [{"step_id": 30, "prompt_id": 30 + v, "leads": 200, "booked": 0} for v in (1, 2)]
    alone, beside = (
        estimate(make_risk_set(*rows), steps).reset_index().set_index("element_id")
        for rows in (groups, groups + silent)
    )
    assert beside.loc["11", "posterior"] == near(alone.loc["11", "posterior"]) == near(-0.2, within=0.03)


def test_wait_is_not_adjusted_for_the_hours_it_makes_itself(estimate, make_risk_set):
    risk_set = make_risk_set(
        {"leads": 600, "booked": 120, "hours_since_attempt": 24.0, "last_outcome": "opened"},
        {
            "leads": 600,
            "booked": 60,
            "planned_wait_hours": 12.0,
            "hours_since_attempt": 12.0,
            "last_outcome": "unsettled",
        },
    )
    effect = estimate(risk_set).loc[("wait", "10")]
    assert effect["effect"] == near(0.2 - 0.1)
    assert effect["overlap"] == 1


def test_what_other_steps_tell_of_leads_narrows_the_interval_of_a_wait(estimate, make_steps, make_risk_set):
    own = [
        {"leads": 45, "booked": booked, "lead_source": source, "planned_wait_hours": hours}
        for hours in (24.0, 12.0)
        for source, booked in (("referral", 38), ("bought list", 2))
    ]
    steps = make_steps({"prompt_id": 1}, {"prompt_id": 2, "step_id": 11})

    def width(of_referrals, of_bought):
        others = (("referral", of_referrals), ("bought list", of_bought))
        elsewhere = [
            {"leads": 400, "booked": b, "lead_source": source, "step_id": 11, "prompt_id": 2} for source, b in others
        ]
        effect = estimate(make_risk_set(*own, *elsewhere), steps).loc[("wait", "10")]
        return effect["ci_high"] - effect["ci_low"]

    assert width(340, 20) < 0.9 * width(180, 180)


def test_small_arm_to_which_few_bookings_fell_is_not_surer_for_it(estimate, make_risk_set):
    risk_set = make_risk_set({"prompt_id": 1, "leads": 60, "booked": 1}, {"prompt_id": 2, "leads": 600, "booked": 72})
    effect = estimate(risk_set).loc[("prompt", "1")]
    error, by_itself = (effect["ci_high"] - effect["ci_low"]) / (2 * 1.96), np.sqrt(1 / 60 * 59 / 60 / 60)
    of_all = np.sqrt(73 / 660 * 587 / 660 / 60)
    assert 1.5 * by_itself < error < 1.2 * of_all


def test_spread_after_a_skip_is_its_own(estimate, make_risk_set):
    risk_set = make_risk_set({"leads": 600, "booked": 120}, {"leads": 60, "booked": 1, "is_skipped": True})
    effect = estimate(risk_set).loc[("step", "10")]
    error = (effect["ci_high"] - effect["ci_low"]) / (2 * 1.96)
    assert error == pytest.approx(np.sqrt(1 / 60 * 59 / 60 / 60 + 0.2 * 0.8 / 600), rel=0.15)


def test_retired_prompt_and_inactive_step_meet_nobody_any_more(estimate, make_steps, make_risk_set):
    versions = ({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2})
    risk_set = make_risk_set(
        *({"prompt_id": p, "leads": 56, "booked": b, "met_at": "2026-08-20"} for p, b in ((1, 5), (2, 9)))
    )
    live = estimate(risk_set, make_steps(*versions))
    retired = estimate(risk_set, make_steps(versions[0] | {"prompt_retired_at": "2026-08-25"}, versions[1]))
    inactive = estimate(risk_set, make_steps(*({"is_active": False} | v for v in versions)))
    exposed = "exposed_leads_month"
    assert live.loc[("prompt", "1"), exposed] == pytest.approx(56 / 56 * 30)
    assert retired.loc[("prompt", "1"), exposed] == 0
    assert inactive.loc[("prompt", "2"), exposed] == 0


@pytest.mark.parametrize("status", ["paused", "archived", "draft", None])
def test_campaign_that_does_not_run_meets_nobody(estimate, make_steps, make_risk_set, status):
    risk_set = make_risk_set(*({"prompt_id": p, "leads": 56, "booked": 5, "met_at": "2026-08-20"} for p in (1, 2)))
    steps = make_steps(*({"prompt_id": p, "prompt_version": p, "campaign_status": status} for p in (1, 2)))
    running = steps.assign(campaign_status=" Active")
    assert (estimate(risk_set, running)["exposed_leads_month"] > 0).all()
    assert (estimate(risk_set, steps)["exposed_leads_month"] == 0).all()


def test_campaign_whose_steps_are_all_inactive_meets_nobody(estimate, make_steps, make_risk_set):
    rows = make_risk_set(
        *({"sequence_variant": order, "leads": 56, "booked": 5, "met_at": "2026-08-20"} for order in "AB")
    )
    assert estimate(rows, make_steps({"prompt_id": 1})).loc[("order", "1"), "exposed_leads_month"] > 0
    inactive = make_steps({"prompt_id": 1, "is_active": False}, {"prompt_id": 2, "step_id": 20, "is_active": False})
    assert estimate(rows, inactive).loc[("order", "1"), "exposed_leads_month"] == 0


def test_text_feature_is_judged_within_steps_that_ran_with_and_without_it(estimate, make_steps, make_risk_set):
    calm, pressing = "Could we talk this week?", "Act now. Could we talk this week?"
    steps = make_steps(
        *(
            {"step_id": s, "prompt_id": s + v, "prompt_version": v, "body": body}
            for s in (10, 20, 30)
            for v, body in ((1, calm), (2, pressing))
        ),
        {"step_id": 40, "prompt_id": 42, "body": pressing},
    )
    risk_set = make_risk_set(
        *(
            {"step_id": s, "prompt_id": s + v, "leads": 100, "booked": booked - (v == 2) * loss}
            for s, booked, loss in ((10, 20, 4), (20, 40, 6), (30, 60, 5))
            for v in (1, 2)
        ),
        {"step_id": 40, "prompt_id": 42, "leads": 500, "booked": 500},
    )
    effect = estimate(risk_set, steps).loc[("text_feature", "sms:pressure")]
    assert effect["effect"] == near(-0.05)
    assert effect["n_treated"] == 300
    assert effect["contrast"] == "with - without, across 3 steps"
    assert effect["flagged"]


def test_order_of_the_rows_does_not_matter(estimate, two_versions):
    pd.testing.assert_frame_equal(estimate(two_versions), estimate(two_versions.sample(frac=1, random_state=5)))


def test_empty_risk_set_gives_an_empty_typed_frame(make_risk_set, make_steps, as_of, parameters):
    effects = estimate_effects(make_risk_set(), make_steps(), as_of, (), parameters, 1)
    assert effects.empty
    assert {name: str(dtype) for name, dtype in effects.dtypes.items()} == EFFECT_DTYPES


def test_step_that_belongs_to_no_campaign_stops_nothing(estimate, make_steps, two_versions):
    versions = ({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2})
    steps = make_steps(*versions, {"step_id": 99, "prompt_id": 3, "campaign_id": None})
    pd.testing.assert_frame_equal(estimate(two_versions, steps), estimate(two_versions, make_steps(*versions)))


def test_check_of_fewer_leads_than_traits_still_tells_the_arms_apart(estimate, make_risk_set):
    rng = np.random.default_rng(7)
    risk_set = make_risk_set(*({"prompt_id": p, "leads": 30, "booked": b} for p, b in ((1, 0), (2, 24))))
    many = {
        name: rng.choice(list("abcdefghijklmnop"), 60) for name in ("industry", "seniority", "country", "lead_source")
    }
    assert estimate(risk_set.assign(**many)).loc[("prompt", "1"), "check_effect"] == near(-0.8, within=0.15)
