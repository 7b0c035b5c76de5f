"""One statement over ODBC: a connection of its own, bounded batches, and an end that Ctrl-C can bring about.

A blocking call into an ODBC driver holds the thread that makes it, and Python tells that thread of Ctrl-C only when the
call returns: after minutes, or never. So the calls are made in a thread of their own, and the thread that asked waits
in a way that can be interrupted, and cancels (SQLCancel, the one ODBC function that another thread may call).
"""

import re
import struct
import time
from collections.abc import Callable, Collection, Generator
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Thread
from typing import Any, Literal, Protocol, TypeVar

import pyarrow as pa

Result = TypeVar("Result")
Stage = Literal["connecting", "asking"]

NO_ANSWER = "HYT00"
NATIVE_NUMBER = re.compile(r"\((\d{1,9})\) \(SQL\w+\)")
MIXED_TYPES = "mixed types"
ILL_FORMED_TEXT = "ill-formed text"

# A driver that keeps its own time-out ends a call itself; one that does not is cancelled this much later.
GRACE_SECONDS = 5.0
# How long a cancelled call may take to return before its thread and connection are left to the end of the process.
CANCEL_SECONDS = 10.0
CANCEL_AGAIN_SECONDS = 1.0
LISTENING_SECONDS = 0.5

# Rows that stand as Python objects at a time: more of them fill the memory and are no faster.
ROWS_AT_ONCE = 5_000
# How large rows are is known when some have come: few at first, then as many as have so many bytes if they are like the
# last ones.
FIRST_ROWS = 100
BYTES_AT_ONCE = 8 * 2**20
# A batch is full with so many bytes, however few its rows.
BATCH_BYTES = 64 * 2**20
DATETIMEOFFSET = -155
WIDE_TEXTS = (-8, -9, -10)  # SQL_WCHAR, SQL_WVARCHAR, SQL_WLONGVARCHAR


class Connection(Protocol):
    """What is used of a DB-API connection (PEP 249) as pyodbc gives it."""

    timeout: int

    def cursor(self) -> Any:
        """A new cursor."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...

    def set_attr(self, attribute: int, value: int, /) -> None:
        """Set an attribute of the connection, SQLSetConnectAttr."""
        ...

    def add_output_converter(self, sqltype: int, convert: Callable[[bytes], Any], /) -> None:
        """Have the values of an SQL type made from their bytes by a function."""
        ...


class Driver(Protocol):
    """What is used of a DB-API module (PEP 249) as pyodbc is one."""

    Error: type[Exception]

    def connect(self, connection_string: str, /, *, autocommit: bool, readonly: bool, timeout: int) -> Connection:
        """Open a connection."""
        ...

    def drivers(self) -> list[str]:
        """The names of the ODBC drivers that are registered."""
        ...


class OdbcFault(Exception):  # noqa: N818  a fault becomes an error when the source has said what it means
    """What went wrong, as an SQLSTATE, the server's own number of it, and nothing else.

    A driver's own message can name a login or a value.
    """

    def __init__(self, sqlstate: str, stage: Stage, number: int | None = None) -> None:
        super().__init__(sqlstate, stage, number)
        self.sqlstate, self.stage, self.number = sqlstate, stage, number


@dataclass(frozen=True)
class Patience:
    """How long a connection may take to open, and an answer or a batch to come."""

    connect_seconds: float
    query_seconds: float


def read_batches(
    driver_error: type[Exception],
    open_connection: Callable[[], Connection],
    sql: str,
    batch_rows: int,
    patience: Patience,
) -> Generator[pa.RecordBatch, None, None]:
    """The rows of one statement; while a batch is worked on the next one is on its way.

    Left before the end, for whatever reason, the statement is cancelled and its connection closed.

    Raises:
        OdbcFault: the driver refused, broke off or gave what cannot be read; or the time is over.
    """
    reading = _Reading(open_connection, sql, batch_rows)
    stage: Stage = "connecting"
    sqlstate, number = "", None
    try:
        reading.call(reading.connect, patience.connect_seconds)
        stage = "asking"
        reading.call(reading.execute, patience.query_seconds)
        pending = reading.begin(reading.fetch)
        while batches := reading.answer(pending, patience.query_seconds):
            pending = reading.begin(reading.fetch)
            yield from batches
    except driver_error as error:
        sqlstate = str(error.args[0]) if error.args else "none"
        number = number_of(error)
    except TimeoutError:
        sqlstate = NO_ANSWER
    except UnicodeError:
        sqlstate = ILL_FORMED_TEXT
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        sqlstate = MIXED_TYPES
    finally:
        reading.end(driver_error)
    if sqlstate:  # raised outside the except block: the errors above can name a value
        raise OdbcFault(sqlstate, stage, number)


@dataclass(frozen=True)
class ConnectionFault:
    """Why no connection opens: the SQLSTATE, and which of the words that were looked for the driver said."""

    sqlstate: str
    said: tuple[str, ...] = ()


def find_connection_fault(
    driver_error: type[Exception], open_connection: Callable[[], Connection], seconds: float, words: Collection[str]
) -> ConnectionFault | None:
    """Why no connection opens; None where one does. Nothing is asked over it.

    Args:
        driver_error: the driver's own error.
        open_connection: how a connection is opened.
        seconds: how long that may take.
        words: in lower case, what is looked for in the driver's message, which is not kept: it can name a login.
    """
    reading = _Reading(open_connection, "", 1)
    try:
        reading.call(reading.connect, seconds)
    except driver_error as error:
        message = " ".join(map(str, error.args)).lower()
        sqlstate = str(error.args[0]) if error.args else "none"
        return ConnectionFault(sqlstate, tuple(word for word in words if word in message))
    except TimeoutError:
        return ConnectionFault(NO_ANSWER)
    finally:
        reading.end(driver_error)
    return None


def number_of(error: Exception) -> int | None:
    """The server's own number of an error, which pyodbc writes behind its message: '... (229) (SQLExecDirectW)'."""
    found = NATIVE_NUMBER.search(" ".join(map(str, error.args)))
    return int(found[1]) if found else None


def decode_datetimeoffset(value: bytes) -> datetime:
    """The moment, as naive UTC, that SQL Server's driver gives as a SQL_SS_TIMESTAMPOFFSET_STRUCT."""
    year, month, day, hour, minute, second, nanoseconds, zone_hours, zone_minutes = struct.unpack("<6hI2h", value)
    local = datetime(year, month, day, hour, minute, second, nanoseconds // 1000)  # noqa: DTZ001  times are naive UTC
    return local - timedelta(hours=zone_hours, minutes=zone_minutes)


def decode_any_text(value: bytes) -> str:
    """The UTF-16 text with U+FFFD where half a character stands, as a text cut off within an emoji ends."""
    return value.decode("utf-16-le", "replace")


class _Reading:
    """A statement and its connection, and the thread in which every blocking call is made, one after the other."""

    def __init__(self, open_connection: Callable[[], Connection], sql: str, batch_rows: int) -> None:
        self._open_connection = open_connection
        self._sql = sql
        self._batch_rows = batch_rows
        self._rows_at_once = FIRST_ROWS
        self._connection: Connection | None = None
        self._cursor: Any = None
        self._last: Future[Any] | None = None
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        # A daemon: a driver that never returns must not keep the process from ending.
        Thread(target=self._work, name="odbc", daemon=True).start()

    def begin(self, action: Callable[[], Result]) -> Future[Result]:
        """Have the thread do something when it has done what it was told before."""
        future: Future[Result] = Future()
        self._last = future
        self._calls.put((future, action))
        return future

    def answer(self, future: Future[Result], seconds: float) -> Result:
        """What became of it.

        Raises:
            TimeoutError: nothing yet.
        """
        over = time.monotonic() + seconds + GRACE_SECONDS
        # A Ctrl-C that comes as a wait begins is heard when it ends (CPython looks for signals before, not in between).
        while not wait([future], LISTENING_SECONDS).done and time.monotonic() < over:
            continue
        return future.result(0)

    def call(self, action: Callable[[], Result], seconds: float) -> Result:
        """Do something, and wait for it."""
        return self.answer(self.begin(action), seconds)

    def connect(self) -> None:
        self._connection = self._open_connection()
        self._cursor = self._connection.cursor()

    def execute(self) -> None:
        self._cursor.execute(self._sql)

    def fetch(self) -> list[pa.RecordBatch]:
        names = [column[0] for column in self._cursor.description]
        parts, rows_left, bytes_left = [], self._batch_rows, BATCH_BYTES
        while min(rows_left, bytes_left) > 0 and (rows := self._cursor.fetchmany(min(rows_left, self._rows_at_once))):
            parts.append(pa.table([pa.array(values) for values in zip(*rows, strict=True)], names))
            rows_left -= len(rows)
            bytes_left -= parts[-1].nbytes
            rows_that_fit = BYTES_AT_ONCE * len(rows) // (parts[-1].nbytes + 1)
            self._rows_at_once = max(1, min(rows_that_fit, ROWS_AT_ONCE))
        # Permissive: a column can be null throughout one part, or have shorter decimals there.
        whole = pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({})
        # One batch, unless a column of it holds more text than an array can.
        batches: list[pa.RecordBatch] = whole.combine_chunks().to_batches()
        return batches

    def end(self, driver_error: type[Exception]) -> None:
        """Cancel what is still going on, and close the connection in any case."""
        returned = self._cancelled(driver_error)
        closing = self.begin(self._close)
        self._calls.put(None)
        wait([closing], CANCEL_SECONDS if returned else 0)

    def _cancelled(self, driver_error: type[Exception]) -> bool:
        """Whether the last call returned, of itself or when it was cancelled; opening a connection cannot be."""
        last, over = self._last, time.monotonic() + CANCEL_SECONDS
        while last is not None and not last.done() and self._cursor is not None and time.monotonic() < over:
            # Again until it is heard: the call may not have reached the driver when it was cancelled first.
            with suppress(driver_error):
                self._cursor.cancel()
            wait([last], CANCEL_AGAIN_SECONDS)
        return last is None or last.done()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            future, action = call
            try:
                future.set_result(action())
            except Exception as error:  # noqa: BLE001  it is raised in the thread that asked
                future.set_exception(error)
