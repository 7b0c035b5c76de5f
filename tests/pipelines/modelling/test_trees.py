from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from lead_conversion.contracts.features import Feature
from lead_conversion.pipelines.modelling import trees as module
from lead_conversion.pipelines.modelling.folds import deal_folds
from lead_conversion.pipelines.modelling.parameters import EncodingParameters, LightgbmParameters, TreeShape
from lead_conversion.pipelines.modelling.trees import choose_trees, fit_trees, predict_trees

SCORE = [Feature("score", "content", "numeric", "points", "How well the lead is known", "never missing")]
LIGHTGBM = LightgbmParameters(
    num_leaves=4,
    also_tried=(),
    learning_rate=0.1,
    max_rounds=200,
    early_stopping_rounds=10,
    min_rows_per_leaf=20,
    l2_penalty=1.0,
    feature_share=1.0,
    num_threads=1,
)
LATE_RATE = 0.5
LEADS = 2000


def make_rows(weight: float, rows_a_lead: int = 1, late_rate: float = 0.1) -> pd.DataFrame:
    """Leads in order of time, of whom the last quarter converts at another rate; all rows of one are the same."""
    rng = np.random.default_rng(3)
    score = rng.normal(size=LEADS)
    rate = np.where(np.arange(LEADS) < LEADS * 0.75, 0.1, late_rate)
    leads = pd.DataFrame(
        {
            "lead_key": [f"{number:032x}" for number in range(LEADS)],
            "hours_since_engaged": 0.0,
            "score": score,
            "label": (rng.random(LEADS) < expit(weight * score + logit(rate))).astype(int),
        }
    )
    return leads.loc[leads.index.repeat(rows_a_lead)].reset_index(drop=True)


def choose(rows: pd.DataFrame, enough_positives: int = 10_000, **changes: Any) -> tuple[LightgbmParameters, int]:
    encoding = EncodingParameters(min_rows_per_category=10, max_categories=20)
    lightgbm = LIGHTGBM.model_copy(update=changes)
    return choose_trees(rows, SCORE, lightgbm, encoding, 1, 24.0, deal_folds(rows, 1, enough_positives))


def count(rows: pd.DataFrame, enough_positives: int = 10_000, **changes: Any) -> int:
    _shape, rounds = choose(rows, enough_positives, **changes)
    return rounds


def test_trees_keep_growing_where_the_rate_of_later_leads_is_another_one() -> None:
    steady, moved = (count(make_rows(2.0, late_rate=late)) for late in (0.1, LATE_RATE))
    assert steady > 15
    assert moved > 15


@pytest.mark.parametrize(("works_together", "leaves"), [(True, 8), (False, 2)])
def test_larger_trees_are_taken_where_features_work_together_and_not_where_each_works_alone(
    works_together: bool, leaves: int
) -> None:
    rng = np.random.default_rng(4)
    values = rng.choice([-1.0, 1.0], size=(LEADS, 3))
    margin = 2 * (values.prod(axis=1) if works_together else values.mean(axis=1))
    names = ["first", "second", "third"]
    features = [Feature(name, "content", "numeric", "points", name, "never missing") for name in names]
    label = (rng.random(LEADS) < expit(margin)).astype(int)
    rows = make_rows(0.0).assign(label=label, **dict(zip(names, values.T, strict=True)))
    lightgbm = LIGHTGBM.model_copy(
        update={"num_leaves": 2, "also_tried": (TreeShape(num_leaves=8, min_rows_per_leaf=10),)}
    )
    encoding = EncodingParameters(min_rows_per_category=10, max_categories=20)
    chosen, _rounds = choose_trees(rows, features, lightgbm, encoding, 1, 24.0, deal_folds(rows, 1, 10_000))
    assert chosen.num_leaves == leaves
    assert chosen.also_tried == ()


def test_lead_that_grows_a_tree_does_not_judge_it_by_another_of_its_rows() -> None:
    """Nothing is to be learnt: only who knows a lead by its score already could foretell it."""
    rows = make_rows(0.0, rows_a_lead=5)
    assert count(rows) < 20
    assert count(rows.assign(lead_key=[f"{number:032x}" for number in range(len(rows))])) > 100


@pytest.mark.parametrize(
    ("learning_rate", "asked", "rounds"), [(0.025, 0.1, 8), (0.04, 0.1, 5), (0.1, 0.1, 2), (0.3, 0.3, 2)]
)
def test_small_steps_are_counted_by_large_ones_and_large_ones_as_they_are(
    learning_rate: float, asked: float, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []

    def note(parameters: dict[str, Any], *_given: Any, num_boost_round: int, **_more: Any) -> dict[str, list[float]]:
        steps.append((parameters["learning_rate"], num_boost_round))
        return {"valid binary_logloss-mean": [0.3, 0.2, 0.25]}

    monkeypatch.setattr(module.lgb, "cv", note)
    assert count(make_rows(2.0), learning_rate=learning_rate, max_rounds=100) == rounds
    ((step, most),) = steps
    assert step == pytest.approx(asked)
    assert most == pytest.approx(100 * learning_rate / asked)


def test_small_steps_counted_by_large_ones_lose_hardly_more_than_the_best_number_of_them() -> None:
    rows, fresh = make_rows(2.0).iloc[::2], make_rows(2.0).iloc[1::2]
    shape, rounds = choose(rows, learning_rate=0.02, max_rounds=1000)
    encoding = EncodingParameters(min_rows_per_category=10, max_categories=20)

    def lose(number: int) -> float:
        model = fit_trees(rows, SCORE, shape, encoding, number, 1, 24.0)
        return float(log_loss(fresh["label"], expit(predict_trees(model, fresh))))

    by_number = {number: lose(number) for number in (1, 25, 50, 75, 100, 150, 200, 300, 400)}
    gain = by_number[1] - min(by_number.values())
    assert lose(rounds) < min(by_number.values()) + 0.05 * gain


def test_no_more_trees_than_configured_are_counted() -> None:
    assert count(make_rows(2.0), learning_rate=0.03, max_rounds=10) == 10


def test_count_is_the_same_whatever_the_number_of_threads() -> None:
    counted = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            counted.append(count(make_rows(2.0), num_threads=threads))
    assert counted[0] == counted[1]


@pytest.mark.parametrize(("share", "folds"), [(10.0, 4), (1.0, 4), (0.51, 3), (0.5, 2), (0.001, 1)])
def test_folds_are_left_out_where_enough_positives_have_judged(
    share: float, folds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, judging = make_rows(2.0, rows_a_lead=2), []

    def note(*_given: Any, folds: Any, **_more: Any) -> dict[str, list[float]]:
        judging.extend(later for _earlier, later in folds)
        return {"valid binary_logloss-mean": [0.3, 0.2, 0.25]}

    monkeypatch.setattr(module.lgb, "cv", note)
    positives = rows.loc[rows["label"] == 1, "lead_key"].nunique()
    assert count(rows, enough_positives=max(int(share * positives), 1)) == 2
    assert len(judging) == folds
    assert len(np.unique(np.concatenate(judging))) == len(rows) * folds / 4
