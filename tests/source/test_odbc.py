"""The fetch loop over real ODBC drivers, where unixODBC and one of them are installed."""

import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread, main_thread
from time import monotonic, sleep

import local_postgres
import pytest
from agent_cory_rows import selects
from scripted_odbc import GIVEN

from lead_conversion.kernel.errors import BrokenOffError, ConfigurationError
from lead_conversion.source import odbc
from lead_conversion.source.odbc import OdbcFault, Patience, decode_any_text, read_batches
from lead_conversion.source.sqlserver_settings import packaged_driver
from lead_conversion.source.sqlserver_source import SQLServerSettings, SQLServerSource

try:
    import pyodbc
except ImportError as error:
    pytest.skip(f"pyodbc cannot be loaded ({error}): install unixODBC", allow_module_level=True)

REGISTERED = pyodbc.drivers()
PATIENCE = Patience(5, 60)
ROWS = 200_000
needs_sqlite = pytest.mark.skipif("SQLite3" not in REGISTERED, reason="No SQLite ODBC driver: install libsqliteodbc")


@pytest.fixture(scope="module")
def postgres():
    """A real server: SQLite's driver cannot be cancelled from another thread without harm."""
    if local_postgres.ODBC_DRIVER not in REGISTERED or local_postgres.programs() is None:
        pytest.skip("No PostgreSQL over ODBC: install postgresql and odbc-postgresql")
    with TemporaryDirectory() as folder, local_postgres.started(Path(folder)) as words:
        yield words


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("odbc") / "events.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (id INTEGER, channel TEXT, body TEXT, wait_hours REAL)")
        rows = ((number, "sms", f"text {number}" if number % 3 else None, number / 4) for number in range(ROWS))
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
        connection.commit()
    return f"DRIVER={{SQLite3}};Database={path}"


class Opened:
    """Opens connections, and says whether the last one was closed."""

    def __init__(self, words, converters=()):
        self.words, self.converters, self.connection = words, converters, None

    def __call__(self):
        self.connection = pyodbc.connect(self.words, autocommit=True)
        for sqltype, convert in self.converters:
            self.connection.add_output_converter(sqltype, convert)
        return self.connection

    @property
    def is_closed(self):
        try:
            self.connection.cursor()
        except pyodbc.ProgrammingError:
            return True
        return False


def batches_of(opened, sql, batch_rows=20_000):
    return read_batches(pyodbc.Error, opened, sql, batch_rows, PATIENCE)


@needs_sqlite
def test_a_large_table_comes_whole_in_bounded_batches(database):
    opened = Opened(database)
    batches = list(batches_of(opened, "SELECT id, channel, body, wait_hours FROM events", batch_rows=30_000))
    assert [batch.num_rows for batch in batches] == [30_000] * 6 + [20_000]
    assert [value for batch in batches for value in batch.column("id").to_pylist()] == list(range(ROWS))
    assert batches[0].column("body").to_pylist()[:2] == [None, "text 1"]
    assert opened.is_closed


class Fetches:
    """A connection and its cursor in one, that keeps how many rows were asked for at a time."""

    def __init__(self, words):
        self.connection, self.counts = pyodbc.connect(words, autocommit=True), []

    def cursor(self):
        self._cursor = self.connection.cursor()
        return self

    def __getattr__(self, name):
        return getattr(self.connection if name == "close" else self._cursor, name)

    def fetchmany(self, count):
        self.counts.append(count)
        return self._cursor.fetchmany(count)


@needs_sqlite
@pytest.mark.parametrize(("chars", "most_rows"), [(10, 5_000), (2_000, 500), (2_000_000, 1)])
def test_rows_are_fetched_by_their_size_and_a_batch_ends_when_it_is_full(database, monkeypatch, chars, most_rows):
    monkeypatch.setattr(odbc, "FIRST_ROWS", 2)
    monkeypatch.setattr(odbc, "BYTES_AT_ONCE", 1_000_000)
    monkeypatch.setattr(odbc, "BATCH_BYTES", 3_000_000)
    fetches = Fetches(database)
    sql = f"SELECT id, printf('%.{chars}c', 'x') AS body FROM events WHERE id < {20 * most_rows}"
    batches = list(batches_of(lambda: fetches, sql, batch_rows=1_000_000))
    assert fetches.counts[0] == 2
    assert 0.9 * most_rows <= max(fetches.counts[1:]) <= most_rows
    assert sum(batch.num_rows for batch in batches) == 20 * most_rows
    assert max(batch.nbytes for batch in batches) < 3_000_000 + max(1_000_000, chars)


def press_ctrl_c(seconds):
    """Ctrl-C, in a while."""

    def press():
        sleep(seconds)
        signal.pthread_kill(main_thread().ident, signal.SIGINT)

    Thread(target=press, daemon=True).start()


def test_ctrl_c_cancels_a_statement_at_the_server(postgres):
    opened = Opened(postgres)
    press_ctrl_c(0.5)
    started = monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(batches_of(opened, "SELECT pg_sleep(3600)"))
    assert monotonic() - started < 5
    assert opened.is_closed
    assert running(postgres) == []


def test_a_statement_without_an_answer_in_time_is_cancelled(postgres, monkeypatch):
    monkeypatch.setattr(odbc, "GRACE_SECONDS", 0.0)
    opened = Opened(postgres)
    with pytest.raises(OdbcFault, match="HYT00"):
        list(read_batches(pyodbc.Error, opened, "SELECT pg_sleep(3600)", 10, Patience(5, 0.3)))
    assert opened.is_closed
    assert running(postgres) == []


def test_a_reader_that_leaves_early_cancels_the_batch_that_is_on_its_way(postgres):
    opened = Opened(postgres)
    slow = "SELECT g, CASE WHEN g > 20000 THEN pg_sleep(3600) END FROM generate_series(1, 1000000) AS g"
    with closing(batches_of(opened, slow, batch_rows=10_000)) as batches:
        assert next(batches).num_rows == 10_000
        next(batches)
    assert opened.is_closed
    assert running(postgres) == []


def test_a_server_that_ends_the_connection_is_a_fault_and_what_came_is_kept(postgres):
    opened = Opened(postgres)
    batches = batches_of(opened, "SELECT g FROM generate_series(1, 1000000) AS g", batch_rows=10_000)
    next(batches)
    with closing(pyodbc.connect(postgres, autocommit=True)) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()").fetchall()
    with pytest.raises(OdbcFault):
        list(batches)
    assert opened.is_closed


def running(words):
    """What other connections do at the server, once it has heard of their end."""
    asked = "SELECT query FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
    with closing(pyodbc.connect(words, autocommit=True)) as connection:
        for _attempt in range(20):
            rows = connection.execute(asked).fetchall()
            if not rows:
                return []
            sleep(0.1)
    return rows


@needs_sqlite
def test_a_text_that_ends_within_a_character_is_a_fault_without_a_converter_and_none_with(database):
    half = "SELECT CAST(X'61EDA0BD' AS TEXT) AS body"
    with pytest.raises(OdbcFault, match=odbc.ILL_FORMED_TEXT) as fault:
        list(batches_of(Opened(database), half))
    assert fault.value.__context__ is None
    # This driver gives UTF-8 where SQL Server's give UTF-16, and has other types for it.
    sqltypes = (*odbc.WIDE_TEXTS, pyodbc.SQL_VARCHAR, pyodbc.SQL_LONGVARCHAR)
    converters = [(sqltype, lambda value: value.decode("utf-8", "replace")) for sqltype in sqltypes]
    (batch,) = batches_of(Opened(database, converters), half)
    assert batch.column("body").to_pylist() == ["a\ufffd\ufffd\ufffd"]


def test_a_broken_pair_is_replaced_and_the_rest_is_kept():
    assert decode_any_text("né 😀!".encode("utf-16-le")) == "né 😀!"
    assert decode_any_text("a😀".encode("utf-16-le")[:-2]) == "a\ufffd"


@needs_sqlite
def test_a_fault_in_a_statement_has_its_sqlstate_and_closes_the_connection(database):
    opened = Opened(database)
    with pytest.raises(OdbcFault) as fault:
        list(batches_of(opened, "SELECT id FROM nowhere"))
    assert fault.value.stage == "asking"
    assert opened.is_closed


# The drivers for SQL Server, without a server


def microsofts():
    return packaged_driver() or pytest.skip("No driver of Microsoft's: uv sync --extra sqlserver")


def freetds():
    return "FreeTDS" if "FreeTDS" in REGISTERED else pytest.skip("No FreeTDS: install tdsodbc")


@pytest.fixture
def deaf_port():
    """A port that accepts a connection and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def ask(driver, port):
    given = {"host": "127.0.0.1", "port": port, "odbc_driver": driver, "connect_timeout_seconds": 1}
    SQLServerSource(SQLServerSettings.of(GIVEN | given), selects()).newest_event_at()


@pytest.mark.parametrize("driver", [microsofts, freetds])
def test_a_port_where_nobody_listens_is_a_server_that_cannot_be_reached(driver, closed_port):
    with pytest.raises(BrokenOffError, match="cannot be reached"):
        ask(driver(), closed_port)


@pytest.mark.parametrize("driver", [microsofts, freetds])
def test_a_server_that_never_says_a_word_is_given_up(driver, deaf_port):
    started = monotonic()
    with pytest.raises(BrokenOffError, match="cannot be reached"):
        ask(driver(), deaf_port)
    assert monotonic() - started < 8


@pytest.mark.parametrize("driver", [microsofts, freetds])
def test_ctrl_c_ends_a_connection_that_does_not_come(driver, deaf_port):
    name = driver()

    press_ctrl_c(0.3)
    started = monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(name, deaf_port)
    assert monotonic() - started < 0.9


def test_a_driver_that_is_not_there_is_told_with_how_to_install_one(closed_port):
    with pytest.raises(ConfigurationError, match="mssql-python-odbc"):
        ask("/nowhere/libodbc.so", closed_port)
