"""Wiring: database → snapshot → clean → primary."""

from kedro.pipeline import Node, Pipeline

from lead_conversion.pipelines.data_engineering.clean import (
    clean_campaign_steps,
    clean_contacts,
    clean_engagement_logs,
    clean_outcomes,
    summarise_quality,
)
from lead_conversion.pipelines.data_engineering.extract import extract_entities, open_snapshot, simulate_demo_world
from lead_conversion.pipelines.data_engineering.primary import (
    place_contacts_in_time,
    resolve_engagement_logs,
    resolve_outcomes,
)


def create_pipeline() -> Pipeline:
    """The pipeline `data_engineering`."""
    return Pipeline(
        [
            Node(
                simulate_demo_world,
                inputs={"demo_world": "params:demo_world"},
                outputs="agent_cory@demo",
                name="simulate_demo_world",
            ),
            Node(
                extract_entities,
                inputs={"agent_cory": "agent_cory@source", "pseudonym_key": "pseudonym_key", "source": "params:source"},
                outputs="raw_snapshot@extraction",
                name="extract_entities",
            ),
            Node(
                open_snapshot,
                inputs={"raw_snapshot": "raw_snapshot@files"},
                outputs={
                    "raw_contacts": "raw_contacts",
                    "raw_campaign_steps": "raw_campaign_steps",
                    "raw_engagement_logs": "raw_engagement_logs",
                    "raw_outcomes": "raw_outcomes",
                    "raw_manifest": "raw_manifest",
                    "primary_as_of": "primary_as_of",
                },
                name="open_snapshot",
            ),
            Node(
                clean_contacts,
                inputs={"raw_contacts": "raw_contacts"},
                outputs={"clean_contacts": "clean_contacts", "rejected_contacts": "rejected_contacts"},
                name="clean_contacts",
            ),
            Node(
                clean_campaign_steps,
                inputs={
                    "raw_campaign_steps": "raw_campaign_steps",
                    "primary_as_of": "primary_as_of",
                    "clean": "params:clean",
                },
                outputs={
                    "clean_campaign_steps": "primary_campaign_steps@ibis",
                    "rejected_campaign_steps": "rejected_campaign_steps",
                },
                name="clean_campaign_steps",
            ),
            Node(
                clean_engagement_logs,
                inputs={
                    "raw_engagement_logs": "raw_engagement_logs",
                    "primary_as_of": "primary_as_of",
                    "clean": "params:clean",
                },
                outputs={
                    "clean_engagement_logs": "clean_engagement_logs",
                    "rejected_engagement_logs": "rejected_engagement_logs",
                },
                name="clean_engagement_logs",
            ),
            Node(
                clean_outcomes,
                inputs={"raw_outcomes": "raw_outcomes", "primary_as_of": "primary_as_of", "clean": "params:clean"},
                outputs={"clean_outcomes": "clean_outcomes", "rejected_outcomes": "rejected_outcomes"},
                name="clean_outcomes",
            ),
            Node(
                resolve_engagement_logs,
                inputs={
                    "clean_engagement_logs": "clean_engagement_logs",
                    "clean_contacts": "clean_contacts",
                    "clean_campaign_steps": "primary_campaign_steps@ibis",
                    "clean": "params:clean",
                },
                outputs={
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                    "orphan_engagement_logs": "orphan_engagement_logs",
                },
                name="resolve_engagement_logs",
            ),
            Node(
                resolve_outcomes,
                inputs={"clean_outcomes": "clean_outcomes", "clean_contacts": "clean_contacts"},
                outputs={"primary_outcomes": "primary_outcomes@ibis", "orphan_outcomes": "orphan_outcomes"},
                name="resolve_outcomes",
            ),
            Node(
                place_contacts_in_time,
                inputs={
                    "clean_contacts": "clean_contacts",
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                    "primary_outcomes": "primary_outcomes@ibis",
                },
                outputs="primary_contacts@ibis",
                name="place_contacts_in_time",
            ),
            Node(
                summarise_quality,
                inputs={
                    "raw_manifest": "raw_manifest",
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                    "clean": "params:clean",
                    "rejected_contacts": "rejected_contacts",
                    "rejected_campaign_steps": "rejected_campaign_steps",
                    "rejected_engagement_logs": "rejected_engagement_logs",
                    "orphan_engagement_logs": "orphan_engagement_logs",
                    "rejected_outcomes": "rejected_outcomes",
                    "orphan_outcomes": "orphan_outcomes",
                },
                outputs="data_quality",
                name="summarise_quality",
            ),
        ]
    )
