"""Servers that speak T-SQL, each with a database of the test's own: a live one, and the stand-in."""

import os
import secrets
import shutil
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
import tsql_stand_in

from lead_conversion.simulation.schema import read_schema
from lead_conversion.source.sqlserver_source import ENVIRONMENT_PREFIX, SQLServerSettings

SUPPORT = Path(__file__).parent
MOST_PARAMETERS = 2_000  # SQL Server takes 2,100 a statement
PASSWORD_RULES = "aA1!"


class StandIn:
    """The world's own file behind a pyodbc that reads T-SQL."""

    keeps_rights = False

    def __init__(self, world: Path, folder: Path) -> None:
        self._file = folder / "stand_in.duckdb"
        shutil.copy(world, self._file)
        self.driver: Any = tsql_stand_in
        self.reader = {"host": "stand-in", "database": str(self._file), "auth_mode": "integrated"}
        self.owner = self.reader

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


class LiveServer:
    """A database of the test's own on the server that CORY_SQL_* names, and a second login that may only read it.

    The login of CORY_SQL_USER must be allowed to create a database. Nothing else on the server is touched; both are
    removed at the end.
    """

    keeps_rights = True

    def __init__(self, world: Path) -> None:
        self.driver: ModuleType = pytest.importorskip("pyodbc")
        names = SQLServerSettings.model_fields
        given = {name: os.environ.get(ENVIRONMENT_PREFIX + name.upper()) for name in names}
        mark = secrets.token_hex(4)
        self._database = f"lead_conversion_test_{mark}"
        self._login = f"lead_conversion_reader_{mark}"
        password = secrets.token_urlsafe(24) + PASSWORD_RULES
        self._server = {**given, "database": given["database"] or "master"}
        self.owner = {**given, "database": self._database}
        self.reader = {**self.owner, "auth_mode": "sqlauth", "user": self._login, "password": password}
        try:
            self._ask(self._server, [f"CREATE DATABASE {self._database}"])
        except self.driver.Error as error:
            pytest.skip(f"The login of CORY_SQL_USER may not create a database (SQLSTATE {error.args[0]})")
        try:
            self._fill(world)
            self._ask(self._server, [f"CREATE LOGIN {self._login} WITH PASSWORD = '{password}'"])
            self._ask(
                self.owner,
                [
                    f"CREATE USER {self._login} FOR LOGIN {self._login}",
                    f"ALTER ROLE db_datareader ADD MEMBER {self._login}",
                ],
            )
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
        words = SQLServerSettings.of(login).connection_string()
        connection = self.driver.connect(words.replace("ApplicationIntent={ReadOnly};", ""), autocommit=True)
        with closing(connection):
            yield connection

    def close(self) -> None:
        """Remove the database and the login."""
        for statement in (f"DROP DATABASE {self._database}", f"DROP LOGIN {self._login}"):
            try:
                self._ask(self._server, [statement])
            except self.driver.Error as error:
                warnings.warn(f"Not removed: {statement} (SQLSTATE {error.args[0]})", stacklevel=2)

    def _fill(self, world: Path) -> None:
        self._ask(self.owner, (part for part in read_schema().split("\nGO\n") if part.strip()))
        with duckdb.connect(str(world), read_only=True) as connection, self.connected(self.owner) as target:
            cursor = target.cursor()
            for (table,) in connection.execute(
                "SELECT concat(table_schema, '.', table_name) FROM information_schema.tables "
                "WHERE table_schema IN ('education', 'dbo') ORDER BY 1"
            ).fetchall():
                answer = connection.execute(f"SELECT * FROM {table}")
                names = [f"[{column[0]}]" for column in answer.description or ()]
                while rows := answer.fetchmany(MOST_PARAMETERS // len(names)):
                    marks = ", ".join(f"({', '.join('?' for _ in names)})" for _ in rows)
                    values = [_bindable(value) for row in rows for value in row]
                    cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES {marks}", values)

    def _ask(self, login: Mapping[str, Any], statements: Iterable[str]) -> None:
        with self.connected(login) as connection:
            for statement in statements:
                connection.execute(statement)


def _bindable(value: Any) -> Any:
    """Times as text: drivers differ in how finely they bind a time."""
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


def _variables(login: Mapping[str, Any]) -> dict[str, str]:
    return {f"{ENVIRONMENT_PREFIX}{name.upper()}": str(value) for name, value in login.items() if value is not None}
