from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.modelling.drivers import keep_steady
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import explain_log_odds, name_version, predict_log_odds
from lead_conversion.pipelines.modelling.parameters import ModelParameters
from lead_conversion.pipelines.modelling.scoring import score_active_leads
from lead_conversion.pipelines.modelling.stability import find_cells, find_directions, find_kin

TWIN = Feature("site_visits_30d", "attribution", "numeric", "visits", "Site visits", "not tracked")

Train = Callable[..., dict[str, Any]]


def _active(world: Any) -> pd.DataFrame:
    scoring = world.examples[world.examples["split"] == "scoring"].sort_values("lead_key")
    return attach_features(scoring, world.feature_leads)


@pytest.mark.parametrize("family", ["logistic", "lightgbm"])
def test_planted_driver_is_steady_and_noise_is_not_shown(
    family: str, make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], train: Train
) -> None:
    world, rng = make_world(3000), np.random.default_rng(8)
    noise = tuple(Feature(f"noise_{n}", "timing", "numeric", "hours", "Noise", "none") for n in range(10))
    for feature in noise:
        world.feature_leads[feature.name] = rng.normal(size=len(world.feature_leads))
    trained = train(world, make_model(family), noise)["t1"]
    active = _active(world)
    contributions = explain_log_odds(trained["models"][trained["chosen"]], active)
    kept = keep_steady(contributions, active, trained["stability"]) != 0
    names = [feature.name for feature in noise]
    assert (contributions[names] != 0).to_numpy().mean() > 0.5
    # Near the middle of its range even the true signal says little, and its sign may turn.
    assert kept["crm_score"].mean() > 0.7
    # Draws of the same leads share some of their noise, so that a little of it agrees by luck.
    assert kept[names].to_numpy().mean() < 0.25


@pytest.mark.parametrize("family", ["logistic", "lightgbm"])
def test_a_feature_and_its_double_do_not_both_appear(
    family: str,
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(3000)
    world.feature_leads["site_visits_30d"] = 2 * world.feature_leads["crm_score"]
    trained = train(world, make_model(family), (TWIN,))
    assert ["crm_score", "site_visits_30d"] in trained["t1"]["stability"]["kin"]
    said = score_active_leads(world.examples, world.feature_leads, trained, {}, {}, as_of, target)["top_drivers"]
    of_score, of_double = said.str.contains("CRM score"), said.str.contains("visited the site")
    assert (of_score | of_double).any()
    assert not (of_score & of_double).any()


@pytest.mark.parametrize("family", ["logistic", "lightgbm", "blend"])
def test_reasons_are_the_same_for_any_thread_count_and_row_order(
    family: str,
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world, one = make_world(1500), make_model(family)
    two = one.model_copy(update={"lightgbm": one.lightgbm.model_copy(update={"num_threads": 2})})
    shuffled = type(world)(
        world.labels,
        world.contacts,
        world.feature_leads.sample(frac=1, random_state=1),
        world.examples.sample(frac=1, random_state=2),
    )
    first, second = train(world, one), train(shuffled, two)
    assert first["t1"]["stability"] == second["t1"]["stability"]
    assert name_version(first["t1"]) == name_version(second["t1"])
    scored = [
        score_active_leads(of.examples, of.feature_leads, model, {}, {}, as_of, target)
        for of, model in ((world, first), (shuffled, second))
    ]
    pd.testing.assert_frame_equal(*scored)


@pytest.mark.parametrize("family", ["logistic", "lightgbm", "blend"])
def test_contributions_add_up_to_the_log_odds(
    family: str, make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], train: Train
) -> None:
    world = make_world(1500)
    trained = train(world, make_model(family))["t1"]
    model, active = trained["models"][trained["chosen"]], _active(world)
    rest = predict_log_odds(model, active) - explain_log_odds(model, active).sum(axis=1).to_numpy()
    np.testing.assert_allclose(rest, rest[0], atol=1e-9)


def test_lead_of_whom_nothing_has_happened_has_sensible_words(
    make_world: Callable[..., Any],
    make_model: Callable[..., ModelParameters],
    train: Train,
    as_of: dict[str, str],
    target: Targets,
) -> None:
    world = make_world(3000)
    trained = train(world, make_model("lightgbm"))
    one = world.examples[world.examples["split"] == "scoring"].head(1)
    leads = world.feature_leads.assign(n_replies=0.0, open_share=np.nan, crm_score=np.nan, lead_source="unknown")
    (said,) = score_active_leads(one, leads, trained, {}, {}, as_of, target)["top_drivers"]
    assert "nan" not in said
    assert "not known" not in said


def test_fewer_leads_drawn_make_wider_bands(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], train: Train
) -> None:
    model = make_model("logistic")
    few = model.model_copy(update={"explanation": model.explanation.model_copy(update={"bootstrap_leads": 50})})
    world = make_world(3000)
    steady, shaky = (train(world, of)["t1"]["stability"] for of in (model, few))
    assert (steady["leads"], shaky["leads"]) == (600, 50)
    width = [
        np.sum(np.add(of["features"]["crm_score"]["below"], of["features"]["crm_score"]["above"]))
        for of in (steady, shaky)
    ]
    assert width[0] < width[1]


def test_values_fall_into_cells_up_to_each_edge_and_missing_into_the_last() -> None:
    values = pd.Series([-1.0, 0.0, 0.5, 9.0, np.nan])
    assert find_cells(values, {"edges": [0.0, 1.0]}).tolist() == [0, 0, 1, 2, 3]
    assert find_cells(pd.Series(["a", "z", None]), {"categories": ["a", "b"]}).tolist() == [0, 2, 2]


def test_direction_needs_values_that_vary_and_an_order() -> None:
    rising = np.array([[-1.0, 0.0, 1.0], [1.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    assert find_directions(pd.Series([1.0, 2.0, 3.0]), rising, "numeric").tolist() == [1, -1, 0]
    assert find_directions(pd.Series([1.0, 1.0, 1.0]), rising, "numeric").tolist() == [0, 0, 0]
    assert find_directions(pd.Series(["a", "b", "c"]), rising, "categorical").tolist() == [0, 0, 0]


def test_kin_are_numbers_that_rank_alike_and_categories_that_tell_them() -> None:
    rng = np.random.default_rng(4)
    source = rng.integers(0, 4, 400)
    rows = pd.DataFrame(
        {
            "lead_source": pd.Series(source).map(dict(enumerate("abcd"))),
            "source_rate": source + rng.normal(0, 0.1, 400),
            "hours_since_reply": np.where(rng.random(400) < 0.5, np.nan, 10.0),
            "crm_score": rng.normal(size=400),
            "label": rng.integers(0, 2, 400),
        }
    )
    rows["n_replies"] = rows["hours_since_reply"].notna().astype(float)
    kinds = {"lead_source": "categorical"}
    features = [
        Feature(name, "timing", kinds.get(name, "numeric"), "events", name, "none")  # type: ignore[arg-type]
        for name in ("lead_source", "source_rate", "hours_since_reply", "crm_score", "n_replies")
    ]
    assert find_kin(rows, features) == [["hours_since_reply", "n_replies"], ["lead_source", "source_rate"]]
    assert find_kin(rows, features[:1]) == []
