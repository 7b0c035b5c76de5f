"""The whole way from a T-SQL server to the report; the reading is compared with that of the same world in DuckDB."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
import tsql_stand_in
from agent_cory_rows import selects

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.kernel.errors import AccessError, BrokenOffError, DataError, SourceError
from lead_conversion.source.duckdb_source import DuckDBSource
from lead_conversion.source.rights import in_words
from lead_conversion.source.sqlserver_source import SQLServerSettings, SQLServerSource
from project import PROJECT, QUICK_MODELS, run

CHANGE_OLDEST_CONTACT = """
    UPDATE education.contacts SET site_visits_30d = 99
    WHERE contact_id = (SELECT MIN(contact_id) FROM education.contacts)
"""
# The world ended long ago, which the environment of a real database would refuse.
KEY = "a key for tests, of no one"
OLD_DATA = f"--params=quality.gates.freshness.limit=null,{QUICK_MODELS}"


def source_of(server, login=None, **settings):
    given = SQLServerSettings.of({**(login or server.reader), **settings})
    return SQLServerSource(given, selects(), driver=server.driver)


def require_second_login(server):
    if server.lacks_rights:
        pytest.skip(server.lacks_rights)


def sums_of_contents(source, entity, as_of):
    """By day; a server that is not SQL Server may lack what that takes, and a run then compares counts."""
    try:
        return source.summarise(entity, as_of, by="contents")
    except (AccessError, DataError, SourceError) as refusal:
        if source.server_version.is_new_enough or source.driver is tsql_stand_in:
            raise
        pytest.skip(f"{source.server_version} does not sum up contents: {refusal}")


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
        told = sums_of_contents(read, entity, as_of)
        assert [(day.day, day.rows) for day in told] == [
            (day.day, day.rows) for day in embedded.summarise(entity, as_of)
        ]
        assert all(day.content is not None for day in told)


def test_the_second_login_may_read_and_not_write(server):
    require_second_login(server)
    source = source_of(server, server.second_login)
    assert source.describe().access in ("read-only", "unknown")
    with server.connected(server.second_login) as connection, pytest.raises(server.driver.Error):
        connection.execute("UPDATE education.contacts SET region = region")
    if source.rights.unanswered:
        pytest.skip(f"It may not write, and the server does not tell so: {in_words(source.rights.doubts)}")


def test_a_login_that_may_write_is_refused_unless_overridden(server):
    require_second_login(server)
    rights = source_of(server, server.owner).rights
    if rights.status == "unknown":
        pytest.skip(f"The server does not tell what its owner may do: {in_words(rights.doubts)}")
    with pytest.raises(AccessError, match="may write"):
        source_of(server, server.owner).describe()
    overridden = source_of(server, server.owner, allow_write_rights=True)
    assert overridden.describe().access == "may write (overridden)"


def test_a_statement_that_takes_too_long_is_broken_off(server):
    if server.lacks_time:
        pytest.skip(server.lacks_time)
    endless = (
        f"{selects()['contacts']} CROSS JOIN education.campaign_activities AS x CROSS JOIN education.contacts AS y"
    )
    # Enough for the questions that come before the statement.
    given = SQLServerSettings.of({**server.reader, "query_timeout_seconds": 5})
    source = SQLServerSource(given, {**selects(), "contacts": endless}, driver=server.driver)
    as_of = source.newest_event_at()
    with pytest.raises(BrokenOffError):
        source.summarise("contacts", as_of, by="counts")


def test_a_check_finds_nothing_wrong_but_how_one_connects(server, tmp_path):
    shutil.copytree(PROJECT / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local"))
    command = [sys.executable, "-c", "from lead_conversion.cli import main; main()", "source", "check", "--env", "prod"]
    environment = os.environ | server.environment() | {"LEAD_CONVERSION_PSEUDONYM_KEY": KEY}
    outcome = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    wrong = {line[2:21].strip() for line in outcome.stdout.splitlines() if line.startswith("✗")}
    # A server for tests may have no certificate; what its database tells of last may be yet to come by the clock here.
    allowed = {"encryption", "newest event", *(["no right to write"] if "allow_write_rights" in server.reader else [])}
    assert wrong <= allowed, outcome.stdout + outcome.stderr
    assert "19 columns as agreed" in outcome.stdout, outcome.stdout + outcome.stderr


def test_a_second_run_reads_only_what_changed_and_gives_what_a_full_reading_gives(server, tmp_path):
    environment = {**server.environment(), "LEAD_CONVERSION_PSEUDONYM_KEY": KEY}
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    run(ours, "--env=prod", "--pipeline=full", OLD_DATA, environment=environment)
    assert (ours / "data/08_reporting/report.html").is_file()

    source = source_of(server)
    sums_of_contents(source, "contacts", source.newest_event_at())  # or a change in place shows in no count
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
