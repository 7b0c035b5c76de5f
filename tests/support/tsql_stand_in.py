"""Stands in for pyodbc and a T-SQL server: what is sent is read as T-SQL and carried out by a DuckDB file.

It shows that the T-SQL which the project writes means what it should; it keeps no rights, speaks no TDS and has no
catalog views, as a server may lack them. The connection string's DATABASE is the path of the file.
"""

import re
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

Connection = duckdb.DuckDBPyConnection
DATABASE = re.compile(r"DATABASE=\{([^}]*)\}")


class Error(Exception):
    """As DB-API errors of ODBC are: the SQLSTATE first."""


def connect(connection_string: str, /, **_: Any) -> "StandInConnection":
    """A connection that can only read, as the second login can."""
    found = DATABASE.search(connection_string)
    if found is None:
        raise Error("08001", "no database")
    try:
        return StandInConnection(duckdb.connect(found.group(1), read_only=True))
    except duckdb.Error as error:
        raise Error("08001", type(error).__name__) from error


def drivers() -> list[str]:
    """The drivers that are registered."""
    return ["ODBC Driver 18 for SQL Server"]


class StandInConnection:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.timeout = 0
        self.autocommit = True

    def cursor(self) -> "StandInCursor":
        return StandInCursor(self._connection.cursor())

    def set_attr(self, *_: int) -> None:
        raise Error("HYC00", "no such attribute")

    def add_output_converter(self, *_: Any) -> None:
        """Nothing to convert: no value comes as bytes."""

    def close(self) -> None:
        self._connection.close()


class StandInCursor:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str) -> "StandInCursor":
        try:
            self._connection.execute(as_duckdb(sql))
        except duckdb.CatalogException as error:
            raise Error("42S02", type(error).__name__) from error
        except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
            raise Error("42000", type(error).__name__) from error
        return self

    @property
    def description(self) -> Any:
        return self._connection.description

    def fetchone(self) -> Any:
        return self._connection.fetchone()

    def fetchmany(self, size: int) -> Any:
        return self._connection.fetchmany(size)

    def fetchall(self) -> Any:
        return self._connection.fetchall()

    def cancel(self) -> None:
        self._connection.interrupt()

    def close(self) -> None:
        """Nothing is kept open."""


def as_duckdb(sql: str) -> str:
    """The T-SQL as DuckDB carries it out: what sqlglot leaves as it is, in words that DuckDB knows."""
    tree = sqlglot.parse_one(sql, read="tsql")
    for convert in list(tree.find_all(exp.Convert)):
        convert.replace(exp.cast(convert.expression, convert.this))
    for function in list(tree.find_all(exp.Anonymous)):
        if function.name.upper() == "DATALENGTH":
            function.replace(exp.func("STRLEN", *function.expressions))
    for hashed in list(tree.find_all(exp.SHA2)):
        number = exp.func("CONCAT", exp.Literal.string("0x"), exp.func("LEFT", exp.func("SHA256", hashed.this), 15))
        hashed.parent.replace(number)  # the first bytes of it
    return tree.transform(_texts).sql("duckdb")


def _texts(node: exp.Expr) -> exp.Expr:
    """Texts without a length and without the mark of Unicode."""
    if isinstance(node, exp.DataType) and node.this in exp.DataType.TEXT_TYPES:
        return exp.DataType.build("text")
    return exp.Literal.string(node.name) if isinstance(node, exp.National) else node
