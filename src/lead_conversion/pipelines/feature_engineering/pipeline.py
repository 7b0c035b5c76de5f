"""Wiring: primary entities → labels, landmarks → features → their replay."""

from kedro.pipeline import Node, Pipeline

from lead_conversion.pipelines.feature_engineering.features import compute_features, describe_recipe
from lead_conversion.pipelines.feature_engineering.labels import label_conversions, summarise_labels
from lead_conversion.pipelines.feature_engineering.landmarks import place_landmarks
from lead_conversion.pipelines.feature_engineering.prompts import describe_prompts
from lead_conversion.pipelines.feature_engineering.rates import measure_rates
from lead_conversion.pipelines.feature_engineering.replay import replay_features


def create_pipeline() -> Pipeline:
    """The pipeline `feature_engineering`."""
    return Pipeline(
        [
            Node(
                label_conversions,
                inputs={
                    "primary_contacts": "primary_contacts@ibis",
                    "primary_outcomes": "primary_outcomes@ibis",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                    "features": "params:features",
                },
                outputs="primary_labels@ibis",
                name="label_conversions",
            ),
            Node(
                summarise_labels,
                inputs={"primary_labels": "primary_labels@ibis"},
                outputs="label_summary",
                name="summarise_labels",
            ),
            Node(
                place_landmarks,
                inputs={
                    "primary_contacts": "primary_contacts@ibis",
                    "primary_as_of": "primary_as_of",
                    "target": "params:target",
                },
                outputs="feature_landmarks",
                name="place_landmarks",
            ),
            Node(
                measure_rates,
                inputs={
                    "primary_labels": "primary_labels@ibis",
                    "primary_contacts": "primary_contacts@ibis",
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                    "primary_outcomes": "primary_outcomes@ibis",
                    "target": "params:target",
                    "features": "params:features",
                },
                outputs="feature_rates",
                name="measure_rates",
            ),
            Node(
                describe_prompts,
                inputs={
                    "primary_campaign_steps": "primary_campaign_steps@pandas",
                    "primary_as_of": "primary_as_of",
                    "features": "params:features",
                },
                outputs="feature_prompts@pandas",
                name="describe_prompts",
            ),
            Node(
                compute_features,
                inputs={
                    "feature_landmarks": "feature_landmarks",
                    "primary_contacts": "primary_contacts@ibis",
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                    "primary_outcomes": "primary_outcomes@ibis",
                    "primary_campaign_steps": "primary_campaign_steps@ibis",
                    "feature_prompts": "feature_prompts@ibis",
                    "feature_rates": "feature_rates",
                    "target": "params:target",
                    "features": "params:features",
                },
                outputs="feature_leads@slices",
                name="compute_features",
            ),
            Node(
                describe_recipe,
                inputs={"features": "params:features"},
                outputs="feature_recipe",
                name="describe_recipe",
            ),
            Node(
                replay_features,
                inputs={
                    "feature_leads": "feature_leads@ibis",
                    "feature_landmarks": "feature_landmarks",
                    "primary_contacts": "primary_contacts@ibis",
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                    "primary_campaign_steps": "primary_campaign_steps@ibis",
                    "primary_outcomes": "primary_outcomes@ibis",
                    "feature_prompts": "feature_prompts@ibis",
                    "target": "params:target",
                    "features": "params:features",
                },
                outputs="feature_replay",
                name="replay_features",
            ),
        ]
    )
