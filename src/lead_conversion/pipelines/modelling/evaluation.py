"""How good each model is on leads that came later, against what a team would have without it."""

from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.kernel.targets import Targets
from lead_conversion.lifecycle.gates import BASELINE_ROLES, GateLimits, decide_gate
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import name_version, predict_probability
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters
from lead_conversion.pipelines.modelling.resampling import Estimate, Resamples, measure, measure_curve, measure_pr_auc

SIDES = ("train", "calibration", "holdout")
PREDICTION_TYPES = {
    "lead_key": "str", "target": "str", "landmark_hours": "float64", "label": "int64",
    "probability": "float64", "model": "str", "split": "str",
}  # fmt: skip

LANDMARK_FIGURES = ("positives", "base_rate", "mean_probability", "pr_auc", "baseline_pr_auc")

Evaluated = dict[str, Any]


def predict_holdout(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
) -> pd.DataFrame:
    """The calibrated probability of every model for each example of the holdout; one row an example and model."""
    parts = []
    for target, trained in trained_models.items():
        of_target = model_input_examples["target"] == target
        holdout = model_input_examples[of_target & (model_input_examples["split"] == "holdout")]
        if holdout.empty:
            continue
        rows = attach_features(holdout.sort_values(["lead_key", "landmark_hours"]), feature_leads)
        parts += [
            rows.assign(model=name, probability=predict_probability(model, rows))[list(PREDICTION_TYPES)]
            for name, model in sorted(trained["models"].items())
        ]
    predictions = pd.concat(parts) if parts else pd.DataFrame(columns=list(PREDICTION_TYPES))
    return predictions.astype(PREDICTION_TYPES).sort_values(
        ["target", "model", "lead_key", "landmark_hours"], ignore_index=True
    )


def evaluate_models(  # noqa: PLR0913, PLR0917 - Kedro passes each result and each group of parameters as an argument
    holdout_predictions: pd.DataFrame,
    model_input_examples: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
    leakage_audit: dict[str, Any],
    primary_as_of: dict[str, str],
    target: Targets,
    evaluation: EvaluationParameters,
    gate: GateLimits,
    seed: int,
) -> Evaluated:
    """The evaluation of each target with the gate's verdict, as evaluation.json; null is a figure that is not defined.

    Every figure comes with a percentile interval from resamples of the holdout's leads; each rule, baseline and
    comparator is compared with the chosen model on the same resamples.
    """
    evaluated = {}
    for name in target.names:
        trained = trained_models[name]
        examples = model_input_examples[model_input_examples["target"] == name]
        predictions = holdout_predictions[holdout_predictions["target"] == name]
        found = {
            "chosen_model": trained["chosen"],
            "model_version": name_version(trained),
            "base_rate": {
                key: trained["base_rate"][key] for key in ("value", "ci_low", "ci_high", "leads", "positives")
            },
            "split": _describe_split(examples),
            "leakage": {"open_suspects": leakage_audit["targets"].get(name, {}).get("open_suspects")},
            **_measure_target(trained, predictions, evaluation, seed),
        }
        evaluated[name] = {**found, "gate": decide_gate(found, gate).model_dump(mode="json")}
    return {**{key: primary_as_of[key] for key in ("as_of", "snapshot_id")}, "targets": evaluated}


def summarise_metrics(evaluation: Evaluated) -> dict[str, dict[str, float]]:
    """The chosen models' figures and the gates' verdicts by name, for a tracking server; only finite figures."""
    figures: dict[str, float | None] = {}
    for target, found in evaluation["targets"].items():
        figures[f"{target}.gate_passed"] = float(found["gate"]["passed"])
        figures[f"{target}.holdout_positive_leads"] = found["split"]["holdout"]["positives"]
        model = found["models"].get(found["chosen_model"], {})
        for name, figure in model.items():
            if isinstance(figure, dict):
                figures[f"{target}.{name}"] = figure["value"]
        for comparison in found["comparisons"]:
            figures[f"{target}.pr_auc_gain_on_{comparison['baseline']}"] = comparison["relative"]["value"]
    return {
        name: {"value": float(figure), "step": 0}
        for name, figure in figures.items()
        if figure is not None and np.isfinite(figure)
    }


def _measure_target(
    trained: Evaluated, predictions: pd.DataFrame, evaluation: EvaluationParameters, seed: int
) -> Evaluated:
    nothing = {"status": "not_enough_data", "models": {}, "comparisons": [], "by_landmark": []}
    if trained["status"] != "trained":
        return {**nothing, "status": trained["status"], "message": trained["message"]}
    leads = predictions.drop_duplicates("lead_key")["label"]
    scarce = min(int(leads.sum()), int(len(leads) - leads.sum()))
    if scarce < evaluation.min_positive_leads:
        return {
            **nothing,
            "message": f"{trained['message']} Not enough data to evaluate: of {len(leads):,} holdout leads "
            f"{int(leads.sum()):,} are positive, and {evaluation.min_positive_leads} of each kind are needed.",
        }
    ordered = predictions.sort_values(["lead_key", "landmark_hours"])
    by_model = {str(name): rows for name, rows in ordered.groupby("model", sort=True)}
    any_model = by_model[trained["chosen"]]
    label, landmark = (any_model[column].to_numpy(dtype=float) for column in ("label", "landmark_hours"))
    resamples = Resamples(pd.factorize(any_model["lead_key"])[0].astype(np.int64), evaluation.resamples, seed)
    models, estimates = {}, {}
    for name, rows in by_model.items():
        probability = rows["probability"].to_numpy(dtype=float)
        estimates[name] = measure(label, probability, resamples, landmark)
        curve = measure_curve(label, probability, resamples, evaluation.calibration_bins)
        models[name] = {
            "role": trained["models"][name]["role"],
            "n": len(rows),
            "positives": int(label.sum()),
            **{metric: _with_interval(estimate, evaluation) for metric, estimate in estimates[name].items()},
            "calibration_curve": [_curve_point(*point, evaluation) for point in curve],
        }
    comparisons = [
        _compare(name, estimates[trained["chosen"]]["pr_auc"], estimates[name]["pr_auc"], evaluation)
        for name, model in models.items()
        if model["role"] in BASELINE_ROLES
    ]
    baselines = [name for name, model in models.items() if model["role"] in BASELINE_ROLES]
    best_baseline = max(baselines, key=lambda name: estimates[name]["pr_auc"].value)
    return {
        "status": "evaluated",
        "message": trained["message"],
        "models": models,
        "comparisons": comparisons,
        "by_landmark": _measure_landmarks(by_model[trained["chosen"]], by_model[best_baseline], resamples, evaluation),
    }


def _measure_landmarks(
    chosen: pd.DataFrame, baseline: pd.DataFrame, resamples: Resamples, evaluation: EvaluationParameters
) -> list[Evaluated]:
    """The chosen model and the best baseline on the leads of each landmark alone; no figures where these are few."""
    measured = []
    for hours in sorted(chosen["landmark_hours"].unique()):
        here = (chosen["landmark_hours"] == hours).to_numpy()
        label = chosen["label"].to_numpy(dtype=float)[here]
        cell = {"landmark_hours": float(hours), "n": len(label), "baseline": baseline["model"].iloc[0]}
        if min(label.sum(), len(label) - label.sum()) < evaluation.min_positive_leads:
            measured.append({**cell, **dict.fromkeys(LANDMARK_FIGURES)})
            continue
        pr_auc, baseline_pr_auc = (
            _with_interval(measure_pr_auc(label, probability[here], resamples.at(here)), evaluation)
            for probability in (rows["probability"].to_numpy(dtype=float) for rows in (chosen, baseline))
        )
        figures = (
            int(label.sum()),
            float(label.mean()),
            float(chosen["probability"].to_numpy(dtype=float)[here].mean()),
            pr_auc,
            baseline_pr_auc,
        )
        measured.append({**cell, **dict(zip(LANDMARK_FIGURES, figures, strict=True))})
    return measured


def _compare(baseline: str, chosen: Estimate, other: Estimate, evaluation: EvaluationParameters) -> Evaluated:
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = Estimate(
            float(np.divide(chosen.value, other.value) - 1), np.asarray(chosen.draws / other.draws - 1, dtype=float)
        )
    difference = Estimate(chosen.value - other.value, chosen.draws - other.draws)
    return {
        "baseline": baseline,
        "metric": "pr_auc",
        "difference": _with_interval(difference, evaluation),
        "relative": _with_interval(relative, evaluation),
    }


def _curve_point(predicted: float, observed: Estimate, n: int, evaluation: EvaluationParameters) -> Evaluated:
    share = _with_interval(observed, evaluation)
    return {
        "predicted": predicted,
        "observed": share["value"],
        "ci_low": share["ci_low"],
        "ci_high": share["ci_high"],
        "n": n,
    }


def _with_interval(estimate: Estimate, evaluation: EvaluationParameters) -> dict[str, float | None]:
    figures = (estimate.value, *estimate.interval(evaluation.confidence_level))
    return {
        name: float(figure) if np.isfinite(figure) else None
        for name, figure in zip(("value", "ci_low", "ci_high"), figures, strict=True)
    }


def _describe_split(examples: pd.DataFrame) -> Evaluated:
    """Leads, rows, positive leads and time span of each side, and the days that really lie between them."""
    sides = {side: _describe_side(examples[examples["split"] == side]) for side in SIDES}
    before = examples.loc[examples["split"].isin(["train", "calibration"]), "first_engaged_at"].max()
    after = examples.loc[examples["split"] == "holdout", "first_engaged_at"].min()
    gap = None if pd.isna(before) or pd.isna(after) else round((after - before) / pd.Timedelta(days=1), 2)
    return {**sides, "embargo_days": gap}


def _describe_side(rows: pd.DataFrame) -> Evaluated:
    leads = rows.drop_duplicates("lead_key")
    engaged = leads["first_engaged_at"]
    return {
        "leads": len(leads),
        "rows": len(rows),
        "positives": int(leads["label"].sum()),
        "from": engaged.min().isoformat() if len(leads) else None,
        "to": engaged.max().isoformat() if len(leads) else None,
    }
