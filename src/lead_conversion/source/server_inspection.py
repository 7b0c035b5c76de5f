"""Whether a SQL Server can be reached and may be read: driver, host, port, TLS, login, database, rights.

Each of them is looked at on its own, since a driver answers most faults with one and the same SQLSTATE.
"""

import ctypes
import difflib
import re
import socket
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.kernel.errors import AccessError, ConfigurationError, SourceError
from lead_conversion.source.inspection import Finding, Step, right, unknown, wrong
from lead_conversion.source.lineage import column_origins
from lead_conversion.source.odbc import ConnectionFault
from lead_conversion.source.personal_columns import folded_name
from lead_conversion.source.rights import bracketed, in_words, missing_grants
from lead_conversion.source.server_version import NEEDED
from lead_conversion.source.sqlserver_questions import DATABASES, MOMENT_COLUMNS
from lead_conversion.source.sqlserver_settings import DRIVER_HINT
from lead_conversion.source.sqlserver_source import SQLServerSource

ANY_TLS_FAULT = "ssl"
# What drivers say of a TLS handshake that failed (OpenSSL's words), and what to do.
TLS_FAULTS = {
    "encryption not supported": "it offers no encryption. Have its DBA install a certificate and switch TLS on "
    "there, or check CORY_SQL_HOST and CORY_SQL_PORT: another machine or instance may answer",
    "self-signed": "its certificate is self-signed. Have it signed by an authority that this machine trusts, or add "
    "it to the machine's trusted certificates",
    "self signed": "its certificate is self-signed. Have it signed by an authority that this machine trusts, or add "
    "it to the machine's trusted certificates",
    "hostname mismatch": "its certificate is for another name. Use that name as CORY_SQL_HOST, or set "
    "CORY_SQL_HOSTNAME_IN_CERTIFICATE to it",
    "subject name": "its certificate is for another name. Use that name as CORY_SQL_HOST, or set "
    "CORY_SQL_HOSTNAME_IN_CERTIFICATE to it",
    "ip address mismatch": "its certificate is for a name and not for this address. Use the name as CORY_SQL_HOST",
    "local issuer": "no authority known here issued its certificate. Install the issuer's certificate on this machine "
    "(Debian: /usr/local/share/ca-certificates and update-ca-certificates)",
    # Before the words that OpenSSL says of every certificate that it refuses, and never one word alone: a login's time
    # "expired" too.
    "certificate has expired": "its certificate has expired. Have it renewed",
    "certificate expired": "its certificate has expired. Have it renewed",
    "certificate verify failed": "its certificate is not trusted. Install the issuer's certificate on this machine",
    "unsupported protocol": "it speaks only versions of TLS that are refused here. Have TLS 1.2 switched on there",
    ANY_TLS_FAULT: "the TLS handshake failed. Have the server's certificate and its versions of TLS looked at",
}
TIMED_OUT = ("HYT", "S1T")
TOO_SLOW = (
    "something listens there, but answers too slowly or is no SQL Server. Check CORY_SQL_PORT, the firewalls and "
    "proxies on the way, and the versions of TLS on both sides; CORY_SQL_CONNECT_TIMEOUT_SECONDS gives it longer"
)
# FreeTDS can give a login that was refused the SQLSTATE of a server that is not there.
LOGIN_FAULTS = ("login failed", "(18456)", "(4060)", "cannot open database")
TLS_UNTOLD = (
    "the driver does not say why; most often the certificate is not trusted, or what answers there is no SQL Server. "
    "Ask its DBA for the certificate's name and issuer; CORY_SQL_HOSTNAME_IN_CERTIFICATE names another name"
)
READ_ONLY_LOGIN = (
    "Or have a DBA make a login that may only read: CREATE LOGIN, CREATE USER and GRANT SELECT on the tables that are "
    "read, nothing else"
)
RIGHTS_OF_ROLES = "The other rights come from that, or most of them: ask again for what is left"
OWNERSHIP = (
    ". If it owns the database, it is in db_owner until somebody else does: ALTER AUTHORIZATION ON "
    "DATABASE::{database} TO <another login>"
)
RIGHTS_OF_OTHERS = "What is left comes from a role, public or a Windows group: REVOKE it FROM that one, or leave it"
DENIED = "A DENY, to the user or to a role that it is in, outweighs it: REVOKE SELECT on the same column FROM that one"
MOMENT_TYPE = "datetime2"  # as windows are asked for: another type is converted, row by row


class ServerInspection:
    """What is asked of a server before its data is.

    Args:
        source: the server; nothing has been opened yet.
    """

    def __init__(self, source: SQLServerSource) -> None:
        self._source = source
        self._settings = source.settings

    def steps(self) -> tuple[Step, ...]:
        """The steps, from the driver to the rights."""
        return (
            Step("driver", self._driver),
            Step("encryption", self._encryption, ("driver",)),
            Step("host", self._host),
            Step("port", self._port, ("host",)),
            Step("TLS", self._tls, ("driver", "port")),
            Step("login", self._login, ("TLS",)),
            Step("database", self._database, ("login",)),
            Step("right to read", self._right_to_read, ("database",)),
            Step("no right to write", self._right_to_write, ("database",)),
            Step("server version", self._version, ("database",)),
            Step("snapshot isolation", self._isolation, ("database",)),
            Step("indexes", self._indexes, ("database",)),
        )

    def _driver(self) -> Iterator[Finding]:
        name = self._settings.driver_name(self._source.driver.drivers())
        lacking = ""
        if "/" in name:
            lacking = _why_it_does_not_load(Path(name))
        elif name not in self._source.driver.drivers():
            lacking = f"'{name}' is not registered with unixODBC, and no package mssql-python-odbc is installed"
        if lacking:
            yield wrong("driver", ConfigurationError(f"The ODBC driver cannot be used: {lacking}"), f"{DRIVER_HINT}.")
        else:
            yield right("driver", Path(name).name)

    def _encryption(self) -> Iterator[Finding]:
        name = self._settings.driver_name(self._source.driver.drivers())
        if not self._settings.encrypt:
            fault = ConfigurationError("CORY_SQL_ENCRYPT is no: people's data cross the network as plain text")
            yield wrong("encryption", fault, "Unset CORY_SQL_ENCRYPT.")
        elif self._settings.trust_server_cert:
            fault = ConfigurationError("CORY_SQL_TRUST_SERVER_CERT is yes: anybody on the way can pose as the server")
            yield wrong("encryption", fault, "Unset CORY_SQL_TRUST_SERVER_CERT, and install the issuer's certificate.")
        elif not self._settings.certificate_is_verified(name):
            yield unknown(
                "encryption", "asked for; FreeTDS verifies the certificate only where freetds.conf says so",
                "Set 'ca file' in freetds.conf to the issuer's certificate.",
            )  # fmt: skip
        else:
            yield right("encryption", "asked for, and the certificate is verified")

    def _host(self) -> Iterator[Finding]:
        try:
            addresses = socket.getaddrinfo(self._settings.host, self._settings.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            fault = SourceError(
                f"CORY_SQL_HOST is {self._settings.host}, a name to which the DNS gives no address here"
            )
            yield wrong("host", fault, "Check its spelling, the DNS, and that a VPN is on if it needs one.")
        else:
            yield right("host", f"{self._settings.host} has {len(addresses)} address(es)")

    def _port(self) -> Iterator[Finding]:
        place, seconds = f"port {self._settings.port} of {self._settings.host}", self._settings.connect_timeout_seconds
        remedy = (
            "Check CORY_SQL_PORT (a named instance seldom listens on 1433), that TCP/IP is switched on for the server, "
            "and the firewalls on the way."
        )
        try:
            socket.create_connection((self._settings.host, self._settings.port), seconds).close()
        except TimeoutError:
            yield wrong("port", SourceError(f"{place} gives no answer within {seconds} s"), remedy)
        except ConnectionRefusedError:
            yield wrong("port", SourceError(f"{place}: the machine is there, and nothing listens"), remedy)
        except OSError as error:
            yield wrong("port", SourceError(f"{place} cannot be reached from here ({type(error).__name__})"), remedy)
        else:
            yield right("port", f"{place} answers")

    def _tls(self) -> Iterator[Finding]:
        fault = self._fault
        if fault is None or _is_of_login(fault):
            yield right("TLS", "the handshake succeeded" if self._settings.encrypt else "none is asked for")
        elif fault.sqlstate.startswith(("IM", "01000")):
            refusal = ConfigurationError(f"The ODBC driver cannot be loaded (SQLSTATE {fault.sqlstate})")
            yield wrong("TLS", refusal, f"{DRIVER_HINT}.")
        else:
            place = f"{self._settings.host} answers, but opens no session (SQLSTATE {fault.sqlstate})"
            what, _, remedy = _why_no_session(fault).partition(". ")
            yield wrong("TLS", SourceError(f"{place}: {what}"), f"{remedy}.")

    def _login(self) -> Iterator[Finding]:
        if self._fault is None or self._is_let_into_master:
            yield right("login", f"let in ({self._settings.auth_mode})")
            return
        remedy = {
            "sqlauth": "Check CORY_SQL_USER and CORY_SQL_PASSWORD, that the login is enabled, and that the server "
            "allows SQL Server authentication beside Windows'. A user of one database alone needs the right "
            "CORY_SQL_DATABASE too.",
            "integrated": "Get a Kerberos ticket (kinit; klist shows it) for somebody whom the server knows, use the "
            "server's full name as CORY_SQL_HOST, or set CORY_SQL_AUTH_MODE=sqlauth with a user and a password.",
        }[self._settings.auth_mode]
        yield wrong("login", AccessError(f"the server refuses the login (SQLSTATE {self._fault.sqlstate})"), remedy)

    def _database(self) -> Iterator[Finding]:
        if self._fault is None:
            yield right("database", self._settings.database)
            return
        database, names = self._settings.database, self._databases
        let_in = f"the login is let in, but not into '{database}'"
        make_user = "have a DBA run in it: CREATE USER <user> FOR LOGIN <login>."
        if not names:
            fault = AccessError(f"{let_in}: no such database, or no user there")
            yield wrong("database", fault, f"Check CORY_SQL_DATABASE, or {make_user}")
        elif database.lower() in (name.lower() for name in names):
            fault = AccessError(f"{let_in}: it is there, and has no user for the login")
            yield wrong("database", fault, f"Have {make_user.removeprefix('have ')}")
        else:
            near = difflib.get_close_matches(database, names, n=1)
            said = f" (nearest: {near[0]})" if near else ""
            fault = AccessError(f"{let_in}: none of the {len(names)} that it can see has that name{said}")
            yield wrong("database", fault, f"Check CORY_SQL_DATABASE; if it is right, {make_user}")

    def _right_to_read(self) -> Iterator[Finding]:
        rights = self._source.rights
        for table, columns in sorted(rights.unreadable.items()):
            named = f" ({', '.join(sorted(columns))})" if columns else ""
            (grant,) = missing_grants({table: columns})
            remedy = f"Have a DBA run: {grant}." + (f" {DENIED}." if columns else "")
            yield wrong("right to read", AccessError(f"the login may not read {'.'.join(table)}{named}"), remedy)
        if "tables" in rights.unanswered:
            why = rights.unanswered["tables"]
            yield unknown("right to read", f"the server does not tell ({why}); the SELECTs below show it")
        elif not rights.unreadable:
            yield right("right to read", "each table that the SELECTs read")

    def _right_to_write(self) -> Iterator[Finding]:
        rights = self._source.rights
        if rights.writes:
            fault = AccessError(f"the login may do more than read: {in_words(rights.writes)}")
            whence = RIGHTS_OF_ROLES if any(right.is_of_a_role for right in rights.held) else RIGHTS_OF_OTHERS
            if rights.may_own_the_database:
                whence += OWNERSHIP.format(database=bracketed(self._settings.database))
            remedy = f"Have a DBA run: {in_words(rights.revocations(), '; ')}. {whence}. {READ_ONLY_LOGIN}."
            yield wrong("no right to write", fault, remedy)
        if rights.unanswered:
            yield unknown(
                "no right to write", f"the server does not tell the rights on {in_words(rights.doubts)}",
                "A run goes on, and says so. Ask its DBA whether the login may do more than SELECT, and for GRANT VIEW "
                "DEFINITION TO <user> where it cannot see what is there.",
            )  # fmt: skip
        elif not rights.writes:
            yield right("no right to write", "the login may only read")

    def _isolation(self) -> Iterator[Finding]:
        facts, database = self._source.server_facts, self._settings.database
        if facts.is_read_only:
            yield right("snapshot isolation", "a read-only replica: no writer is kept waiting")
        elif facts.snapshot_is_allowed:
            yield right("snapshot isolation", "allowed: no writer is kept waiting")
        else:
            told = "not allowed" if facts.snapshot_is_allowed is False else "the server does not tell"
            yield unknown(
                "snapshot isolation",
                f"{told}: rows are read as committed, and writers and a reading can wait for each other",
                f"A DBA may run: ALTER DATABASE [{database}] SET ALLOW_SNAPSHOT_ISOLATION ON",
            )  # fmt: skip

    def _version(self) -> Iterator[Finding]:
        version = self._source.server_version
        if version.is_new_enough:
            yield right("server version", str(version))
        elif version.is_new_enough is None:
            yield unknown(
                "server version", f"{version}; expected is {NEEDED}", "The SELECTs below show whether it will do."
            )
        else:
            fault = SourceError(f"expected {NEEDED}, found {version}")
            yield wrong(
                "server version", fault, "Have it upgraded, or read a copy of the database that a newer server holds."
            )

    def _indexes(self) -> Iterator[Finding]:
        """Whether the columns by which a daily run asks for a month or a day can be looked up."""
        rows = self._source.told_of_the_server(MOMENT_COLUMNS)
        if not rows:
            yield unknown(
                "indexes", "the server does not tell which columns have one", "See README.md, 'Your own database'."
            )
            return
        told = {_folded(row): row for row in rows}
        found = [
            finding
            for origin, entities in self._sliced_by().items()
            for finding in (_index_advice(told[origin], entities) if origin in told else ())
        ]
        yield from found
        if not found:
            yield right("indexes", "the moments by which tables are read in windows have one, or are of no table")

    def _sliced_by(self) -> dict[tuple[str, ...], list[str]]:
        """The columns of tables that say when a row is from, each with the entities that are read in windows by it."""
        found: dict[tuple[str, ...], list[str]] = {}
        for name, statement in self._source.statements.items():
            sliced_by = SOURCE_ENTITIES[name].sliced_by if name in SOURCE_ENTITIES else None
            for origin in sorted(column_origins(name, statement.tree)[sliced_by]) if sliced_by else ():
                found.setdefault((*origin.table.split("."), origin.name), []).append(name)
        return found

    @cached_property
    def _fault(self) -> ConnectionFault | None:
        return self._source.connection_fault((*LOGIN_FAULTS, *TLS_FAULTS))

    @cached_property
    def _master(self) -> SQLServerSource:
        """The database that every server has and every login may open."""
        return self._source.at("master")

    @cached_property
    def _is_let_into_master(self) -> bool:
        return self._master.connection_fault(()) is None

    @cached_property
    def _databases(self) -> list[str]:
        """The databases of the server that the login can see; none where it does not tell."""
        rows = self._master.told_of_the_server(DATABASES) if self._is_let_into_master else None
        return [str(row["name"]) for row in rows or ()]


def _is_of_login(fault: ConnectionFault) -> bool:
    """Whether the server was spoken to, and refused the login or the database."""
    return fault.sqlstate.startswith(("28", "42")) or any(word in fault.said for word in LOGIN_FAULTS)


def _why_no_session(fault: ConnectionFault) -> str:
    """What keeps a server that answers from opening a session, and what to do."""
    told = [TLS_FAULTS[word] for word in fault.said if word in TLS_FAULTS and word != ANY_TLS_FAULT]
    if told:
        return told[0]
    if fault.sqlstate.startswith(TIMED_OUT):
        return TOO_SLOW
    return TLS_FAULTS[ANY_TLS_FAULT] if ANY_TLS_FAULT in fault.said else TLS_UNTOLD


def _index_advice(row: Mapping[str, Any], entities: list[str]) -> Iterator[Finding]:
    """What keeps a server from looking up the rows of a window by a column."""
    schema, table, column = (str(row[part]) for part in ("schema_name", "name", "column_name"))
    named, of = f"{schema}.{table}.{column}", f"by which {' and '.join(entities)} are read in windows"
    if not row["begins_an_index"]:
        yield unknown(
            "indexes",
            f"{named}, {of}, begins no index: each window of a daily run reads the whole table",
            f"A DBA may run: CREATE INDEX {bracketed(f'IX_{table}_{column}')} ON "
            f"{bracketed(schema)}.{bracketed(table)} ({bracketed(column)}).",
        )
    if row["type_name"] != MOMENT_TYPE:
        yield unknown(
            "indexes",
            f"{named}, {of}, is {row['type_name']}: the server converts it, and may read the whole table for that",
            "datetime2(3) is what windows are asked for in.",
        )


def _folded(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A column of a table, as lineage names it."""
    return tuple(folded_name(str(row[part])) for part in ("schema_name", "name", "column_name"))


def _why_it_does_not_load(path: Path) -> str:
    """Why a driver's library cannot be loaded, such as another library that it needs; empty where it can be."""
    if not path.is_file():
        return f"there is no file {path.name} where CORY_SQL_ODBC_DRIVER says"
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        missing = re.search(r"[\w.+-]+\.so[\w.]*(?=: cannot open)", str(error))
        return f"it needs {missing[0]}, which is not installed" if missing else "its library cannot be loaded"
    return ""
