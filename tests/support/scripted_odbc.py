"""Stands in for pyodbc and the server behind it: answers from a script, fails as told, and keeps what it was asked."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from agent_cory_rows import selects

from lead_conversion.contracts.source_entities import CONTACTS, SOURCE_ENTITIES
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.source.reading import CATALOGUE_QUERY
from lead_conversion.source.schema_check import tables_read
from lead_conversion.source.sqlserver_questions import (
    DATABASES,
    MOMENT_COLUMNS,
    PRINCIPAL,
    RIGHTS_QUESTIONS,
    SERVER_FACTS,
    SERVER_VERSION,
)
from lead_conversion.source.sqlserver_settings import DEFAULT_DRIVER
from lead_conversion.source.statements import parse_statements

PASSWORD = "p;W}d=1 x"
GIVEN = {"host": "sql.example", "database": "cory", "auth_mode": "sqlauth", "user": "reader", "password": PASSWORD}
CONTACT = {
    "contact_id": 7,
    "org_id": 1,
    "crm_score": 12.5,
    "opted_out": True,
    "created_at": parse_moment("2026-01-01T10:00"),
}
TABLES_READ = tables_read(parse_statements(selects()).values())
LONGEST_HANG_SECONDS = 20.0
ONLY_SELECT = {
    "server": ["CONNECT SQL", "VIEW ANY DATABASE"],
    "database": ["CONNECT", "SELECT", "VIEW DEFINITION"],
    "schemas": {"education": [], "dbo": []},
    "tables": {".".join(table): ["SELECT"] for table in TABLES_READ},
    "columns": {},
    "procedures": {},
    "synonyms": {},
    "users": {"dbo": [], "guest": []},
    "roles": {},
    "logins": {"sa": []},
    "server roles": {"sysadmin": [], "dbcreator": []},
    "database roles": {"db_owner": [], "db_datawriter": []},
}
"""What a login holds that may only read, by question; a column that is not named may be read as its table may."""


class Error(Exception):
    """As pyodbc's: SQLSTATE first, then what the driver says, which names a login and a value."""


@dataclass
class ScriptedServer:
    """Every option is a way in which a real server or driver was seen to behave.

    Args:
        contacts: the rows of the entity; the others have none.
        login_refused: the SQLSTATE of each attempt to connect.
        connections_broken: how many attempts to connect fail first, with 08S01.
        refused: by text that a statement holds, the SQLSTATE with which it is refused, and the server's own number of
            the error behind it: '42000 (229)'.
        broken: after so many batches of data, the SQLSTATE with which fetching fails.
        hangs: statements that hold this text give no answer until they are cancelled; 'connect' for connecting.
        holds: what the login holds; None for a question that the server does not know. A permission in brackets is one
            that the server answers NULL for.
        version: the number, EngineEdition and Babelfish's own number; None where there is no SERVERPROPERTY.
        moments: by column of a table, its type and whether an index begins with it.
        databases: those that master lists; None where it does not.
        is_empty: whether the database has no table.
        facts: of sys.databases; None where there is no such view.
        knows_snapshot: whether the driver can be asked for snapshot isolation.
        keeps_time: whether the driver keeps a time-out of its own.
    """

    contacts: Sequence[Mapping[str, Any]] = (CONTACT,)
    login_refused: str = ""
    connections_broken: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[int, str] | None = None
    hangs: str = ""
    holds: Mapping[str, Any] = field(default_factory=lambda: ONLY_SELECT)
    facts: tuple[int, int, str] | None = (1, 1, "READ_WRITE")
    version: tuple[str, int, str | None] | None = ("16.0.4085.2", 3, None)
    moments: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    databases: Sequence[str] | None = None
    is_empty: bool = False
    knows_snapshot: bool = True
    keeps_time: bool = True

    Error = Error

    def __post_init__(self) -> None:
        self.asked: list[str] = []
        self.connections: list[ScriptedConnection] = []
        self.is_hanging = Event()
        self.cancelled = Event()

    @property
    def open_connections(self) -> int:
        """How many were not closed."""
        return sum(not connection.is_closed for connection in self.connections)

    def drivers(self) -> list[str]:
        """As of unixODBC."""
        return [DEFAULT_DRIVER]

    def connect(self, connection_string: str, /, **options: Any) -> "ScriptedConnection":
        """A new connection, unless the script says otherwise."""
        if self.hangs == "connect":
            self.hang()
        if self.login_refused:
            raise Error(self.login_refused, f"[{self.login_refused}] login 'reader' failed, password {PASSWORD}")
        if self.connections_broken:
            self.connections_broken -= 1
            raise Error("08S01", "communication link failure for 'reader'")
        connection = ScriptedConnection(self, options | {"connection_string": connection_string})
        self.connections.append(connection)
        return connection

    def hang(self) -> None:
        """Give no answer until cancelled, as a server does that waits for a lock."""
        self.is_hanging.set()
        if self.cancelled.wait(LONGEST_HANG_SECONDS):
            raise Error("HY008", "operation cancelled")

    def answer(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and the rows of a statement's answer."""
        for text, sqlstate in self.refused.items():
            if text in sql:
                state, _, number = sqlstate.partition(" ")
                raise Error(state, f"the value 'ana@private.example' of login 'reader' {number} (SQLExecDirectW)")
        if self.hangs and self.hangs in sql:
            self.hang()
        told = self._told_of_the_server(sql)
        if told is not None:
            return told
        if "newest_logged_at" in sql:
            return ["newest_logged_at"], [(parse_moment("2026-05-01T08:00"),)]
        for entity in SOURCE_ENTITIES.values():
            if f" {', '.join(f'entity.{name}' for name in entity.column_names)} FROM" in sql:
                rows = self.contacts if entity is CONTACTS else ()
                return list(entity.column_names), [tuple(map(row.get, entity.column_names)) for row in rows]
        raise Error("42000", "not in the script")

    def _told_of_the_server(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]] | None:
        if sql == CATALOGUE_QUERY:
            names = ["table_schema", "table_name", "column_name", "data_type"]
            tables = {} if self.is_empty else TABLES_READ
            return names, [(*table, column, "int") for table in tables for column in tables[table]]
        if sql == PRINCIPAL:
            return ["login_name", "original_login"], [("dba", "reader_at_server")]
        if sql in (SERVER_FACTS, SERVER_VERSION, MOMENT_COLUMNS, DATABASES):
            return self._facts(sql)
        return next((self._rights(name) for name, question in RIGHTS_QUESTIONS.items() if sql == question), None)

    def _facts(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        told: dict[str, tuple[list[str], list[tuple[Any, ...]] | None]] = {
            SERVER_FACTS: (
                ["snapshot_isolation_state", "is_read_committed_snapshot_on", "updateability"],
                self.facts and [self.facts],
            ),
            SERVER_VERSION: (
                ["major_version", "product_version", "engine_edition", "babelfish_version"],
                self.version and [(None, *self.version)],
            ),
            MOMENT_COLUMNS: (
                ["schema_name", "name", "column_name", "type_name", "begins_an_index"],
                [(*column.split("."), *of_it) for column, of_it in self.moments.items()],
            ),
            DATABASES: (["name"], self.databases and [(name,) for name in self.databases]),
        }
        names, rows = told[sql]
        if rows is None:
            raise Error("42S02", "invalid object name 'sys.databases' (208) (SQLExecDirectW)")
        return names, rows

    def _rights(self, question: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        held = self.holds[question]
        if question == "columns" and held is not None:
            tables = {".".join(table): columns for table, columns in TABLES_READ.items()}
            may = {table: has for table, has in (self.holds["tables"] or {}).items() if table in tables}
            held = {f"{table}.{column}": has for table, has in may.items() for column in tables[table]} | held
        if held is None:
            raise Error(
                "42000", "'HAS_PERMS_BY_NAME' is not a recognized built-in function name (195) (SQLExecDirectW)"
            )
        if not isinstance(held, Mapping):
            return ["permission_name"], [(permission,) for permission in held]
        permissions = re.findall(r"AS (?:may|is)_(\w+)", RIGHTS_QUESTIONS[question])
        names = re.findall(r"AS ((?:may|is)_\w+)", RIGHTS_QUESTIONS[question])
        places = ("schema_name", "name", "column_name")[: len(next(iter(held), "").split("."))]
        rows = [
            (
                *securable.split("."),
                *(_answer(permission.upper().replace("_", " "), has) for permission in permissions),
            )
            for securable, has in held.items()
        ]
        return [*(places if len(places) > 1 else ("name",)), *names], rows


def _answer(permission: str, has: Sequence[str]) -> int | None:
    return None if f"[{permission}]" in has else int(permission in has)


class ScriptedConnection:
    """A connection that remembers how it was opened and set."""

    def __init__(self, server: ScriptedServer, options: Mapping[str, Any]) -> None:
        self.server = server
        self.options = options
        self.attributes: dict[int, int] = {}
        self.converters: dict[int, Callable[[bytes], Any]] = {}
        self.is_closed = False
        self._timeout = 0

    @property
    def timeout(self) -> int:
        """In seconds."""
        return self._timeout

    @timeout.setter
    def timeout(self, seconds: int) -> None:
        if not self.server.keeps_time:
            raise Error("HY000", "unsupported connect attribute 113")
        self._timeout = seconds

    def set_attr(self, attribute: int, value: int, /) -> None:
        """Set, where the driver knows it."""
        if not self.server.knows_snapshot:
            raise Error("HYC00", "unknown connect option")
        self.attributes[attribute] = value

    def add_output_converter(self, sqltype: int, convert: Callable[[bytes], Any], /) -> None:
        """Keep the function for the type."""
        self.converters[sqltype] = convert

    def cursor(self) -> "ScriptedCursor":
        """A new cursor."""
        return ScriptedCursor(self)

    def close(self) -> None:
        """The end."""
        self.is_closed = True


class ScriptedCursor:
    """Gives the rows of one answer, bytes as an nvarchar that pyodbc decodes."""

    def __init__(self, connection: ScriptedConnection) -> None:
        self._connection = connection
        self._server = connection.server
        self._batches = 0

    def execute(self, sql: str) -> None:
        """Ask the script."""
        self._server.asked.append(sql)
        names, self._rows = self._server.answer(sql)
        self._reads_data = "FROM" in sql and "entity" in sql
        self.description = [(name, None) for name in names]

    def fetchmany(self, count: int) -> list[tuple[Any, ...]]:
        """The next rows, unless the script says otherwise."""
        if self._reads_data and self._server.broken is not None and self._batches == self._server.broken[0]:
            raise Error(self._server.broken[1], "communication link failure at 'ana@private.example'")
        if self._reads_data and self._server.hangs == "fetch":
            self._server.hang()
        self._batches += 1
        rows, self._rows = self._rows[:count], self._rows[count:]
        return [tuple(map(self._decoded, row)) for row in rows]

    def cancel(self) -> None:
        """End what hangs."""
        self._server.cancelled.set()

    def _decoded(self, value: Any) -> Any:
        if not isinstance(value, bytes):
            return value
        convert = self._connection.converters.get(-9)
        return convert(value) if convert else value.decode("utf-16-le")
