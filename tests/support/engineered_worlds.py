"""Simulated worlds on disk, read and put through the nodes of data engineering and labels as the project does."""

from datetime import datetime
from pathlib import Path

import ibis
import pyarrow as pa
from configured import CLEAN, FEATURES, PARAMETERS, PROJECT, TARGETS
from ibis.expr.types import Table

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.guard.deidentify import raw_schema
from lead_conversion.guard.privacy import PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.pipelines.data_engineering.clean import (
    clean_campaign_steps,
    clean_contacts,
    clean_engagement_logs,
    clean_outcomes,
)
from lead_conversion.pipelines.data_engineering.extract import extract_entities
from lead_conversion.pipelines.data_engineering.parameters import SourceParameters
from lead_conversion.pipelines.data_engineering.people import find_people
from lead_conversion.pipelines.data_engineering.primary import (
    place_contacts_in_time,
    resolve_engagement_logs,
    resolve_outcomes,
)
from lead_conversion.pipelines.data_engineering.shifts import judge_imports
from lead_conversion.pipelines.feature_engineering.labels import label_conversions
from lead_conversion.simulation.campaigns import INDUSTRIES, SOURCES
from lead_conversion.source.duckdb_source import DuckDBSource

KEY = PseudonymKey(b"a key for simulated worlds only.")
STATEMENTS = {entity: (PROJECT / f"conf/base/source/{entity}.sql").read_text() for entity in SOURCE_ENTITIES}
# Which words of a world name no person; its other labels are known anyway.
PRIVACY = PrivacyParameters.model_validate(
    PARAMETERS["privacy"] | {"known_labels": {"industry": INDUSTRIES, "lead_source": SOURCES}}
)


def primary_entities(path: Path, moment: datetime) -> dict[str, Table]:
    """The raw, clean and primary tables and the labels of a database as of a moment, in a database of their own."""
    connection = ibis.duckdb.connect()
    source = SourceParameters.model_validate(PARAMETERS["source"] | {"as_of": moment.isoformat()})
    extraction = extract_entities(DuckDBSource(path, STATEMENTS), KEY, source, PRIVACY, CLEAN)
    raw = {
        entity: connection.create_table(
            f"raw_{entity}",
            pa.Table.from_batches(
                [batch for part in extraction.slices[entity] for batch in extraction.stream(part)], raw_schema(entity)
            ),
        )
        for entity in SOURCE_ENTITIES
    }
    as_of = {"snapshot_id": "s", "as_of": moment.isoformat()}
    tables: dict[str, Table] = {}

    def keep(**found: Table) -> None:
        tables.update({name: connection.create_table(name, table) for name, table in found.items()})

    keep(clean_people=find_people(raw["contacts"], CLEAN))
    people = tables["clean_people"]
    keep(**clean_contacts(raw["contacts"], people, as_of))
    keep(**clean_campaign_steps(raw["campaign_steps"], as_of, CLEAN))
    keep(**clean_engagement_logs(raw["engagement_logs"], people, as_of, CLEAN))
    keep(**clean_outcomes(raw["outcomes"], people, as_of, CLEAN))
    events, contacts = tables["clean_engagement_logs"], tables["clean_contacts"]
    keep(clean_shifts=judge_imports(events, contacts, CLEAN))
    keep(**resolve_engagement_logs(events, contacts, tables["clean_campaign_steps"], tables["clean_shifts"], CLEAN))
    keep(**resolve_outcomes(tables["clean_outcomes"], contacts, tables["primary_engagement_logs"]))
    keep(
        primary_contacts=place_contacts_in_time(contacts, tables["primary_engagement_logs"], tables["primary_outcomes"])
    )
    keep(labels=label_conversions(tables["primary_contacts"], tables["primary_outcomes"], as_of, TARGETS, FEATURES))
    return tables | {f"raw_{entity}": table for entity, table in raw.items()}
