import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.pipelines.modelling.baselines import (
    estimate_base_rate,
    fit_campaign_rate,
    fit_rule,
    predict_campaign_rate,
    predict_rule,
)
from lead_conversion.pipelines.modelling.parameters import RuleCondition

WINDOW = 168.0
REPLIES = Feature("n_replies", "interaction", "numeric", "events", "Replies received", "never missing")


def _campaigns(*campaigns: tuple[int, int, int]) -> pd.DataFrame:
    """(campaign, leads, positives) as one row a lead."""
    parts = [
        pd.DataFrame({"campaign_id": campaign, "label": [1] * positives + [0] * (leads - positives)})
        for campaign, leads, positives in campaigns
    ]
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(lead_key=[f"{number:032x}" for number in rows.index], hours_since_engaged=0.0)


def test_small_campaign_is_pulled_to_the_mean_more_than_a_large_one() -> None:
    model = fit_campaign_rate(_campaigns((1, 1000, 200), (2, 1000, 100), (3, 5, 5), (4, 1000, 150)), WINDOW)
    assert model["rates"]["1"] == pytest.approx(0.2, abs=0.01)
    assert model["rates"]["3"] < 0.7
    assert model["rates"]["3"] > model["mean"]


def test_campaigns_that_do_not_differ_get_one_rate() -> None:
    model = fit_campaign_rate(_campaigns((1, 100, 10), (2, 100, 10), (3, 100, 10)), WINDOW)
    assert np.ptp(list(model["rates"].values())) < 0.005


def test_campaign_without_history_gets_the_mean() -> None:
    model = fit_campaign_rate(_campaigns((1, 100, 30), (2, 100, 10)), WINDOW)
    rows = pd.DataFrame({"campaign_id": pd.array([9, pd.NA, 1], dtype="Int64"), "hours_since_engaged": 0.0})
    np.testing.assert_allclose(
        expit(predict_campaign_rate(model, rows)), [model["mean"], model["mean"], model["rates"]["1"]], rtol=1e-2
    )


def test_landmarks_of_one_lead_count_once_in_its_campaign() -> None:
    rows = _campaigns((1, 10, 5), (2, 10, 1))
    later = rows.assign(hours_since_engaged=24.0)
    assert fit_campaign_rate(pd.concat([rows, later]), WINDOW)["rates"] == fit_campaign_rate(rows, WINDOW)["rates"]


def test_rule_says_its_points_and_ranks_by_them() -> None:
    rows = pd.DataFrame({"n_replies": [0.0, 1.0, 3.0, np.nan] * 50, "label": [0, 0, 1, 0] * 50})
    rows["hours_since_engaged"] = 0.0
    rule = [
        RuleCondition(feature="n_replies", at_least=1, points=2),
        RuleCondition(feature="n_replies", at_least=3, points=1),
    ]
    model = fit_rule(rows, rule, [REPLIES], WINDOW)
    assert (
        model["sentence"]
        == "Points: +2 where 'Replies received' is at least 1; +1 where 'Replies received' is at least 3"
    )
    none, one, three, missing = predict_rule(model, rows)[:4]
    assert missing == none < one < three


def test_rule_on_an_unknown_feature_is_refused() -> None:
    rule = [RuleCondition(feature="n_reply", at_least=1, points=2)]
    with pytest.raises(ConfigurationError, match="Did you mean 'n_replies'"):
        fit_rule(pd.DataFrame({"label": [0, 1]}), rule, [REPLIES], WINDOW)


@pytest.mark.parametrize(("leads", "positives"), [(26, 1), (26, 0), (26, 26)])
def test_base_rate_interval_holds_the_observed_share(leads: int, positives: int) -> None:
    rate = estimate_base_rate(_campaigns((1, leads, positives)).assign(split="train"))
    assert rate["ci_low"] <= positives / leads <= rate["ci_high"]
    assert (rate["leads"], rate["positives"]) == (leads, positives)
    assert 0 < rate["value"] < 1


def test_leads_to_be_scored_do_not_count_in_the_base_rate() -> None:
    rate = estimate_base_rate(_campaigns((1, 10, 0)).assign(split="scoring", label=pd.NA))
    assert rate["leads"] == 0
    assert rate["value"] is None


def _two_landmarks() -> pd.DataFrame:
    """A third convert from the start on; two days before the window ends a hundredth still will."""
    start = pd.DataFrame({"hours_since_engaged": 0.0, "label": [1, 0, 0] * 200, "n_replies": [1.0, 0.0] * 300})
    late = pd.DataFrame({"hours_since_engaged": 120.0, "label": [1, *[0] * 99] * 4, "n_replies": [1.0, 0.0] * 200})
    rows = pd.concat([start, late], ignore_index=True)
    return rows.assign(campaign_id=1, lead_key=[f"{number:032x}" for number in rows.index])


def test_baselines_know_that_the_chance_falls_as_the_window_runs_out() -> None:
    rows = _two_landmarks()
    rule = fit_rule(rows, [RuleCondition(feature="n_replies", at_least=1, points=2)], [REPLIES], WINDOW)
    campaign = fit_campaign_rate(rows, WINDOW)
    asked = pd.DataFrame({"hours_since_engaged": [0.0, 60.0, 120.0, 160.0, 167.9], "n_replies": 0.0, "campaign_id": 1})
    for predicted in (expit(predict_rule(rule, asked)), expit(predict_campaign_rate(campaign, asked))):
        assert (np.diff(predicted) < 0).all()
        assert predicted[[0, 2]] == pytest.approx([1 / 3, 1 / 100], rel=0.25)
        assert predicted[4] < predicted[2] / 20


def test_rule_is_not_turned_round_by_training() -> None:
    rows = _two_landmarks().assign(n_replies=lambda of: 1.0 - of["label"])
    rule = fit_rule(rows, [RuleCondition(feature="n_replies", at_least=1, points=2)], [REPLIES], WINDOW)
    replied, silent = predict_rule(rule, pd.DataFrame({"hours_since_engaged": 0.0, "n_replies": [1.0, 0.0]}))
    assert replied > silent
