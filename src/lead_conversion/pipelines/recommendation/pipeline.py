"""Wiring: primary entities to risk set, effects, recommendations and experiment plan."""

from kedro.pipeline import Node, Pipeline

from lead_conversion.pipelines.recommendation.effects.estimation import estimate_effects
from lead_conversion.pipelines.recommendation.effects.step_outcomes import learn_step_outcomes
from lead_conversion.pipelines.recommendation.experiments.planning import plan_experiments
from lead_conversion.pipelines.recommendation.exposure.risk_sets import build_risk_sets
from lead_conversion.pipelines.recommendation.prompts.rewrites import add_rewrites, request_rewrites
from lead_conversion.pipelines.recommendation.recommend import recommend_changes
from lead_conversion.pipelines.recommendation.sequences.study import study_sequences


def create_pipeline() -> Pipeline:
    """What to change in prompts and steps, in what order, and how to find out."""
    return Pipeline(
        [
            Node(
                func=build_risk_sets,
                inputs={
                    "primary_engagement_logs": "primary_engagement_logs@pandas",
                    "primary_outcomes": "primary_outcomes@pandas",
                    "primary_campaign_steps": "primary_campaign_steps@pandas",
                    "primary_contacts": "primary_contacts@pandas",
                    "primary_labels": "primary_labels@pandas",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                    "parameters": "params:recommendation",
                },
                outputs="recommendation_risk_set",
                name="build_risk_sets",
            ),
            Node(
                func=learn_step_outcomes,
                inputs={
                    "risk_set": "recommendation_risk_set",
                    "parameters": "params:recommendation",
                    "seed": "params:seed",
                },
                outputs="step_outcomes",
                name="learn_step_outcomes",
            ),
            Node(
                func=estimate_effects,
                inputs={
                    "risk_set": "recommendation_risk_set",
                    "step_outcomes": "step_outcomes",
                    "primary_campaign_steps": "primary_campaign_steps@pandas",
                    "primary_as_of": "primary_as_of",
                    "decided_tests": "decided_tests",
                    "parameters": "params:recommendation",
                    "seed": "params:seed",
                },
                outputs="effects",
                name="estimate_effects",
            ),
            Node(
                func=study_sequences,
                inputs={
                    "effects": "effects",
                    "risk_set": "recommendation_risk_set",
                    "step_outcomes": "step_outcomes",
                    "primary_campaign_steps": "primary_campaign_steps@pandas",
                    "decided_tests": "decided_tests",
                    "parameters": "params:recommendation",
                    "seed": "params:seed",
                },
                outputs="recommendation_sequences",
                name="study_sequences",
            ),
            Node(
                func=recommend_changes,
                inputs={
                    "effects": "effects",
                    "sequences": "recommendation_sequences",
                    "primary_campaign_steps": "primary_campaign_steps@pandas",
                    "risk_set": "recommendation_risk_set",
                    "primary_labels": "primary_labels@pandas",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                    "parameters": "params:recommendation",
                },
                outputs="draft_recommendations",
                name="recommend_changes",
            ),
            Node(
                func=request_rewrites,
                inputs={"draft_recommendations": "draft_recommendations", "parameters": "params:recommendation"},
                outputs="prompt_rewrites",
                name="request_rewrites",
            ),
            Node(
                func=add_rewrites,
                inputs={
                    "draft_recommendations": "draft_recommendations",
                    "prompt_rewrites": "prompt_rewrites",
                    "parameters": "params:recommendation",
                },
                outputs="recommendations",
                name="add_rewrites",
            ),
            Node(
                func=plan_experiments,
                inputs={
                    "recommendations": "recommendations",
                    "effects": "effects",
                    "risk_set": "recommendation_risk_set",
                    "primary_as_of": "primary_as_of",
                    "running_tests": "running_tests",
                    "parameters": "params:recommendation",
                },
                outputs="experiment_plan",
                name="plan_experiments",
            ),
        ]
    )
