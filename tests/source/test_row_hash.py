from datetime import date

import duckdb
import pytest
import sqlglot
from agent_cory_rows import make_database, selects

from lead_conversion.contracts.source_entities import CONTACTS, SOURCE_ENTITIES
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.row_hash import MODULUS, content_of_rows

AS_OF = parse_moment("2026-06-01")
LEAD = {"contact_id": 1, "region": "ab", "country": "c", "crm_score": 1.5, "site_visits_30d": 3}


@pytest.fixture
def days_of(tmp_path):
    """What a source says of the contacts' days where its database holds these contacts."""

    def ask(*contacts, by="contents"):
        database = make_database(tmp_path / "cory.duckdb", {"education.contacts": contacts})
        return DuckDBSource(database, selects()).summarise("contacts", AS_OF, by=by)

    return ask


@pytest.fixture
def content_of(days_of):
    def ask(*contacts):
        (day,) = days_of(*contacts)
        return day.content

    return ask


@pytest.mark.parametrize(
    "changed",
    [
        {"region": "a", "country": "bc"},
        {"region": None},
        {"region": ""},
        {"region": "AB"},
        {"region": "ab "},
        {"crm_score": 1.6},
        {"site_visits_30d": None},
        {"opted_out": True},
        {"created_at": "2026-01-01 10:00:00.001"},
    ],
)
def test_any_change_of_a_row_changes_the_content(content_of, changed):
    assert content_of(LEAD | changed) != content_of(LEAD)


def test_null_and_the_empty_text_are_two_values(content_of):
    assert content_of(LEAD | {"region": None}) != content_of(LEAD | {"region": ""})


def test_the_smallest_change_of_a_number_shows():
    hashed = content_of_rows(CONTACTS, "duckdb").sql("duckdb")
    columns = ", ".join(f"{'1.0' if c.name == 'crm_score' else 'NULL'} AS {c.name}" for c in CONTACTS.columns)
    query = f"SELECT {hashed} FROM (SELECT {columns}) AS entity"
    same, other = (query.replace("1.0 AS", f"CAST({number!r} AS DOUBLE) AS") for number in (0.1 + 0.2, 0.3))
    assert duckdb.sql(same).fetchone() != duckdb.sql(other).fetchone()


def test_a_row_that_is_there_twice_counts_twice(content_of):
    other = LEAD | {"contact_id": 2}
    once, twice = content_of(LEAD), content_of(LEAD, other)
    assert twice == (once + content_of(other)) % MODULUS


def test_the_order_of_the_rows_does_not_count(content_of):
    other = LEAD | {"contact_id": 2}
    assert content_of(LEAD, other) == content_of(other, LEAD)


def test_days_come_in_order_each_with_its_rows(days_of):
    moments = ("2026-02-02 23:59:59.999", "2026-02-01", "2026-02-02")
    days = days_of(*({"contact_id": number, "created_at": moment} for number, moment in enumerate(moments)))
    assert [(day.day, day.rows) for day in days] == [(date(2026, 2, 1), 1), (date(2026, 2, 2), 2)]


def test_counts_say_nothing_of_the_content(days_of):
    (day,) = days_of(LEAD, by="counts")
    assert (day.rows, day.content) == (1, None)


def test_an_entity_that_is_read_whole_has_one_line(tmp_path):
    rows = {"education.campaign_steps": [{"step_id": 1}, {"step_id": 2, "created_at": "2026-03-01"}]}
    source = DuckDBSource(make_database(tmp_path / "cory.duckdb", rows), selects())
    assert [day.rows for day in source.summarise("campaign_steps", AS_OF)] == [2]


@pytest.mark.parametrize("entity", SOURCE_ENTITIES.values(), ids=SOURCE_ENTITIES)
class TestTSQL:
    """What cannot be carried out here is read as T-SQL, and held to what T-SQL is known to do."""

    def test_it_reads_as_tsql(self, entity):
        written = content_of_rows(entity, "tsql").sql("tsql")
        assert sqlglot.parse_one(written, read="tsql").sql("tsql") == written
        assert written.startswith("SUM(CAST(CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT(")

    def test_every_column_stands_behind_its_length_and_a_null_apart(self, entity):
        written = content_of_rows(entity, "tsql").sql("tsql")
        for column in entity.columns:
            assert f"CASE WHEN entity.{column.name} IS NULL THEN N'-' ELSE CONCAT(DATALENGTH(" in written

    def test_no_number_or_moment_is_cut_short_on_its_way_to_text(self, entity):
        # A plain cast to text leaves 6 digits of a float, and the minutes of a datetime.
        written = content_of_rows(entity, "tsql").sql("tsql")
        for column in entity.columns:
            if str(column.type) == "double":
                assert f"CONVERT(NVARCHAR(MAX), CAST(entity.{column.name} AS FLOAT), 3)" in written
            if str(column.type).startswith("timestamp"):
                assert f"CAST(CAST(entity.{column.name} AS DATETIMEOFFSET(7)) AS NVARCHAR(MAX))" in written
