"""The whole way from a T-SQL server to the report; the reading is compared with that of the same world in DuckDB."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from agent_cory_rows import selects

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.kernel.errors import AccessError, BrokenOffError
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.sqlserver_source import SQLServerSettings, SQLServerSource
from project import run

CHANGE_OLDEST_CONTACT = """
    UPDATE education.contacts SET site_visits_30d = 99
    WHERE contact_id = (SELECT MIN(contact_id) FROM education.contacts)
"""
# The world ended long ago, which the environment of a real database would refuse.
OLD_DATA = "--params=quality.gates.freshness.limit=null"


def source_of(server, login=None, **settings):
    given = SQLServerSettings.of({**(login or server.reader), **settings})
    return SQLServerSource(given, selects(), driver=server.driver)


def require_rights(server):
    if not server.keeps_rights:
        pytest.skip("The stand-in keeps no rights and no time: set CORY_SQL_HOST and its kin to ask a real server")


def manifests(folder):
    return [json.loads(path.read_text()) for path in (folder / "data/01_raw/snapshots").glob("[!.]*/manifest.json")]


def rows_of(source, entity, as_of):
    """Each row as often as it comes."""
    found = Counter()
    for batch in source.stream(entity, as_of):
        found.update(tuple(row.values()) for row in batch.to_pylist())
    return found


def test_the_server_gives_the_rows_that_the_embedded_database_gives(server, world):
    embedded, read = DuckDBSource(world, selects()), source_of(server)
    as_of = embedded.newest_event_at() - timedelta(days=1)
    assert read.newest_event_at() == embedded.newest_event_at()
    assert read.organisations() == embedded.organisations()
    for entity in SOURCE_ENTITIES:
        assert rows_of(read, entity, as_of) == rows_of(embedded, entity, as_of), entity


def test_the_server_sums_up_contents_day_by_day(server, world):
    embedded, read = DuckDBSource(world, selects()), source_of(server)
    as_of = embedded.newest_event_at()
    for entity in SOURCE_ENTITIES:
        told = read.summarise(entity, as_of, by="contents")
        assert [(day.day, day.rows) for day in told] == [
            (day.day, day.rows) for day in embedded.summarise(entity, as_of)
        ]
        assert all(day.content is not None for day in told)


def test_the_second_login_may_read_and_not_write(server):
    require_rights(server)
    assert source_of(server).describe().access == "read-only"
    with server.connected(server.reader) as connection, pytest.raises(server.driver.Error):
        connection.execute("UPDATE education.contacts SET region = region")


def test_a_login_that_may_write_is_refused_unless_overridden(server):
    require_rights(server)
    with pytest.raises(AccessError, match="may write"):
        source_of(server, server.owner).describe()
    overridden = source_of(server, server.owner, allow_write_rights=True)
    assert overridden.describe().access == "may write (overridden)"


def test_a_statement_that_takes_too_long_is_broken_off(server):
    require_rights(server)
    endless = (
        f"{selects()['contacts']} CROSS JOIN education.campaign_activities AS x CROSS JOIN education.contacts AS y"
    )
    given = SQLServerSettings.of({**server.reader, "query_timeout_seconds": 1})
    source = SQLServerSource(given, {**selects(), "contacts": endless}, driver=server.driver)
    with pytest.raises(BrokenOffError):
        source.summarise("contacts", source.newest_event_at(), by="contents")


def test_a_second_run_reads_only_what_changed_and_gives_what_a_full_reading_gives(server, tmp_path):
    environment = {**server.environment(), "LEAD_CONVERSION_PSEUDONYM_KEY": "a key for tests, of no one"}
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    run(ours, "--env=prod", "--pipeline=full", OLD_DATA, environment=environment)
    assert (ours / "data/08_reporting/report.html").is_file()

    server.execute(CHANGE_OLDEST_CONTACT)
    for folder in (ours, theirs):
        run(folder, "--env=prod", "--pipeline=data_engineering", OLD_DATA, environment=environment)
    first, second = sorted(manifests(ours), key=lambda manifest: manifest["extracted_at"])
    files = second["entities"]["contacts"]["files"]
    changed = {file["sha256"] for file in files} - {file["sha256"] for file in first["entities"]["contacts"]["files"]}
    assert len(changed) == 1
    assert sum("shared_from" in file for file in files) > 0
    for path in (theirs / "data/03_primary").glob("[!.]*.parquet"):
        assert path.read_bytes() == (ours / "data/03_primary" / path.name).read_bytes(), path.name
