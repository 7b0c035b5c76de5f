"""Servers that speak T-SQL, each with a database of the test's own: a live one, and the stand-in."""

import os
import secrets
import shutil
import socket
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
import tsql_stand_in
from agent_cory_rows import selects

from lead_conversion.simulation.schema import arrow_schemas, read_schema
from lead_conversion.source.sqlserver_settings import DEFAULT_DRIVER, DRIVER_HINT, packaged_driver
from lead_conversion.source.sqlserver_source import ENVIRONMENT_PREFIX, SQLServerSettings, SQLServerSource

SUPPORT = Path(__file__).parent
# As they were when the tests were collected: each test has an environment of its own.
GIVEN = {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT_PREFIX)}
MOST_PARAMETERS = 2_000  # SQL Server takes 2,100 a statement
MOST_ROWS = 1_000  # of one VALUES
PASSWORD_RULES = "aA1!"
OTHER_DRIVERS = ("ODBC Driver 17 for SQL Server", "FreeTDS")
SECONDS_TO_OPEN = 60.0


class StandIn:
    """The world's own file behind a pyodbc that reads T-SQL."""

    lacks_rights = "The stand-in keeps no rights: set CORY_SQL_HOST and its kin to ask a real server"
    lacks_time = "The stand-in keeps no time: set CORY_SQL_HOST and its kin to ask a real server"

    def __init__(self, world: Path, folder: Path) -> None:
        self._file = folder / "stand_in.duckdb"
        shutil.copy(world, self._file)
        self.driver: Any = tsql_stand_in
        # `source check` looks whether somebody answers there.
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        self.reader = {"host": host, "port": port, "database": str(self._file), "auth_mode": "integrated"}
        self.owner = self.second_login = self.reader

    def environment(self) -> dict[str, str]:
        """The variables under which a process reads this server."""
        path = os.pathsep.join([str(SUPPORT / "stand_in"), str(SUPPORT)])
        return {"PYTHONPATH": path, **_variables(self.reader)}

    def execute(self, sql: str) -> None:
        """Change the database, as its owner may."""
        with duckdb.connect(str(self._file)) as connection:
            connection.execute(tsql_stand_in.as_duckdb(sql))

    def close(self) -> None:
        """The file goes with its folder."""
        self._listener.close()


class LiveServer:
    """A database of the test's own on the server that CORY_SQL_* names, and a second login that may only read it.

    The login of CORY_SQL_USER must be allowed to create a database. Where it may not create a login too, or the server
    has no such thing, it reads itself, and `lacks_rights` says so. Nothing else on the server is touched; both are
    removed at the end.
    """

    lacks_time = ""

    def __init__(self, world: Path) -> None:
        self.driver = _pyodbc()
        # Before the first connection: one that is kept open would hold the database that is dropped in the end.
        self.driver.pooling = False
        given = _given(self.driver.drivers())
        mark = secrets.token_hex(4)
        self._database = f"lead_conversion_test_{mark}"
        self._login = f"lead_conversion_reader_{mark}"
        self._leftovers: list[tuple[str, ...]] = []
        self.lacks_rights = ""
        self._server = {**given, "database": given["database"] or "master"}
        self.owner = {**given, "database": self._database}
        self._require_connection()
        try:
            self._ask(self._server, [f"CREATE DATABASE {self._database}"])
        except self.driver.Error as error:
            pytest.skip(f"The login of CORY_SQL_USER may not create a database ({_told(error)})")
        # Sessions that still look at the database would keep it from being dropped; not every server can end them.
        end_sessions = f"ALTER DATABASE {self._database} SET SINGLE_USER WITH ROLLBACK IMMEDIATE"
        self._leftovers.append((end_sessions, f"DROP DATABASE {self._database}"))
        try:
            self._wait_until_open()
            self._try(self._server, f"ALTER DATABASE {self._database} SET ALLOW_SNAPSHOT_ISOLATION ON")
            self._fill(world)
            self.second_login = self._make_second_login()
            self.reader = self._reader()
        except BaseException:
            self.close()
            raise

    def environment(self) -> dict[str, str]:
        """The variables under which a process reads this server."""
        return _variables(self.reader)

    def execute(self, sql: str) -> None:
        """Change the database, as its owner may."""
        self._ask(self.owner, [sql])

    @contextmanager
    def connected(self, login: Mapping[str, Any]) -> Iterator[Any]:
        """A connection that is not held to reading by anything but the login's rights."""
        settings = SQLServerSettings.of(login)
        words = settings.connection_string(self.driver.drivers()).replace("ApplicationIntent={ReadOnly};", "")
        connection = self.driver.connect(words, autocommit=True, timeout=settings.connect_timeout_seconds)
        with closing(connection):
            yield connection

    def close(self) -> None:
        """Remove the database and the login."""
        for *before, statement in self._leftovers:
            for sql in before:
                self._try(self._server, sql)
            try:
                self._ask(self._server, [statement])
            except self.driver.Error as error:
                warnings.warn(f"Not removed, run it yourself: {statement} ({_told(error)})", stacklevel=2)
        self._leftovers.clear()

    def _require_connection(self) -> None:
        try:
            with self.connected(self._server):
                pass
        except self.driver.Error as error:
            pytest.fail(
                f"No session at {self._server['host']}, database {self._server['database']}, with the CORY_SQL_* "
                f"variables as they are ({_told(error)}). `lead-conversion source check --env prod` says why. "
                "A server of one's own with a self-signed certificate needs CORY_SQL_TRUST_SERVER_CERT=yes, one "
                "without TLS CORY_SQL_ENCRYPT=no.",
                pytrace=False,
            )

    def _wait_until_open(self) -> None:
        """A service in the cloud makes a database a while before it lets anybody in."""
        over = time.monotonic() + SECONDS_TO_OPEN
        while True:
            try:
                with self.connected(self.owner):
                    return
            except self.driver.Error:
                if time.monotonic() > over:
                    raise
            time.sleep(1)

    def _make_second_login(self) -> dict[str, Any]:
        """A login with SELECT on each table and no more; the owner again where there can be none."""
        password = secrets.token_urlsafe(24) + PASSWORD_RULES
        login = {**self.owner, "auth_mode": "sqlauth", "user": self._login, "password": password}
        try:
            self._ask(self._server, [f"CREATE LOGIN {self._login} WITH PASSWORD = '{password}'"])
            self._leftovers.append((f"DROP LOGIN {self._login}",))
            self._ask(self.owner, [f"CREATE USER {self._login} FOR LOGIN {self._login}"])
            self._ask(self.owner, [f"GRANT SELECT ON {table} TO {self._login}" for table in arrow_schemas()])
            with self.connected(login) as connection:
                connection.execute("SELECT COUNT(*) FROM education.contacts").fetchone()
        except self.driver.Error as error:
            self.lacks_rights = f"No second login with rights of its own can be made here ({_told(error)})"
            warnings.warn(f"{self.lacks_rights}; its owner reads the database", stacklevel=2)
            return self.owner
        return login

    def _reader(self) -> dict[str, Any]:
        """Who reads in the tests that are not about rights."""
        source = SQLServerSource(SQLServerSettings.of(self.second_login), selects(), driver=self.driver)
        if source.rights.status != "may write":
            return self.second_login
        # Said of the second login it is wrong, and a test of its own says so.
        return {**self.second_login, "allow_write_rights": "yes"}

    def _fill(self, world: Path) -> None:
        self._ask(self.owner, (part for part in read_schema().split("\nGO\n") if part.strip()))
        with duckdb.connect(str(world), read_only=True) as connection, self.connected(self.owner) as target:
            for table in arrow_schemas():
                answer = connection.execute(f"SELECT * FROM {table}")
                names = [f"[{column[0]}]" for column in answer.description or ()]
                while rows := answer.fetchmany(min(MOST_ROWS, MOST_PARAMETERS // len(names))):
                    self._insert(target, f"INSERT INTO {table} ({', '.join(names)}) VALUES", rows)

    def _insert(self, target: Any, words: str, rows: list[tuple[Any, ...]]) -> None:
        marks = f"({', '.join('?' for _ in rows[0])})"
        given = [tuple(map(_bindable, row)) for row in rows]
        cursor = target.cursor()
        try:
            cursor.execute(f"{words} {', '.join([marks] * len(given))}", [value for row in given for value in row])
        except self.driver.Error:  # not every driver can bind so many, nor every server take so many rows
            cursor.executemany(f"{words} {marks}", given)

    def _try(self, login: Mapping[str, Any], statement: str) -> None:
        """Carry it out where the server can; it is not needed."""
        try:
            self._ask(login, [statement])
        except self.driver.Error as error:
            warnings.warn(f"The server does not {statement} ({_told(error)})", stacklevel=2)

    def _ask(self, login: Mapping[str, Any], statements: Iterable[str]) -> None:
        with self.connected(login) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
                while cursor.nextset():  # what fails later in a batch is told only here
                    pass


def _pyodbc() -> ModuleType:
    try:
        return import_module("pyodbc")
    except ImportError as error:
        pytest.fail(f"pyodbc cannot be loaded ({error}). {DRIVER_HINT}.", pytrace=False)


def _given(registered: Iterable[str]) -> dict[str, Any]:
    """The settings as the environment gives them, but for the right to pass with a login that may write.

    What it leaves out is taken as somebody means it who sets a user and a password, and has one driver.
    """
    names = [name for name in SQLServerSettings.model_fields if name != "allow_write_rights"]
    given: dict[str, Any] = {name: GIVEN.get(ENVIRONMENT_PREFIX + name.upper()) or None for name in names}
    if given["user"] and given["password"]:
        given["auth_mode"] = given["auth_mode"] or "sqlauth"
    if not given["odbc_driver"] and DEFAULT_DRIVER not in registered and packaged_driver() is None:
        given["odbc_driver"] = next((name for name in OTHER_DRIVERS if name in registered), None)
    return given


def _told(error: Exception) -> str:
    """The server's or the driver's own words: nobody's data is there to be named."""
    return " ".join(map(str, error.args))


def _bindable(value: Any) -> Any:
    """Times as text: drivers differ in how finely they bind a time."""
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


def _variables(login: Mapping[str, Any]) -> dict[str, str]:
    return {f"{ENVIRONMENT_PREFIX}{name.upper()}": str(value) for name, value in login.items() if value is not None}
