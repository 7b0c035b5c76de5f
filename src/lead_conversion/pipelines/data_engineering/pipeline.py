"""Wiring: database → snapshot → clean → primary."""

from kedro.pipeline import Node, Pipeline

from lead_conversion.pipelines.data_engineering.clean import (
    clean_campaign_steps,
    clean_contacts,
    clean_engagement_logs,
    clean_outcomes,
)
from lead_conversion.pipelines.data_engineering.extract import extract_entities, open_snapshot, simulate_demo_world
from lead_conversion.pipelines.data_engineering.people import find_people
from lead_conversion.pipelines.data_engineering.primary import (
    place_contacts_in_time,
    resolve_engagement_logs,
    resolve_outcomes,
)
from lead_conversion.pipelines.data_engineering.quality import (
    check_completeness,
    measure_quality,
    summarise_quality,
)
from lead_conversion.pipelines.data_engineering.shifts import judge_imports
from lead_conversion.pipelines.data_engineering.texts import scrub_replies


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
                inputs={
                    "agent_cory": "agent_cory@source",
                    "pseudonym_key": "pseudonym_key",
                    "source": "params:source",
                    "privacy": "params:privacy",
                    "clean": "params:clean",
                },
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
                },
                name="open_snapshot",
            ),
            Node(
                scrub_replies,
                inputs={
                    "agent_cory": "agent_cory@source",
                    "pseudonym_key": "pseudonym_key",
                    "raw_manifest": "raw_manifest",
                    "source": "params:source",
                    "privacy": "params:privacy",
                    "clean": "params:clean",
                },
                outputs="scrubbed_replies",
                name="scrub_replies",
            ),
            Node(
                find_people,
                inputs={"raw_contacts": "raw_contacts", "clean": "params:clean"},
                outputs="clean_people",
                name="find_people",
            ),
            Node(
                clean_contacts,
                inputs={
                    "raw_contacts": "raw_contacts",
                    "clean_people": "clean_people",
                    "raw_manifest": "raw_manifest",
                },
                outputs={"clean_contacts": "clean_contacts", "rejected_contacts": "rejected_contacts"},
                name="clean_contacts",
            ),
            Node(
                clean_campaign_steps,
                inputs={
                    "raw_campaign_steps": "raw_campaign_steps",
                    "raw_manifest": "raw_manifest",
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
                    "clean_people": "clean_people",
                    "raw_manifest": "raw_manifest",
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
                inputs={
                    "raw_outcomes": "raw_outcomes",
                    "clean_people": "clean_people",
                    "raw_manifest": "raw_manifest",
                    "clean": "params:clean",
                },
                outputs={"clean_outcomes": "clean_outcomes", "rejected_outcomes": "rejected_outcomes"},
                name="clean_outcomes",
            ),
            Node(
                judge_imports,
                inputs={
                    "clean_engagement_logs": "clean_engagement_logs",
                    "clean_contacts": "clean_contacts",
                    "clean": "params:clean",
                },
                outputs="clean_shifts",
                name="judge_imports",
            ),
            Node(
                resolve_engagement_logs,
                inputs={
                    "clean_engagement_logs": "clean_engagement_logs",
                    "clean_contacts": "clean_contacts",
                    "clean_campaign_steps": "primary_campaign_steps@ibis",
                    "clean_shifts": "clean_shifts",
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
                inputs={
                    "clean_outcomes": "clean_outcomes",
                    "clean_contacts": "clean_contacts",
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                },
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
                measure_quality,
                inputs={
                    "raw_manifest": "raw_manifest",
                    "quality": "params:quality",
                    "clean": "params:clean",
                    "raw_contacts": "raw_contacts",
                    "raw_campaign_steps": "raw_campaign_steps",
                    "raw_engagement_logs": "raw_engagement_logs",
                    "raw_outcomes": "raw_outcomes",
                    "primary_contacts": "primary_contacts@ibis",
                    "primary_campaign_steps": "primary_campaign_steps@ibis",
                    "primary_engagement_logs": "primary_engagement_logs@ibis",
                    "primary_outcomes": "primary_outcomes@ibis",
                    "rejected_contacts": "rejected_contacts",
                    "rejected_campaign_steps": "rejected_campaign_steps",
                    "rejected_engagement_logs": "rejected_engagement_logs",
                    "orphan_engagement_logs": "orphan_engagement_logs",
                    "rejected_outcomes": "rejected_outcomes",
                    "orphan_outcomes": "orphan_outcomes",
                },
                outputs="primary_quality",
                name="measure_quality",
            ),
            Node(
                check_completeness,
                inputs={
                    "primary_quality": "primary_quality",
                    "primary_earlier_quality": "primary_earlier_quality",
                    "raw_manifest": "raw_manifest",
                    "quality": "params:quality",
                },
                # Everything that follows looks from the as-of, and so waits for the gates.
                outputs={"primary_completeness": "primary_completeness", "primary_as_of": "primary_as_of"},
                name="check_completeness",
            ),
            Node(
                summarise_quality,
                inputs={
                    "primary_quality": "primary_quality",
                    "primary_earlier_quality": "primary_earlier_quality",
                    "primary_completeness": "primary_completeness",
                    "quality": "params:quality",
                },
                outputs={"data_quality": "data_quality", "primary_quality_history": "primary_quality_history"},
                name="summarise_quality",
            ),
        ]
    )
