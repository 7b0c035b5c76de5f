"""What a lead at risk is worth, by models that never saw it."""

import numpy as np
import pandas as pd
import pytest

from lead_conversion.pipelines.recommendation.effects.values import assign_folds, learn_outcomes


@pytest.fixture
def knobs(parameters):
    return parameters.value_model.model_copy(update={"min_rows_per_leaf": 20, "rounds": 40})


@pytest.fixture
def journeys(make_risk_set):
    """Warm leads book half the time at the second step, cold ones never; who is warm shows in a reply to the first."""
    first = make_risk_set({"leads": 200, "booked": 100}, {"leads": 200, "booked": 0})
    is_warm = np.arange(400) < 200
    second = first.assign(
        step_id=pd.array([11] * 400, "Int64"), met_at=first["met_at"] + pd.Timedelta(days=1), steps_met=1,
        replies=is_warm.astype(int),
    )  # fmt: skip
    return pd.concat([first, second], ignore_index=True)


def test_outcome_of_a_step_is_the_value_of_the_next_one_and_of_the_last_step_the_booking(journeys, knobs):
    found = learn_outcomes(journeys, knobs, 1)
    assert found.outcome[400:].tolist() == journeys["booked"].iloc[400:].astype(float).tolist()
    assert found.outcome[:400].tolist() == found.value[400:].tolist()
    assert found.outcome[:200].mean() == pytest.approx(0.5, abs=0.05)
    assert found.outcome[200:400].mean() == pytest.approx(0.0, abs=0.1)
    assert found.outcome[:200].std() < 0.1 < journeys["booked"].iloc[:200].std()


def test_value_of_a_lead_does_not_know_what_became_of_it(journeys, knobs):
    before = learn_outcomes(journeys, knobs, 1)
    changed = journeys.assign(booked=journeys["booked"] ^ (journeys["lead_key"] == "l000007"))
    after = learn_outcomes(changed, knobs, 1)
    is_own = (journeys["lead_key"] == "l000007").to_numpy()
    assert after.value[is_own].tolist() == before.value[is_own].tolist()
    assert after.value[~is_own].tolist() != before.value[~is_own].tolist()


def test_immature_rows_are_valued_and_not_learned_from(journeys, knobs):
    is_late = journeys["lead_key"] > "l000350"
    hidden = journeys.assign(is_mature=~is_late)
    told = hidden.assign(booked=hidden["booked"] | is_late)
    assert learn_outcomes(told, knobs, 1).value.tolist() == learn_outcomes(hidden, knobs, 1).value.tolist()


def test_further_steps_are_valued_by_what_came_of_further_steps_alone(journeys, knobs):
    is_first = journeys["steps_met"] == 0
    told = journeys.assign(booked=journeys["booked"] | is_first)
    before, after = (learn_outcomes(rows, knobs, 1).value for rows in (journeys, told))
    assert after[~is_first].tolist() == before[~is_first].tolist()
    assert after[is_first].min() > before[is_first].max()


def test_order_of_rows_and_number_of_threads_change_no_bit(journeys, knobs):
    expected = learn_outcomes(journeys, knobs.model_copy(update={"num_threads": 1}), 1)
    shuffled = journeys.sample(frac=1, random_state=2)
    threaded = learn_outcomes(shuffled, knobs.model_copy(update={"num_threads": 4}), 1)
    for name in ("fold", "value", "outcome"):
        again = pd.Series(getattr(threaded, name), shuffled.index).sort_index()
        assert again.to_numpy() == pytest.approx(getattr(expected, name), abs=1e-12)
    unsorted = learn_outcomes(journeys, knobs.model_copy(update={"num_threads": 4}), 1)
    assert unsorted.outcome.tobytes() == expected.outcome.tobytes()
    assert unsorted.outcomes_without.tobytes() == expected.outcomes_without.tobytes()


def test_fold_of_a_lead_depends_on_nobody_else():
    leads = pd.Series([f"lead{number}" for number in range(500)])
    folds = assign_folds(leads, 5, 3)
    assert folds[100:].tolist() == assign_folds(leads[100:], 5, 3).tolist()
    assert folds.tolist() != assign_folds(leads, 5, 4).tolist()
    assert np.bincount(folds, minlength=5).min() > 60


def test_what_foretells_no_unseen_lead_is_not_believed(make_risk_set, knobs):
    rng = np.random.default_rng(1)
    noise = make_risk_set({"leads": 600, "booked": 0}).assign(
        booked=rng.random(600) < 0.3, crm_score=rng.uniform(0, 100, 600)
    )
    grown = knobs.model_copy(update={"rounds": 200})
    assert np.std(learn_outcomes(noise, grown, 1).value) < 0.03


def test_too_few_leads_are_worth_their_mean(make_risk_set, knobs):
    found = learn_outcomes(make_risk_set({"leads": 30, "booked": 6}), knobs, 1)
    assert found.value == pytest.approx(0.2, abs=0.1)
