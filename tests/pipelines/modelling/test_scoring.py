from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from lead_conversion.contracts import model_output
from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.drivers import NOT_ENOUGH_DATA
from lead_conversion.pipelines.modelling.estimators import name_version
from lead_conversion.pipelines.modelling.parameters import ModelParameters
from lead_conversion.pipelines.modelling.scoring import score_active_leads, score_with_champions

Train = Callable[..., dict[str, Any]]

RECIPE = {"settling_hours": 24}


@pytest.mark.parametrize("family", ["logistic", "lightgbm", "blend"])
def test_active_leads_are_ranked_by_probability_with_reasons(
    family: str,
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(3000)
    trained = train(world, make_model(family))
    scored = score_active_leads(world.examples, world.feature_leads, trained, {}, RECIPE, as_of, target)
    model_output.scored_leads.validate(scored)
    assert set(scored["lead_key"]) == set(world.examples.loc[world.examples["split"] == "scoring", "lead_key"])
    assert scored["probability"].is_monotonic_decreasing
    assert scored["rank"].iloc[0] == 1
    assert (scored["percentile"].iloc[0], scored["percentile"].iloc[-1]) == (100.0, 0.0)
    assert scored["is_trial"].all()
    assert set(scored["model_version"]) == {name_version(trained["t1"])}
    assert "has a CRM score of" in scored["top_drivers"].iloc[0]
    assert " the chance" in scored["top_drivers"].iloc[0]


def test_scores_are_the_same_for_any_row_order(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(1500)
    trained = train(world, make_model("logistic"))
    scored = score_active_leads(world.examples, world.feature_leads, trained, {}, RECIPE, as_of, target)
    shuffled = world.examples.sample(frac=1, random_state=1), world.feature_leads.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(score_active_leads(*shuffled, trained, {}, RECIPE, as_of, target), scored)


def champion(trained: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A trained model of t1 as the champion."""
    lineage = {"target_definition": {"outcome": "call_booked", "window_days": 7}, "feature_recipe": RECIPE}
    return {"t1": {"version": "3", "model": trained["t1"], "lineage": lineage, "files": {}} | changes}


def test_champion_scores_where_there_is_one_and_that_is_no_trial(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
    features: list[Feature],
) -> None:
    world = make_world(1500)
    approved, candidate = train(world, make_model("logistic")), train(world, make_model("lightgbm"))
    given = world.examples, world.feature_leads
    scored = score_active_leads(*given, candidate, champion(approved), RECIPE, as_of, target, features)
    assert not scored["is_trial"].any()
    assert set(scored["model_version"]) == {name_version(approved["t1"])}
    alone = score_with_champions(*given, champion(approved), RECIPE, as_of, target, features)
    pd.testing.assert_frame_equal(alone, scored)
    model_output.scored_leads.validate(alone)


def test_champion_of_one_target_leaves_the_others_on_trial(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
    features: list[Feature],
) -> None:
    world = make_world(1500)
    trained = train(world, make_model("logistic"))
    examples = pd.concat([world.examples, world.examples.assign(target="t2")], ignore_index=True)
    both = Targets(root={"t1": target.root["t1"], "t2": target.root["t1"]})
    two = {"t1": trained["t1"], "t2": trained["t1"]}
    scored = score_active_leads(examples, world.feature_leads, two, champion(trained), RECIPE, as_of, both, features)
    assert not scored.loc[scored["target"] == "t1", "is_trial"].any()
    assert scored.loc[scored["target"] == "t2", "is_trial"].all()
    with pytest.raises(AccessError, match="No champion for t2"):
        score_with_champions(examples, world.feature_leads, champion(trained), RECIPE, as_of, both, features)


def test_champion_of_features_that_the_code_no_longer_has_does_not_score(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
    features: list[Feature],
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = make_world(1500)
    approved, candidate = train(world, make_model("logistic")), train(world, make_model("lightgbm"))
    given, known = (world.examples, world.feature_leads), features[1:]
    with pytest.raises(ConfigurationError, match="does not have: lead_source"):
        score_with_champions(*given, champion(approved), RECIPE, as_of, target, known)
    scored = score_active_leads(*given, candidate, champion(approved), RECIPE, as_of, target, known)
    assert scored["is_trial"].all()
    assert set(scored["model_version"]) == {name_version(candidate["t1"])}
    assert "lead_source" in caplog.text


def test_too_little_data_gives_every_lead_the_base_rate(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(400, rate=0.01)
    trained = train(world, make_model())
    scored = score_active_leads(world.examples, world.feature_leads, trained, {}, RECIPE, as_of, target)
    model_output.scored_leads.validate(scored)
    assert len(scored) > 1
    assert set(scored["probability"]) == {trained["t1"]["base_rate"]["value"]}
    assert set(scored["top_drivers"]) == {NOT_ENOUGH_DATA}
    assert set(scored["rank"]) == {1}
    assert set(scored["percentile"]) == {50.0}


def test_only_lead_is_the_best_of_all(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(1500)
    trained = train(world, make_model("logistic"))
    one = world.examples[world.examples["split"] == "scoring"].head(1)
    (row,) = score_active_leads(one, world.feature_leads, trained, {}, RECIPE, as_of, target).to_dict("records")
    assert (row["rank"], row["percentile"]) == (1, 100.0)


@pytest.mark.parametrize("leads", [0, 1500])
def test_no_active_leads_give_an_empty_table_of_the_right_types(
    leads: int,
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(1500)
    history = world.examples[world.examples["split"] != "scoring"].head(leads)
    trained = train_or_nothing(train, world, history, make_model("logistic"))
    scored = score_active_leads(history, world.feature_leads, trained, {}, RECIPE, as_of, target)
    assert scored.empty
    model_output.scored_leads.validate(scored)


def train_or_nothing(train: Train, world: Any, history: pd.DataFrame, model: ModelParameters) -> dict[str, Any]:
    return train(type(world)(world.labels, world.contacts, world.feature_leads, history), model)


def test_without_any_mature_lead_nobody_is_scored(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(1500)
    active = world.examples[world.examples["split"] == "scoring"]
    trained = train_or_nothing(train, world, active, make_model("logistic"))
    assert score_active_leads(active, world.feature_leads, trained, {}, RECIPE, as_of, target).empty
