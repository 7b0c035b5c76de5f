"""The embedded database: a DuckDB file with the schemas and tables of the Agent Cory database."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from lead_conversion.guard.roles import current_user
from lead_conversion.kernel.errors import DataError, SourceError
from lead_conversion.source.protocol import Access, OnStatement
from lead_conversion.source.reading import DEFAULT_BATCH_ROWS, CheckedSource

WHERE_FROM = "Set CORY_DUCKDB_PATH, or make the demo world with 'lead-conversion simulate'."

# The name under which the file is attached: attached under its own, 'education.duckdb' would be read as a database
# where a SELECT names the schema 'education'.
ATTACHED_AS = "file_of_the_source"

# Nothing but the one file can be read, and nothing can be written: no spilling of personal rows to a temporary
# directory either, which an unencrypted join would do. In this order: the later ones forbid changing the earlier.
LOCKED_DOWN = {
    "temp_directory": "",
    "memory_limit": "1GB",  # or DuckDB keeps what it has read of the file, up to most of the machine's memory
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",
}


def require_database(path: Path, where_from: str = WHERE_FROM) -> None:
    """Pass where a file is there.

    Raises:
        SourceError: none is; it says where to get one from.
    """
    if not path.is_file():
        raise SourceError(f"No database: expected a DuckDB file at {path}, found none. {where_from}")


class DuckDBSource(CheckedSource):
    """A DuckDB file, opened read-only for each statement and closed after it.

    Args:
        path: the file.
        statements: the T-SQL SELECT of each entity.
        batch_rows: the most rows that are held at once.
        on_statement: called before and after each statement, for the access log.
        where_from: what to do where there is no such file.
    """

    kind: Literal["duckdb", "sqlserver"] = "duckdb"
    dialect: Literal["duckdb", "tsql"] = "duckdb"

    def __init__(
        self,
        path: str | Path,
        statements: Mapping[str, str],
        batch_rows: int = DEFAULT_BATCH_ROWS,
        on_statement: OnStatement | None = None,
        where_from: str = WHERE_FROM,
    ) -> None:
        self._path = Path(path)
        self._where_from = where_from
        super().__init__(statements, batch_rows, on_statement)

    @property
    def name(self) -> str:
        """The file's name without its folder, which says nothing about the data."""
        return self._path.name

    @property
    def principal(self) -> str:
        """The operating system's user: a file knows no other."""
        return current_user()

    @property
    def access(self) -> Access:
        """DuckDB itself refuses every write to a file that was opened read-only."""
        return "read-only"

    def _require_rights(self) -> None:
        """Passed: the file is opened read-only, and has no rights of its own."""

    def _connect(self) -> duckdb.DuckDBPyConnection:
        require_database(self._path, self._where_from)
        fault = ""
        try:
            return self._attached()
        except duckdb.BinderException:
            fault = "is already open for writing in this process"
        except duckdb.Error:
            fault = "is not a DuckDB database that can be opened, or another process is writing to it"
        raise SourceError(f"The file {self._path} {fault}. Check CORY_DUCKDB_PATH, or close what writes to the file.")

    def _attached(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        try:
            path = str(self._path).replace("'", "''")
            connection.execute(f"ATTACH '{path}' AS {ATTACHED_AS} (READ_ONLY, TYPE duckdb)")
            connection.execute(f"USE {ATTACHED_AS}")
            connection.execute("DETACH memory")
            for name, value in LOCKED_DOWN.items():
                connection.execute(f"SET {name} = '{value}'")
        except BaseException:
            connection.close()
            raise
        return connection

    def _fetch(self, sql: str) -> Generator[pa.RecordBatch, None, None]:
        fault: type[duckdb.Error]
        connection = self._connect()
        try:
            yield from connection.execute(sql).to_arrow_reader(self._batch_rows)
        except duckdb.Error as error:
            fault = type(error)
        else:
            return
        finally:
            connection.close()
        # Raised outside the except block: DuckDB's own message can name a value.
        if issubclass(fault, duckdb.OperationalError):
            raise SourceError(
                f"{self.name} stopped answering ({fault.__name__}). Run again; if memory was short, "
                "one organisation (org_id) at a time."
            )
        raise DataError(
            f"{self.name} cannot carry out a SELECT of conf/<env>/source/ ({fault.__name__}): a column or type is not "
            "what the SELECT takes it for. Try the SELECT by hand against the database."
        )
