"""The demo's own personal values: what must not be found anywhere that a pipeline writes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb

_COLUMNS = ("email", "phone", "first_name || ' ' || last_name", "ghl_contact_id")


def personal_values(path: Path) -> Iterator[str]:
    """Each e-mail address, phone number, full name and outreach id in the contacts of a world."""
    with closing(duckdb.connect(path, read_only=True)) as connection:
        for column in _COLUMNS:
            rows = connection.execute(
                f"SELECT DISTINCT trim({column}) AS v FROM education.contacts WHERE {column} <> '' ORDER BY v"  # noqa: S608  own columns
            )
            while some := rows.fetchmany(10_000):
                yield from (value for (value,) in some)
