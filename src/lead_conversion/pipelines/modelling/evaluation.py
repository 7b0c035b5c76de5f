"""How good each model is on leads that came later, against what a team would have without it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.lifecycle.champions import Champion, Recipe, fault_of, unseen_from
from lead_conversion.lifecycle.gates import BASELINE_ROLES, GateLimits, decide_gate
from lead_conversion.pipelines.modelling.encoding import attach_features
from lead_conversion.pipelines.modelling.estimators import name_version, predict_probabilities, predict_probability
from lead_conversion.pipelines.modelling.parameters import EvaluationParameters
from lead_conversion.pipelines.modelling.resampling import Estimate, Resamples, measure, measure_curve, measure_pr_auc

CHAMPION = "champion"
SIDES = ("train", "calibration", "holdout")
PREDICTION_TYPES = {
    "lead_key": "str", "target": "str", "landmark_hours": "float64", "label": "int64",
    "probability": "float64", "model": "str", "split": "str",
}  # fmt: skip

CELL_FIGURES = ("positives", "base_rate", "mean_probability", "pr_auc", "baseline_pr_auc")
SEGMENTS = {"campaign": "campaign_id", "source": "source"}

Evaluated = dict[str, Any]


def predict_holdout(
    model_input_examples: pd.DataFrame,
    feature_leads: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
    champion_models: Mapping[str, Champion],
    feature_recipe: Recipe,
    target: Targets,
    features: Sequence[Feature] = FEATURES,
) -> pd.DataFrame:
    """The calibrated probability of every model for each example of the holdout; one row an example and model.

    The champion predicts for leads only that were engaged after all that it learned from was over: of others it may
    have been told the answer.
    """
    parts = []
    for name, spec in target.items():
        trained = trained_models[name]
        of_target = model_input_examples["target"] == name
        holdout = model_input_examples[of_target & (model_input_examples["split"] == "holdout")]
        if holdout.empty:
            continue
        rows = attach_features(holdout.sort_values(["lead_key", "landmark_hours"]), feature_leads)
        parts += [
            rows.assign(model=model_name, probability=probability)[list(PREDICTION_TYPES)]
            for model_name, probability in sorted(predict_probabilities(trained["models"], rows).items())
        ]
        champion = champion_models.get(name)
        if champion and trained["models"] and not _fault_for_comparison(champion, spec, feature_recipe, features):
            unseen = rows[rows["first_engaged_at"] >= unseen_from(champion)]
            model = champion["model"]["models"][champion["model"]["chosen"]]
            if len(unseen):
                predicted = unseen.assign(model=CHAMPION, probability=predict_probability(model, unseen))
                parts.append(predicted[list(PREDICTION_TYPES)])
    predictions = pd.concat(parts) if parts else pd.DataFrame(columns=list(PREDICTION_TYPES))
    return predictions.astype(PREDICTION_TYPES).sort_values(
        ["target", "model", "lead_key", "landmark_hours"], ignore_index=True
    )


def evaluate_models(  # noqa: PLR0913, PLR0917 - Kedro passes each input as an argument
    holdout_predictions: pd.DataFrame,
    model_input_examples: pd.DataFrame,
    trained_models: dict[str, dict[str, Any]],
    leakage_audit: dict[str, Any],
    champion_models: Mapping[str, Champion],
    feature_recipe: Recipe,
    primary_as_of: dict[str, str],
    target: Targets,
    evaluation: EvaluationParameters,
    gate: GateLimits,
    seed: int,
    features: Sequence[Feature] = FEATURES,
) -> Evaluated:
    """The evaluation of each target with the gate's verdict, as evaluation.json; null is a figure that is not defined.

    Every figure comes with a percentile interval from resamples of the holdout's leads; each rule, baseline and
    comparator is compared with the chosen model on the same resamples, and so is the champion, on leads that it has
    not learned from.
    """
    evaluated = {}
    for name, spec in target.items():
        trained, champion = trained_models[name], champion_models.get(name)
        fault = _fault_for_comparison(champion, spec, feature_recipe, features) if champion else ""
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
            **_measure_target(trained, predictions, examples, champion, fault, evaluation, seed),
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
        if found["champion"]["status"] == "compared":
            figures[f"{target}.pr_auc_gain_on_champion"] = found["champion"]["relative"]["value"]
    return {
        name: {"value": float(figure), "step": 0}
        for name, figure in figures.items()
        if figure is not None and np.isfinite(figure)
    }


def _measure_target(
    trained: Evaluated,
    predictions: pd.DataFrame,
    examples: pd.DataFrame,
    champion: Champion | None,
    fault: str,
    evaluation: EvaluationParameters,
    seed: int,
) -> Evaluated:
    nothing = {
        "status": "not_enough_data",
        "models": {},
        "comparisons": [],
        "by_landmark": [],
        "by_segment": [],
        "champion": _not_compared(champion, "there is nothing to compare it with"),
    }
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
    of_champion = by_model.pop(CHAMPION, predictions.head(0))
    any_model = by_model[trained["chosen"]]
    label, landmark = (any_model[column].to_numpy(dtype=float) for column in ("label", "landmark_hours"))
    resamples = Resamples(pd.factorize(any_model["lead_key"])[0].astype(np.int64), evaluation.resamples, seed)
    models, estimates = {}, {}
    for name, rows in by_model.items():
        probability = rows["probability"].to_numpy(dtype=float)
        estimates[name] = measure(label, probability, resamples, landmark)
        curve = measure_curve(label, probability, resamples, evaluation.calibration_bins)
        models[name] = _describe_figures(trained["models"][name]["role"], rows, estimates[name], curve, evaluation)
    comparisons = [
        _compare(name, estimates[trained["chosen"]]["pr_auc"], estimates[name]["pr_auc"], evaluation)
        for name, model in models.items()
        if model["role"] in BASELINE_ROLES
    ]
    baselines = [name for name, model in models.items() if model["role"] in BASELINE_ROLES]
    chosen = by_model[trained["chosen"]]
    baseline = by_model[max(baselines, key=lambda name: estimates[name]["pr_auc"].value)]
    against_champion, champion_figures = _measure_champion(champion, fault, chosen, of_champion, resamples, evaluation)
    models |= champion_figures
    return {
        "status": "evaluated",
        "message": trained["message"],
        "models": models,
        "comparisons": comparisons,
        "by_landmark": _measure_landmarks(chosen, baseline, resamples, evaluation),
        "by_segment": _measure_segments(chosen, baseline, examples, resamples, evaluation),
        "champion": against_champion,
    }


def _fault_for_comparison(champion: Champion, spec: Target, recipe: Recipe, features: Sequence[Feature]) -> str:
    """Why a champion cannot be held against this run's model; empty where it can."""
    if unseen_from(champion) is None:
        return "its lineage does not say until when it learned"
    return fault_of(champion, spec, recipe, features)


def _not_compared(champion: Champion | None, why: str) -> Evaluated:
    if champion is None:
        return {"status": "none", "version": None, "message": "There is no champion to compare with."}
    message = f"The champion, version {champion['version']}, cannot be compared: {why}."
    return {"status": "not_compared", "version": champion["version"], "message": message}


def _measure_champion(
    champion: Champion | None,
    fault: str,
    chosen: pd.DataFrame,
    of_champion: pd.DataFrame,
    resamples: Resamples,
    evaluation: EvaluationParameters,
) -> tuple[Evaluated, Evaluated]:
    """The chosen model against the champion on the same unseen leads and resamples; and the champion's own figures."""
    if champion is None or fault:
        return _not_compared(champion, fault), {}
    here = chosen["lead_key"].isin(of_champion["lead_key"]).to_numpy()
    leads = of_champion.drop_duplicates("lead_key")
    positives, holdout_leads = int(leads["label"].sum()), chosen["lead_key"].nunique()
    unseen = f"{len(leads):,} of {holdout_leads:,} holdout leads, {positives:,} of them positive"
    counts = {"leads": len(leads), "holdout_leads": holdout_leads, "positives": positives}
    if min(positives, len(leads) - positives) < evaluation.min_positive_leads:
        why = (
            f"only {unseen}, were engaged after what it learned from was over, and {evaluation.min_positive_leads} of "
            "each kind are needed. A run that looks from later has more of them"
        )
        return {**_not_compared(champion, why), **counts}, {}
    label, landmark = (of_champion[column].to_numpy(dtype=float) for column in ("label", "landmark_hours"))
    mine, its = (rows["probability"].to_numpy(dtype=float) for rows in (chosen[here], of_champion))
    measured = measure(label, its, resamples.at(here), landmark)
    compared = _compare(CHAMPION, measure_pr_auc(label, mine, resamples.at(here)), measured["pr_auc"], evaluation)
    curve = measure_curve(label, its, resamples.at(here), evaluation.calibration_bins)
    figures = _describe_figures(CHAMPION, of_champion, measured, curve, evaluation)
    message = (
        f"Compared with the champion, version {champion['version']}, on leads that it has not learned from: {unseen}."
    )
    against = {
        "status": "compared",
        "version": champion["version"],
        "message": message,
        **counts,
        "difference": compared["difference"],
        "relative": compared["relative"],
    }
    return against, {CHAMPION: figures}


def _describe_figures(
    role: str,
    rows: pd.DataFrame,
    estimates: dict[str, Estimate],
    curve: list[tuple[float, Estimate, int]],
    evaluation: EvaluationParameters,
) -> Evaluated:
    return {
        "role": role,
        "n": len(rows),
        "positives": int(rows["label"].sum()),
        **{metric: with_interval(estimate, evaluation) for metric, estimate in estimates.items()},
        "calibration_curve": [_curve_point(*point, evaluation) for point in curve],
    }


def _measure_landmarks(
    chosen: pd.DataFrame, baseline: pd.DataFrame, resamples: Resamples, evaluation: EvaluationParameters
) -> list[Evaluated]:
    """The chosen model and the best baseline on the leads of each landmark alone."""
    return [
        {"landmark_hours": float(hours)}
        | _measure_cell(chosen, baseline, chosen["landmark_hours"] == hours, resamples, evaluation)
        for hours in sorted(chosen["landmark_hours"].unique())
    ]


def _measure_segments(
    chosen: pd.DataFrame,
    baseline: pd.DataFrame,
    examples: pd.DataFrame,
    resamples: Resamples,
    evaluation: EvaluationParameters,
) -> list[Evaluated]:
    """The same on the leads of each campaign and of each source alone, over all landmarks."""
    leads = examples.drop_duplicates("lead_key").set_index("lead_key")
    measured = []
    for dimension, column in SEGMENTS.items():
        segment = chosen["lead_key"].map(leads[column].astype("string").fillna("unknown"))
        measured += [
            {"dimension": dimension, "segment": str(name)}
            | _measure_cell(chosen, baseline, segment == name, resamples, evaluation)
            for name in sorted(segment.unique())
        ]
    return measured


def _measure_cell(
    chosen: pd.DataFrame,
    baseline: pd.DataFrame,
    is_here: pd.Series,
    resamples: Resamples,
    evaluation: EvaluationParameters,
) -> Evaluated:
    """The chosen model and the best baseline on some rows; no figures where leads of one kind are few."""
    here = is_here.to_numpy(dtype=bool)
    rows = chosen[here]
    label = rows["label"].to_numpy(dtype=float)
    cell = {"n": len(label), "baseline": baseline["model"].iloc[0]}
    leads = rows.drop_duplicates("lead_key")["label"]
    if min(leads.sum(), len(leads) - leads.sum()) < evaluation.min_positive_leads:
        return {**cell, **dict.fromkeys(CELL_FIGURES)}
    pr_auc, baseline_pr_auc = (
        with_interval(measure_pr_auc(label, probability[here], resamples.at(here)), evaluation)
        for probability in (model["probability"].to_numpy(dtype=float) for model in (chosen, baseline))
    )
    figures = (int(label.sum()), float(label.mean()), float(rows["probability"].mean()), pr_auc, baseline_pr_auc)
    return {**cell, **dict(zip(CELL_FIGURES, figures, strict=True))}


def _compare(baseline: str, chosen: Estimate, other: Estimate, evaluation: EvaluationParameters) -> Evaluated:
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = Estimate(
            float(np.divide(chosen.value, other.value) - 1), np.asarray(chosen.draws / other.draws - 1, dtype=float)
        )
    difference = Estimate(chosen.value - other.value, chosen.draws - other.draws)
    return {
        "baseline": baseline,
        "metric": "pr_auc",
        "difference": with_interval(difference, evaluation),
        "relative": with_interval(relative, evaluation),
    }


def _curve_point(predicted: float, observed: Estimate, n: int, evaluation: EvaluationParameters) -> Evaluated:
    share = with_interval(observed, evaluation)
    return {
        "predicted": predicted,
        "observed": share["value"],
        "ci_low": share["ci_low"],
        "ci_high": share["ci_high"],
        "n": n,
    }


def with_interval(estimate: Estimate, evaluation: EvaluationParameters) -> dict[str, float | None]:
    """A figure and its interval; null is not defined."""
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
