import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling import training as module
from lead_conversion.pipelines.modelling import unseen
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import explain_log_odds, name_version, predict_probability
from lead_conversion.pipelines.modelling.parameters import ModelParameters, TreeShape
from lead_conversion.pipelines.modelling.training import decide_capacity, train_models, train_target

MakeModel = Callable[..., ModelParameters]
MakeWorld = Callable[..., Any]

BASELINES = {"rule", "contact_logistic", "campaign_rate"}


@pytest.mark.parametrize(
    ("positives", "candidates"),
    [(19, ()), (20, ("logistic",)), (79, ("logistic",)), (80, ("logistic", "lightgbm", "blend"))],
)
def test_fewer_positives_carry_smaller_models(
    positives: int, candidates: tuple[str, ...], make_model: MakeModel
) -> None:
    assert decide_capacity(positives, 1000, make_model()).candidates == candidates
    assert decide_capacity(1000, positives, make_model()).candidates == candidates


def test_trees_get_fewer_leaves_before_they_give_way(make_model: MakeModel) -> None:
    assert decide_capacity(299, 1000, make_model()).num_leaves == 4
    assert decide_capacity(300, 1000, make_model()).num_leaves == 7


def test_logistic_takes_the_place_of_trees_where_positives_are_few(make_model: MakeModel) -> None:
    assert decide_capacity(79, 1000, make_model("lightgbm")).candidates == ("logistic",)
    assert decide_capacity(80, 1000, make_model("lightgbm")).candidates == ("lightgbm",)


def test_models_predict_and_explain_alike_after_a_round_trip_through_json(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(2000)
    models = train(world, make_model("auto"))["t1"]["models"]
    assert models.keys() == {"logistic", "lightgbm", "blend"} | BASELINES
    rows = attach_features(world.examples, world.feature_leads)
    for name, model in models.items():
        stored = json.loads(json.dumps(model, allow_nan=False))
        np.testing.assert_array_equal(predict_probability(stored, rows), predict_probability(model, rows), err_msg=name)
    for name in ("logistic", "lightgbm", "blend"):
        stored = json.loads(json.dumps(models[name]))
        pd.testing.assert_frame_equal(explain_log_odds(stored, rows), explain_log_odds(models[name], rows))


def test_contributions_add_up_to_the_log_odds(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(2000)
    models = train(world, make_model("auto"))["t1"]["models"]
    rows = attach_features(world.examples, world.feature_leads)
    for name in ("logistic", "lightgbm", "blend"):
        uncalibrated = predict_probability({**models[name], "calibrator": {"kind": "none"}}, rows)
        log_odds = np.log(uncalibrated / (1 - uncalibrated))
        base = log_odds - explain_log_odds(models[name], rows).sum(axis=1).to_numpy()
        assert np.ptp(base) < 1e-6, name


def test_models_are_the_same_bytes_for_any_thread_count_and_row_order(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(2000)
    one = make_model("auto")
    two = one.model_copy(update={"lightgbm": one.lightgbm.model_copy(update={"num_threads": 2})})
    shuffled = type(world)(
        world.labels,
        world.contacts,
        world.feature_leads.sample(frac=1, random_state=1),
        world.examples.sample(frac=1, random_state=2),
    )
    with threadpool_limits(limits=1):
        first = json.dumps(train(world, one))
    assert json.dumps(train(world, two)) == first
    assert json.dumps(train(shuffled, one)) == first
    assert "num_threads" not in first


def test_feature_that_no_lead_has_changes_no_probability(
    make_world: MakeWorld, make_model: MakeModel, target: Targets, features: list[Feature]
) -> None:
    world = make_world(2000)
    rows = world.feature_leads.assign(nobodys=np.nan)
    nobodys = Feature("nobodys", "content", "numeric", "share", "What nobody has", "always")
    trained = [
        train_models(world.examples, rows, {}, target, make_model("auto"), seed=5, features=known)["t1"]
        for known in (features, [*features[:2], nobodys, *features[2:]])
    ]
    assert trained[0]["chosen"] == trained[1]["chosen"]
    attached = attach_features(world.examples, rows)
    for name in ("logistic", "lightgbm", "blend"):
        without, with_it = (predict_probability(each["models"][name], attached) for each in trained)
        np.testing.assert_array_equal(without, with_it, err_msg=name)
        assert not explain_log_odds(trained[1]["models"][name], attached).get("nobodys", pd.Series([0.0])).any(), name


def test_holdout_plays_no_part_in_training(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(2000)
    before = train(world, make_model())["t1"]
    in_holdout = world.examples["split"] == "holdout"
    leads = world.examples.loc[in_holdout, "lead_key"]
    world.feature_leads.loc[world.feature_leads["lead_key"].isin(leads), "crm_score"] = 0.0
    after = train(world, make_model())["t1"]
    assert {**after, "base_rate": None} == {**before, "base_rate": None}


def test_leads_that_calibrate_train_the_delivered_model_too(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(2000)
    before = train(world, make_model("logistic"))["t1"]["models"]
    last = world.examples.loc[world.examples["split"] == "calibration"].sort_values("first_engaged_at").index[-300:]
    world.examples.loc[last, "label"] = 1 - world.examples.loc[last, "label"]
    after = train(world, make_model("logistic"))["t1"]["models"]
    for name in before:
        changed = {key for key in before[name] if before[name][key] != after[name][key]}
        assert changed - {"calibrator"}, name


def test_reasons_are_checked_in_a_run_and_not_where_a_model_is_only_judged(
    make_world: MakeWorld, make_model: MakeModel, target: Targets, features: list[Feature]
) -> None:
    world, (named,) = make_world(1000), target.items()
    given = (world.examples, world.feature_leads, {})
    in_run = train_models(*given, target, make_model("logistic"), 5, features=features)["t1"]
    judged = train_target(*given, named, make_model("logistic"), 5, features=features).found
    assert in_run.pop("stability")["bootstrap_models"] == 10
    assert in_run == judged


@pytest.mark.parametrize("family", ["logistic", "lightgbm"])
def test_configured_family_is_the_only_candidate(
    family: str, make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    trained = train(make_world(2000), make_model(family))["t1"]
    assert trained["chosen"] == family
    assert trained["models"].keys() == {family} | BASELINES


@pytest.mark.parametrize(("enough_positives", "moments"), [(1, 1), (100_000, 2)])
def test_models_are_rehearsed_once_where_enough_positives_came_later_and_trees_counted_once_at_all(
    enough_positives: int,
    moments: int,
    make_world: MakeWorld,
    make_model: MakeModel,
    train: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted, rehearsed = [], []
    choose, rehearse = module.choose_trees, module.rehearse
    monkeypatch.setattr(module, "choose_trees", lambda *given: counted.append(choose(*given)) or counted[-1])
    monkeypatch.setattr(module, "rehearse", lambda *given: rehearsed.append(len(given[0])) or rehearse(*given))
    models = train(make_world(2000), make_model(enough_positives=enough_positives))["t1"]["models"]
    assert rehearsed == [moments]
    assert [rounds for _shape, rounds in counted] == [models["lightgbm"]["rounds"]]


def test_later_outcomes_are_added_once_to_the_rows_of_each_moment(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    leads, add = [], module.add_later_outcomes
    monkeypatch.setattr(
        module, "add_later_outcomes", lambda *given: leads.append(given[0]["lead_key"].nunique()) or add(*given)
    )
    train(make_world(2000), make_model("logistic", later_windows=3))
    assert len(leads) == 3
    assert len(set(leads)) == 3


@pytest.mark.parametrize(("full_size_from", "tried"), [(100, (7, 31)), (2000, (4,))])
def test_other_shapes_of_trees_are_tried_at_full_size_only(
    full_size_from: int,
    tried: tuple[int, ...],
    make_world: MakeWorld,
    make_model: MakeModel,
    train: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, choose = [], module.choose_trees
    monkeypatch.setattr(module, "choose_trees", lambda *given: asked.append(given[2]) or choose(*given))
    model = make_model("lightgbm")
    lightgbm = model.lightgbm.model_copy(update={"also_tried": (TreeShape(num_leaves=31, min_rows_per_leaf=10),)})
    small = model.small_data.model_copy(update={"full_size_from_positives": full_size_from})
    train(make_world(1500), model.model_copy(update={"lightgbm": lightgbm, "small_data": small}))
    (wanted,) = asked
    assert (wanted.num_leaves, *(shape.num_leaves for shape in wanted.also_tried)) == tried


def test_blend_counts_its_parts_as_unseen_leads_show_and_says_so(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this world everything adds up, and trees only guess at it."""
    weighed = train(make_world(2000), make_model())["t1"]
    assert weighed["models"]["blend"]["weights"] == [1, 0]
    assert "In the blend trees count 0%, as leads that models had not met show." in weighed["message"]
    monkeypatch.setattr(unseen.Unseen, "choose_weight", lambda _self, known: known)
    as_known = train(make_world(2000), make_model())["t1"]
    assert as_known["models"]["blend"]["weights"] == [0.5, 0.5]
    assert "trees count" not in as_known["message"]


def test_configured_blend_is_chosen_even_where_a_part_is_better(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    trained = train(make_world(2000), make_model("blend"))["t1"]
    assert trained["chosen"] == "blend"
    assert "chosen: blend, as configured" in trained["message"]


@pytest.mark.parametrize("rate", [0.04, 1e-9], ids=["one_conversion", "no_positive"])
def test_too_little_data_leaves_the_base_rate_and_says_so(
    rate: float, make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    trained = train(make_world(26, seed=0, rate=rate), make_model())["t1"]
    assert (trained["status"], trained["chosen"], trained["models"]) == ("not_enough_data", "base_rate", {})
    assert "Not enough data" in trained["message"]
    assert trained["base_rate"]["ci_low"] <= trained["base_rate"]["value"] <= trained["base_rate"]["ci_high"]


def test_positives_crowded_into_one_part_of_the_training_period_train_no_model(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(2000)
    before = world.examples["split"].isin(["train", "calibration"])
    engaged = world.examples.loc[before, "first_engaged_at"]
    late = world.examples["first_engaged_at"] > engaged.quantile(0.5)
    world.examples.loc[before & late, "label"] = 0
    trained = train(world, make_model())["t1"]
    assert trained["status"] == "not_enough_data"
    assert "crowd" in trained["message"]


def squeezed(world: Any, days: float) -> Any:
    """The same leads, those before the embargo engaged within so many days."""
    before = world.examples["split"].isin(["train", "calibration"])
    engaged = world.examples.loc[before, "first_engaged_at"]
    shares = (engaged - engaged.min()) / (engaged.max() - engaged.min())
    world.examples.loc[before, "first_engaged_at"] = engaged.min() + shares * pd.Timedelta(days=days)
    return world


def test_period_shorter_than_the_label_window_leaves_the_logistic_model_as_it_is(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    trained = train(squeezed(make_world(2000), days=6), make_model())["t1"]
    assert (trained["status"], trained["chosen"]) == ("trained", "logistic")
    assert {model["calibrator"]["kind"] for model in trained["models"].values()} == {"none"}
    assert "neither compared nor calibrated" in trained["message"]
    assert trained["rehearsal"] == {}


def test_trees_that_could_have_learnt_from_a_few_positives_only_do_not_compete(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    trained = train(squeezed(make_world(2000), days=11), make_model())["t1"]
    assert set(trained["rehearsal"]) == {"logistic"}
    assert "At no earlier moment could trees" in trained["message"]
    assert set(train(make_world(2000), make_model())["t1"]["rehearsal"]) == {"logistic", "lightgbm", "blend"}


@pytest.mark.parametrize("leads", [26, 200])
def test_leads_that_the_embargo_takes_are_not_called_missing(
    leads: int, make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(leads, rate=0.4)
    world.examples["split"] = world.examples["split"].replace({"train": "embargo", "calibration": "embargo"})
    trained = train(world, make_model())["t1"]
    mature, positives = trained["base_rate"]["leads"], trained["base_rate"]["positives"]
    assert positives > 0
    assert f"{positives} of {mature} mature leads are positive" in trained["message"]
    assert "leave none for training" in trained["message"]
    assert "0 of 0" not in trained["message"]


def test_too_few_training_leads_are_told_beside_the_mature_ones(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(300, rate=0.05)
    trained = train(world, make_model())["t1"]
    mature, positives = trained["base_rate"]["leads"], trained["base_rate"]["positives"]
    assert "training leads are positive and a model needs 20" in trained["message"]
    assert f"{positives} of {mature} mature leads are positive" in trained["message"]


def test_without_a_mature_lead_the_message_says_so(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(200)
    active = type(world)(
        world.labels, world.contacts, world.feature_leads, world.examples[world.examples["split"] == "scoring"]
    )
    assert "no lead's label window is over yet" in train(active, make_model())["t1"]["message"]


def test_leads_that_got_there_before_they_were_engaged_are_not_said_to_be_waiting(
    make_world: MakeWorld, make_model: MakeModel, target: Targets, features: list[Feature]
) -> None:
    world = make_world(200)
    active = world.examples[world.examples["split"] == "scoring"]
    summary = {"t1": {"reasons": {"outcome_before_first_event": 1494}}}
    trained = train_models(active, world.feature_leads, summary, target, make_model(), seed=5, features=features)
    assert trained["t1"]["message"].startswith(
        "Not enough data: 1,494 leads had got there before their first engagement"
    )


def test_target_that_is_not_recorded_is_said_to_be_not_estimable(
    make_world: MakeWorld, make_model: MakeModel, target: Targets, features: list[Feature]
) -> None:
    world = make_world(200)
    summary = {"t1": {"states": {"excluded": 200}, "reasons": {"not_recorded": 200}}}
    found = train_models(
        world.examples.head(0), world.feature_leads, summary, target, make_model(), 5, features=features
    )["t1"]
    assert (found["status"], found["models"], found["base_rate"]["value"]) == ("not_recorded", {}, None)
    assert "records 'call booked' of none of 200 leads" in found["message"]
    assert "base rate" not in found["message"]


def test_campaigns_are_a_comparator_only_where_leads_belong_to_some(
    make_world: MakeWorld, make_model: MakeModel, train: Callable[..., dict[str, Any]]
) -> None:
    world = make_world(3000)
    without = type(world)(world.labels, world.contacts, world.feature_leads, world.examples.assign(campaign_id=pd.NA))
    assert set(train(without, make_model())["t1"]["models"]) & BASELINES == BASELINES - {"campaign_rate"}


def test_chance_near_the_end_of_the_window_is_not_overstated(
    make_clock_world: MakeWorld, make_model: MakeModel, late_target: Targets, features: list[Feature]
) -> None:
    world = make_clock_world()
    trained = train_models(
        world.examples, world.feature_leads, {}, late_target, make_model(), seed=5, features=features
    )
    late = make_clock_world(hours=(60, 135, 158, 164, 167))
    rows = attach_features(late.examples, late.feature_leads)
    observed = rows["label"].astype(float).groupby(rows["landmark_hours"]).sum()
    for name, model in trained["t1"]["models"].items():
        predicted = pd.Series(predict_probability(model, rows)).groupby(rows["landmark_hours"]).sum()
        assert ((predicted - observed).abs() < 3.5 * np.sqrt(observed + 1)).all(), (name, predicted, observed)


def test_version_follows_the_content() -> None:
    assert name_version({"a": 1, "b": 2}) == name_version({"b": 2, "a": 1})
    assert name_version({"a": 1}) != name_version({"a": 2})
    assert len(name_version({})) == 12
