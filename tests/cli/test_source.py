import json
import re
import shutil
import socket
import sys
from functools import cache

import duckdb
import pytest
import sqlglot
import tsql_stand_in
from agent_cory_rows import make_database
from click.testing import CliRunner
from scripted_odbc import ONLY_SELECT, PASSWORD, ScriptedServer
from scripted_odbc import Error as OdbcError

from lead_conversion.cli import find_refusal
from lead_conversion.cli.project import catalog_of, configuration_of, parameters_of
from lead_conversion.cli.source import source
from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.contracts.source_entities import CAMPAIGN_STEPS, PEOPLE, SOURCE_ENTITIES, PersonalClass
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, SourceError
from lead_conversion.settings import CONFIG_LOADER_ARGS
from lead_conversion.source.annotation import AT_THE_DOOR
from lead_conversion.source.sqlserver_questions import DATABASES
from lead_conversion.source.statements import parse_statement, parse_statements
from project import PROJECT

KEY = "the secret of this test, long enough"
LEAD = {"contact_id": 1, "first_name": "Zubeida", "last_name": "Okonkwo", "ghl_contact_id": "g1"}
SENT = {"activity_id": 1, "created_at": "2026-06-01"}
WORLD = {
    "education.contacts": [LEAD],
    "education.campaigns": [{"campaign_id": 1}],
    "education.campaign_steps": [{"step_id": 1}],
    "education.prompt_templates": [{"prompt_id": 1}],
    "education.campaign_enrollments": [{"enrollment_id": 1}],
    "education.campaign_activities": [SENT],
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with the project's configuration and no data."""
    made = tmp_path / "project"
    shutil.copytree(PROJECT / "conf", made / "conf", ignore=shutil.ignore_patterns("local"))
    (made / "conf/local").mkdir()
    monkeypatch.chdir(made)
    monkeypatch.setattr("lead_conversion.cli.source.parameters_of", composed_parameters)
    return made


@cache
def composed_parameters(env):
    """The project's own, composed once: it takes longer than all the rest of a check."""
    return HydraConfigLoader(PROJECT / "conf", env, **CONFIG_LOADER_ARGS)["parameters"]


@pytest.fixture
def own_parameters(monkeypatch):
    """For tests that change parameters."""
    monkeypatch.setattr("lead_conversion.cli.source.parameters_of", parameters_of)


@pytest.fixture
def database(tmp_path, monkeypatch):
    """Make the embedded database with these rows, and name it."""

    def make(rows=WORLD, *statements):
        path = make_database(tmp_path / "cory.duckdb", rows)
        with duckdb.connect(str(path)) as connection:
            for statement in statements:
                connection.execute(statement)
        monkeypatch.setenv("CORY_DUCKDB_PATH", str(path))
        return path

    return make


@pytest.fixture
def port():
    """Of a machine that answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def server(monkeypatch, port):
    """Have the environment name a scripted server, and what else is given."""

    def name(driver, **settings):
        given = {
            "host": "127.0.0.1", "port": port, "database": "cory", "auth_mode": "sqlauth", "user": "reader",
            "password": PASSWORD, "connect_timeout_seconds": 2, **settings,
        }  # fmt: skip
        for setting, value in given.items():
            monkeypatch.setenv(f"CORY_SQL_{setting.upper()}", str(value))
        monkeypatch.setenv("LEAD_CONVERSION_PSEUDONYM_KEY", KEY)
        monkeypatch.setitem(sys.modules, "pyodbc", driver)
        return driver

    return name


def ask(*words):
    return CliRunner().invoke(source, list(words))


def check(*words):
    """By subject, what was found, mark and remedy included; and the exit code."""
    answer = ask("check", *words)
    assert answer.exit_code in (0, 65, 69, 77, 78), answer.exception
    assert PASSWORD not in answer.output
    found = {}
    subject = ""
    for line in answer.output.splitlines():
        if line[:1] in ("✓", "✗", "?"):
            subject = line[2:21].strip()
        found[subject] = found.get(subject, "") + line + "\n"
    return found, answer.exit_code


def wrong(found):
    return [subject for subject, lines in found.items() if "✗" in lines]


# An embedded database


def test_a_database_as_it_should_be_is_right_in_everything_and_ends_with_0(database):
    database()
    found, code = check()
    assert (wrong(found), code) == ([], 0)
    assert "19 columns as agreed in 1 rows" in found["contacts"]
    assert "1 (1 contacts)" in found["organisations"]
    assert "2026-06-01 00:00" in found["newest event"]


def test_the_check_is_recorded_and_writes_nothing_else(database, folder):
    database()
    check()
    written = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert [str(path) for path in written if path.parts[0] != "conf"] == ["data/audit/access.jsonl"]
    lines = [json.loads(line) for line in (folder / "data/audit/access.jsonl").read_text().splitlines()]
    assert lines[0]["entity"] == "source.check"
    assert {"schema", "sample", "summary", "newest", "organisations"} <= {line["purpose"] for line in lines}
    assert not list((folder / "conf/local").iterdir())


def test_somebody_without_the_role_looks_at_nothing(database, folder):
    database()
    (folder / "conf/local/access.yml").write_text("members: {operator: [], custodian: []}\n")
    assert isinstance(find_refusal(ask("check").exception), AccessError)
    assert "schema" not in (folder / "data/audit/access.jsonl").read_text()


def test_an_access_log_that_cannot_be_written_ends_the_check(database, folder):
    database()
    (folder / "data").write_text("a file where the folder should be")
    refusal = find_refusal(ask("check").exception)
    assert isinstance(refusal, AccessError)
    assert "cannot be written" in str(refusal)


def test_a_file_that_is_not_there_is_told_and_what_needs_it_is_not_checked(monkeypatch, tmp_path):
    monkeypatch.setenv("CORY_DUCKDB_PATH", str(tmp_path / "none.duckdb"))
    found, code = check()
    assert (wrong(found), code) == (["file"], SourceError.exit_code)
    assert "CORY_DUCKDB_PATH" in found["file"]
    assert "not checked" in found["tables and columns"]


def test_every_missing_table_and_column_is_told_with_the_nearest_name(database):
    database(
        WORLD,
        "ALTER TABLE education.contacts RENAME COLUMN lead_source TO lead_sources",
        "ALTER TABLE education.campaigns RENAME TO campaign",
    )
    found, code = check()
    assert (wrong(found), code) == (["tables and columns"], DataError.exit_code)
    assert "education.contacts.lead_source (nearest: lead_sources)" in found["tables and columns"]
    assert "education.campaigns (nearest: education.campaign)" in found["tables and columns"]
    assert "Edit the SELECT" in found["tables and columns"]


def test_every_column_that_breaks_its_contract_is_told(database, folder):
    database()
    select = folder / "conf/base/source/contacts.sql"
    text = select.read_text().replace("c.crm_score", "c.created_at AS crm_score")
    select.write_text(text.replace("c.opted_out,", "CAST(NULL AS bit) AS opted_out,"))
    found, code = check()
    assert (wrong(found), code) == (["contacts"], DataError.exit_code)
    assert "'crm_score' that breaks its contract: expected double" in found["contacts"]
    assert "'opted_out' that breaks its contract: 1 null(s) where none may be" in found["contacts"]
    assert "source/contacts.sql" in found["contacts"]
    assert "not checked" in found["organisations"]


@pytest.mark.parametrize(
    ("entity", "read", "column"),
    [
        ("campaign_steps", "s.wait_hours,", "wait_hours"),
        ("campaign_steps", "g.name           AS", "campaign_name"),
        ("engagement_logs", "a.channel,", "channel"),
    ],
)
def test_a_column_for_whose_nulls_every_row_is_refused_is_told(database, folder, entity, read, column):
    database()
    select = folder / f"conf/base/source/{entity}.sql"
    nothing = f"NULLIF({read.split()[0].rstrip(',')}, {read.split()[0].rstrip(',')}) AS"
    select.write_text(select.read_text().replace(read, nothing if read.endswith("AS") else f"{nothing} {column},", 1))
    found, code = check()
    assert (wrong(found), code) == ([entity], DataError.exit_code)
    assert f"'{entity}' has NULL in '{column}'" in found[entity]
    assert "in 100.0% of the rows" in found[entity]
    assert f"source/{entity}.sql" in found[entity]


def test_few_rows_that_are_refused_for_a_null_are_told_and_not_wrong(database):
    sent = [{**SENT, "activity_id": number} for number in range(1, 21)]
    database({**WORLD, "education.campaign_activities": [*sent, {**SENT, "activity_id": 21, "enrollment_id": 9}]})
    found, code = check()
    assert (wrong(found), code) == ([], 0)
    assert "refused for NULL in contact_id (4.8%)" in found["engagement_logs"]


def test_a_select_that_is_more_than_reading_is_told(database, folder):
    database()
    (folder / "conf/base/source/outcomes.sql").write_text("DELETE FROM education.contacts")
    found, code = check()
    assert (wrong(found), code) == (["SELECTs"], AccessError.exit_code)
    assert "expected one SELECT" in found["SELECTs"]


def test_a_database_without_events_cannot_be_used_and_one_without_steps_can(database):
    database({name: rows for name, rows in WORLD.items() if name in ("education.contacts", "education.campaigns")})
    found, code = check()
    assert (wrong(found), code) == (["engagement_logs"], DataError.exit_code)
    assert "Load the database" in found["engagement_logs"]
    assert "✓" in found["campaign_steps"]


def test_several_organisations_are_told_and_one_has_to_be_chosen(database):
    database({**WORLD, "education.contacts": [LEAD, {"contact_id": 2, "org_id": 9}]})
    found, code = check()
    assert (wrong(found), code) == (["organisations"], ConfigurationError.exit_code)
    assert "1 (1 contacts), 9 (1 contacts)" in found["organisations"]
    assert "source.org_id=1" in found["organisations"]


@pytest.mark.usefixtures("own_parameters")
def test_an_organisation_that_is_not_there_is_told(database, folder):
    database()
    (folder / "conf/local/parameters/env").mkdir(parents=True)
    (folder / "conf/local/parameters/env/local.yaml").write_text("# @package _global_\nsource: {org_id: 5}\n")
    found, code = check()
    assert (wrong(found), code) == (["organisations"], DataError.exit_code)
    assert "Set source.org_id" in found["organisations"]


def test_an_event_that_is_yet_to_come_is_told(database):
    database({**WORLD, "education.campaign_activities": [{**SENT, "created_at": "2999-01-01"}]})
    found, code = check()
    assert (wrong(found), code) == (["newest event"], DataError.exit_code)
    assert "source.as_of" in found["newest event"]


@pytest.mark.usefixtures("own_parameters")
def test_a_wrong_parameter_is_told(database, folder):
    database()
    (folder / "conf/base/parameters/privacy/default.yaml").write_text("known_labels: {industries: [law]}\n")
    found, code = check()
    assert "✗" in found["parameters"]
    assert code == ConfigurationError.exit_code


# Labels


def typed(count, **values):
    return [{"contact_id": number, "first_name": "Zubeida", **values} for number in range(1, count + 1)]


def test_values_that_become_tokens_are_counted_and_not_shown(database):
    database({**WORLD, "education.contacts": typed(20, industry="Falconry")})
    found, code = check()
    assert code == 0
    assert "contacts.industry: 1 distinct value(s)" in found["labels"]
    assert "1 of them shared by 20 leads" in found["labels"]
    assert "Falconry" not in "".join(found.values())


def test_labels_are_counted_in_the_first_rows_alone(database, monkeypatch):
    monkeypatch.setattr("lead_conversion.source.reading.LABEL_ROWS", 19)
    database({**WORLD, "education.contacts": typed(40, industry="Falconry")})
    found, _ = check()
    assert "0 of them shared by 20 leads" in found["labels"]


def test_values_that_many_leads_share_are_shown_when_asked_for(database):
    database({**WORLD, "education.contacts": typed(20, industry="Falconry")})
    found, _ = check("--values")
    assert "industry: falconry" in found["values"]


@pytest.mark.parametrize(
    ("count", "value"), [(19, "Falconry"), (20, "zubeida"), (20, "Met Zubeida"), (20, "ana@x.org"), (20, "555 0199")]
)
def test_a_value_that_could_be_a_persons_is_never_shown(database, count, value):
    database({**WORLD, "education.contacts": typed(count, industry=value)})
    found, _ = check("--values")
    assert "1 distinct value(s)" in found["labels"]
    assert value.lower() not in "".join(found.values()).lower()


def test_values_are_not_shown_where_no_select_gives_people(database, folder):
    database({**WORLD, "education.contacts": typed(20, industry="Falconry")})
    (folder / "conf/base/source/people.sql").write_text("-- none\n")
    found, code = check("--values")
    assert code == 0
    assert "?" in found["people"]
    assert "not shown" in found["values"]


# A server


def test_what_is_missing_of_the_settings_is_named(monkeypatch):
    monkeypatch.setenv("CORY_SQL_HOST", "sql.example")
    found, code = check("--env", "prod")
    assert code == ConfigurationError.exit_code
    assert "CORY_SQL_DATABASE: Field required" in found["settings"]
    assert "LEAD_CONVERSION_PSEUDONYM_KEY" in found["pseudonym key"]
    assert "✓" in found["SELECTs"]
    assert "not checked" in found["the database"]


def test_a_server_that_is_right_ends_with_0_and_what_it_does_not_tell_is_unknown(server, database):
    server(tsql_stand_in, database=database())
    found, code = check("--env", "prod")
    assert (wrong(found), code) == ([], 0)
    assert "does not tell the rights" in found["no right to write"]
    assert "ALLOW_SNAPSHOT_ISOLATION" in found["snapshot isolation"]
    assert "19 columns as agreed" in found["engagement_logs"]
    assert found["newest event"].startswith("✓")


def test_a_driver_that_is_not_registered_is_told(server):
    server(ScriptedServer(), odbc_driver="Driver of nobody")
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["driver"], ConfigurationError.exit_code)
    assert "mssql-python-odbc" in found["driver"]
    assert "✓" in found["port"]
    assert "not checked" in found["TLS"]


@pytest.mark.parametrize(("content", "told"), [(None, "there is no file"), (b"no library", "cannot be loaded")])
def test_a_drivers_library_that_cannot_be_loaded_is_told(server, tmp_path, content, told):
    path = tmp_path / "libdriver.so"
    if content:
        path.write_bytes(content)
    server(ScriptedServer(), odbc_driver=path)
    found, _ = check("--env", "prod")
    assert told in found["driver"]


def test_a_driver_manager_that_is_missing_is_told(server):
    server(None)
    found, code = check("--env", "prod")
    assert code == ConfigurationError.exit_code
    assert "unixODBC" in found["driver"]


def test_a_host_without_an_address_is_told(server):
    server(ScriptedServer(), host="no-such-host.invalid")
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["host"], SourceError.exit_code)
    assert "CORY_SQL_HOST" in found["host"]
    assert "not checked" in found["port"]


def test_a_port_at_which_nothing_listens_is_told(server):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    server(ScriptedServer(), port=closed)
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["port"], SourceError.exit_code)
    assert "nothing listens" in found["port"]
    assert "CORY_SQL_PORT" in found["port"]


class BadCertificate(ScriptedServer):
    """Refuses as Microsoft's driver does when the handshake fails."""

    said = "SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed certificate]"

    def connect(self, *_, **__):
        raise OdbcError("08001", f"[08001] {self.said} of 'reader'")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (BadCertificate.said, "Have it signed"),
        ("certificate verify failed:Hostname mismatch", "CORY_SQL_HOSTNAME_IN_CERTIFICATE"),
        ("certificate has expired", "renewed"),
        ("unable to get local issuer certificate", "update-ca-certificates"),
        ("certificate verify failed:certificate has expired", "renewed"),
        ("certificate verify failed:unable to get local issuer certificate", "update-ca-certificates"),
        ("certificate verify failed]Login timeout expired", "its certificate is not trusted"),
        ("[Microsoft][ODBC Driver 18 for SQL Server]Encryption not supported on SQL Server", "it offers no encryption"),
        ("SSL Provider: [error:0A00010B:SSL routines::wrong version number]", "the TLS handshake failed"),
        ("Client unable to establish connection", "does not say why"),
    ],
)
def test_a_session_that_does_not_open_is_told_by_what_the_driver_said(server, said, told):
    driver = server(BadCertificate())
    driver.said = said
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["TLS"], SourceError.exit_code)
    assert told in found["TLS"]
    assert "'reader'" not in "".join(found.values())
    assert "not checked" in found["login"]


class SlowLogin(BadCertificate):
    """Gives up as Microsoft's driver does when nothing speaks to it in time."""

    said = "[Microsoft][ODBC Driver 18 for SQL Server]Login timeout expired"

    def connect(self, *_, **__):
        raise OdbcError("HYT00", f"[HYT00] {self.said} (0) (SQLDriverConnect)")


def test_a_login_that_timed_out_is_no_certificates_fault(server):
    server(SlowLogin())
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["TLS"], SourceError.exit_code)
    assert "answers too slowly or is no SQL Server" in found["TLS"]
    assert "CORY_SQL_PORT" in found["TLS"]
    assert "certificate" not in found["TLS"]


def test_a_certificate_that_was_refused_until_the_time_was_over_is_told(server):
    driver = server(SlowLogin())
    driver.said += "; certificate verify failed:unable to get local issuer certificate"
    found, _ = check("--env", "prod")
    assert "update-ca-certificates" in found["TLS"]


@pytest.mark.parametrize("setting", [{"encrypt": "no"}, {"trust_server_cert": "yes"}])
def test_a_connection_that_others_can_read_or_forge_is_wrong(server, setting):
    server(ScriptedServer(), **setting)
    found, code = check("--env", "prod")
    assert "encryption" in wrong(found)
    assert f"Unset CORY_SQL_{next(iter(setting)).upper()}" in found["encryption"]
    assert code == ConfigurationError.exit_code


@pytest.mark.parametrize(("mode", "told"), [("sqlauth", "CORY_SQL_PASSWORD"), ("integrated", "kinit")])
def test_a_login_that_is_refused_everywhere_is_the_logins_fault(server, mode, told):
    server(ScriptedServer(login_refused="28000"), auth_mode=mode)
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["login"], AccessError.exit_code)
    assert told in found["login"]
    assert "✓" in found["TLS"]
    assert "not checked" in found["database"]


def test_a_login_that_is_refused_under_another_sqlstate_is_the_logins_fault(server):
    server(BadCertificate()).said = "[FreeTDS][SQL Server]Unable to connect: Login failed for user"
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["login"], AccessError.exit_code)


def test_a_driver_that_needs_a_library_which_is_missing_is_told(server):
    server(ScriptedServer(login_refused="01000"))
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["TLS"], ConfigurationError.exit_code)
    assert "unixODBC" in found["TLS"]


@pytest.mark.parametrize(
    ("facts", "mark", "told"),
    [((1, 0, "READ_WRITE"), "✓", "allowed"), ((0, 0, "READ_ONLY"), "✓", "replica"), ((0, 1, "READ_WRITE"), "?", "SET")],
)
def test_how_readers_and_writers_are_kept_apart_is_told(server, facts, mark, told):
    server(ScriptedServer(facts=facts))
    found, _ = check("--env", "prod")
    assert found["snapshot isolation"].startswith(mark)
    assert told in found["snapshot isolation"]


class OtherDatabase(ScriptedServer):
    """Lets the login into master, and into no other database."""

    def connect(self, connection_string, /, **options):
        if "DATABASE={master}" not in connection_string:
            raise OdbcError("42000", "Cannot open database requested by the login. The login failed. (4060)")
        return super().connect(connection_string, **options)


@pytest.mark.parametrize(
    ("databases", "told"),
    [
        (None, "no such database, or no user there"),
        (["master", "Cory"], "it is there, and has no user for the login"),
        (["master", "cory_prod"], "none of the 2 that it can see has that name (nearest: cory_prod)"),
    ],
)
def test_a_login_that_is_let_into_master_only_has_the_wrong_database_or_no_user(server, databases, told):
    driver = server(OtherDatabase(databases=databases))
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["database"], AccessError.exit_code)
    assert told in found["database"]
    assert "CREATE USER" in found["database"]
    assert driver.asked == [DATABASES]


def test_a_database_without_a_table_is_told_once(server):
    server(ScriptedServer(is_empty=True))
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["tables and columns"], DataError.exit_code)
    assert found["tables and columns"].count("✗") == 1
    assert "no table that can be seen; the SELECTs read dbo.education_cory" in found["tables and columns"]


@pytest.mark.parametrize(
    ("version", "mark", "told"),
    [
        (("16.0.4085.2", 3, None), "✓", "SQL Server 2022 (16.x)"),
        (("12.0.2000.8", 5, None), "✓", "Azure SQL Database"),
        (("13.0.7000.253", 2, None), "✗", "expected SQL Server 2017 (14.x) or later"),
        (("12.0.2000.8", 2, "4.2.0"), "?", "Babelfish"),
        (None, "?", "does not tell its version"),
    ],
)
def test_whether_the_server_is_new_enough_is_told(server, version, mark, told):
    server(ScriptedServer(version=version))
    found, _ = check("--env", "prod")
    assert found["server version"].startswith(mark)
    assert told in found["server version"]


def test_a_column_of_windows_without_an_index_or_of_another_type_is_advised_on(server):
    moments = {
        "education.contacts.created_at": ("datetime", 1),
        "education.campaign_activities.created_at": ("datetime2", 0),
        "dbo.Education_Cory_Communication_Log.created_at": ("datetime2", 1),
        "education.campaigns.created_at": ("datetime2", 0),
    }
    server(ScriptedServer(moments=moments))
    found, _ = check("--env", "prod")
    lines = found["indexes"]
    assert lines.count("?") == 2
    assert "education.contacts.created_at, by which contacts are read in windows, is datetime" in lines
    assert "activities.created_at, by which engagement_logs are read in windows, begins no index" in lines
    assert (
        "CREATE INDEX [IX_campaign_activities_created_at] ON [education].[campaign_activities] ([created_at])" in lines
    )


def test_a_right_that_is_not_told_is_unknown_and_said_with_the_reason(server):
    tables = {name: has for name, has in ONLY_SELECT["tables"].items() if name != "education.contacts"}
    server(ScriptedServer(holds=ONLY_SELECT | {"tables": tables, "users": {"app": ["[IMPERSONATE]"]}}))
    found, _ = check("--env", "prod")
    assert found["right to read"].startswith("?")
    assert "no row of education.contacts" in found["right to read"]
    assert "users (NULL for app)" in found["no right to write"]


def test_a_sysadmin_is_advised_to_leave_the_role(server):
    holds = ONLY_SELECT | {"server": ["CONTROL SERVER"], "server roles": {"sysadmin": ["MEMBER"]}}
    server(ScriptedServer(holds=holds))
    found, _ = check("--env", "prod")
    assert "ALTER SERVER ROLE [sysadmin] DROP MEMBER <login>" in found["no right to write"]
    assert "REVOKE CONTROL" not in found["no right to write"]


def test_an_owner_is_told_how_a_database_gets_another(server):
    server(ScriptedServer(holds=ONLY_SELECT | {"database roles": {"db_owner": ["MEMBER"]}}))
    found, _ = check("--env", "prod")
    assert "ALTER ROLE [db_owner] DROP MEMBER <user>" in found["no right to write"]
    assert "ALTER AUTHORIZATION ON DATABASE::[cory]" in found["no right to write"]


def test_a_column_that_is_denied_is_told_with_what_outweighs_the_grant(server):
    server(ScriptedServer(holds=ONLY_SELECT | {"columns": {"education.contacts.email": []}}))
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["right to read"], AccessError.exit_code)
    assert "GRANT SELECT ON [education].[contacts] ([email]) TO <user>" in found["right to read"]
    assert "DENY" in found["right to read"]


def test_rights_to_write_are_told_with_the_revokes_and_rows_are_not_asked_for(server):
    holds = ONLY_SELECT | {
        "server": ["CONTROL SERVER"],
        "database": ["CONNECT", "ALTER"],
        "schemas": {"education": ["INSERT"]},
        "tables": ONLY_SELECT["tables"] | {"education.contacts": ["SELECT", "UPDATE"]},
    }
    driver = server(ScriptedServer(holds=holds))
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["no right to write"], AccessError.exit_code)
    for revoke in (
        "REVOKE CONTROL SERVER FROM <login>",
        "REVOKE ALTER FROM <user>",
        "REVOKE INSERT ON SCHEMA::[education] FROM <user>",
        "REVOKE UPDATE ON [education].[contacts] FROM <user>",
    ):
        assert revoke in found["no right to write"]
    assert "not checked" in found["contacts"]
    assert not any("entity." in sql for sql in driver.asked)


def test_a_login_that_may_write_is_told_even_where_it_is_let_through(server):
    holds = ONLY_SELECT | {"tables": ONLY_SELECT["tables"] | {"education.contacts": ["SELECT", "DELETE"]}}
    server(ScriptedServer(holds=holds), allow_write_rights="yes")
    found, _ = check("--env", "prod")
    assert "no right to write" in wrong(found)
    assert "not checked" not in found["contacts"]


def test_a_table_that_may_not_be_read_is_told_with_the_grant(server):
    holds = ONLY_SELECT | {"tables": ONLY_SELECT["tables"] | {"education.contacts": []}}
    server(ScriptedServer(holds=holds))
    found, code = check("--env", "prod")
    assert (wrong(found), code) == (["right to read"], AccessError.exit_code)
    assert "GRANT SELECT ON [education].[contacts] TO <user>" in found["right to read"]


# source init


def test_the_set_that_is_written_is_allowed_as_it_stands_and_resolves(folder, monkeypatch):
    answer = ask("init", "--env", "ours")
    assert answer.exit_code == 0, answer.output
    assert "source check --env ours" in answer.output
    texts = {path.stem: path.read_text() for path in (folder / "conf/ours/source").glob("*.sql")}
    assert set(parse_statements(texts)) == {*SOURCE_ENTITIES, PEOPLE.name}
    monkeypatch.setenv("CORY_SQL_HOST", "sql.example")
    monkeypatch.setenv("CORY_SQL_DATABASE", "cory")
    assert catalog_of("ours", "agent_cory@source").get("agent_cory@source").load().name == "sql.example/cory"
    assert configuration_of("ours")["parameters"]["quality"] == configuration_of("prod")["parameters"]["quality"]


def test_a_set_for_a_duckdb_file_reads_that_file_and_asks_for_no_server(folder, database):
    answer = ask("init", "--env", "ours", "--engine", "duckdb")
    assert answer.exit_code == 0, answer.output
    assert "CORY_DUCKDB_PATH" in answer.output
    assert "CORY_SQL" not in answer.output + (folder / "conf/ours/catalog/source.yml").read_text()
    assert not (folder / "conf/ours/credentials.yml").exists()
    assert catalog_of("ours", "agent_cory@source").get("agent_cory@source").load().name == "ours.duckdb"
    database()
    assert catalog_of("ours", "agent_cory@source").get("agent_cory@source").load().name == "cory.duckdb"


@pytest.mark.usefixtures("own_parameters")
def test_a_set_for_a_duckdb_file_that_is_not_there_is_told_what_to_set(monkeypatch):
    monkeypatch.delenv("CORY_DUCKDB_PATH", raising=False)
    ask("init", "--env", "ours", "--engine", "duckdb")
    told = check("--env", "ours")[0]["file"]
    assert "Set CORY_DUCKDB_PATH to your DuckDB file, or name it in conf/ours/catalog/source.yml" in told
    assert "simulate" not in told


def test_before_its_first_run_olist_is_told_what_makes_its_database(monkeypatch):
    monkeypatch.delenv("CORY_DUCKDB_PATH", raising=False)
    found, code = check("--env", "olist")
    assert (wrong(found), code) == (["file"], SourceError.exit_code)
    assert "CORY_OLIST_FOLDER" in found["file"]
    assert "kedro run --pipeline=full --env=olist" in found["file"]
    assert "CORY_DUCKDB_PATH" not in found["file"]


@pytest.mark.parametrize("origin", ["base", "olist"])
def test_each_column_stands_below_a_comment_of_its_contract(folder, origin):
    ask("init", "--env", "ours", "--from", origin)
    for entity in (*SOURCE_ENTITIES.values(), PEOPLE):
        lines = (folder / f"conf/ours/source/{entity.name}.sql").read_text().splitlines()
        for column in entity.columns:
            place = lines.index(f"    -- {column.name}: {column.meaning}.")
            assert AT_THE_DOOR[column.personal] in lines[place + 1]
            assert ("never NULL" in lines[place + 1]) is not column.nullable
            assert ("NULL: the row is refused" in lines[place + 1]) is column.null_is_refused
            assert re.search(rf"\b{column.name}\b", lines[place + 2])


def test_nothing_but_comments_is_added(folder):
    ask("init", "--env", "ours")
    for entity in (*SOURCE_ENTITIES, PEOPLE.name):
        ours, base = ((folder / f"conf/{env}/source/{entity}.sql").read_text() for env in ("ours", "base"))
        assert parse_statement(entity, ours).as_tsql() == parse_statement(entity, base).as_tsql()


def test_what_becomes_of_a_column_is_told_of_every_class():
    assert set(AT_THE_DOOR) == set(PersonalClass)


def test_the_comment_at_the_end_of_the_steps_is_a_select_that_gives_no_row(folder):
    ask("init", "--env", "ours")
    path = folder / "conf/ours/source/campaign_steps.sql"
    comment = path.read_text().rpartition("without the dashes.\n")[2]
    path.write_text("".join(line.removeprefix("-- ") + "\n" for line in comment.splitlines()))
    statement = parse_statement("campaign_steps", path.read_text())
    assert statement.tables_read() == {}
    with duckdb.connect() as connection:
        answer = connection.execute(statement.as_duckdb())
        assert [column[0] for column in answer.description] == list(CAMPAIGN_STEPS.column_names)
        assert answer.fetchall() == []
    assert isinstance(sqlglot.parse_one(statement.as_tsql(), read="tsql"), sqlglot.exp.Select)


@pytest.mark.parametrize("name", ["base", "prod", "../x", "Ours", "", "olist"])
def test_a_name_that_is_taken_or_none_is_refused_and_nothing_is_written(folder, name):
    before = sorted(folder.rglob("*"))
    assert isinstance(find_refusal(ask("init", "--env", name).exception), ConfigurationError)
    assert sorted(folder.rglob("*")) == before


def test_a_folder_without_a_configuration_is_not_begun_in_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert isinstance(find_refusal(ask("init", "--env", "ours").exception), ConfigurationError)
