"""What a full run costs: seconds and peak memory, and the reading as a ratio to a bare scan of the same tables.

make bench            # the demo world's 20,000 leads
LEADS=100000 make bench
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from project_run import PROJECT, SECRET, run_project

from lead_conversion.cli.project import parameters_of
from lead_conversion.guard.deidentify import deidentify_batch
from lead_conversion.guard.labels import known_labels
from lead_conversion.guard.privacy import PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.simulation import WorldSpec, truth_path_of, write_world
from lead_conversion.source.duckdb_source import DuckDBSource

TABLES = (
    "education.contacts",
    "education.campaign_enrollments",
    "education.campaign_activities",
    "dbo.Education_Cory_Communication_Log",
    "education.booking_appointments",
    "education.contact_status_history",
)
ENTITIES = ("contacts", "campaign_steps", "engagement_logs", "outcomes")
KEY = PseudonymKey(SECRET)


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes; the better of two, for the machine may be busy."""
    times = []
    for _attempt in range(2):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return min(times)


def scan(database: Path) -> None:
    """Read every column of every table that a run reads, and throw it away."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for table in TABLES:
            sum(batch.num_rows for batch in connection.execute(f"SELECT * FROM {table}").to_arrow_reader(50_000))


def extract(database: Path) -> int:
    """Read and de-identify the four entities; their rows."""
    statements = {path.stem: path.read_text() for path in (PROJECT / "conf/base/source").glob("*.sql")}
    source = DuckDBSource(database, statements)
    as_of = source.newest_event_at()
    labels = known_labels(PrivacyParameters.model_validate(parameters_of(None)["privacy"]), {})
    return sum(
        deidentify_batch(entity, batch, KEY, labels).num_rows
        for entity in ENTITIES
        for batch in source.stream(entity, as_of)
    )


def full_run(database: Path, folder: Path) -> tuple[float, float]:
    """Seconds and GiB of one full run in an empty folder."""
    started = time.perf_counter()
    run_project(folder, "--pipeline=full", CORY_DUCKDB_PATH=database)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    return time.perf_counter() - started, peak


def main() -> None:
    leads = int(os.environ.get("LEADS", "20000"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "cory.duckdb"
        writing = time.perf_counter()
        write_world(WorldSpec(leads=leads), database, truth_path_of(database))
        writing = time.perf_counter() - writing
        whole, peak = full_run(database, folder)
        rows = extract(database)
        bare, read = seconds(lambda: scan(database)), seconds(lambda: extract(database))
    print(f"{leads:,} leads, {rows:,} rows")
    print(f"write the world            {writing:8.1f} s")
    print(f"full run                   {whole:8.1f} s   peak {peak:.2f} GiB")
    print(f"bare scan of the tables    {bare:8.2f} s")
    print(f"read and de-identify       {read:8.2f} s   {read / bare:.1f} times the scan, {rows / read:,.0f} rows/s")


if __name__ == "__main__":
    main()
