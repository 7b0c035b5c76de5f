from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError
from threadpoolctl import threadpool_limits

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling import tuning as module
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.origins import split_by_time
from lead_conversion.pipelines.modelling.parameters import ModelParameters, TuningParameters
from lead_conversion.pipelines.modelling.training import train_models
from lead_conversion.pipelines.modelling.tuning import say_tuning, tune_models

MakeModel = Callable[..., ModelParameters]
MakeWorld = Callable[..., Any]
WINDOW_HOURS = 7 * 24
ENOUGH = {
    "logistic_from_positives": 20,
    "lightgbm_from_positives": 80,
    "full_size_from_positives": 100,
    "small_num_leaves": 4,
}
MUCH_TOO_STIFF = {"logistic": {"inverse_penalty": 1e-6}, "small_data": ENOUGH}


def make_tuning(**changes: Any) -> TuningParameters:
    return TuningParameters.model_validate(
        {
            "trials": 8,
            "origins": 2,
            "first_origin_share": 0.5,
            "trials_before_pruning": 3,
            "confirmation_share": 0.25,
            "confidence_level": 0.95,
            "search": {
                "lightgbm": {"num_leaves": {"low": 2, "high": 31, "log": True}},
                "logistic": {"inverse_penalty": {"low": 1e-6, "high": 10, "log": True}},
            },
            **changes,
        }
    )


def training_rows(world: Any) -> pd.DataFrame:
    return attach_features(world.examples[world.examples["split"] == "train"], world.feature_leads)


@pytest.fixture
def tune(features: list[Feature]) -> Callable[..., Any]:
    def tune(
        rows: pd.DataFrame, model: ModelParameters, family: str = "logistic", seed: int = 5, **changes: Any
    ) -> Any:
        return tune_models(rows, (family,), model, make_tuning(**changes), seed, features, WINDOW_HOURS)

    return tune


def test_values_that_are_better_on_later_leads_replace_the_configured_ones_and_stand_in_the_model(
    make_world: MakeWorld, make_model: MakeModel, target: Targets, features: list[Feature]
) -> None:
    world, model = make_world(3000), make_model("logistic", **MUCH_TOO_STIFF)
    trained = train_models(world.examples, world.feature_leads, {}, target, model, 5, make_tuning(), features)["t1"]
    found = trained["tuning"]["families"]["logistic"]
    assert found["adopted"]
    assert found["log_loss_gain"]["ci_low"] > 0
    assert found["used"]["inverse_penalty"] > found["configured"]["inverse_penalty"] == 1e-6
    assert f"inverse_penalty {found['used']['inverse_penalty']:g}" in trained["message"]
    untuned = train_models(world.examples, world.feature_leads, {}, target, model, 5, features=features)["t1"]
    largest = [
        max(abs(column["coefficient"]) for column in found["models"]["logistic"]["columns"])
        for found in (untuned, trained)
    ]
    assert largest[1] > 10 * largest[0]


@pytest.mark.parametrize("seed", range(4))
def test_configured_values_stay_where_there_is_nothing_to_learn(
    seed: int, make_world: MakeWorld, make_model: MakeModel, tune: Callable[..., Any]
) -> None:
    model = make_model("logistic", logistic={"inverse_penalty": 1e-4})
    tuned, record = tune(training_rows(make_world(2000, seed=seed, shuffled=True)), model, seed=seed)
    assert tuned == model
    found = record["families"]["logistic"]
    assert (found["adopted"], found["used"]) == (False, found["configured"])


def test_search_does_not_see_the_leads_that_confirm_it(
    make_world: MakeWorld, make_model: MakeModel, tune: Callable[..., Any]
) -> None:
    rows, model = training_rows(make_world(2000)), make_model("logistic", **MUCH_TOO_STIFF)
    _earlier, later = split_by_time(rows, make_tuning().confirmation_share)
    turned = rows.assign(label=rows["label"].where(~rows.index.isin(later.index), 1 - rows["label"]))
    (tuned, before), (kept, after) = tune(rows, model), tune(turned, model)
    assert before["families"]["logistic"]["found"] == after["families"]["logistic"]["found"]
    assert tuned != model
    assert kept == model


def test_same_values_are_found_whatever_the_number_of_threads(
    make_world: MakeWorld, make_model: MakeModel, tune: Callable[..., Any]
) -> None:
    rows = training_rows(make_world(1500))
    records = []
    for threads in (1, 2):
        model = make_model("lightgbm")
        sized = model.model_copy(update={"lightgbm": model.lightgbm.model_copy(update={"num_threads": threads})})
        with threadpool_limits(limits=threads):
            _tuned, record = tune(rows, sized, "lightgbm", trials=5)
        records.append(record)
    assert records[0] == records[1]


def test_another_seed_tries_other_values(
    make_world: MakeWorld, make_model: MakeModel, tune: Callable[..., Any]
) -> None:
    rows, model = training_rows(make_world(1500)), make_model("logistic", **MUCH_TOO_STIFF)
    found = [tune(rows, model, seed=seed)[1]["families"]["logistic"]["found"] for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_poor_trials_are_given_up_after_the_first_origins(
    make_world: MakeWorld, make_model: MakeModel, tune: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []
    lose = module._Learner.lose
    monkeypatch.setattr(module._Learner, "lose", lambda *given: judged.append(1) or lose(*given))
    _tuned, record = tune(training_rows(make_world(1500)), make_model("logistic", **MUCH_TOO_STIFF), trials=12)
    pruned = record["families"]["logistic"]["pruned"]
    assert pruned > 0
    # Two origins a trial, one where it was given up, and one for each side of the confirmation.
    assert len(judged) == 2 * 12 - pruned + 2


def test_configured_values_are_the_first_trial_so_that_nothing_worse_is_found(
    make_world: MakeWorld, make_model: MakeModel, tune: Callable[..., Any]
) -> None:
    _tuned, record = tune(training_rows(make_world(1500)), make_model("logistic"), trials=1)
    found = record["families"]["logistic"]
    assert found["found"] == found["configured"]
    assert found["log_loss_gain"]["value"] == 0
    assert say_tuning(record) == ["Tuning logistic, 1 trials: none was better than the configured values."]


def test_tuning_that_is_off_leaves_no_trace(
    make_world: MakeWorld, make_model: MakeModel, target: Targets, features: list[Feature]
) -> None:
    world = make_world(600)
    given = (world.examples, world.feature_leads, {}, target, make_model("logistic"), 5)
    off, without = (
        train_models(*given, features=features, **tuning) for tuning in ({"tuning": make_tuning(trials=0)}, {})
    )
    assert off == without
    assert "tuning" not in off["t1"]


def test_too_few_positive_leads_are_not_tuned_on_and_it_is_said(
    make_world: MakeWorld, make_model: MakeModel, target: Targets, features: list[Feature]
) -> None:
    world = make_world(600)
    trained = train_models(
        world.examples, world.feature_leads, {}, target, make_model("logistic"), 5, make_tuning(), features
    )["t1"]
    assert trained["tuning"]["families"] == {}
    assert "Not tuned: too few leads" in trained["message"]


def test_log_holds_no_bar(
    make_world: MakeWorld, make_model: MakeModel, tune: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    tune(training_rows(make_world(1500)), make_model("logistic"))
    assert "%|" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "span", [{"low": 2, "high": 1, "log": False}, {"low": 0, "high": 1, "log": True}], ids=["turned", "log of zero"]
)
def test_span_that_holds_nothing_is_refused(span: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected low"):
        make_tuning(search={"lightgbm": {}, "logistic": {"inverse_penalty": span}})


def test_value_that_no_model_has_is_refused() -> None:
    with pytest.raises(ValidationError, match="num_leavs"):
        make_tuning(search={"lightgbm": {"num_leavs": {"low": 2, "high": 3, "log": False}}, "logistic": {}})
