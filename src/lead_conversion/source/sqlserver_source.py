"""The Agent Cory database itself: SQL Server over ODBC."""

import logging
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from typing import Any, Literal, cast

import pyarrow as pa

from lead_conversion.guard.roles import current_user
from lead_conversion.kernel.errors import (
    AccessError,
    BrokenOffError,
    ConfigurationError,
    DataError,
    LeadConversionError,
    SourceError,
    TimedOutError,
)
from lead_conversion.source.odbc import (
    DATETIMEOFFSET,
    ILL_FORMED_TEXT,
    MIXED_TYPES,
    WIDE_TEXTS,
    Connection,
    ConnectionFault,
    Driver,
    OdbcFault,
    Patience,
    decode_any_text,
    decode_datetimeoffset,
    find_connection_fault,
    read_batches,
)
from lead_conversion.source.protocol import Access, OnStatement, Purpose, StatementRecord
from lead_conversion.source.reading import DEFAULT_BATCH_ROWS, CheckedSource
from lead_conversion.source.rights import Rights, in_words, judge_rights, missing_grants
from lead_conversion.source.schema_check import tables_read
from lead_conversion.source.server_version import NEEDED, ServerVersion
from lead_conversion.source.sqlserver_questions import (
    PRINCIPAL,
    QUESTIONS_OF_A_SERVER,
    RIGHTS_QUESTIONS,
    SERVER_FACTS,
    SERVER_VERSION,
    text_hash,
)
from lead_conversion.source.sqlserver_settings import (
    DEFAULT_DRIVER,
    DRIVER_HINT,
    ENVIRONMENT_PREFIX,
    SQLServerSettings,
)

__all__ = ["DEFAULT_DRIVER", "DRIVER_HINT", "ENVIRONMENT_PREFIX", "SQLServerSettings", "SQLServerSource"]

log = logging.getLogger(__name__)

SERVER = "server"  # in the access log, what a question that reads no entity is about
# Of Microsoft's driver (msodbcsql.h): the isolation of a connection, and the one that waits for no writer.
TRANSACTION_ISOLATION = 1227
SNAPSHOT_ISOLATION = 32
IS_ON = 1


@dataclass(frozen=True)
class ServerFacts:
    """How the server keeps readers and writers apart; None where it does not tell."""

    snapshot_is_allowed: bool | None = None
    committed_snapshot_is_on: bool | None = None
    is_read_only: bool | None = None


class SQLServerSource(CheckedSource):
    """SQL Server, one connection a statement, closed after it.

    ApplicationIntent and readonly ask for a replica and promise not to write; only the login's rights hold it to that,
    so they are asked for before any row is, and a login that may write is refused.

    Args:
        settings: how to reach the server.
        statements: the T-SQL SELECT of each entity.
        batch_rows: the most rows of a batch, which has fewer where they are large (source.odbc); two batches are held,
            the one in use and the next.
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
        self.settings = settings
        self._given_driver = driver
        self._login_at_server: str | None = None
        self._isolation: int | None = None
        self._texts_are_well_formed = True
        self._said: set[str] = set()
        super().__init__(statements, batch_rows, on_statement)

    @property
    def name(self) -> str:
        """Host and database."""
        return f"{self.settings.host}/{self.settings.database}"

    @property
    def principal(self) -> str:
        """The login as the server names it; until it has said so, who is configured to log in."""
        return self._login_at_server or self._configured_user

    @property
    def access(self) -> Access:
        """Whether the login could do more than read."""
        if self.rights.status == "may write":
            return "may write (overridden)"
        return self.rights.status

    @cached_property
    def server_facts(self) -> ServerFacts:
        """How the server keeps readers and writers apart."""
        rows = self._tolerated("server", SERVER_FACTS)
        if not rows:
            return ServerFacts()
        (row,) = rows
        return ServerFacts(
            snapshot_is_allowed=row["snapshot_isolation_state"] == IS_ON,
            committed_snapshot_is_on=row["is_read_committed_snapshot_on"] == IS_ON,
            is_read_only=row["updateability"] == "READ_ONLY",
        )

    @cached_property
    def server_version(self) -> ServerVersion:
        """Which server it is, as far as it tells."""
        return ServerVersion.of(self.told_of_the_server(SERVER_VERSION))

    def at(self, database: str) -> "SQLServerSource":
        """Another database of the server, by the same login."""
        settings = self.settings.model_copy(update={"database": database})
        texts = {name: statement.text for name, statement in self._statements.items()}
        return SQLServerSource(settings, texts, self._batch_rows, self._on_statement, self.driver)

    def told_of_the_server(self, question: str) -> list[dict[str, Any]] | None:
        """The answer to one of the fixed questions (sqlserver_questions); None where the server does not tell."""
        return self._tolerated("server", question)

    @cached_property
    def rights(self) -> Rights:
        """What the login may do, as far as the server tells; nothing is refused here."""
        left_out = QUESTIONS_OF_A_SERVER if self.server_version.is_azure_database else ()
        questions = {name: question for name, question in RIGHTS_QUESTIONS.items() if name not in left_out}
        answers = {name: self._tolerated("rights", question) for name, question in questions.items()}
        return judge_rights(answers, tables_read(self._statements.values()))

    def connection_fault(self, words: Collection[str]) -> ConnectionFault | None:
        """Why no connection opens, and which of these words the driver said of it; None where one does."""
        patience = self.settings.connect_timeout_seconds
        return find_connection_fault(self.driver.Error, self._connect, patience, words)

    @property
    def _configured_user(self) -> str:
        """The user that is named; of an integrated login the operating system's, by whose ticket it is let in."""
        named = self.settings.user if self.settings.auth_mode == "sqlauth" else ""
        return named or f"integrated: {current_user()}"

    def _require_rights(self) -> None:
        self._login_at_server = self._ask_login()
        self._choose_isolation()
        rights = self.rights
        if rights.unanswered:
            log.warning(
                "%s does not tell the login's rights on %s: nobody but its DBA knows whether the login may write there",
                self.name, ", ".join(rights.doubts),
            )  # fmt: skip
        if rights.writes and self.settings.allow_write_rights:
            log.warning(
                "THE LOGIN MAY WRITE to %s (%s), and %sALLOW_WRITE_RIGHTS lets it through. Use one that may only read",
                self.name, in_words(rights.writes), ENVIRONMENT_PREFIX,
            )  # fmt: skip
        elif rights.writes:
            self._refuse(
                f"{self.name}: expected a login that may only read, found one that may write: "
                f"{in_words(rights.writes)}. Have a DBA make a login with SELECT on the tables that are read and no "
                f"more; {ENVIRONMENT_PREFIX}ALLOW_WRITE_RIGHTS=yes lets this one through, with a warning at every run."
            )
        if rights.unreadable:
            tables = ", ".join(".".join(table) for table in rights.unreadable)
            grants = "; ".join(missing_grants(rights.unreadable))
            self._refuse(f"{self.name}: the login may not read {tables}. Have a DBA run: {grants}.")

    def _refuse(self, reason: str) -> None:
        questions = sha256("".join(RIGHTS_QUESTIONS.values()).encode()).hexdigest()
        self._record(StatementRecord(SERVER, "rights", questions, "refused", reason=reason))
        raise AccessError(reason)

    def _ask_login(self) -> str | None:
        rows = self._tolerated("server", PRINCIPAL)
        if not rows:
            log.warning("%s does not tell whose login it is; the access log has the user as configured", self.name)
            return None
        login: str | None = rows[0]["original_login"] or rows[0]["login_name"]
        return login

    def _choose_isolation(self) -> None:
        """Never a lock hint that reads what was not committed: a row version where there are some, else waiting."""
        facts = self.server_facts
        if facts.is_read_only:
            self._say(logging.INFO, f"{self.name} is read-only, a replica or all of it: no writer is kept waiting")
        elif facts.snapshot_is_allowed:
            self._isolation = SNAPSHOT_ISOLATION
        else:
            known = facts.snapshot_is_allowed is not None
            self._say_read_committed(f"it does not {'allow' if known else 'tell whether it allows'} snapshot isolation")

    def _say_read_committed(self, why: str) -> None:
        states = {True: "on", False: "off: writers and this reading wait for each other", None: "not told"}
        state = states[self.server_facts.committed_snapshot_is_on]
        self._say(logging.INFO, f"Reading {self.name} as committed rows, for {why}; READ_COMMITTED_SNAPSHOT is {state}")

    def _tolerated(self, purpose: Purpose, question: str) -> list[dict[str, Any]] | None:
        """The answer to a question about the server; None where it has no such function or view, or does not tell.

        Raises:
            BrokenOffError: there was no answer at all.
        """
        try:
            asked = StatementRecord(SERVER, purpose, text_hash(question), "asked")
            return [row for batch in self._recorded(asked, question) for row in batch.to_pylist()]
        except BrokenOffError:
            raise
        except (AccessError, DataError, SourceError):
            return None

    @cached_property
    def driver(self) -> Driver:
        """The DB-API module.

        Raises:
            ConfigurationError: it is not there, or lacks a library.
        """
        if self._given_driver is not None:
            return self._given_driver
        try:
            return cast("Driver", import_module("pyodbc"))
        except ImportError as error:
            raise ConfigurationError(f"pyodbc cannot be loaded ({error}). {DRIVER_HINT}.") from None

    @cached_property
    def registered(self) -> list[str]:
        """The names of the ODBC drivers that unixODBC knows; none where the settings name one."""
        return [] if self.settings.odbc_driver else self.driver.drivers()

    def _fetch(self, sql: str) -> Generator[pa.RecordBatch, None, None]:
        patience = Patience(self.settings.connect_timeout_seconds, self.settings.query_timeout_seconds)
        self._warn_of_plain_connection()
        try:
            yield from read_batches(self.driver.Error, self._connect, sql, self._batch_rows, patience)
        except OdbcFault as fault:
            refusal = self._refusal(fault)
        else:
            return
        raise refusal

    def _connect(self) -> Connection:
        driver, settings = self.driver, self.settings
        connection = driver.connect(
            settings.connection_string(self.registered),
            autocommit=True,  # or a transaction would stay open after the last row
            readonly=True,
            timeout=settings.connect_timeout_seconds,
        )
        connection.add_output_converter(DATETIMEOFFSET, decode_datetimeoffset)
        if not self._texts_are_well_formed:
            for sqltype in WIDE_TEXTS:
                connection.add_output_converter(sqltype, decode_any_text)
        try:
            connection.timeout = settings.query_timeout_seconds
        except driver.Error:
            self._say(logging.INFO, "The ODBC driver keeps no time-out; statements that take too long are cancelled")
        if self._isolation is not None:
            self._isolate(connection, self._isolation)
        return connection

    def _isolate(self, connection: Connection, isolation: int) -> None:
        try:
            connection.set_attr(TRANSACTION_ISOLATION, isolation)
        except self.driver.Error:
            self._isolation = None
            self._say_read_committed("the ODBC driver cannot ask for snapshot isolation")
        else:
            self._say(logging.INFO, f"Reading {self.name} under snapshot isolation: no writer is kept waiting")

    def _warn_of_plain_connection(self) -> None:
        settings = self.settings
        if not settings.encrypt or settings.trust_server_cert:
            state = "encrypted, its certificate NOT verified" if settings.encrypt else "NOT encrypted"
            why = "CORY_SQL_ENCRYPT and CORY_SQL_TRUST_SERVER_CERT say so"
        elif not settings.certificate_is_verified(settings.driver_name(self.registered)):
            state = "encrypted, its certificate NOT verified"
            why = "FreeTDS verifies it only where 'ca file' is set in freetds.conf"
        else:
            return
        self._say(logging.WARNING, f"The connection to {self.name} is {state}: {why}")

    def _say(self, level: int, message: str) -> None:
        """Say it once."""
        if message not in self._said:
            self._said.add(message)
            log.log(level, message)

    def _refusal(self, fault: OdbcFault) -> LeadConversionError:
        """What an SQLSTATE (ISO 9075; ODBC appendix A) means to a person, by when it came."""
        if fault.sqlstate == ILL_FORMED_TEXT and self._texts_are_well_formed:
            self._texts_are_well_formed = False
            return BrokenOffError(
                f"{self.name}: a text ends within a character. Run again: broken characters are replaced from now on."
            )
        if fault.stage == "asking" and fault.sqlstate == REFUSED_STATEMENT and fault.number is not None:
            told = f"(SQLSTATE {fault.sqlstate}, error {fault.number})"
            if fault.number in NO_RIGHT_NUMBERS:
                return AccessError(f"{self.name}: {NO_RIGHT} {told}.")
            return DataError(f"{self.name}: {NOT_UNDERSTOOD} {told}.")
        for known, kind, meaning in SQLSTATES[fault.stage]:
            if fault.sqlstate.startswith(known):
                return kind(f"{self.name}: {meaning} (SQLSTATE {fault.sqlstate}).")
        return SourceError(f"{self.name} stopped answering (SQLSTATE {fault.sqlstate}). Run again later.")


Meanings = tuple[tuple[str, Callable[[str], LeadConversionError], str], ...]
# By the beginning of the SQLSTATE, the first that fits. S1T00 is what HYT00 was called in ODBC 2.
NOT_IN_TIME = "the server did not answer in time. Run again, or raise CORY_SQL_QUERY_TIMEOUT_SECONDS"
NOT_REACHED = (
    "the server cannot be reached in time, or its certificate is not trusted. Check CORY_SQL_HOST and _PORT, that a "
    "firewall lets you through, and the name and the issuer of the certificate"
)
# SQL Server's SQLSTATE for both what it cannot read and what the login may not do; its own number tells them apart.
REFUSED_STATEMENT = "42000"
NO_RIGHT_NUMBERS = frozenset({229, 230, 262, 297, 300, 916})
NO_RIGHT = (
    "the login may not read all that the SELECT reads. Have a DBA GRANT it SELECT on each of the tables; "
    "`lead-conversion source check` names them where the server tells"
)
NOT_UNDERSTOOD = (
    f"the server does not understand the statement. It has to be {NEEDED}; mend what the SELECT in conf/<env>/source/ "
    "uses beyond that"
)
REFUSED = (
    "the statement was refused, because the login may not SELECT from a table that it reads, or because the server "
    f"does not understand it (expected is {NEEDED}). `lead-conversion source check` tells which"
)
SQLSTATES: dict[str, Meanings] = {
    "connecting": (
        ("IM", ConfigurationError, f"the ODBC driver was not found. {DRIVER_HINT}"),
        ("01000", ConfigurationError, f"the ODBC driver cannot be loaded. {DRIVER_HINT}"),
        (
            "28",
            AccessError,
            "the login was refused. Check CORY_SQL_AUTH_MODE, _USER, _PASSWORD and the right to connect",
        ),
        ("42", AccessError, "the database is not there, or the login may not open it. Check CORY_SQL_DATABASE"),
        ("08", BrokenOffError, NOT_REACHED),
        ("HYT", BrokenOffError, NOT_REACHED),
        ("S1T", BrokenOffError, NOT_REACHED),
    ),
    "asking": (
        ("08", BrokenOffError, "the connection broke. Run again"),
        ("40", BrokenOffError, "the server gave up this reading for another's sake (deadlock). Run again"),
        ("HYT", TimedOutError, NOT_IN_TIME),
        ("S1T", TimedOutError, NOT_IN_TIME),
        ("HY008", SourceError, "the statement was cancelled at the server. Ask its DBA why, and run again"),
        ("28", AccessError, "the login was refused. Check the login's rights"),
        ("42S", DataError, "a table or column of a SELECT is not there. Edit the SELECTs in conf/<env>/source/"),
        ("42", AccessError, REFUSED),
        ("22", DataError, "a value cannot be converted as a SELECT asks. Use TRY_CAST in conf/<env>/source/"),
        (MIXED_TYPES, DataError, "a column gives values of several types. CAST it in conf/<env>/source/"),
        (ILL_FORMED_TEXT, DataError, "a text cannot be decoded. CAST it to nvarchar in conf/<env>/source/"),
    ),
}
