from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from lead_conversion.pipelines.modelling.calibration import calibrate
from lead_conversion.pipelines.modelling.origins import roll_origins
from lead_conversion.pipelines.modelling.parameters import CalibrationParameters
from lead_conversion.pipelines.modelling.rehearsal import (
    Judgement,
    Rehearsal,
    bound_excess,
    choose_candidate,
    rehearse,
)

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
        "lead_conversion.pipelines.modelling.estimators.predict_log_odds",
        lambda model, rows: model["base"] + model["weight"] * rows["score"].to_numpy(),
    )


def test_each_later_lead_is_predicted_once_by_models_that_knew_only_earlier_leads(rows: pd.DataFrame) -> None:
    origins, seen = roll_origins(rows, 0.5, 2, WEEK), []

    def make(known: pd.DataFrame) -> dict[str, Any]:
        seen.append(known["first_engaged_at"].max())
        return {"logistic": of_score(1, len(seen))}

    rehearsal = rehearse(origins, make, len(rows))
    assert len(rehearsal.label) == len(rows) / 2
    assert rehearsal.label.sum() == rows["label"].iloc[2000:].sum()
    # Half of the leads and three quarters of them, but for those of the embargo.
    shares = np.array([0.5, 0.75]) - WEEK / len(rows)
    assert rehearsal.learnt_share == pytest.approx(2 / np.sum(1 / shares), abs=0.001)
    for origin, until in zip(origins, seen, strict=True):
        assert origin.later["first_engaged_at"].min() - until > pd.Timedelta(hours=WEEK)


def test_calibrator_takes_out_how_far_models_overstate_themselves(rows: pd.DataFrame) -> None:
    rehearsal = rehearse(roll_origins(rows, 0.5, 1, WEEK), lambda _known: {"logistic": of_score(2, -1)}, 4000)
    as_many = replace(rehearsal, learnt_share=1.0).calibrate("logistic", LIMITS)
    assert as_many["slope"] == pytest.approx(0.5, abs=0.06)
    # Of twice the leads, two parts of what the model says are signal and one is chance, where it was one to one.
    of_half = replace(rehearsal, learnt_share=0.5).calibrate("logistic", LIMITS)
    assert of_half["slope"] / (1 - of_half["slope"]) == pytest.approx(2 * as_many["slope"] / (1 - as_many["slope"]))


@pytest.mark.parametrize("isotonic_from_positives", [100_000, 20])
def test_delivered_model_is_calibrated_for_its_own_leads(rows: pd.DataFrame, isotonic_from_positives: int) -> None:
    limits = CalibrationParameters(platt_from_positives=20, isotonic_from_positives=isotonic_from_positives)
    rehearsal = rehearse(roll_origins(rows, 0.5, 1, WEEK), lambda _known: {"logistic": of_score(2, -1)}, 4000)
    calibrator = replace(rehearsal, learnt_share=0.5).calibrate("logistic", limits)
    later = rows["score"].to_numpy()[2000:]
    # A model of twice the leads says 1.5 where its forerunner said 2 and 1 is true.
    calibrated = calibrate(calibrator, 1.5 * later + find_shift(1.5 * later, rows["label"].to_numpy(float)[2000:]))
    slope = np.polyfit(later, logit(calibrated), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.12)


def find_shift(margin: np.ndarray, label: np.ndarray) -> float:
    return brentq(lambda shift: expit(margin + shift).mean() - label.mean(), -10, 10)


def test_model_that_knows_nothing_stays_unheard_however_many_its_leads() -> None:
    rng = np.random.default_rng(2)
    margins = {"noise": rng.normal(size=20_000)}
    label = (rng.random(20_000) < 0.2).astype(float)
    rehearsal = Rehearsal(np.arange(20_000), label, 0.5, margins)
    assert rehearsal.calibrate("noise", LIMITS)["slope"] < 0.05


def test_change_of_the_rate_after_an_origin_is_not_projected_on_the_leads_to_come(rows: pd.DataFrame) -> None:
    """The models learn at a rate of 0.15 and are judged at 0.3; the delivered one has learnt at both."""
    rehearsal = rehearse(roll_origins(rows, 0.5, 1, WEEK), lambda _known: {"logistic": of_score(1, logit(0.15))}, 4000)
    delivered = logit(0.22) + rows["score"].to_numpy()
    calibrated = calibrate(rehearsal.calibrate("logistic", LIMITS), delivered)
    assert calibrated.mean() == pytest.approx(expit(delivered).mean(), abs=0.01)
    # As if it did: at the origin predictions fell short by half.
    assert expit(delivered + logit(0.3) - logit(0.15)).mean() > calibrated.mean() + 0.1


def test_overstating_alone_costs_nothing_for_calibration_takes_it_out(rows: pd.DataFrame) -> None:
    made = {"honest": of_score(1, 0), "loud": of_score(3, 2), "blind": of_score(0, 0)}
    rehearsal = rehearse(roll_origins(rows, 0.5, 1, WEEK), lambda _known: made, len(rows))
    honest, loud, blind = (rehearsal.judge(name) for name in made)
    assert loud.gain == pytest.approx(honest.gain, rel=1e-4)
    assert loud.pr_auc == pytest.approx(honest.pr_auc)
    assert honest.gain > 0.05
    assert blind.gain == pytest.approx(0, abs=1e-3)


def judgement(excess: float, spread: float, gain: float = 0.02, leads: int = 1000) -> Judgement:
    """Of leads with one row each that lose 0.3 on average and `excess` more, give or take `spread`."""
    losses = 0.3 + excess + spread * np.tile([1.0, -1.0], leads // 2)
    return Judgement(losses=losses, rows=leads, log_loss=float(losses.mean()), gain=gain - excess, pr_auc=0.2)


@pytest.mark.parametrize(
    ("excess", "spread", "chosen"),
    [
        (0.0000, 0.001, "logistic"),
        (0.0001, 0.001, "logistic"),
        (0.0004, 0.001, "blend"),
        (0.0000, 0.030, "blend"),
        (-0.0020, 0.030, "logistic"),
    ],
    ids=["equal", "nearly equal", "a little worse", "perhaps equal", "better beyond chance"],
)
def test_simplest_among_those_shown_to_be_equal_is_chosen(excess: float, spread: float, chosen: str) -> None:
    judged = {"logistic": judgement(excess, spread), "lightgbm": judgement(0.001, 0), "blend": judgement(0, 0)}
    assert choose_candidate(judged, {}, equal_within=0.01) == chosen


def test_candidate_that_is_shown_to_beat_the_mean_of_all_takes_its_place() -> None:
    judged = {"logistic": judgement(0.0001, 0.001), "lightgbm": judgement(-0.009, 0.001), "blend": judgement(0, 0)}
    assert choose_candidate(judged, {}, equal_within=0.01) == "lightgbm"


@pytest.mark.parametrize(("name", "better"), [("logistic", 0.0), ("lightgbm", -0.009)], ids=["equal", "better"])
def test_candidate_that_later_leads_alone_speak_for_is_not_chosen(name: str, better: float) -> None:
    """What moves one later lead moves others; on leads of the same time it loses more."""
    judged = {each: judgement(0.01, 0) for each in ("logistic", "lightgbm")} | {"blend": judgement(0, 0)}
    judged[name] = judgement(better, 0.001)
    worse_there = dict.fromkeys(judged, judgement(0, 0)) | {name: judgement(0.0003, 0)}
    assert choose_candidate(judged, {}, equal_within=0.01) == name
    assert choose_candidate(judged, worse_there, equal_within=0.01) == "blend"
    as_good_there = worse_there | {name: judgement(0.0001, 0)}
    assert choose_candidate(judged, as_good_there, equal_within=0.01) == name


def test_where_nobody_gains_nobody_is_excused() -> None:
    judged = {"logistic": judgement(0.0001, 0, gain=-0.01), "blend": judgement(0, 0, gain=-0.01)}
    assert choose_candidate(judged, {}, equal_within=0.01) == "blend"
    assert choose_candidate({"logistic": judged["logistic"]}, {}, equal_within=0.01) == "logistic"


def test_doubt_counts_leads_and_not_their_rows() -> None:
    """Five rows a lead that say the same are no more than one."""
    label = np.tile([0.0, 0.0, 0.0, 1.0], 100)
    margins = {"a": np.where(label > 0, -1.0, -1.5), "b": np.tile([-1.0, -1.5], 200)}
    once = Rehearsal(np.arange(400), label, 1.0, margins)
    five = Rehearsal(
        np.repeat(np.arange(400), 5), np.repeat(label, 5), 1.0, {k: np.repeat(m, 5) for k, m in margins.items()}
    )
    bounds = [bound_excess(of.judge("a"), of.judge("b")) for of in (once, five)]
    assert bounds[1] == pytest.approx(bounds[0])


def test_gain_is_over_the_mere_rate() -> None:
    rng = np.random.default_rng(1)
    label = (rng.random(400) < 0.25).astype(float)
    judged = Rehearsal(np.arange(400), label, 1.0, {"model": rng.normal(size=400) + label}).judge("model")
    entropy = -(label.mean() * np.log(label.mean()) + (1 - label.mean()) * np.log(1 - label.mean()))
    assert judged.gain == pytest.approx(entropy - judged.log_loss)
    assert judged.losses.sum() == pytest.approx(400 * judged.log_loss)
