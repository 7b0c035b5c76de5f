"""An element that books more and makes leads leave is no win."""

import numpy as np
import pandas as pd
import pytest
from estimated_elements import estimate_effects

from lead_conversion.contracts import model_output
from lead_conversion.kernel.errors import DataError
from lead_conversion.pipelines.recommendation.effects.harms import drives_away
from lead_conversion.pipelines.recommendation.recommend import recommend_changes

OPENING, ASK = "Hi {{first_name}}, you asked about our course.", "Which day suits you for a short call?"


@pytest.fixture
def versions(make_risk_set):
    """Version 2 books much more; of each version so many leads opt out."""

    def make(*opted_out, third=0):
        groups = [
            {"prompt_id": prompt, "leads": 900, "booked": booked, "met_at": "2026-07-25"}
            for prompt, booked in ((1, 20), (2, 160), (3, third))[: len(opted_out)]
        ]
        rows = make_risk_set(*groups)
        number = rows.groupby("prompt_id").cumcount()
        share = rows["prompt_id"].map(dict(enumerate(opted_out, start=1))).astype("float64")
        # The last ones, who did not book.
        return rows.assign(opted_out=number >= 900 * (1 - share))

    return make


@pytest.fixture
def steps(make_steps):
    bodies = (f"{OPENING} Act now. {ASK}", f"{OPENING} Act now. {ASK}", f"{OPENING} {ASK}")
    return make_steps(*({"prompt_id": p, "prompt_version": p, "body": body} for p, body in enumerate(bodies, start=1)))


@pytest.fixture
def recommend(as_of, make_labels, targets, parameters, steps):
    def run(risk_set):
        effects = estimate_effects(risk_set, steps, as_of, (), parameters, 1)
        return effects, recommend_changes(effects, steps, risk_set, make_labels(), as_of, targets, parameters)

    return run


def test_guardrail_is_the_difference_of_the_rates_of_opting_out(recommend, versions):
    effects, _ = recommend(versions(0.02, 0.20))
    worse = effects.set_index(["element_type", "element_id"]).loc[("prompt", "2")]
    assert worse["opt_out_effect"] == pytest.approx(0.18, abs=0.01)
    assert worse["opt_out_ci_low"] < worse["opt_out_effect"] < worse["opt_out_ci_high"]
    assert (worse["guardrails_worse"], worse["guardrails_better"]) == ("opt_out", "")
    assert worse["negative_reply_effect"] == 0


def test_alternative_that_makes_leads_opt_out_is_held_back_and_said_so(recommend, versions):
    _, answer = recommend(versions(0.02, 0.20))
    assert answer["recommendations"] == []
    (held_back,) = answer["held_back"]
    assert (held_back["element_id"], held_back["guardrails"]) == ("1", ["opt_out"])
    assert "1 change that would book more is held back: the alternative makes more opt-outs" in answer["message"]


def test_alternative_that_makes_no_more_of_them_opt_out_is_recommended_with_the_figures(recommend, versions):
    _, answer = recommend(versions(0.05, 0.05))
    (found,) = answer["recommendations"]
    assert answer["held_back"] == []
    assert abs(found["evidence"]["guardrails"]["opt_out"]["effect"]) < 0.01
    assert any(reason.startswith("Beside bookings, opt-outs ") for reason in found["reasons"])


def test_best_version_that_makes_leads_opt_out_gives_way_to_a_harmless_one(recommend, versions):
    _, answer = recommend(versions(0.02, 0.20, 0.02, third=120))
    (found,) = [item for item in answer["recommendations"] if item["element_id"] == "1"]
    assert "Act now" in found["current_text"]
    assert "Act now" not in found["proposed_text"]  # the third version does not press, the second one does


def test_opt_outs_of_leads_who_leave_anyway_are_not_held_against_the_version_they_got(
    make_risk_set, steps, as_of, parameters
):
    rng = np.random.default_rng(4)
    rows = make_risk_set({"leads": 4000, "booked": 400})
    is_retail = rng.random(4000) < 0.5
    got_first = rng.random(4000) < np.where(is_retail, 0.8, 0.2)
    rows = rows.assign(
        industry=np.where(is_retail, "retail", "health"),
        prompt_id=np.where(got_first, 1, 2),
        opted_out=rng.random(4000) < np.where(is_retail, 0.3, 0.02),
    ).astype({"prompt_id": "Int64"})
    raw = rows.groupby("prompt_id")["opted_out"].mean()
    effects = estimate_effects(rows, steps, as_of, (), parameters, 1).set_index(["element_type", "element_id"])
    assert raw[1] - raw[2] > 0.1
    assert abs(effects.loc[("prompt", "1"), "opt_out_effect"]) < 0.03
    assert effects.loc[("prompt", "1"), "guardrails_worse"] == ""


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("opt_out_effect", np.nan),
        ("guardrails_worse", "bounces"),
        ("guardrails_better", None),
        ("tested_by", None),
    ],
)
def test_figure_that_is_missing_or_unknown_is_refused(recommend, versions, column, value):
    effects, _ = recommend(versions(0.02, 0.20))
    model_output.effects.validate(effects)
    with pytest.raises(DataError, match=column):
        model_output.effects.validate(effects.assign(**{column: value}).astype(effects.dtypes))


@pytest.mark.parametrize(
    ("opt_outs", "low", "is_far_more"),
    [(0.06, 0.05, True), (0.06, 0.03, False), (0.02, 0.015, False)],
    ids=["far_more", "may_be_chance", "as_others"],
)
def test_step_drives_leads_away_where_far_more_leave_than_at_others(parameters, opt_outs, low, is_far_more):
    usual = [0.02] * 4
    effects = pd.DataFrame(
        {
            "element_type": ["step"] * 5 + ["prompt"],
            "opt_out_effect": [*usual, opt_outs, 0.3],
            "opt_out_ci_low": [*usual, low, 0.2],
            "negative_reply_effect": 0.02,
            "negative_reply_ci_low": 0.01,
        }
    )
    assert drives_away(effects, parameters.effects).tolist() == [False] * 4 + [is_far_more, False]
