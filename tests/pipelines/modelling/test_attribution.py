from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from lead_conversion.contracts import model_output
from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.attribution import attribute_drivers
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters, ModelParameters
from lead_conversion.pipelines.modelling.training import train_models

Attribute = Callable[..., pd.DataFrame]


@pytest.fixture
def attribute(target: Targets, features: list[Feature], evaluation: EvaluationParameters) -> Attribute:
    def run(world: Any, model: ModelParameters) -> pd.DataFrame:
        trained = train_models(world.examples, world.feature_leads, {}, target, model, seed=5, features=features)
        return attribute_drivers(world.examples, world.feature_leads, trained, evaluation, model)["feature_attribution"]

    return run


@pytest.fixture
def follow(target: Targets, features: list[Feature], evaluation: EvaluationParameters) -> Attribute:
    def run(world: Any, model: ModelParameters) -> pd.DataFrame:
        trained = train_models(world.examples, world.feature_leads, {}, target, model, seed=5, features=features)
        return attribute_drivers(world.examples, world.feature_leads, trained, evaluation, model)["feature_dependence"]

    return run


@pytest.mark.parametrize("family", ["logistic", "lightgbm", "blend"])
def test_planted_drivers_come_first_and_decoys_last(
    family: str, make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], attribute: Attribute
) -> None:
    ranking = attribute(make_world(4000), make_model(family)).set_index("feature")
    model_output.feature_attribution.validate(ranking.reset_index()[list(_columns())])
    assert ranking.loc["crm_score", "rank"] == 1
    assert ranking.loc["crm_score", "direction"] == "raises"
    assert ranking.loc["crm_score", "family"] == "attribution"
    assert ranking.loc["crm_score", "stability"] == 1.0
    assert ranking.loc["crm_score", ["rank_low", "rank_high"]].tolist() == [1, 1]
    assert ranking.loc["open_share", "rank_high"] > ranking.loc["crm_score", "rank_high"]
    assert ranking.loc["lead_source", "direction"] == "mixed"
    assert ranking.loc["lead_source", "share"] < ranking.loc["n_replies", "share"]
    assert ranking["share"].sum() == pytest.approx(1)


def _columns() -> tuple[str, ...]:
    return tuple(model_output.FeatureAttribution.columns)


def test_feature_that_stands_for_its_opposite_lowers(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], attribute: Attribute
) -> None:
    world = make_world(3000)
    world.feature_leads["crm_score"] = 100 - world.feature_leads["crm_score"]
    ranking = attribute(world, make_model("logistic")).set_index("feature")
    assert ranking.loc["crm_score", "direction"] == "lowers"


def test_feature_without_variation_has_no_direction(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], attribute: Attribute
) -> None:
    world = make_world(3000)
    world.feature_leads["open_share"] = 0.5
    ranking = attribute(world, make_model("lightgbm")).set_index("feature")
    assert ranking.loc["open_share", ["direction", "mean_abs_contribution"]].tolist() == ["mixed", 0.0]


def test_target_without_a_model_has_no_drivers(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], attribute: Attribute
) -> None:
    ranking = attribute(make_world(26), make_model())
    assert ranking.empty
    model_output.feature_attribution.validate(ranking)


@pytest.mark.parametrize("family", ["logistic", "lightgbm"])
def test_followed_values_show_the_planted_rise_inside_its_band(
    family: str, make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], follow: Attribute
) -> None:
    dependence = follow(make_world(4000), make_model(family))
    model_output.feature_dependence.validate(dependence)
    score = dependence[dependence["feature"] == "crm_score"].sort_values("cell")
    assert score["rank"].unique().tolist() == [1]
    assert score["value"].is_monotonic_increasing
    assert score["contribution"].iloc[0] < 0 < score["contribution"].iloc[-1]
    assert score["ci_high"].iloc[0] < 0 < score["ci_low"].iloc[-1]
    assert (score["ci_low"] <= score["contribution"]).all()
    assert (score["contribution"] <= score["ci_high"]).all()


def test_cells_of_few_leads_are_left_out(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], follow: Attribute
) -> None:
    world, model = make_world(3000), make_model("logistic")
    whole = follow(world, model)
    strict = model.model_copy(update={"explanation": model.explanation.model_copy(update={"least_leads_a_cell": 60})})
    some = follow(world, strict)
    assert whole["leads"].min() < 60 <= some["leads"].min()
    assert len(some) < len(whole)
    assert not {"lead_key"} & set(whole.columns)
