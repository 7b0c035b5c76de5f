"""Wiring: labels and features → examples → models → predictions, evaluation, scores, attribution, drift."""

from kedro.pipeline import Node, Pipeline

from lead_conversion.pipelines.modelling.attribution import attribute_drivers
from lead_conversion.pipelines.modelling.backtest import backtest_models
from lead_conversion.pipelines.modelling.evaluation import evaluate_models, predict_holdout, summarise_metrics
from lead_conversion.pipelines.modelling.leakage import audit_leakage
from lead_conversion.pipelines.modelling.nomination import nominate_models
from lead_conversion.pipelines.modelling.scoring import score_active_leads, score_with_champions
from lead_conversion.pipelines.modelling.splits import assign_splits
from lead_conversion.pipelines.modelling.training import train_models
from lead_conversion.pipelines.modelling.watching import (
    check_drift,
    extend_score_history,
    gather_references,
    sample_references,
)


def create_pipeline() -> Pipeline:
    """Who will convert, how sure, and why; and whether the model is still right."""
    return Pipeline(
        [
            Node(
                assign_splits,
                inputs={
                    "primary_labels": "primary_labels@pandas",
                    "primary_contacts": "primary_contacts@pandas",
                    "feature_leads": "feature_leads@pandas",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                    "split": "params:split",
                },
                outputs="model_input_examples",
                name="assign_splits",
            ),
            Node(
                train_models,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "label_summary": "label_summary",
                    "target": "params:target",
                    "model": "params:model",
                    # In the order of the signature: Kedro types parameters by position.
                    "seed": "params:seed",
                    "tuning": "params:tuning",
                },
                outputs="trained_models",
                name="train_models",
            ),
            Node(
                audit_leakage,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "feature_replay": "feature_replay",
                    "target": "params:target",
                    "model": "params:model",
                    "leakage": "params:leakage",
                },
                outputs="leakage_audit",
                name="audit_leakage",
            ),
            Node(
                predict_holdout,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "trained_models": "trained_models",
                    "champion_models": "champion_models",
                    "feature_recipe": "feature_recipe",
                    "target": "params:target",
                },
                outputs="holdout_predictions",
                name="predict_holdout",
            ),
            Node(
                evaluate_models,
                inputs={
                    "holdout_predictions": "holdout_predictions",
                    "model_input_examples": "model_input_examples",
                    "trained_models": "trained_models",
                    "leakage_audit": "leakage_audit",
                    "champion_models": "champion_models",
                    "feature_recipe": "feature_recipe",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                    "evaluation": "params:evaluation",
                    "gate": "params:gate",
                    "seed": "params:seed",
                },
                outputs="evaluation",
                name="evaluate_models",
            ),
            Node(
                backtest_models,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "label_summary": "label_summary",
                    "target": "params:target",
                    "model": "params:model",
                    "tuning": "params:tuning",
                    "split": "params:split",
                    "evaluation": "params:evaluation",
                    "seed": "params:seed",
                },
                outputs="backtest",
                name="backtest_models",
            ),
            Node(
                score_active_leads,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "trained_models": "trained_models",
                    "champion_models": "champion_models",
                    "feature_recipe": "feature_recipe",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                },
                outputs="scored_leads",
                name="score_active_leads",
            ),
            Node(
                attribute_drivers,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "trained_models": "trained_models",
                    "evaluation": "params:evaluation",
                    "model": "params:model",
                },
                outputs={"feature_attribution": "feature_attribution", "feature_dependence": "feature_dependence"},
                name="attribute_drivers",
            ),
            Node(
                sample_references,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "trained_models": "trained_models",
                    "primary_as_of": "primary_as_of",
                    "drift": "params:drift",
                    "seed": "params:seed",
                },
                outputs="references",
                name="sample_references",
            ),
            Node(
                extend_score_history,
                inputs={
                    "score_history_before": "score_history_before",
                    "scored_leads": "scored_leads",
                    "drift": "params:drift",
                },
                outputs="score_history",
                name="extend_score_history",
            ),
            Node(
                gather_references,
                inputs={"champion_models": "champion_models"},
                outputs="champion_references",
                name="gather_references",
            ),
            Node(
                check_drift,
                inputs={
                    "references": "champion_references",
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "scored_leads": "scored_leads",
                    "score_history": "score_history",
                    "primary_labels": "primary_labels@pandas",
                    "primary_as_of": "primary_as_of",
                    "drift": "params:drift",
                    "seed": "params:seed",
                },
                outputs="drift",
                name="check_drift",
            ),
            Node(
                summarise_metrics,
                inputs={"evaluation": "evaluation"},
                outputs="evaluation_metrics",
                name="summarise_metrics",
            ),
            Node(
                nominate_models,
                inputs={
                    "trained_models": "trained_models",
                    "evaluation": "evaluation",
                    "raw_manifest": "raw_manifest",
                    "run_identity": "run_identity",
                    "references": "references",
                    "feature_recipe": "feature_recipe",
                    "target": "params:target",
                },
                outputs="nominated_models",
                name="nominate_models",
            ),
        ]
    )


def create_scoring_pipeline() -> Pipeline:
    """Who will convert, by the models that people approved, and whether these are still right; nothing is trained."""
    watching = ("assign_splits", "extend_score_history", "gather_references", "check_drift")
    return create_pipeline().only_nodes(*watching) + Pipeline(
        [
            Node(
                score_with_champions,
                inputs={
                    "model_input_examples": "model_input_examples",
                    "feature_leads": "feature_leads@pandas",
                    "champion_models": "champion_models",
                    "feature_recipe": "feature_recipe",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                },
                outputs="scored_leads",
                name="score_with_champions",
            ),
        ]
    )
