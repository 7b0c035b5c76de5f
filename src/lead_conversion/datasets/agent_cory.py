"""The Agent Cory database in the catalog: read through one door; the embedded demo is written where it is missing."""

import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.guard.access_log import AccessLog
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.simulation import WorldSummary, truth_path_of
from lead_conversion.simulation.world import World
from lead_conversion.source.duckdb_source import WHERE_FROM, DuckDBSource
from lead_conversion.source.protocol import OnStatement, Source, StatementRecord
from lead_conversion.source.sqlserver_source import SQLServerSettings, SQLServerSource

PATH_VARIABLE = "CORY_DUCKDB_PATH"
console = logging.getLogger("lead_conversion.access")
log = logging.getLogger(__name__)


def recorder(access_log: AccessLog) -> OnStatement:
    """What a source calls for each statement that it is about to send, that ended, or that was refused."""

    def record_access(record: StatementRecord) -> None:
        access_log.write(asdict(record))
        console.info(
            "%s %s %s sha256=%s rows=%d seconds=%.2f",
            record.state, record.purpose, record.entity, record.sha256[:12], record.rows, record.seconds,
        )  # fmt: skip

    return record_access


class ReadOnlySourceDataset(AbstractDataset[NoReturn, Source]):
    """A database that can be loaded and never saved to."""

    def __init__(self, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refused.

        Raises:
            AccessError: always.
        """
        raise AccessError("The source database is read-only: nothing may be saved to it.")

    def _describe(self) -> dict[str, Any]:
        return {"access": "read-only"}


class EmbeddedSourceDataset(ReadOnlySourceDataset):
    """The embedded DuckDB database; CORY_DUCKDB_PATH names another file than the catalog.

    Args:
        filepath: the file, unless CORY_DUCKDB_PATH names one.
        statements: the SELECT of each entity.
        batch_rows: the most rows that are held at once.
        access_log: where each statement is recorded.
        where_from: what to do where `filepath` is not there.
    """

    def __init__(
        self,
        filepath: str,
        statements: dict[str, str],
        batch_rows: int,
        access_log: str,
        where_from: str = WHERE_FROM,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(metadata)
        self._on_statement = recorder(AccessLog(Path(access_log)))
        given = given_path()
        self._path = given or Path(filepath)
        self._where_from = WHERE_FROM if given else where_from
        self.statements = statements
        self._batch_rows = batch_rows

    def load(self) -> Source:
        """The source; nothing is opened before the first question."""
        return DuckDBSource(self._path, self.statements, self._batch_rows, self._on_statement, self._where_from)

    def _exists(self) -> bool:
        return self._path.is_file()


class SQLServerSourceDataset(ReadOnlySourceDataset):
    """The SQL Server that the CORY_SQL_* variables name (credentials of the catalog)."""

    def __init__(
        self,
        credentials: dict[str, Any],
        statements: dict[str, str],
        batch_rows: int,
        access_log: str,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(metadata)
        self._on_statement = recorder(AccessLog(Path(access_log)))
        self._credentials = credentials
        self.statements = statements
        self._batch_rows = batch_rows

    @property
    def settings(self) -> SQLServerSettings:
        """How to reach the server.

        Raises:
            ConfigurationError: a setting is missing, unknown or has no meaning.
        """
        return SQLServerSettings.of(self._credentials)

    def load(self) -> Source:
        """The source; nothing is opened before the first question."""
        return SQLServerSource(self.settings, self.statements, self._batch_rows, self._on_statement)


class DemoDatabaseDataset(AbstractDataset[World, WorldSummary]):
    """The embedded demo database: saving a world writes it where there is none.

    A file that CORY_DUCKDB_PATH names is somebody's own: it is never written, here or elsewhere.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def save(self, data: World) -> None:
        """Write the world, unless a database is there or named."""
        if given_path() is not None:
            log.info("Reading the database that %s names; no demo world is made", PATH_VARIABLE)
        elif self._path.is_file():
            log.info("The demo database is there already")
        else:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            summary = data.write(self._path, truth_path_of(self._path))
            log.info("Made a demo database of %s leads: every person in it is invented", f"{summary.spec.leads:,}")

    def load(self) -> WorldSummary:
        """Refused: the database is read through its read-only entry.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError("The demo database is read as agent_cory@source, not as agent_cory@demo.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}

    def _exists(self) -> bool:
        return self._path.is_file()


class NoDemoDatabaseDataset(AbstractDataset[World, NoReturn]):
    """Stands where an environment reads a real database: the demo world is not written."""

    def __init__(self, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata

    def save(self, data: World) -> None:  # noqa: ARG002 - Kedro's signature
        """Do nothing, and say so."""
        log.info("This environment reads a real database; no demo world is made")

    def load(self) -> NoReturn:
        """Refused.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError("This environment has no demo database.")

    def _describe(self) -> dict[str, Any]:
        return {}


def given_path() -> Path | None:
    """The database that the environment names, if any."""
    given = os.environ.get(PATH_VARIABLE, "").strip()
    return Path(given) if given else None
