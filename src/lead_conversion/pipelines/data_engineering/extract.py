"""From the source to an immutable snapshot."""

from datetime import timedelta
from typing import Any

from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.pipelines.data_engineering.parameters import SourceParameters
from lead_conversion.simulation.spec import WorldSpec
from lead_conversion.simulation.world import World
from lead_conversion.source.extraction import Extraction, Snapshot
from lead_conversion.source.protocol import Source


def simulate_demo_world(demo_world: WorldSpec) -> World:
    """The demo world, not yet written; saving writes it where the demo database is missing."""
    return World(demo_world)


def extract_entities(agent_cory: Source, pseudonym_key: PseudonymKey, source: SourceParameters) -> Extraction:
    """The reading of the source as of the configured moment, or of the newest event less the late-arrival allowance."""
    as_of = source.as_of or agent_cory.newest_event_at() - timedelta(hours=source.late_allowance_hours)
    return Extraction(source=agent_cory, key=pseudonym_key, as_of=as_of.replace(microsecond=0), org_id=source.org_id)


def open_snapshot(raw_snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot's entities as lazy tables, its manifest, and the moment the run looks from."""
    manifest = raw_snapshot.manifest
    return {
        **{f"raw_{entity}": table for entity, table in raw_snapshot.tables.items()},
        "raw_manifest": manifest,
        "primary_as_of": {"snapshot_id": manifest["snapshot_id"], "as_of": manifest["as_of"]},
    }
