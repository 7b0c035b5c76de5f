"""Invented people planted in every text and id column of the source; nothing that a run writes or says holds them."""

import base64
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase
from urllib.parse import unquote_to_bytes

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lead_conversion.simulation import WorldSpec, truth_path_of, write_world
from project import QUICK_MODELS, kedro_command

pytestmark = pytest.mark.no_cover
# Rows that can each take a canary of their own; in smaller tables one row takes all of a column's.
ROOMY = 500
LOG = "dbo.Education_Cory_Communication_Log"
PLACES = re.compile(
    rb"(?:quackenb|canarybird|quackvil|leakyb)[a-z]{2}"  # the last two letters tell the column
    rb"|z(?:e|\xc3\xa9|\xe9|\xc3\x83\xc2\xa9|\\u00e9)bulon"
    rb"|(?<![\d.])1?415[\s().\-]{0,3}559[\s.\-]{0,2}0[1-9]\d\d(?!\d)"
    rb"|453957[\s.\-]?876[\s.\-]?362[\s.\-]?\d{4}|4539[\s.\-]5787[\s.\-]6362[\s.\-]\d{4}"
)
TELLING = (b"quackenb", b"canarybird", b"quackvil", b"leakyb", b"zebulon", b"4539578763")


@dataclass(frozen=True)
class Canary:
    """A person who is nobody; the code is that of the column which it was planted in."""

    number: int

    @property
    def code(self) -> str:
        return ascii_lowercase[self.number // 26] + ascii_lowercase[self.number % 26]

    first_name = "Z\u00e9bulon"

    @property
    def last_name(self) -> str:
        return f"Quackenb{self.code}"

    @property
    def email(self) -> str:
        return f"zebulon.quackenb{self.code}@leakyb{self.code}.example"

    @property
    def digits(self) -> str:
        return f"4155590{100 + self.number}"

    @property
    def card(self) -> str:
        body = f"453957876362{self.number:03d}"
        total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
        return f"{body}{-total % 10}"

    @property
    def city(self) -> str:
        return f"Quackvil{self.code}"

    @property
    def spellings(self) -> list[str]:
        local, domain = self.email.split("@")
        phone = f"({self.digits[:3]}) {self.digits[3:6]}-{self.digits[6:]}"
        card = " ".join(self.card[start : start + 4] for start in range(0, 16, 4))
        street = f"{100 + self.number} Canarybird{self.code} Street"
        spelled = [
            f"{self.first_name} {self.last_name}",
            f"{self.last_name.upper()}, Zebulon",
            f"zebulon {self.last_name.lower()}",
            self.email,
            self.email.upper(),
            f"{local} (at) {domain.replace('.', ' dot ')}",
            f"mailto:{local}%40{domain}",
            phone,
            self.digits,
            f"+1{self.digits}",
            f"{street}, {self.city}",
            card,
            self.card,
        ]
        return [*spelled, f"{self.first_name} {self.last_name}, {street}, {self.city}, {self.email}, {phone}, {card}"]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A small world with its canaries, and the column by canary."""
    path = tmp_path_factory.mktemp("source") / "agent_cory.duckdb"
    write_world(WorldSpec(leads=1500), path, truth_path_of(path))
    with duckdb.connect(str(path)) as connection:
        columns = connection.execute(
            "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns "
            "WHERE data_type = 'VARCHAR' ORDER BY 1, 2"
        ).fetchall()
        # A full contact first, so that each canary's name is a contact's as the source knows them.
        for number in range(len(columns)):
            plant_contact(connection, Canary(number))
        for number, (table, column) in enumerate(columns):
            plant_texts(connection, table, column, Canary(number))
        plant_ids(connection, Canary(len(columns) - 1))
    assert len(columns) > 40
    return path, {Canary(number).code: ".".join(place) for number, place in enumerate(columns)}


def plant_contact(connection, canary):
    connection.execute(
        "INSERT INTO education.contacts SELECT * REPLACE (? AS contact_id, ? AS ghl_contact_id, ? AS first_name, "
        "? AS last_name, ? AS email, ? AS phone, ? AS city, ? AS company, ? AS notes) "
        "FROM education.contacts WHERE rowid = ?",
        [
            int(canary.digits),
            f"ghl-{canary.email}",
            canary.first_name,
            canary.last_name,
            canary.email,
            canary.digits,
            canary.city,
            f"{canary.last_name} Ltd",
            canary.spellings[-1],
            canary.number,
        ],
    )


def plant_texts(connection, table, column, canary):
    """Each spelling in a row of its own; where there are few rows, all of them in one."""
    is_reply = (table, column) == (LOG, "body")
    only = "direction LIKE 'in%' AND channel IS NOT NULL" if table == LOG else "true"
    rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table} WHERE {only} ORDER BY rowid").fetchall()]
    texts = canary.spellings if len(rows) > ROOMY else ["; ".join(canary.spellings)]
    # Columns of one table take rows of their own, from the middle of the history.
    start = len(rows) // 3 + canary.number * (20 if len(rows) > ROOMY else 1)
    for place, text in enumerate(texts):
        value = f"inbound {text}" if column == "direction" else f"Yes please. {text}" if is_reply else text
        row = rows[(start + place) % len(rows)]
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [value, row])
        if is_reply:
            ghl = f"ghl-{canary.email}"
            connection.execute(f"UPDATE {table} SET ghl_contact_id = ? WHERE rowid = ?", [ghl, row])


def plant_ids(connection, canary):
    """A phone number as the id of a contact stands there already; a card number as the id of each of its events."""
    contact, number = int(canary.digits), int(canary.card)
    for table, id_column, rest in (
        ("campaign_enrollments", "enrollment_id", {"contact_id": contact}),
        ("campaign_activities", "activity_id", {"enrollment_id": number}),
        ("booking_appointments", "appointment_id", {"contact_id": contact}),
        ("contact_status_history", "status_id", {"contact_id": contact}),
    ):
        replaced = ", ".join(f"{value} AS {name}" for name, value in {id_column: number, **rest}.items())
        connection.execute(
            f"INSERT INTO education.{table} SELECT * REPLACE ({replaced}) FROM education.{table} WHERE rowid = 50"
        )


@pytest.fixture(scope="module")
def finished(database, tmp_path_factory):
    """A folder in which a full run on the canaries' database has succeeded, and what the run said."""
    folder = tmp_path_factory.mktemp("canaries")
    said = run(folder, database[0], "--pipeline=full", f"--params={QUICK_MODELS}")
    return folder, said


def run(folder, database, *words):
    environment = os.environ | {"CORY_DUCKDB_PATH": str(database)}
    outcome = subprocess.run(kedro_command(*words), cwd=folder, env=environment, capture_output=True, check=False)
    said = outcome.stdout + b"\n" + outcome.stderr
    assert outcome.returncode == 0, said[-3000:].decode()
    return said


def test_nothing_that_a_full_run_writes_or_says_holds_a_canary(database, finished):
    folder, said = finished
    assert leaks(folder, said, database[1]) == {}


def test_nothing_of_the_writer_is_left_where_scrubbed_text_is_kept(database, finished):
    folder, _ = finished
    keep = "--params=privacy.keep_scrubbed_text=true,privacy.scrubbed_text_days=36500"
    said = run(folder, database[0], "--pipeline=data_engineering", keep)
    path = folder / "data/02_intermediate/scrubbed_replies.parquet"
    assert path.stat().st_mode & 0o777 == 0o600
    kept = pq.read_table(path).column("scrubbed_text").to_pylist()
    assert sum("Yes please. [" in text for text in kept) >= len(Canary(0).spellings) - 1
    assert leaks(folder, said, database[1]) == {}


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.encode(),
        lambda text: text.upper().encode(),
        lambda text: text.encode("utf-16-le"),
        lambda text: base64.b64encode(b"x" + text.encode()),
        lambda text: text.replace("Q", "%51").encode(),
        lambda text: text.replace("Q", "&#81;").encode(),
        lambda text: " ".join(text).encode(),
    ],
)
def test_the_search_finds_what_is_planted(tmp_path, write):
    (tmp_path / "planted.txt").write_bytes(b"\0\xff" + write(Canary(3).last_name) + b" ")
    assert set(leaks(tmp_path, b"", {"ad": "somewhere"})) == {"planted.txt"}


@pytest.mark.parametrize("text", Canary(5).spellings)
def test_the_search_knows_each_spelling(tmp_path, text):
    assert set(leaks(tmp_path, text.encode(), {})) == {"(said)"}


def leaks(folder, said, columns):
    """By file, what was found there, and the columns that it was planted in as far as what was found tells them."""
    written = [path for path in folder.rglob("*") if path.is_file()]
    hits_by_name = {path.relative_to(folder).as_posix(): hits_in(path.read_bytes()) for path in written}
    return {
        name: {hit.decode("latin-1"): columns.get(hit[-2:].decode("latin-1"), "?") for hit in hits}
        for name, hits in {**hits_by_name, "(said)": hits_in(said)}.items()
        if hits
    }


@cache  # a later run leaves most files as they are
def hits_in(raw):
    """What is found in the content of a file."""
    text = content(raw)
    hits = sorted({hit for spelling in readings(text) for hit in PLACES.findall(spelling)})
    return hits + [needle for needle in TELLING if any(form in text for form in hidden_forms(needle))]


def content(raw):
    """The bytes of a file; of a Parquet file, the values as text as well."""
    if not raw.startswith(b"PAR1"):
        return raw
    values = pq.read_table(pa.BufferReader(raw)).to_pydict()
    return raw + b"\n".join(str(value).encode() for column in values.values() for value in column)


def readings(text):
    """The bytes in lower case: as they stand, with URL escapes and entities read, and without blanks."""
    lower = text.lower()
    yield lower
    if b"%" in lower:
        yield unquote_to_bytes(lower).lower()
    if b"&#" in lower:
        yield re.sub(rb"&#(\d{2,3});", lambda found: bytes([int(found[1]) % 256]), lower).lower()
    yield re.sub(rb"[\s\0._\-]+", b"", lower)


def hidden_forms(needle):
    """The needle in UTF-16 and in base64 at each of its three alignments, in the spellings that names have."""
    for spelling in {needle, needle.title(), needle.upper()}:
        yield spelling.decode().encode("utf-16-le")
        for before in range(3):
            coded = base64.b64encode(b"x" * before + spelling)
            # What the bytes before and behind decide is left out.
            yield coded[(8 * before + 5) // 6 : len(spelling) * 8 // 6 + (8 * before) // 6 - 1].rstrip(b"=")
