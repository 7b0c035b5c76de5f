"""The Agent Cory database itself: SQL Server over ODBC."""

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Literal, Protocol, cast

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from lead_conversion.kernel.errors import (
    AccessError,
    ConfigurationError,
    DataError,
    LeadConversionError,
    SourceError,
)
from lead_conversion.source.protocol import OnStatement
from lead_conversion.source.reading import DEFAULT_BATCH_ROWS, CheckedSource

log = logging.getLogger(__name__)

DEFAULT_DRIVER = "ODBC Driver 18 for SQL Server"
ENVIRONMENT_PREFIX = "CORY_SQL_"
DRIVER_HINT = (
    "Install unixODBC and a driver (PyPI: mssql-python-odbc; Debian: tdsodbc), and set CORY_SQL_ODBC_DRIVER to its "
    "name or to the absolute path of its .so file"
)


class Connection(Protocol):
    """What is used of a DB-API connection (PEP 249) as pyodbc gives it."""

    timeout: int

    def cursor(self) -> Any:
        """A new cursor."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Driver(Protocol):
    """What is used of a DB-API module (PEP 249)."""

    Error: type[Exception]

    def connect(self, connection_string: str, /, *, autocommit: bool, readonly: bool, timeout: int) -> Connection:
        """Open a connection."""
        ...


class SQLServerSettings(BaseModel):
    """How to reach the server. The password shows in no repr, message or dump."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(min_length=1)
    port: int = Field(default=1433, ge=1, le=65_535)
    database: str = Field(min_length=1)
    auth_mode: Literal["integrated", "sqlauth"] = "integrated"
    user: str | None = None
    password: SecretStr | None = None
    odbc_driver: str = DEFAULT_DRIVER
    encrypt: bool = True
    trust_server_cert: bool = False
    connect_timeout_seconds: int = Field(default=15, ge=1)
    query_timeout_seconds: int = Field(default=900, ge=1)

    @model_validator(mode="after")
    def _login_is_complete(self) -> "SQLServerSettings":
        if self.auth_mode == "sqlauth" and not (self.user and self.password):
            raise ValueError("auth_mode 'sqlauth' needs a user and a password")
        return self

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, given: Any) -> Any:
        return (
            {name: value for name, value in given.items() if value not in (None, "")}
            if isinstance(given, dict)
            else given
        )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "SQLServerSettings":
        """The settings that a mapping gives, such as a catalog's credentials; empty values count as not set.

        Raises:
            ConfigurationError: a setting is missing, unknown or has no meaning. No value is named.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            faults = [
                f"{ENVIRONMENT_PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" if fault["loc"] else fault["msg"]
                for fault in error.errors(include_input=False, include_url=False)
            ]
        raise ConfigurationError(
            f"SQL Server cannot be reached with the {ENVIRONMENT_PREFIX}* variables as they are: {'; '.join(faults)}. "
            f"Known are {', '.join(ENVIRONMENT_PREFIX + name.upper() for name in cls.model_fields)}."
        )

    def connection_string(self) -> str:
        """The ODBC connection string, password included: for the driver only, never for a message."""
        words = {
            "DRIVER": self.odbc_driver,
            "SERVER": f"{self.host},{self.port}",
            "DATABASE": self.database,
            "APP": "lead-conversion",
            "ApplicationIntent": "ReadOnly",
            "Encrypt": "yes" if self.encrypt else "no",
            "TrustServerCertificate": "yes" if self.trust_server_cert else "no",
        }
        if self.auth_mode == "integrated":
            words["Trusted_Connection"] = "yes"
        else:
            words["UID"] = self.user or ""
            words["PWD"] = self.password.get_secret_value() if self.password else ""
        return ";".join(f"{name}={_braced(value)}" for name, value in words.items())


def _braced(value: str) -> str:
    """The value as ODBC takes it literally: ';', '=' and '}' in a password end nothing."""
    return "{" + value.replace("}", "}}") + "}"


class SQLServerSource(CheckedSource):
    """SQL Server, one connection a statement, closed after it.

    ApplicationIntent and readonly ask for a replica and promise not to write; only the login's rights hold it to that.

    Args:
        settings: how to reach the server.
        statements: the T-SQL SELECT of each entity.
        batch_rows: the most rows that are held at once.
        on_statement: called before and after each statement, for the access log.
        driver: the DB-API module; pyodbc, imported when the first statement is sent, where none is given.
    """

    kind: Literal["duckdb", "sqlserver"] = "sqlserver"
    dialect: Literal["duckdb", "tsql"] = "tsql"

    def __init__(
        self,
        settings: SQLServerSettings,
        statements: Mapping[str, str],
        batch_rows: int = DEFAULT_BATCH_ROWS,
        on_statement: OnStatement | None = None,
        driver: Driver | None = None,
    ) -> None:
        super().__init__(statements, batch_rows, on_statement)
        self._settings = settings
        self._given_driver = driver

    @property
    def name(self) -> str:
        """Host and database."""
        return f"{self._settings.host}/{self._settings.database}"

    def _driver(self) -> Driver:
        if self._given_driver is not None:
            return self._given_driver
        try:
            return cast("Driver", import_module("pyodbc"))
        except ImportError as error:
            raise ConfigurationError(f"pyodbc cannot be loaded ({error}). {DRIVER_HINT}.") from None

    def _connect(self, driver: Driver) -> Connection:
        if not self._settings.encrypt or self._settings.trust_server_cert:
            log.warning(
                "The connection to %s is %s: CORY_SQL_ENCRYPT and CORY_SQL_TRUST_SERVER_CERT say so",
                self.name,
                "encrypted, its certificate NOT verified" if self._settings.encrypt else "NOT encrypted",
            )
        # autocommit: or a transaction would stay open after the last row.
        connection = driver.connect(
            self._settings.connection_string(),
            autocommit=True,
            readonly=True,
            timeout=self._settings.connect_timeout_seconds,
        )
        connection.timeout = self._settings.query_timeout_seconds
        return connection

    def _fetch(self, sql: str) -> Iterator[pa.RecordBatch]:
        driver = self._driver()
        connection = None
        try:
            connection = self._connect(driver)
            cursor = connection.cursor()
            cursor.execute(sql)
            names = [column[0] for column in cursor.description]
            while rows := cursor.fetchmany(self._batch_rows):
                yield pa.RecordBatch.from_arrays([pa.array(values) for values in zip(*rows, strict=True)], names=names)
        except driver.Error as error:
            sqlstate = str(error.args[0]) if error.args else ""
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            sqlstate = MIXED_TYPES
        else:
            return
        finally:
            if connection is not None:
                connection.close()
        # Raised outside the except block: the driver's own message can name the login or a value.
        raise self._refusal(sqlstate)

    def _refusal(self, sqlstate: str) -> LeadConversionError:
        """What an SQLSTATE (ISO 9075; ODBC appendix A) means to a person."""
        for known, kind, meaning in SQLSTATES:
            if sqlstate.startswith(known):
                return kind(f"{self.name}: {meaning} (SQLSTATE {sqlstate or 'none'}).")
        return SourceError(f"{self.name} stopped answering (SQLSTATE {sqlstate or 'none'}). Run again later.")


MIXED_TYPES = "mixed types"
SQLSTATES: tuple[tuple[str, Callable[[str], LeadConversionError], str], ...] = (
    ("IM", ConfigurationError, f"the ODBC driver was not found. {DRIVER_HINT}"),
    ("01000", ConfigurationError, f"the ODBC driver cannot be loaded. {DRIVER_HINT}"),
    ("28", AccessError, "the login was refused. Check CORY_SQL_AUTH_MODE, _USER, _PASSWORD and the right to connect"),
    (
        "08001",
        SourceError,
        "the server cannot be reached, or its certificate was not trusted. Check CORY_SQL_HOST and _PORT",
    ),
    ("08", SourceError, "the connection broke. Run again"),
    ("HYT", SourceError, "the server did not answer in time. Run again, or allow more query_timeout_seconds"),
    ("42S", DataError, "a table or column of a SELECT is not there. Edit the SELECTs in conf/<env>/source/"),
    ("42", AccessError, "the statement was refused. Check that the login may SELECT from each table that is read"),
    ("22", DataError, "a value cannot be converted as a SELECT asks. Use TRY_CAST in conf/<env>/source/"),
    (MIXED_TYPES, DataError, "a column gives values of several types. CAST it in conf/<env>/source/"),
)
