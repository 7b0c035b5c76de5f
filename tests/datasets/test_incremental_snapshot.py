"""An incremental snapshot is what reading all of the database anew would give: a property of random histories."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow.parquet as pq
import pytest
from agent_cory_rows import DEFAULTS, LOG, make_database, selects
from extractions import extraction_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.datasets.snapshot import SnapshotDataset
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.source.duckdb_source import DuckDBSource

BEGIN = parse_moment("2026-01-15")
FAR = parse_moment("2027-01-01")
FIRST_DAY = 90  # of the first snapshot's as-of, counted from BEGIN
OVERLAP_DAYS = 30
SETTLED_BEFORE = BEGIN + timedelta(days=FIRST_DAY - OVERLAP_DAYS)
# Few in the suite, for each is three extractions.
EXAMPLES = 6


@dataclass(frozen=True)
class Table:
    """A table of the database: its id, when a row was logged, and a column that people change with values it takes."""

    name: str
    id: str
    logged_at: str
    changed: str
    values: tuple[str | float | None, ...]


CONTACTS = Table("education.contacts", "contact_id", "created_at", "ghl_contact_id", ("g0", "g1", "g2", None))
SCORES = Table("education.contacts", "contact_id", "created_at", "crm_score", (1.5, 2.5, None))
ACTIVITIES = Table("education.campaign_activities", "activity_id", "created_at", "outcome", ("sent", "delivered", None))
MESSAGES = Table(LOG, "message_id", "created_at", "ghl_contact_id", ("g0", "g1", "g2", None))
TAGS = Table(LOG, "message_id", "created_at", "conversation_tags", ("opt_out", "pricing", None))
BOOKINGS = Table("education.booking_appointments", "appointment_id", "created_at", "status", ("scheduled", "void"))
STEPS = Table("education.campaign_steps", "step_id", "created_at", "is_active", (True, False))
TABLES = (CONTACTS, SCORES, ACTIVITIES, MESSAGES, TAGS, BOOKINGS, STEPS)

hours = st.integers(0, 110 * 24)  # rows of before and after the first as-of
which = st.integers(0, 1_000)


def changes_of(*kinds, tables=TABLES):
    """A change: its kind, its table, when a new row was logged, and which row and value of those that there are."""
    return st.tuples(st.sampled_from(kinds), st.sampled_from(tables), hours, which, which)


histories = st.lists(changes_of("insert"), min_size=25, max_size=50)
later_days = st.sampled_from([0, 1, 2, 3, 10, 33, 60])


def apply(database, changes, updated_from=BEGIN):
    """Carry out the changes, each of which changes something where there is a row that it can change.

    Rows are updated that were logged from `updated_from` on, up to the first snapshot.
    """
    with duckdb.connect(str(database)) as connection:
        for kind, table, hour, row, value in changes:
            if kind == "insert":
                moment = BEGIN + timedelta(hours=hour)
                new = 1 + connection.execute(f"SELECT max({table.id}::int) FROM {table.name}").fetchone()[0]
                insert(
                    connection,
                    table,
                    {table.id: new, table.logged_at: moment, table.changed: pick(table.values, value)},
                )
                continue
            since, until = (updated_from, BEGIN + timedelta(days=FIRST_DAY)) if kind == "update" else (BEGIN, FAR)
            query = f"SELECT {table.id}, {table.changed} FROM {table.name} WHERE {table.logged_at} BETWEEN ? AND ?"
            found = connection.execute(f"{query} ORDER BY ALL", [since, until]).fetchall()
            if not found:
                continue
            id_, is_now = pick(found, row)
            if kind == "delete":
                connection.execute(f"DELETE FROM {table.name} WHERE {table.id} = ?", [id_])
            else:
                to = pick([other for other in table.values if other != is_now], value)
                connection.execute(f"UPDATE {table.name} SET {table.changed} = ? WHERE {table.id} = ?", [to, id_])


def pick(values, number):
    return values[number % len(values)]


def insert(connection, table, row):
    full = DEFAULTS[table.name] | row
    marks = ", ".join("?" for _ in full)
    connection.execute(f"INSERT INTO {table.name} ({', '.join(full)}) VALUES ({marks})", list(full.values()))


def database_of(folder, history):
    """A database with an old row of each kind, which every reading needs, and what a history adds."""
    database = make_database(
        folder / "cory.duckdb",
        {
            "education.contacts": [{"contact_id": 1}],
            "education.campaign_enrollments": [{"enrollment_id": 1}],
            "education.campaign_activities": [{"activity_id": 1}],
            "education.booking_appointments": [{"appointment_id": 1}],
            "education.campaign_steps": [{"step_id": 1}],
            LOG: [{"message_id": "1"}],
        },
    )
    apply(database, history)
    return database


def save(database, folder, day, **changes):
    """The extraction as of a day, saved, and its manifest."""
    as_of = BEGIN + timedelta(days=day)
    extraction = extraction_of(
        DuckDBSource(database, selects()), as_of=as_of, overlap_days=OVERLAP_DAYS, org_id=None, **changes
    )
    SnapshotDataset(filepath=str(folder), connection={"backend": "duckdb"}).save(extraction)
    SnapshotDataset.saved.clear()
    return extraction, json.loads((folder / extraction.snapshot_id / "manifest.json").read_text())


def slices_of(folder, manifest):
    """By entity and slice, the file and its rows in an order of their own."""
    paths = {
        (entity, file["slice"]): folder / manifest["snapshot_id"] / file["file"]
        for entity, facts in manifest["entities"].items()
        for file in facts["files"]
    }
    return {key: (path, sorted(map(repr, pq.read_table(path).to_pylist()))) for key, path in paths.items()}


def rows_of(slices):
    """By entity, all rows."""
    return {
        entity: sorted(row for (of, _), (_, rows) in slices.items() if of == entity for row in rows)
        for entity in SOURCE_ENTITIES
    }


def is_settled(name):
    """Whether a slice is a month that ends before the overlap of the first snapshot begins."""
    return name != "all" and parse_moment(f"{name}-01") + timedelta(days=31) <= SETTLED_BEFORE


def compare(history, changes, days, updated_from=BEGIN, **facts):
    """Take a snapshot, change the database, take an incremental one and a full one, and compare all three."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        database = database_of(folder, history)
        _, first = save(database, folder / "daily", FIRST_DAY, **facts)
        apply(database, changes, updated_from)
        incremental, second = save(database, folder / "daily", FIRST_DAY + days, **facts)
        full, anew = save(database, folder / "anew", FIRST_DAY + days, **facts)
        before, after = slices_of(folder / "daily", first), slices_of(folder / "daily", second)
        expected = slices_of(folder / "anew", anew)
        assert rows_of(after) == rows_of(expected)
        assert incremental.snapshot_id == full.snapshot_id
        assert second["content"] == anew["content"]
        for key in before.keys() & after.keys():
            unchanged = is_settled(key[1]) and before[key][1] == expected[key][1]
            assert not unchanged or after[key][0].samefile(before[key][0])


@pytest.mark.no_cover
@given(histories, st.lists(changes_of("insert", "update", "delete"), min_size=1, max_size=6), later_days)
@settings(max_examples=EXAMPLES)
def test_incremental_snapshot_equals_a_full_one_and_shares_the_months_that_did_not_change(history, changes, days):
    compare(history, changes, days)


# Counts see rows come, and see them go; of a row that goes on the day on which another comes they know nothing.
counted = {"tables": (ACTIVITIES, BOOKINGS)}
seen_by_counts = st.lists(changes_of("insert", "update", **counted), min_size=1, max_size=6) | st.lists(
    changes_of("delete", "update", **counted), min_size=1, max_size=6
)


@pytest.mark.no_cover
@given(histories, seen_by_counts, later_days.filter(bool))
@settings(max_examples=EXAMPLES)
def test_by_counts_it_equals_a_full_one_where_rows_came_or_went_or_recent_ones_changed(history, changes, days):
    compare(history, changes, days, updated_from=SETTLED_BEFORE, compare="counts")
