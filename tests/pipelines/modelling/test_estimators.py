import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lead_conversion.pipelines.modelling import estimators as module
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import (
    predict_all_log_odds,
    predict_log_odds,
    predict_probabilities,
    predict_probability,
)
from lead_conversion.pipelines.modelling.parameters import ModelParameters


@pytest.fixture
def models(
    make_world: Callable[..., Any], make_model: Callable[..., ModelParameters], train: Callable[..., dict[str, Any]]
) -> dict[str, Any]:
    """Trained on 1,500 leads and stored."""
    stored: dict[str, Any] = json.loads(json.dumps(train(make_world(1500), make_model())["t1"]["models"]))
    return stored


@pytest.fixture
def rows(make_world: Callable[..., Any]) -> pd.DataFrame:
    world = make_world(300, seed=1)
    return attach_features(world.examples, world.feature_leads)


def test_models_predict_together_what_each_predicts_alone(models: dict[str, Any], rows: pd.DataFrame) -> None:
    assert {"logistic", "lightgbm", "blend", "rule"} < models.keys()
    margins, probabilities = predict_all_log_odds(models, rows), predict_probabilities(models, rows)
    assert list(margins) == list(probabilities) == list(models)
    for name, model in models.items():
        np.testing.assert_array_equal(margins[name], predict_log_odds(model, rows), err_msg=name)
        np.testing.assert_array_equal(probabilities[name], predict_probability(model, rows), err_msg=name)


def test_part_of_a_blend_predicts_once_where_it_stands_among_the_models_and_for_itself_where_another_does(
    models: dict[str, Any], rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, asked = predict_all_log_odds(models, rows)["blend"], Counter[str]()
    for family in ("logistic", "trees"):
        predict = getattr(module, f"predict_{family}")
        monkeypatch.setattr(
            module,
            f"predict_{family}",
            lambda *given, one=family, predict=predict: asked.update([one]) or predict(*given),
        )
    candidates = {name: models[name] for name in ("logistic", "lightgbm", "blend")}
    predict_all_log_odds(candidates, rows)
    assert asked == {"logistic": 1, "trees": 1}
    shifted = candidates["logistic"] | {"intercept": candidates["logistic"]["intercept"] + 1}
    np.testing.assert_array_equal(predict_all_log_odds(candidates | {"logistic": shifted}, rows)["blend"], alone)
    assert asked == {"logistic": 3, "trees": 2}
