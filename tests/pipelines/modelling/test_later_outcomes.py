import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from threadpoolctl import threadpool_limits

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling.clock import WINDOWS, fit_clock, fit_clocks
from lead_conversion.pipelines.modelling.estimators import fit_candidate, predict_log_odds, refit_models
from lead_conversion.pipelines.modelling.later_outcomes import add_later_outcomes
from lead_conversion.pipelines.modelling.parameters import ModelParameters

DAY = pd.Timedelta(days=1)
WEEK_HOURS = 168.0
SCORE = [
    Feature("score", "content", "numeric", "points", "How well the lead is known", "never missing"),
    Feature("hours_since_engaged", "timing", "numeric", "hours", "Time since first engagement", "never missing"),
]
MakeModel = Callable[..., ModelParameters]


def make_rows(*leads: tuple[int, float | None]) -> pd.DataFrame:
    """Leads engaged on a day, that got there so many days later or never; the window is a week."""
    engaged = pd.Timestamp("2026-01-01") + pd.to_timedelta([day for day, _after in leads], unit="D")
    after = pd.to_timedelta([np.nan if after is None else after for _day, after in leads], unit="D")
    return pd.DataFrame(
        {
            "lead_key": [f"{number:032x}" for number in range(len(leads))],
            "first_engaged_at": engaged,
            "outcome_at": engaged + after,
            "label": (after < 7 * DAY).astype(int),
        }
    )


def test_lead_that_got_there_after_its_window_is_a_positive_of_the_longer_one_and_stays_a_negative_of_its_own() -> None:
    added = add_later_outcomes(make_rows((0, 3), (0, 12), (0, 22), (0, None), (60, None)), 3, WEEK_HOURS)
    own, later = (added[added[WINDOWS] == windows] for windows in (1, 3))
    assert own["label"].tolist() == [1, 0, 0, 0, 0]
    assert later["label"].tolist() == [1, 1, 0, 0]


def test_outcome_that_was_not_known_when_the_last_label_was_teaches_nothing() -> None:
    """The last lead's window ends on day 67; who was engaged after day 46 may still get there in its third week."""
    known = make_rows((0, 12), (46, 12), (47, 12), (60, None))
    later = add_later_outcomes(known, 3, WEEK_HOURS).query(f"{WINDOWS} == 3")
    assert later["lead_key"].tolist() == known["lead_key"].tolist()[:2]
    assert later["outcome_at"].max() < known["first_engaged_at"].max() + 7 * DAY


@pytest.mark.parametrize("leads", [[(0, 3), (0, 6), (60, None)], [(0, 12), (60, 3), (60, 3)]], ids=["none", "as many"])
def test_rows_stay_as_they_are_where_the_longer_window_makes_the_positive_leads_no_more(leads: list[Any]) -> None:
    rows = make_rows(*leads)
    assert add_later_outcomes(rows, 3, WEEK_HOURS) is rows


def test_rows_stay_as_they_are_where_one_window_is_all_that_counts() -> None:
    rows = make_rows((0, 3), (0, 12), (60, None))
    assert add_later_outcomes(rows, 1, WEEK_HOURS) is rows


def test_rows_of_each_window_have_a_clock_of_their_own_and_the_model_keeps_the_targets() -> None:
    rows = make_rows(*[(0, after) for after in (1, 2, 10, 11, 12, None, None, None)], (60, None))
    learnt = add_later_outcomes(rows, 3, WEEK_HOURS).assign(hours_since_engaged=0.0)
    clock, log_odds = fit_clocks(learnt, WEEK_HOURS)
    assert clock == fit_clock(rows.assign(hours_since_engaged=0.0), WEEK_HOURS)
    is_later = learnt[WINDOWS] == 3
    assert np.ptp(log_odds[~is_later]) == np.ptp(log_odds[is_later]) == 0
    assert expit(log_odds[~is_later])[0] == pytest.approx(2 / 9, abs=0.03)
    assert expit(log_odds[is_later])[0] == pytest.approx(5 / 8, abs=0.03)


@pytest.fixture
def world() -> pd.DataFrame:
    """The same score tells who gets there in the first week, which is rare, and later, which is not."""
    rng, leads = np.random.default_rng(2), 3000
    score = rng.normal(size=leads)
    in_first = rng.random(leads) < expit(logit(0.03) + score)
    later_on = rng.random(leads) < expit(logit(0.2) + score)
    after = np.where(in_first, rng.uniform(0, 7, leads), np.where(later_on, rng.uniform(7, 21, leads), np.nan))
    engaged = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 200, leads)), unit="D")
    return pd.DataFrame(
        {
            "lead_key": [f"{number:032x}" for number in rng.permutation(leads)],
            "first_engaged_at": engaged,
            "outcome_at": engaged + pd.to_timedelta(after, unit="D"),
            "label": in_first.astype(int),
            "hours_since_engaged": 0.0,
            "score": score,
        }
    ).sort_values("lead_key", ignore_index=True)


@pytest.mark.parametrize("family", ["logistic", "lightgbm"])
def test_models_learn_more_from_later_outcomes_and_still_speak_of_the_targets_window(
    family: str, world: pd.DataFrame, make_model: MakeModel
) -> None:
    model, few = make_model(), world.iloc[::4]
    learnt = add_later_outcomes(few, 3, WEEK_HOURS)
    with_later, without = (
        predict_log_odds(fit_candidate(family, rows, SCORE, model, 30, 5, WEEK_HOURS), world) for rows in (learnt, few)
    )
    truth = logit(0.03) + world["score"]
    error_with, error_without = (np.std(found - truth) for found in (with_later, without))
    assert error_with < error_without
    assert expit(with_later).mean() == pytest.approx(few["label"].mean(), abs=0.01)


@pytest.mark.parametrize("family", ["logistic", "lightgbm"])
def test_refits_on_the_same_rows_say_what_the_model_says(
    family: str, world: pd.DataFrame, make_model: MakeModel
) -> None:
    """Every row is drawn once: the Newton step is none, and larger trees come close to the model."""
    model, learnt = make_model(), add_later_outcomes(world, 3, WEEK_HOURS)
    fitted = fit_candidate(family, learnt, SCORE, model, 30, 5, WEEK_HOURS)
    (refitted,) = refit_models(fitted, learnt, [np.ones(len(learnt))], model, 5)
    assert refitted["clock"] == fitted["clock"]
    said, again = predict_log_odds(fitted, world), predict_log_odds(refitted, world)
    assert again == pytest.approx(said, abs=1e-6)


def test_later_outcomes_are_learnt_and_told_the_same_whatever_the_number_of_threads(
    make_world: Callable[..., Any], make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world, written = make_world(1500), []
    late = world.examples["label"].eq(0) & (world.examples["lead_key"].str[-1] < "4")
    got_there = world.examples["first_engaged_at"] + 10 * DAY
    world.examples.loc[late, "outcome_at"] = got_there[late]
    for threads in (1, 2):
        model = make_model(later_windows=3)
        lightgbm = model.lightgbm.model_copy(update={"num_threads": threads})
        with threadpool_limits(limits=threads):
            trained = train(world, model.model_copy(update={"lightgbm": lightgbm}))["t1"]
        written.append(json.dumps(trained))
    assert written[0] == written[1]
    assert "got there within 3 windows, too." in trained["message"]
    for without in ({"later_windows": 1}, {"later_windows": 3, "later_until_positives": 100}):
        assert "got there within" not in train(world, make_model(**without))["t1"]["message"]
