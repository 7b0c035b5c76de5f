"""A small Agent Cory database for tests: the published schema, and the rows that a test names."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from lead_conversion.simulation.schema import duckdb_statements

SELECTS = Path(__file__).parents[2] / "conf" / "base" / "source"
LOG = "dbo.Education_Cory_Communication_Log"
LONG_AGO = "2026-01-01 10:00:00"

DEFAULTS: dict[str, dict[str, Any]] = {
    "education.contacts": {"org_id": 1, "opted_out": False, "created_at": LONG_AGO, "updated_at": LONG_AGO},
    "education.campaigns": {"org_id": 1, "name": "Spring", "status": "active", "created_at": LONG_AGO},
    "education.campaign_steps": {
        "campaign_id": 1,
        "step_order": 1,
        "channel": "sms",
        "wait_hours": 0,
        "is_active": True,
        "created_at": LONG_AGO,
    },
    "education.prompt_templates": {"step_id": 1, "version": 1, "body": "Hi {{first_name}}", "created_at": LONG_AGO},
    "education.campaign_sequence_variants": {"campaign_id": 1, "sequence_variant": "B", "step_id": 1},
    "education.campaign_enrollments": {
        "org_id": 1,
        "campaign_id": 1,
        "contact_id": 1,
        "enrolled_at": LONG_AGO,
        "status": "active",
    },
    "education.campaign_activities": {
        "org_id": 1,
        "enrollment_id": 1,
        "channel": "sms",
        "outcome": "delivered",
        "created_at": LONG_AGO,
    },
    LOG: {"direction": "inbound", "channel": "sms", "created_at": LONG_AGO},
    "education.booking_appointments": {
        "org_id": 1,
        "status": "scheduled",
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    },
    "education.contact_status_history": {"org_id": 1, "contact_id": 1, "changed_at": LONG_AGO},
}


def selects() -> dict[str, str]:
    """The project's own four SELECTs."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SELECTS.glob("*.sql"))}


def make_database(path: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
    """A DuckDB file with the schema and these rows; what a row does not name has a plain default."""
    path.write_bytes(_empty_database())
    with duckdb.connect(str(path)) as connection:
        for table, given in rows.items():
            for row in given:
                full = {**DEFAULTS[table], **row}
                names = ", ".join(f'"{name}"' for name in full)
                marks = ", ".join("?" for _ in full)
                connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(full.values()))
    return path


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.duckdb"
        with duckdb.connect(str(path)) as connection:
            for statement in duckdb_statements():
                connection.execute(statement)
        return path.read_bytes()
