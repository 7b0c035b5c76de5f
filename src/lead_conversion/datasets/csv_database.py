"""An embedded database made from CSV files, where somebody's data comes as an export and not as a server."""

import csv
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import duckdb
from kedro.io import AbstractDataset

from lead_conversion.datasets.agent_cory import PATH_VARIABLE, given_path
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.simulation.world import World

LINES_NAMED = 5
log = logging.getLogger(__name__)

Table = Mapping[str, Any]
"""`file`, the CSV's name, and `columns`, the type of each column in the order of the file."""


class CSVDatabaseDataset(AbstractDataset[World, NoReturn]):
    """Stands where base writes the demo world: saving makes a DuckDB database from CSV files where there is none.

    A file that CORY_DUCKDB_PATH names is somebody's own: it is read instead, and nothing is made.

    Args:
        filepath: the database.
        path: the folder of the CSV files.
        tables: by `schema.table`, its file and the DuckDB type of each of its columns.
        where_from: where to get the files and what to set, for who does not have them.
    """

    def __init__(
        self,
        filepath: str,
        path: str,
        tables: Mapping[str, Table],
        where_from: str,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = Path(filepath)
        self._folder = Path(path)
        self._tables = tables
        self._where_from = where_from
        self.metadata = metadata

    def save(self, data: World) -> None:  # noqa: ARG002 - Kedro's signature; the demo world is not written here
        """Make the database, unless it is there or another one is named.

        Raises:
            ConfigurationError: a CSV file is not there.
            DataError: a file has other columns than expected, or lines that do not hold what the types say.
        """
        if given_path() is not None:
            log.info("Reading the database that %s names; none is made", PATH_VARIABLE)
        elif self._filepath.is_file():
            log.info("The database %s is there already", self._filepath.name)
        else:
            self._require_files()
            self._make()

    def load(self) -> NoReturn:
        """Refused.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError("The database is read as agent_cory@source, not as agent_cory@demo.")

    def _require_files(self) -> None:
        missing = [table["file"] for table in self._tables.values() if not (self._folder / table["file"]).is_file()]
        if missing:
            raise ConfigurationError(
                f"No data to make {self._filepath.name} from: expected {', '.join(missing)} in {self._folder}, found "
                f"no such file. {self._where_from}"
            )

    def _make(self) -> None:
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        partial = self._filepath.with_name(f".{self._filepath.name}.partial")
        partial.unlink(missing_ok=True)
        try:
            with duckdb.connect(str(partial)) as connection:
                rows = {
                    name: _load_table(connection, name, self._folder / table["file"], table["columns"])
                    for name, table in self._tables.items()
                }
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        partial.rename(self._filepath)
        found = ", ".join(f"{name} {count:,}" for name, count in rows.items())
        log.info("Made the database %s: rows by table: %s", self._filepath.name, found)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "tables": sorted(self._tables)}

    def _exists(self) -> bool:
        return self._filepath.is_file()


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
