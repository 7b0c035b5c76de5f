"""Wiring: results → figures, report, model card, recommendations, run manifest."""

from kedro.pipeline import Node, Pipeline

from lead_conversion.pipelines.reporting.nodes import (
    compile_run_manifest,
    draw_calibration,
    draw_effects,
    draw_lift,
    write_model_card,
    write_recommendations_page,
    write_report,
)


def create_pipeline() -> Pipeline:
    """The pipeline `reporting`: what a person reads and decides on."""
    return Pipeline(
        [
            Node(
                draw_calibration,
                inputs={"evaluation": "evaluation"},
                outputs="calibration_figure",
                name="draw_calibration",
            ),
            Node(
                draw_lift,
                inputs={"evaluation": "evaluation", "holdout_predictions": "holdout_predictions"},
                outputs="lift_figure",
                name="draw_lift",
            ),
            Node(
                draw_effects,
                inputs={"effects": "effects", "reporting": "params:reporting"},
                outputs="effects_figure",
                name="draw_effects",
            ),
            Node(
                write_report,
                inputs={
                    "primary_as_of": "primary_as_of",
                    "evaluation": "evaluation",
                    "holdout_predictions": "holdout_predictions",
                    "backtest": "backtest",
                    "scored_leads": "scored_leads",
                    "feature_attribution": "feature_attribution",
                    "feature_dependence": "feature_dependence",
                    "leakage_audit": "leakage_audit",
                    "effects": "effects",
                    "recommendations": "recommendations",
                    "experiment_plan": "experiment_plan",
                    "data_quality": "data_quality",
                    "label_summary": "label_summary",
                    "raw_manifest": "raw_manifest",
                    "run_identity": "run_identity",
                    "drift": "drift",
                    "target": "params:target",
                    "reporting": "params:reporting",
                },
                outputs="report",
                name="write_report",
            ),
            Node(
                write_model_card,
                inputs={
                    "primary_as_of": "primary_as_of",
                    "evaluation": "evaluation",
                    "scored_leads": "scored_leads",
                    "data_quality": "data_quality",
                    "label_summary": "label_summary",
                    "run_identity": "run_identity",
                    "target": "params:target",
                },
                outputs="model_card",
                name="write_model_card",
            ),
            Node(
                write_recommendations_page,
                inputs={"recommendations": "recommendations", "experiment_plan": "experiment_plan"},
                outputs="recommendations_page",
                name="write_recommendations_page",
            ),
            Node(
                compile_run_manifest,
                inputs={"run_identity": "run_identity", "raw_manifest": "raw_manifest"},
                outputs="run_manifest",
                name="compile_run_manifest",
            ),
        ]
    )
