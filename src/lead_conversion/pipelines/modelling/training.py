"""Trains candidates and baselines for each target; candidates compete inside the training period only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.pipelines.modelling.baselines import estimate_base_rate, fit_campaign_rate, fit_rule
from lead_conversion.pipelines.modelling.calibration import fit_calibrator
from lead_conversion.pipelines.modelling.encoding import attach_features, describe_features, require_features
from lead_conversion.pipelines.modelling.estimators import CANDIDATES, blend_models, predict_log_odds
from lead_conversion.pipelines.modelling.logistic import fit_logistic
from lead_conversion.pipelines.modelling.origins import split_by_time
from lead_conversion.pipelines.modelling.parameters import NO_TUNING, ModelParameters, TuningParameters
from lead_conversion.pipelines.modelling.stability import learn_stability
from lead_conversion.pipelines.modelling.trees import count_rounds, fit_trees
from lead_conversion.pipelines.modelling.tuning import say_tuning, tune_models

Model = dict[str, Any]

ROLES = {"campaign_rate": "comparator", "rule": "baseline", "contact_logistic": "baseline"}


@dataclass(frozen=True)
class Capacity:
    """How large a model the training data carries."""

    candidates: tuple[str, ...]
    num_leaves: int
    sentence: str


@dataclass(frozen=True)
class Training:
    """What came of one target's training, the rows that the models learnt from, and the values they were made with."""

    found: Model
    rows: pd.DataFrame
    model: ModelParameters


def train_models(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    label_summary: Mapping[str, Any],
    target: Targets,
    model: ModelParameters,
    seed: int,
    tuning: TuningParameters = NO_TUNING,
    features: Sequence[Feature] = FEATURES,
) -> dict[str, Model]:
    """For each target the candidates and baselines, which candidate was chosen and why; all of it JSON.

    `status` is "trained", "not_enough_data" with the base rate in place of models, or "not_recorded" where the source
    does not record the target's outcome, with nothing in their place.
    """
    trained = {}
    for named in target.items():
        training = train_target(
            model_input_examples, feature_leads, label_summary, named, model, seed, tuning, features
        )
        trained[named[0]] = training.found | _check_reasons(training, features, seed)
    return trained


def train_target(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    label_summary: Mapping[str, Any],
    target: tuple[str, Target],
    model: ModelParameters,
    seed: int,
    tuning: TuningParameters = NO_TUNING,
    features: Sequence[Feature] = FEATURES,
) -> Training:
    """One target's candidates and baselines, all that predicts; whether the reasons are steady is not asked here."""
    name, spec = target
    examples = model_input_examples.sort_values(["target", "lead_key", "landmark_hours"], ignore_index=True)
    history = examples[(examples["target"] == name) & (examples["split"] != "scoring")]
    base_rate = estimate_base_rate(history)
    unrecorded = label_summary.get(name, {}).get("reasons", {}).get("not_recorded", 0)
    if unrecorded:
        training = Training(_without_record(unrecorded, spec), history.head(0), model)
    else:
        rows = attach_features(history[history["split"].isin(["train", "calibration"])], feature_leads)
        training = _train_rows(rows, base_rate, model, seed, features, spec.window_hours, tuning)
    return replace(training, found={"base_rate": base_rate, "seed": seed, **training.found})


def decide_capacity(positive_leads: int, negative_leads: int, model: ModelParameters) -> Capacity:
    """Which candidates may compete and how large trees may be, by the rarer class among the training leads."""
    small = model.small_data
    scarce = min(positive_leads, negative_leads)
    allowed = CANDIDATES if model.family in {"auto", "blend"} else (model.family,)
    found = f"{positive_leads:,} of {positive_leads + negative_leads:,} training leads are positive"
    if scarce < small.logistic_from_positives:
        reason = f"Not enough data: {found} and a model needs {small.logistic_from_positives} of each kind"
        return Capacity((), 0, f"{reason}.")
    if scarce < small.lightgbm_from_positives:
        sentence = f"{found}: fewer than {small.lightgbm_from_positives}, so only the logistic model was trained."
        return Capacity(("logistic",), 0, sentence)
    if scarce < small.full_size_from_positives:
        sentence = f"{found}: fewer than {small.full_size_from_positives}, so trees have fewer leaves."
        return Capacity(allowed, small.small_num_leaves, sentence)
    return Capacity(allowed, model.lightgbm.num_leaves, f"{found}: enough for models of full size.")


def choose_candidate(scores: dict[str, float], equal_within: float) -> str:
    """The simplest candidate whose score is within this share of the best one; candidates come simplest first."""
    best = max(scores.values())
    return next(name for name, score in scores.items() if score >= best * (1 - equal_within))


def _check_reasons(training: Training, features: Sequence[Feature], seed: int) -> Model:
    """How steady the chosen model's reasons are; nothing where none was trained."""
    chosen = training.found["models"].get(training.found["chosen"])
    if chosen is None:
        return {}
    return {"stability": learn_stability(chosen, training.rows, features, training.model, seed)}


def _train_rows(
    rows: pd.DataFrame,
    base_rate: Model,
    model: ModelParameters,
    seed: int,
    features: Sequence[Feature],
    window_hours: float,
    tuning: TuningParameters,
) -> Training:
    train, calibration = rows[rows["split"] == "train"], rows[rows["split"] == "calibration"]
    positives, negatives = _count_leads(train)
    capacity = decide_capacity(positives, negatives, model)
    if not capacity.candidates:
        return Training(_without_model(_say_scarcity(train, base_rate, capacity)), train, model)
    sized = model.model_copy(update={"lightgbm": model.lightgbm.model_copy(update={"num_leaves": capacity.num_leaves})})
    earlier, later = split_by_time(train, model.inner_validation_share)
    if min(*_count_leads(earlier), *_count_leads(later)) == 0:
        crowded = f"{capacity.sentence} But the positives crowd into one part of the training period."
        return Training(_without_model(crowded), train, sized)
    searched: Model = {}
    if tuning.trials:
        has_enough = min(positives, negatives) >= model.small_data.full_size_from_positives
        candidates = capacity.candidates if has_enough else ()
        sized, searched = tune_models(train, candidates, sized, tuning, seed, features, window_hours)
    scores, rounds = _compete(earlier, later, capacity, sized, seed, features, window_hours)
    chosen = "blend" if model.family == "blend" and "blend" in scores else choose_candidate(scores, model.equal_within)
    fitted = {
        **_fit_candidates(train, capacity, sized, rounds, seed, features, window_hours),
        **_fit_baselines(train, model, features, window_hours),
    }
    calibrating_positives, _negatives = _count_leads(calibration)
    for fit in fitted.values():
        fit["calibrator"] = _calibrate_on(fit, calibration, calibrating_positives, model)
    found = {
        "status": "trained",
        "message": " ".join([capacity.sentence, *say_tuning(searched), _say_choice(chosen, scores)]),
        "chosen": chosen,
        **({"tuning": searched} if searched else {}),
        "inner_pr_auc": scores,
        "features": describe_features(features),
        "models": {name: {"role": ROLES.get(name, "candidate"), **fit} for name, fit in fitted.items()},
    }
    return Training(found, train, sized)


def _say_scarcity(train: pd.DataFrame, base_rate: Model, capacity: Capacity) -> str:
    """Why no model: leads that have come, and what the split leaves of them."""
    if not base_rate["leads"]:
        return "Not enough data: no lead's label window is over yet."
    mature = f"{base_rate['positives']:,} of {base_rate['leads']:,} mature leads are positive"
    if train.empty:
        return f"Not enough data: {mature}, but holdout and embargo leave none for training. More time is needed."
    return f"{capacity.sentence} In all, {mature}; the split keeps the rest for later use."


def _without_record(leads: int, spec: Target) -> Model:
    outcome = spec.outcome.replace("_", " ")
    message = (
        f"Not estimable: the source records '{outcome}' of none of {leads:,} leads, so a lead that did not get there "
        "cannot be told from one of whom it was not recorded. Nothing is trained, and no lead is scored."
    )
    return {"status": "not_recorded", "message": message, "chosen": "none", "models": {}}


def _without_model(reason: str) -> Model:
    message = f"{reason} Every lead gets the base rate."
    return {"status": "not_enough_data", "message": message, "chosen": "base_rate", "models": {}}


def _compete(
    earlier: pd.DataFrame,
    later: pd.DataFrame,
    capacity: Capacity,
    model: ModelParameters,
    seed: int,
    features: Sequence[Feature],
    window_hours: float,
) -> tuple[dict[str, float], int]:
    """PR-AUC of each candidate on the later training leads, trained on the earlier ones; and the number of trees."""
    needs_trees = "lightgbm" in capacity.candidates
    rounds = (
        count_rounds(earlier, later, features, model.lightgbm, model.encoding, seed, window_hours) if needs_trees else 0
    )
    fitted = _fit_candidates(earlier, capacity, model, rounds, seed, features, window_hours)
    label = later["label"].to_numpy(dtype=int)
    scores = {name: float(average_precision_score(label, predict_log_odds(fit, later))) for name, fit in fitted.items()}
    return scores, rounds


def _fit_candidates(
    rows: pd.DataFrame,
    capacity: Capacity,
    model: ModelParameters,
    rounds: int,
    seed: int,
    features: Sequence[Feature],
    window_hours: float,
) -> dict[str, Model]:
    fitted: dict[str, Model] = {}
    if "logistic" in capacity.candidates:
        fitted["logistic"] = fit_logistic(rows, features, model.logistic, model.encoding, window_hours)
    if "lightgbm" in capacity.candidates:
        fitted["lightgbm"] = fit_trees(rows, features, model.lightgbm, model.encoding, rounds, seed, window_hours)
    if "blend" in capacity.candidates:
        fitted["blend"] = blend_models(fitted["logistic"], fitted["lightgbm"], model.blend.lightgbm_weight)
    return fitted


def _fit_baselines(
    rows: pd.DataFrame, model: ModelParameters, features: Sequence[Feature], window_hours: float
) -> dict[str, Model]:
    contact = require_features(model.baselines.contact_features, features, "model.baselines.contact_features")
    baselines = {
        "rule": fit_rule(rows, model.baselines.rule, features, window_hours),
        "contact_logistic": fit_logistic(rows, contact, model.logistic, model.encoding, window_hours),
    }
    # Without campaigns there is no current performance of theirs to compare with.
    has_campaigns = bool(rows["campaign_id"].notna().any())
    return baselines | ({"campaign_rate": fit_campaign_rate(rows, window_hours)} if has_campaigns else {})


def _calibrate_on(fit: Model, calibration: pd.DataFrame, positive_leads: int, model: ModelParameters) -> Model:
    if calibration.empty:
        return {"kind": "none"}
    label = calibration["label"].to_numpy(dtype=float)
    return fit_calibrator(predict_log_odds(fit, calibration), label, positive_leads, model.calibration)


def _count_leads(rows: pd.DataFrame) -> tuple[int, int]:
    """Positive and negative leads."""
    label = rows.drop_duplicates("lead_key")["label"].to_numpy(dtype=int)
    return int(label.sum()), int(np.size(label) - label.sum())


def _say_choice(chosen: str, scores: dict[str, float]) -> str:
    if len(scores) == 1:
        return f"Candidate: {chosen}."
    figures = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
    return f"PR-AUC on the later training leads: {figures}; chosen: {chosen}."
