"""Writes a world batch by batch, so that its size is bounded by the disk and not by memory."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from lead_conversion.simulation import records
from lead_conversion.simulation.campaigns import Agency, Ints, draw_agency
from lead_conversion.simulation.effects import Effects
from lead_conversion.simulation.faults import drift_configuration, plant_faults
from lead_conversion.simulation.journeys import Journeys, draw_journeys
from lead_conversion.simulation.outlook import look_ahead
from lead_conversion.simulation.people import Leads, draw_people
from lead_conversion.simulation.records import Tables
from lead_conversion.simulation.schema import arrow_schemas, duckdb_statements
from lead_conversion.simulation.spec import WorldSpec, WorldSummary
from lead_conversion.simulation.truth import lead_chances, look_ahead_at_addresses, look_ahead_at_traits

Progress = Callable[[int, int], None]

_LEADS_A_CHUNK = 1_000
_LEADS_FOR_SEQUENCES = 1_000  # of each batch at most, whose chances in every campaign are worked out
_MEMORY_LIMIT = "64MB"
_UNFINISHED = ".unfinished"
_TRUTH_SCHEMAS = {
    "spec": pa.schema([("spec", pa.string()), ("reading", pa.string())]),
    "leads": pa.schema(
        [
            ("contact_id", pa.int64()),
            ("landmark_hours", pa.float64()),
            ("landmark_at", pa.timestamp("us")),
            ("p_t1", pa.float64()),
            ("p_t2", pa.float64()),
            ("p_t3", pa.float64()),
            ("reached_t1", pa.bool_()),
            ("reached_t2", pa.bool_()),
            ("reached_t3", pa.bool_()),
        ]
    ),
    "elements": pa.schema(
        [
            ("element_type", pa.string()),
            ("element_id", pa.string()),
            ("campaign_id", pa.int32()),
            ("step_id", pa.int32()),
            ("contrast", pa.string()),
            ("effect", pa.float64()),
            ("standard_error", pa.float64()),
            ("leads", pa.int64()),
            ("kind", pa.string()),
            ("naive_difference", pa.float64()),
        ]
    ),
    "faults": pa.schema(
        [
            ("fault", pa.string()),
            ("table_name", pa.string()),
            ("row_id", pa.string()),
            ("row_number", pa.int64()),
        ]
    ),
}
_READING = (
    "leads: chance of a target within its window from first engagement, given what can be observed "
    "strictly before the landmark; exact (no simulation error); NULL where the lead is not open. "
    "elements: change in the chance of a call booked within 30 days of being at risk at the step, "
    "mean over the leads of the contrast that had 30 days to go; standard_error is over leads; kind "
    "decoy: no effect of half a point, but chosen for leads who book less. naive_difference: raw "
    "booking rates in the database. faults: row_number counts a table's rows from zero, as rowid."
)


def _append(connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame, schema: pa.Schema) -> None:
    rows = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    connection.register("rows", rows)
    connection.execute(f"INSERT INTO {table} SELECT * FROM rows")  # noqa: S608  own table names
    connection.unregister("rows")


def _make_truth_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for table, schema in _TRUTH_SCHEMAS.items():
        connection.register("rows", schema.empty_table())
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM rows")  # noqa: S608
        connection.unregister("rows")


def _chunks(leads: Leads, journeys: Journeys, ids: Ints) -> Iterator[tuple[Leads, Journeys, Ints]]:
    for start in range(0, len(leads), _LEADS_A_CHUNK):
        rows = slice(start, start + _LEADS_A_CHUNK)
        yield leads.take(rows), journeys.take(rows), ids[rows]


def _work_out_truth(
    agency: Agency, leads: Leads, journeys: Journeys, contact_ids: Ints, effects: Effects
) -> pd.DataFrame:
    """The true chances of a batch; its part of the effects goes into the sums."""
    effects.count_raw(leads, journeys)
    # Leads stand in the order in which they came: its first ones know only the campaigns of that time.
    every = -(-len(leads) // _LEADS_FOR_SEQUENCES)
    effects.add_sequences(leads.take(slice(None, None, every)))
    chances = []
    for some, fates, ids in _chunks(leads, journeys, contact_ids):
        views = look_ahead_at_traits(agency, some, fates)
        chances.append(lead_chances(agency, some, fates, ids, views))
        if agency.spec.hidden_confounding:
            zero = fates.first_engaged_at
            effects.add(some, fates, look_ahead(agency, some, zero, some.hidden, outcomes=1))
        else:
            effects.add(some, fates, views[0].outlook)
    return pd.concat(chances, ignore_index=True)


def _streams(spec: WorldSpec, batch: int) -> list[np.random.Generator]:
    """What decides people, fates, texts and mishaps of a batch."""
    return np.random.default_rng(np.random.SeedSequence(spec.seed, spawn_key=(batch,))).spawn(4)


def chances_as_seen(spec: WorldSpec, settling_hours: float) -> pd.DataFrame:
    """The true chances for one who knows no addresses, and only after a time what became of a message.

    Returns:
        Rows as in the truth's table `leads`, in its order; contact ids are places in the batch.
    """
    agency, found = draw_agency(spec), []
    for batch in range(spec.batches):
        people, fates, _texts, _mishaps = _streams(spec, batch)
        _profile, leads = draw_people(agency, batch, people)
        journeys = draw_journeys(agency, leads, fates)
        for some, of_them, ids in _chunks(leads, journeys, np.arange(len(leads))):
            views = look_ahead_at_addresses(agency, some, of_them)
            found.append(lead_chances(agency, some, of_them, ids, views, settling_hours))
    return pd.concat(found, ignore_index=True)


class _Writing:
    """The two files of a world while they are being written, and how far the writing has come."""

    def __init__(self, spec: WorldSpec, path: Path, truth_path: Path) -> None:
        self.agency = draw_agency(spec)
        settings: dict[str, str | bool | int | float | list[str]] = {"memory_limit": _MEMORY_LIMIT, "threads": 1}
        self.database = duckdb.connect(path, config=settings)
        self.truth = duckdb.connect(truth_path, config=settings)
        self.rows: Counter[str] = Counter()
        self.first = records.FirstIds()
        self.effects = Effects(self.agency)

    def close(self) -> None:
        self.database.close()
        self.truth.close()

    def _append_tables(self, tables: Tables, ledger: pd.DataFrame) -> None:
        ledger["row_number"] += [self.rows[table] for table in ledger["table_name"]]
        _append(self.truth, "faults", ledger, _TRUTH_SCHEMAS["faults"])
        for table, frame in tables.items():
            _append(self.database, table, frame, arrow_schemas()[table])
            self.rows[table] += len(frame)

    def write_campaigns(self) -> None:
        for statement in duckdb_statements():
            self.database.execute(statement)
        _make_truth_tables(self.truth)
        tables, ledger = drift_configuration(self.agency, records.campaign_tables(self.agency))
        self._append_tables(tables, ledger)

    def write_batch(self, batch: int) -> None:
        agency, spec, first = self.agency, self.agency.spec, self.first
        people, fates, texts, mishaps = _streams(spec, batch)
        profile, leads = draw_people(agency, batch, people)
        journeys = draw_journeys(agency, leads, fates)
        contact_ids = first.contact + np.arange(len(leads))
        chances = _work_out_truth(agency, leads, journeys, contact_ids, self.effects)
        _append(self.truth, "leads", chances, _TRUTH_SCHEMAS["leads"])

        tables = records.record_batch(agency, profile, leads, journeys, first, texts)
        tables, ledger = plant_faults(agency, tables, leads, journeys.first_engaged_at, first, mishaps)
        self._append_tables(tables, ledger)
        ends = {
            "contact": tables[records.CONTACTS]["contact_id"],
            "activity": tables[records.ACTIVITIES]["activity_id"],
            "appointment": tables[records.BOOKINGS]["appointment_id"],
            "status": tables[records.STATUSES]["status_id"],
        }
        following = {name: int(ids.max()) + 1 for name, ids in ends.items() if len(ids)}
        self.first = replace(first, enrollment=first.enrollment + len(leads), **following)

    def write_elements(self) -> None:
        _append(self.truth, "elements", self.effects.table(), _TRUTH_SCHEMAS["elements"])
        spec = pd.DataFrame({"spec": [self.agency.spec.model_dump_json()], "reading": [_READING]})
        _append(self.truth, "spec", spec, _TRUTH_SCHEMAS["spec"])


def _clear_unfinished(file: Path) -> None:
    for left_over in sorted(file.parent.glob(f"{file.name}{_UNFINISHED}*")):
        if left_over.is_dir():  # where the database puts what does not fit into its memory
            shutil.rmtree(left_over)
        else:
            left_over.unlink()


def write_world(spec: WorldSpec, path: Path, truth_path: Path, progress: Progress | None = None) -> WorldSummary:
    """The rows of each table of the demo database that now lies at `path`, and its truth beside it.

    Both files appear under their names only when they are complete, the database last. Files that
    a killed run left unfinished are removed first. Memory does not grow with the number of leads.

    Args:
        spec: the world; the same spec writes the same rows in the same order.
        path: the DuckDB database with the schemas and tables of the source.
        truth_path: a second DuckDB file with the planted truth: spec, leads, elements, faults.
        progress: called with the batches done and all batches.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    truth_path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}{_UNFINISHED}")
    unfinished_truth = truth_path.with_name(f"{truth_path.name}{_UNFINISHED}")
    for file in (path, truth_path):
        _clear_unfinished(file)
    with closing(_Writing(spec, unfinished, unfinished_truth)) as writing:
        writing.write_campaigns()
        for batch in range(spec.batches):
            writing.write_batch(batch)
            pa.default_memory_pool().release_unused()
            if progress:
                progress(batch + 1, spec.batches)
        writing.write_elements()
    unfinished_truth.replace(truth_path)
    unfinished.replace(path)
    return WorldSummary(spec=spec, path=path, truth_path=truth_path, rows=writing.rows)
