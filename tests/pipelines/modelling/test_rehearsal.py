from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from lead_conversion.pipelines.modelling.calibration import calibrate
from lead_conversion.pipelines.modelling.origins import roll_origins
from lead_conversion.pipelines.modelling.parameters import CalibrationParameters
from lead_conversion.pipelines.modelling.rehearsal import Rehearsal, rehearse

WEEK = 7 * 24.0
LIMITS = CalibrationParameters(platt_from_positives=20, isotonic_from_positives=100_000)
Make = Callable[[pd.DataFrame], dict[str, Any]]


@pytest.fixture
def rows() -> pd.DataFrame:
    """A lead an hour; the score tells who converts, and twice as many convert in the second half."""
    rng, leads = np.random.default_rng(0), 4000
    score = rng.normal(size=leads)
    chance = expit(score + logit(np.where(np.arange(leads) < leads / 2, 0.15, 0.3)))
    return pd.DataFrame(
        {
            "lead_key": [f"{number:032x}" for number in rng.permutation(leads)],
            "first_engaged_at": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(leads), unit="h"),
            "landmark_hours": 0.0,
            "score": score,
            "label": (rng.random(leads) < chance).astype(int),
        }
    )


def of_score(weight: float, base: float) -> dict[str, Any]:
    """A model whose log odds are `base` and the score times `weight`."""
    return {"family": "logistic", "weight": weight, "base": base}


@pytest.fixture(autouse=True)
def predict_by_score(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for the estimators: what is tested is who predicts whom."""
    monkeypatch.setattr(
        "lead_conversion.pipelines.modelling.rehearsal.predict_log_odds",
        lambda model, rows: model["base"] + model["weight"] * rows["score"].to_numpy(),
    )


def test_each_later_lead_is_predicted_once_by_models_that_knew_only_earlier_leads(rows: pd.DataFrame) -> None:
    origins, seen = roll_origins(rows, 0.5, 2, WEEK), []

    def make(known: pd.DataFrame) -> dict[str, Any]:
        seen.append(known["first_engaged_at"].max())
        return {"logistic": of_score(1, len(seen))}

    rehearsal = rehearse(origins, make)
    assert len(rehearsal.label) == len(rows) / 2
    assert rehearsal.positive_leads == rows["label"].iloc[2000:].sum()
    for origin, until in zip(origins, seen, strict=True):
        assert origin.later["first_engaged_at"].min() - until > pd.Timedelta(hours=WEEK)


def test_calibrator_takes_out_how_far_models_overstate_themselves(rows: pd.DataFrame) -> None:
    rehearsal = rehearse(roll_origins(rows, 0.5, 2, WEEK), lambda _known: {"logistic": of_score(2, -1)})
    assert rehearsal.calibrate("logistic", LIMITS)["slope"] == pytest.approx(0.5, abs=0.06)


def test_change_of_the_rate_after_an_origin_is_not_projected_on_the_leads_to_come(rows: pd.DataFrame) -> None:
    """The models learn at a rate of 0.15 and are judged at 0.3; the delivered one has learnt at both."""
    rehearsal = rehearse(roll_origins(rows, 0.5, 1, WEEK), lambda _known: {"logistic": of_score(1, logit(0.15))})
    delivered = logit(0.22) + rows["score"].to_numpy()
    calibrated = calibrate(rehearsal.calibrate("logistic", LIMITS), delivered)
    assert calibrated.mean() == pytest.approx(expit(delivered).mean(), abs=0.01)
    # As if it did: at the origin predictions fell short by half.
    assert expit(delivered + logit(0.3) - logit(0.15)).mean() > calibrated.mean() + 0.1


def test_models_compete_as_they_are_delivered_so_that_overstating_alone_costs_nothing(rows: pd.DataFrame) -> None:
    made = {"honest": of_score(1, 0), "loud": of_score(3, 2), "blind": of_score(0, 0)}
    rehearsal = rehearse(roll_origins(rows, 0.5, 2, WEEK), lambda _known: made)
    judged = {name: rehearsal.judge(name, rehearsal.calibrate(name, LIMITS)) for name in made}
    assert judged["loud"]["gain"] == pytest.approx(judged["honest"]["gain"], rel=0.01)
    assert judged["loud"]["pr_auc"] == pytest.approx(judged["honest"]["pr_auc"], rel=1e-2)
    assert judged["honest"]["gain"] > 0.05
    assert judged["blind"]["gain"] == pytest.approx(0, abs=1e-3)


def test_gain_is_over_the_mere_rate() -> None:
    label = np.array([0.0, 0.0, 0.0, 1.0])
    knows = Rehearsal(label, 1, {"knows": np.array([-9.0, -9.0, -9.0, 9.0])}).judge("knows", {"kind": "none"})
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert knows["gain"] == pytest.approx(entropy - knows["log_loss"])
    assert knows["pr_auc"] == 1
