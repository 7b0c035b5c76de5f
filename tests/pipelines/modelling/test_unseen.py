from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from lead_conversion.pipelines.modelling.folds import deal_folds
from lead_conversion.pipelines.modelling.unseen import Unseen, predict_unseen


def make_unseen(of_trees: float, of_logistic: float, leads: int = 4000) -> Unseen:
    """One row a lead, whose log odds are told by two signals; each part knows one of them."""
    rng = np.random.default_rng(5)
    trees, logistic = rng.normal(size=(2, leads))
    chance = expit(of_trees * trees + of_logistic * logistic - 1)
    label = (rng.random(leads) < chance).astype(float)
    return Unseen(np.arange(leads), label, logistic - 1, trees - 1)


@pytest.mark.parametrize(
    ("of_trees", "of_logistic", "least", "most"),
    [(1, 0, 1, 1), (0, 1, 0, 0), (1, 0.3, 0.7, 0.9)],
    ids=["trees alone know", "the logistic model alone knows", "trees know more"],
)
def test_part_that_knows_more_counts_more(of_trees: float, of_logistic: float, least: float, most: float) -> None:
    assert least <= make_unseen(of_trees, of_logistic).choose_weight(0.5) <= most


def test_weight_stays_where_chance_could_make_another_one_look_better() -> None:
    few = make_unseen(0.7, 0.4, leads=200)
    better = min(np.linspace(0, 1, 11), key=lambda weight: few.judge(weight).log_loss)
    assert few.judge(better).log_loss < few.judge(0.5).log_loss
    assert few.choose_weight(0.5) == 0.5
    assert make_unseen(0.5, 0.5).choose_weight(0.5) == 0.5


def test_rows_of_a_lead_are_one_witness() -> None:
    once = make_unseen(0.7, 0.4, leads=200)
    often = Unseen(*(np.repeat(each, 40) for each in (once.lead, once.label, once.logistic, once.lightgbm)))
    assert often.choose_weight(0.5) == 0.5


@pytest.mark.parametrize(("enough_positives", "judged"), [(10_000, 1.0), (1, 0.25)])
def test_each_lead_is_judged_at_most_once_by_models_that_had_not_met_it(
    enough_positives: int, judged: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = np.repeat(np.arange(400), 3)
    rows = pd.DataFrame({"lead_key": [f"{lead:032x}" for lead in leads], "label": leads % 2})

    def make(known: pd.DataFrame) -> dict[str, Any]:
        model = {"family": "logistic", "met": set(known["lead_key"])}
        return {"logistic": model, "lightgbm": model, "blend": {"family": "blend", "parts": [], "weights": []}}

    monkeypatch.setattr(
        "lead_conversion.pipelines.modelling.estimators.predict_log_odds",
        lambda model, rows: rows["lead_key"].isin(model["met"]).to_numpy(dtype=float),
    )
    unseen = predict_unseen(rows, deal_folds(rows, 1, enough_positives), make)
    assert not unseen.logistic.any()
    assert len(unseen.label) == judged * len(rows)
    assert len(np.unique(unseen.lead)) == judged * 400
    assert np.bincount(unseen.lead).tolist() == [3] * int(judged * 400)
