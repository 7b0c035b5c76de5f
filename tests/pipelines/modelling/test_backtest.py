from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import DataError
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.backtest import (
    Backtest,
    Procedure,
    backtest_models,
    backtest_target,
    compare_measured,
    measure_backtest,
)
from lead_conversion.pipelines.modelling.parameters import (
    NO_TUNING,
    EvaluationParameters,
    ModelParameters,
    SplitParameters,
)

MakeModel = Callable[..., ModelParameters]
MakeWorld = Callable[..., Any]


@pytest.fixture
def backtest(
    make_model: MakeModel, split: SplitParameters, target: Targets, features: list[Feature]
) -> Callable[..., Backtest]:
    def backtest(world: Any, family: str = "logistic", origins: int = 2, seed: int = 5, **changes: Any) -> Backtest:
        procedure = Procedure(make_model(family, **changes), NO_TUNING, split, seed)
        (named,) = target.items()
        return backtest_target(world.examples, world.feature_leads, {}, named, procedure, origins, features)

    return backtest


def test_backtest_of_a_run_shows_each_origin_and_all_together(
    make_world: MakeWorld,
    make_model: MakeModel,
    split: SplitParameters,
    target: Targets,
    evaluation: EvaluationParameters,
    features: list[Feature],
) -> None:
    world = make_world(1200)
    twice = evaluation.model_copy(update={"backtest_origins": 2})
    of_run = (world.examples, world.feature_leads, {}, target, make_model("logistic"), NO_TUNING, split)
    (name,) = target.names
    found = backtest_models(*of_run, twice, seed=5, features=features)[name]
    first, second = found["origins"]
    assert first["from"] < second["from"]
    assert first["chosen"] == second["chosen"] == "logistic"
    for judged in (found, first, second):
        pr_auc = judged["figures"]["pr_auc"]
        assert pr_auc["ci_low"] < pr_auc["value"] < pr_auc["ci_high"]
    without = evaluation.model_copy(update={"backtest_origins": 0})
    assert backtest_models(*of_run, without, seed=5, features=features)[name] == {"figures": {}, "origins": []}


def test_holdout_and_embargo_have_no_say(make_world: MakeWorld, backtest: Callable[..., Backtest]) -> None:
    world = make_world(1200)
    before = backtest(world)
    is_unseen = world.examples["split"].isin(["holdout", "embargo"])
    assert is_unseen.any()
    assert not set(before.predictions["lead_key"]) & set(world.examples.loc[is_unseen, "lead_key"])
    turned = replace(world, examples=world.examples.copy())
    turned.examples.loc[is_unseen, "label"] = 1 - turned.examples.loc[is_unseen, "label"]
    pd.testing.assert_frame_equal(backtest(turned).predictions, before.predictions)


def test_prediction_at_an_origin_does_not_know_what_came_after_it(
    make_world: MakeWorld, backtest: Callable[..., Backtest]
) -> None:
    world = make_world(1200)
    before = backtest(world).predictions
    first, second = (set(before.loc[before["origin"] == origin, "lead_key"]) for origin in (1, 2))
    turned = replace(world, examples=world.examples.copy())
    is_judged_last = turned.examples["lead_key"].isin(second)
    turned.examples.loc[is_judged_last, "label"] = 1 - turned.examples.loc[is_judged_last, "label"]
    after = backtest(turned).predictions
    pd.testing.assert_series_equal(after["probability"], before["probability"])
    is_judged_first = turned.examples["lead_key"].isin(first)
    turned.examples.loc[is_judged_first, "label"] = 1 - turned.examples.loc[is_judged_first, "label"]
    changed = backtest(turned).predictions["probability"] != before["probability"]
    assert not changed[before["origin"] == 1].any()
    assert changed[before["origin"] == 2].any()


def test_backtest_is_the_same_each_time_and_another_seed_is_another_model(
    make_world: MakeWorld, backtest: Callable[..., Backtest]
) -> None:
    world = make_world(2500)
    trees = [backtest(world, "lightgbm", origins=1, seed=seed).predictions for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(trees[0], trees[1])
    assert (trees[0]["probability"] != trees[2]["probability"]).any()


def test_better_way_is_ahead_and_a_way_is_not_ahead_of_itself(
    make_world: MakeWorld, backtest: Callable[..., Backtest], evaluation: EvaluationParameters
) -> None:
    world = make_world(2500)
    good, bad = (
        measure_backtest(backtest(world, encoding=encoding, logistic={"inverse_penalty": penalty}), evaluation, seed=3)
        for encoding, penalty in (
            ({"min_rows_per_category": 10, "max_categories": 20}, 0.1),
            ({"min_rows_per_category": 10, "max_categories": 20}, 1e-6),
        )
    )
    ahead = compare_measured(good, bad)["log_loss"]
    assert ahead.value > 0
    assert ahead.interval(0.95)[0] > 0
    assert compare_measured(bad, good)["log_loss"].value == -ahead.value
    for same in compare_measured(good, good).values():
        assert (same.value, *same.interval(0.95)) == (0, 0, 0)


def test_backtests_of_other_leads_are_not_compared(
    make_world: MakeWorld, backtest: Callable[..., Backtest], evaluation: EvaluationParameters
) -> None:
    one, other = (measure_backtest(backtest(make_world(1200, seed=seed)), evaluation, 3) for seed in (0, 1))
    with pytest.raises(DataError, match="same leads only"):
        compare_measured(one, other)


def test_too_few_leads_give_no_figures_and_no_failure(
    make_world: MakeWorld, backtest: Callable[..., Backtest], evaluation: EvaluationParameters
) -> None:
    few = backtest(make_world(40))
    assert measure_backtest(few, evaluation, 3).figures == {}
    nobody = make_world(40)
    gone = backtest(replace(nobody, examples=nobody.examples.head(0)))
    measured = measure_backtest(gone, evaluation, 3)
    assert (measured.figures, gone.chosen, compare_measured(measured, measured)) == ({}, (), {})
