"""What reading events over ODBC costs: rows a second and peak memory, beside pandas.read_sql and ibis' batches.

uv run python benchmarks/odbc_extraction.py                      # 1 and 5 million events
EVENTS=200000 uv run python benchmarks/odbc_extraction.py
uv run --with "psycopg[binary]" python benchmarks/odbc_extraction.py   # ibis reads PostgreSQL too, by psycopg
SOURCE=sqlite uv run python benchmarks/odbc_extraction.py              # ibis reads SQLite by sqlite3

The source is a PostgreSQL made for the purpose (Debian: postgresql, odbc-postgresql), else a SQLite file
(libsqliteodbc). Where ibis has no way to the PostgreSQL, it reads the same rows from a DuckDB file within its process:
no server, no wire, so the least that its batches can cost.
Each reader writes the same Parquet file of the contract's schema, in a process of its own.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lead_conversion.contracts.source_entities import ENGAGEMENT_LOGS
from lead_conversion.guard.deidentify import deidentify_batch, raw_schema
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.source.odbc import Patience, read_batches
from lead_conversion.source.reading import DEFAULT_BATCH_ROWS, as_contracted

try:
    import pyodbc
except ImportError as missing:  # pyodbc itself comes with the project, the library that it binds does not
    sys.exit(
        f"pyodbc cannot be loaded ({missing}). It needs unixODBC, and a driver: apt-get install unixodbc libsqliteodbc"
    )

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
local_postgres = import_module("local_postgres")

KEY = PseudonymKey("the benchmark's own key, of no use elsewhere")
LABELS = {
    "channel": frozenset({"sms", "email", "voice"}),
    "direction": frozenset({"inbound", "outbound"}),
    "outcome": frozenset({"delivered", "opened", "clicked"}),
    "sequence_variant": frozenset({"a", "b"}),
}
DRIVERS = {"postgres": local_postgres.ODBC_DRIVER, "sqlite": "SQLite3"}
PATIENCE = Patience(30, 3_600)
# One event in ten is an inbound message, as in the demo world, and each has a text of its own: its features are nearly
# all that de-identifying costs. Replies that repeat, as short ones do, are described once a batch.
COLUMNS = """
    'a:' || CAST(g AS varchar(20)) AS event_id, CAST(g % 400000 AS varchar(20)) AS contact_id, 1 AS org_id,
    g % 12 AS campaign_id, g % 60 AS step_id, g % 180 AS prompt_id, CASE g % 3 WHEN 0 THEN 'B' END AS sequence_variant,
    {moment} AS enrolled_at, CASE g % 3 WHEN 0 THEN 'sms' WHEN 1 THEN 'email' ELSE 'voice' END AS channel,
    CASE g % 10 WHEN 0 THEN 'inbound' ELSE 'outbound' END AS direction,
    CASE g % 4 WHEN 0 THEN 'opened' WHEN 1 THEN 'clicked' ELSE 'delivered' END AS outcome,
    CAST(g % 96 AS decimal(9, 2)) AS planned_wait_hours, {moment} AS scheduled_at,
    CAST(NULL AS {timestamp}) AS started_at,
    {moment} AS occurred_at, {moment} AS logged_at, CAST(NULL AS integer) AS duration_seconds,
    CASE g % 10 WHEN 0 THEN 'Hi, thanks for the note of ' || CAST(g AS varchar(20)) || '. Could you call me on Tuesday'
        || ' about the price? My calendar is full until then, and I would like to hear more first.' END AS body,
    CASE g % 10 WHEN 0 THEN 'positive_intent' END AS tags
"""
ROWS_OF_SERIES = COLUMNS.format(
    moment="CAST('2026-01-01' AS timestamp) + g * interval '7 seconds'", timestamp="timestamp"
)
SELECT = f"SELECT {', '.join(ENGAGEMENT_LOGS.column_names)} FROM events"


def ours(words: str, path: Path) -> int:
    """Fetch, convert, hold to the contract, write."""
    return write(path, ENGAGEMENT_LOGS.schema, contracted(words))


def ours_deidentified(words: str, path: Path) -> int:
    """The same, through the source door."""
    batches = (deidentify_batch("engagement_logs", batch, KEY, LABELS) for batch in contracted(words))
    return write(path, raw_schema("engagement_logs"), batches)


def pandas(words: str, path: Path) -> int:
    """pandas.read_sql in chunks of as many rows."""
    import pandas as pd  # noqa: PLC0415  each reader's process holds its own library only

    warnings.filterwarnings("ignore", message="pandas only supports SQLAlchemy")
    with closing(pyodbc.connect(words, autocommit=True)) as connection:
        chunks = pd.read_sql(SELECT, connection, chunksize=DEFAULT_BATCH_ROWS)
        batches = (pa.RecordBatch.from_pandas(chunk, preserve_index=False) for chunk in chunks)
        return write(path, ENGAGEMENT_LOGS.schema, (as_contracted(batch, ENGAGEMENT_LOGS) for batch in batches))


def ibis(words: str, path: Path) -> int:
    """ibis' to_pyarrow_batches, over what ibis itself reads the database with."""
    import ibis  # noqa: PLC0415  as above

    given = dict(word.split("=", 1) for word in words.split(";"))
    if "InProcess" in given:
        backend = ibis.duckdb.connect(given["InProcess"], read_only=True)
    elif "Database" in given:
        backend = ibis.sqlite.connect(given["Database"])
    else:
        backend = ibis.postgres.connect(
            host=given["SERVER"], port=int(given["PORT"]), user=given["UID"], database=given["DATABASE"]
        )
    batches = backend.table("events").to_pyarrow_batches(chunk_size=DEFAULT_BATCH_ROWS)
    return write(path, ENGAGEMENT_LOGS.schema, (as_contracted(batch, ENGAGEMENT_LOGS) for batch in batches))


READERS: dict[str, Callable[[str, Path], int]] = {
    reader.__name__: reader for reader in (ours, ours_deidentified, pandas, ibis)
}


def contracted(words: str) -> Iterator[pa.RecordBatch]:
    batches = read_batches(
        pyodbc.Error, lambda: pyodbc.connect(words, autocommit=True), SELECT, DEFAULT_BATCH_ROWS, PATIENCE
    )
    return (as_contracted(batch, ENGAGEMENT_LOGS) for batch in batches)


def write(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
    rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, Callable[[int], None]]]:
    """A PostgreSQL of the benchmark's own."""

    def fill(events: int) -> None:
        with closing(pyodbc.connect(words, autocommit=True)) as connection:
            connection.execute("DROP TABLE IF EXISTS events")
            connection.execute(f"CREATE TABLE events AS SELECT {ROWS_OF_SERIES} FROM generate_series(1, {events}) AS g")

    with local_postgres.started(folder) as words:
        yield words, fill


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[str, Callable[[int], None]]]:
    """A SQLite file."""
    # Without StepAPI this driver holds the whole answer in memory, whoever reads it.
    words = f"DRIVER={{SQLite3}};Database={folder / 'events.sqlite'};StepAPI=1"

    def fill(events: int) -> None:
        columns = COLUMNS.format(moment="datetime('2026-01-01', (g * 7) || ' seconds')", timestamp="timestamp")
        types = {pa.string(): "TEXT", pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.timestamp("us"): "TIMESTAMP"}
        declared = ", ".join(f"{column.name} {types[column.type]}" for column in ENGAGEMENT_LOGS.columns)
        series = f"WITH RECURSIVE series(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM series WHERE g < {events}) "
        with closing(pyodbc.connect(words, autocommit=True)) as connection:
            connection.execute("DROP TABLE IF EXISTS events")
            connection.execute(f"CREATE TABLE events ({declared})")
            connection.execute(f"INSERT INTO events {series} SELECT {columns} FROM series")

    yield words, fill


def in_process(folder: Path, events: int) -> str:
    """The same rows in a DuckDB file, as words for ibis."""
    path = folder / "events.duckdb"
    with duckdb.connect(str(path)) as connection:
        series = f"generate_series(1, {events}) AS series(g)"
        connection.execute(f"CREATE OR REPLACE TABLE events AS SELECT {ROWS_OF_SERIES} FROM {series}")
    return f"InProcess={path}"


def measure(reader: str, words: str, folder: Path) -> dict[str, float]:
    """What a reader costs, told by a process of its own."""
    command = [sys.executable, __file__, reader, words, str(folder / f"{reader}.parquet")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(f"{reader} has not read the events:\n{answer.stderr[-2_000:]}")
    told: dict[str, float] = json.loads(answer.stdout)
    return told


def tell(reader: str, words: str, path: str) -> None:
    """Read, and print what it cost; memory is what came on top of the imports."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    rows = READERS[reader](words, Path(path))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak / 1024, "own": (peak - before) / 1024}))


def main() -> None:
    kind = os.environ.get("SOURCE") or ("postgres" if DRIVERS["postgres"] in pyodbc.drivers() else "sqlite")
    if DRIVERS[kind] not in pyodbc.drivers():
        sys.exit("No ODBC source: install postgresql and odbc-postgresql, or libsqliteodbc")
    ibis_reaches_it = kind == "sqlite" or find_spec("psycopg") is not None
    sizes = [int(os.environ["EVENTS"])] if "EVENTS" in os.environ else [1_000_000, 5_000_000]
    server, files = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    try:
        with (postgres if kind == "postgres" else sqlite)(server) as (words, fill):
            print(f"Source: {DRIVERS[kind]} over ODBC, batches of {DEFAULT_BATCH_ROWS:,} rows")
            for events in sizes:
                fill(events)
                print(f"\n{events:,} events          rows/s   seconds   peak MiB   (own)   times as fast as pandas")
                of_ibis = words if ibis_reaches_it else in_process(files, events)
                told = {reader: measure(reader, of_ibis if reader == "ibis" else words, files) for reader in READERS}
                for reader, cost in told.items():
                    assert cost["rows"] == events, f"{reader} read {cost['rows']} rows of {events}"
                    ratio = told["pandas"]["seconds"] / cost["seconds"]
                    print(
                        f"{reader:<20} {events / cost['seconds']:>10,.0f} {cost['seconds']:>9.1f} "
                        f"{cost['peak']:>10,.0f} {cost['own']:>7,.0f}   {ratio:.2f}"
                    )
        if not ibis_reaches_it:
            print("\nibis has read the same rows from a DuckDB file in its process. It reads PostgreSQL by psycopg:")
            print('uv run --with "psycopg[binary]" python benchmarks/odbc_extraction.py')
    finally:
        shutil.rmtree(server)
        shutil.rmtree(files)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        tell(*sys.argv[1:])
    else:
        main()
