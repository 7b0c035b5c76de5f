"""From the source to an immutable snapshot."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import chain
from typing import Any

from lead_conversion.guard.labels import known_labels
from lead_conversion.guard.privacy import KnownLabels, PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters, SourceParameters
from lead_conversion.simulation.spec import WorldSpec
from lead_conversion.simulation.world import World
from lead_conversion.source.extraction import Extraction, Snapshot
from lead_conversion.source.protocol import Source
from lead_conversion.source.retry import Retry


def simulate_demo_world(demo_world: WorldSpec) -> World:
    """The demo world, not yet written; saving writes it where the demo database is missing."""
    return World(demo_world)


def extract_entities(
    agent_cory: Source,
    pseudonym_key: PseudonymKey,
    source: SourceParameters,
    privacy: PrivacyParameters,
    clean: CleanParameters,
) -> Extraction:
    """The reading of the source as of the configured moment, or of the newest event less the late-arrival allowance.

    Raises:
        ConfigurationError: several organisations are there, and none was chosen.
        DataError: the chosen organisation is not there.
    """
    retry = Retry(source.retry_attempts, source.retry_wait_seconds)
    contacts = retry.ask("The list of organisations", agent_cory.organisations)
    organisations = choose_organisations(contacts, source)
    as_of = source.as_of
    if as_of is None:
        newest = retry.ask("The newest event", agent_cory.newest_event_at)
        as_of = newest - timedelta(hours=source.late_allowance_hours)
    return Extraction(
        source=agent_cory,
        key=pseudonym_key,
        as_of=as_of.replace(microsecond=0),
        # Where there is only one, rows of no organisation (a message of an unknown sender) can be no other's.
        org_id=organisations[0] if len(contacts) > 1 and not source.all_organisations else None,
        labels=words_in_clear(privacy, clean),
        privacy=privacy,
        organisations=organisations,
        compare=source.compare,
        overlap_days=source.overlap_days,
        retry=retry,
    )


def words_in_clear(privacy: PrivacyParameters, clean: CleanParameters) -> KnownLabels:
    """By column, the words that pass the source door as they are; those that cleaning understands are among them."""
    spellings = {
        "channel": chain.from_iterable(clean.channel_spellings.values()),
        "outcome": chain.from_iterable(clean.outcome_spellings.values()),
    }
    return known_labels(privacy, spellings)


def choose_organisations(contacts: Mapping[int, int], source: SourceParameters) -> tuple[int, ...]:
    """The organisations that are read, of those that the database has: one, unless all are asked for.

    Args:
        contacts: the number of contacts of each organisation, by its id.
        source: says which one is wanted, or all.

    Raises:
        ConfigurationError: several are there, and none was chosen.
        DataError: the one that was chosen is not there, or there is none at all.
    """
    found = ", ".join(f"{org_id} ({number:,} contacts)" for org_id, number in contacts.items())
    if not contacts:
        raise DataError(
            "The table is empty: 'contacts' gives no row, and without it no lead can be described. Check that the "
            "database is loaded."
        )
    if source.org_id is not None and source.org_id not in contacts:
        raise DataError(
            f"Organisation {source.org_id} has no contacts in the database. Found: {found}. Set source.org_id to one "
            "of them."
        )
    if source.org_id is not None:
        return (source.org_id,)
    if len(contacts) > 1 and not source.all_organisations:
        raise ConfigurationError(
            f"The database holds {len(contacts)} organisations, and a run reads one: {found}. Choose with "
            f"--params source.org_id={next(iter(contacts))}, or read all of them together with "
            "--params source.all_organisations=true."
        )
    return tuple(contacts)


def open_snapshot(raw_snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot's entities as lazy tables, and its manifest."""
    manifest = raw_snapshot.manifest
    return {
        **{f"raw_{entity}": table for entity, table in raw_snapshot.tables.items()},
        "raw_manifest": manifest,
    }
