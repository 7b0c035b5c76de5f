"""An embedded database made from CSV files, where somebody's data comes as an export and not as a server."""

import csv
import json
import logging
import os
from collections.abc import Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, NoReturn

import duckdb
from kedro.io import AbstractDataset

from lead_conversion.datasets.agent_cory import PATH_VARIABLE, given_path
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.simulation.world import World

LINES_NAMED = 5
MADE_FROM = "main.made_from"
log = logging.getLogger(__name__)

Table = Mapping[str, Any]
"""`file`, the CSV's name, and `columns`, the type of each column in the order of the file."""


class CSVDatabaseDataset(AbstractDataset[World, NoReturn]):
    """Stands where base writes the demo world: saving makes a DuckDB database from CSV files.

    It is made anew when a file or its declared columns are others than those that it was made from, which it remembers.

    A file that CORY_DUCKDB_PATH names is somebody's own: it is read instead, and nothing is made.

    Args:
        filepath: the database.
        path: the folder of the CSV files.
        tables: by `schema.table`, its file and the DuckDB type of each of its columns.
        where_from: where to get the files and what to set, for who does not have them.
        path_variable: the environment variable that names the folder. Where it is set, the files have to be there;
            where it is not, a database that was made from them once will do.
    """

    def __init__(
        self,
        filepath: str,
        path: str,
        tables: Mapping[str, Table],
        where_from: str,
        path_variable: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = Path(filepath)
        self._folder = Path(path)
        self._tables = tables
        self._where_from = where_from
        self._path_variable = path_variable
        self.metadata = metadata

    def save(self, data: World) -> None:  # noqa: ARG002 - Kedro's signature; the demo world is not written here
        """Make the database, unless it is there and as the files are, or another one is named.

        Raises:
            ConfigurationError: the folder or a CSV file is not there.
            DataError: a file has other columns than expected, or lines that do not hold what the types say.
        """
        if given_path() is not None:
            log.info("Reading the database that %s names; none is made", PATH_VARIABLE)
            return
        if self._filepath.is_file() and not self._is_named() and self._missing_files():
            log.warning("No CSV files in %s: the database %s is read as it is", self._folder, self._filepath.name)
            return
        self._require_files()
        made_from = self._fingerprint()
        if self._filepath.is_file() and _fingerprint_in(self._filepath) == made_from:
            log.info("The database %s is there already, made from the same files", self._filepath.name)
        else:
            self._make(made_from)

    def load(self) -> NoReturn:
        """Refused.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError("The database is read as agent_cory@source, not as agent_cory@demo.")

    def _is_named(self) -> bool:
        return self._path_variable is None or bool(os.environ.get(self._path_variable, "").strip())

    def _missing_files(self) -> list[str]:
        return [table["file"] for table in self._tables.values() if not (self._folder / table["file"]).is_file()]

    def _require_files(self) -> None:
        missing = self._missing_files()
        if missing:
            found = "no such file" if self._folder.is_dir() else "no such folder"
            raise ConfigurationError(
                f"No data to make {self._filepath.name} from: expected {', '.join(missing)} in {self._folder}, found "
                f"{found}. {self._where_from}"
            )

    def _fingerprint(self) -> str:
        """The hash of the files and of what they are declared to hold."""
        digest = sha256(json.dumps({name: dict(table) for name, table in self._tables.items()}).encode())
        for table in self._tables.values():
            with (self._folder / table["file"]).open("rb") as file:
                digest.update(file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def _make(self, made_from: str) -> None:
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        partial = self._filepath.with_name(f".{self._filepath.name}.partial")
        partial.unlink(missing_ok=True)
        try:
            with duckdb.connect(str(partial)) as connection:
                rows = {
                    name: _load_table(connection, name, self._folder / table["file"], table["columns"])
                    for name, table in self._tables.items()
                }
                connection.execute(f"CREATE TABLE {MADE_FROM} AS SELECT ? AS fingerprint", [made_from])
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        partial.replace(self._filepath)
        found = ", ".join(f"{name} {count:,}" for name, count in rows.items())
        log.info("Made the database %s: rows by table: %s", self._filepath.name, found)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "tables": sorted(self._tables)}

    def _exists(self) -> bool:
        return self._filepath.is_file()


def _fingerprint_in(database: Path) -> str | None:
    """What the database was made from; None where that cannot be told."""
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            row = connection.table(MADE_FROM).fetchone()
    except duckdb.Error:
        return None
    return str(row[0]) if row else None


def _load_table(connection: duckdb.DuckDBPyConnection, name: str, file: Path, columns: Mapping[str, str]) -> int:
    """Load one file into a table of its own; how many rows it has."""
    _require_header(file, list(columns))
    fault = ""
    try:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{name.partition(".")[0]}"')
        connection.read_csv(
            str(file), columns=dict(columns), header=True, auto_detect=False, sep=",", quotechar='"', escapechar='"',
            store_rejects=True,
        ).create(name)  # fmt: skip
        rejects = connection.table("reject_errors").select("line", "column_name", "error_type").distinct()
        fault = _describe_rejects(rejects.order("ALL").fetchall())
        ((rows,),) = connection.table(name).count("*").fetchall()
    except duckdb.Error as error:
        fault = f"DuckDB cannot read it ({type(error).__name__})"
    # Raised outside the except block: DuckDB's own message names values.
    if fault:
        raise DataError(
            f"{file.name} does not hold what {name} is declared to hold: {fault}. Mend the file, or its types in "
            "conf/<env>/."
        )
    return int(rows)


def _require_header(file: Path, expected: list[str]) -> None:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        found = next(csv.reader(lines), [])
    if found != expected:
        unknown = [name for name in found if name not in expected]
        missing = [name for name in expected if name not in found]
        raise DataError(
            f"{file.name} has other columns than expected: missing {', '.join(missing) or 'none'}, "
            f"{len(unknown)} unknown; their order counts. Get the file anew, or mend its columns in conf/<env>/."
        )


def _describe_rejects(rejects: list[tuple[int, str | None, str]]) -> str:
    """How many lines and of what kind, where the first ones stand; never what stands in them."""
    lines = sorted({line for line, _column, _kind in rejects})
    if not lines:
        return ""
    kinds = {f"{kind.lower()} in {column}" if column else kind.lower() for _line, column, kind in rejects}
    first = ", ".join(str(line) for line in lines[:LINES_NAMED])
    found = "1 line is malformed" if len(lines) == 1 else f"{len(lines):,} lines are malformed"
    return f"{found} ({'; '.join(sorted(kinds))}), the first at line {first}"
