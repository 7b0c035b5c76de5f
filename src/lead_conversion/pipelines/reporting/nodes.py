"""Results to figures, pages and the run's manifest."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.reporting.parameters import ReportingParameters
from lead_conversion.reports import figures
from lead_conversion.reports.model_card import render_model_card
from lead_conversion.reports.page import render_report
from lead_conversion.reports.recommendations_page import render_recommendations
from lead_conversion.reports.sections import RunResults, most_telling


def draw_calibration(evaluation: dict[str, Any]) -> go.Figure:
    """Whether the probabilities can be taken at their word, for each target."""
    return figures.calibration_panels(evaluation)


def draw_lift(evaluation: dict[str, Any], holdout_predictions: pd.DataFrame) -> go.Figure:
    """How many converters are reached by contacting the best-ranked leads first, for each target."""
    return figures.gain_panels(holdout_predictions, evaluation)


def draw_effects(effects: pd.DataFrame, reporting: ReportingParameters) -> go.Figure:
    """Which elements of the campaigns do better or worse than their alternatives."""
    return figures.effects_forest(most_telling(effects, reporting.effects_shown))


def write_report(  # noqa: PLR0913, PLR0917 - the report reads every result, and Kedro passes each as an argument
    primary_as_of: dict[str, str],
    evaluation: dict[str, Any],
    holdout_predictions: pd.DataFrame,
    backtest: dict[str, Any],
    scored_leads: pd.DataFrame,
    feature_attribution: pd.DataFrame,
    feature_dependence: pd.DataFrame,
    leakage_audit: dict[str, Any],
    effects: pd.DataFrame,
    recommendations: dict[str, Any],
    experiment_plan: dict[str, Any],
    data_quality: dict[str, Any],
    label_summary: dict[str, Any],
    raw_manifest: dict[str, Any],
    run_identity: dict[str, Any],
    drift: dict[str, Any],
    target: Targets,
    reporting: ReportingParameters,
) -> str:
    """The report as one HTML file that opens offline; the same bytes from the same results."""
    results = RunResults(
        as_of=primary_as_of["as_of"],
        snapshot_id=primary_as_of["snapshot_id"],
        targets=target,
        evaluation=evaluation,
        holdout_predictions=holdout_predictions,
        backtest=backtest,
        scored_leads=scored_leads,
        feature_attribution=feature_attribution,
        feature_dependence=feature_dependence,
        leakage_audit=leakage_audit,
        effects=effects,
        recommendations=recommendations,
        experiment_plan=experiment_plan,
        data_quality=data_quality,
        label_summary=label_summary,
        raw_manifest=raw_manifest,
        run_identity=run_identity,
        drift=drift,
        leads_shown=reporting.leads_shown,
        features_shown=reporting.features_shown,
        effects_shown=reporting.effects_shown,
    )
    return render_report(results)


def write_model_card(
    primary_as_of: dict[str, str],
    evaluation: dict[str, Any],
    scored_leads: pd.DataFrame,
    data_quality: dict[str, Any],
    label_summary: dict[str, Any],
    run_identity: dict[str, Any],
    target: Targets,
) -> str:
    """The model card in Markdown: what the models are for, how good they are, and where they must not be used."""
    return render_model_card(
        primary_as_of, target, evaluation, scored_leads, data_quality, label_summary, run_identity["code"]
    )


def write_recommendations_page(recommendations: dict[str, Any], experiment_plan: dict[str, Any]) -> str:
    """The recommendations in Markdown, each with its evidence, its wording and its test."""
    return render_recommendations(recommendations, experiment_plan)


def compile_run_manifest(run_identity: dict[str, Any], raw_manifest: dict[str, Any]) -> dict[str, Any]:
    """What the run was made of: code, configuration, environment, the run itself and the data that it read."""
    return {**run_identity, "data": raw_manifest}
