import logging
import re
import signal
import struct
from contextlib import closing
from decimal import Decimal
from hashlib import sha256
from threading import Thread, main_thread
from time import monotonic

import pytest
import sqlglot
from agent_cory_rows import selects
from scripted_odbc import CONTACT, GIVEN, ONLY_SELECT, PASSWORD, ScriptedServer
from sqlglot import exp

from lead_conversion.contracts.source_entities import CONTACTS, SOURCE_ENTITIES
from lead_conversion.guard.roles import current_user
from lead_conversion.kernel.errors import (
    AccessError,
    BrokenOffError,
    ConfigurationError,
    DataError,
    SourceError,
    TimedOutError,
)
from lead_conversion.kernel.windows import Span, parse_moment
from lead_conversion.source import odbc
from lead_conversion.source.reading import CATALOGUE_QUERY
from lead_conversion.source.retry import Retry
from lead_conversion.source.sqlserver_questions import (
    DATABASES,
    MOMENT_COLUMNS,
    PRINCIPAL,
    QUESTIONS_OF_A_SERVER,
    RIGHTS_QUESTIONS,
    SERVER_FACTS,
    SERVER_VERSION,
)
from lead_conversion.source.sqlserver_source import SQLServerSettings, SQLServerSource

AS_OF = parse_moment("2026-06-01")
MAY = Span(parse_moment("2026-05-01"), AS_OF)
FIXED = [
    CATALOGUE_QUERY, PRINCIPAL, SERVER_FACTS, SERVER_VERSION, MOMENT_COLUMNS, DATABASES, *RIGHTS_QUESTIONS.values(),
]  # fmt: skip
AGAIN = Retry(attempts=3, wait_seconds=0.0)


def source_of(server, records=None, batch_rows=2, **settings):
    given = SQLServerSettings.of(GIVEN | settings)
    return SQLServerSource(given, selects(), batch_rows, None if records is None else records.append, driver=server)


def read(source, entity="contacts"):
    return list(source.stream(entity, AS_OF))


def refusal(server, error, **settings):
    with pytest.raises(error) as caught:
        read(source_of(server, **settings))
    said = f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"
    assert not any(secret in said for secret in (PASSWORD, "reader", "private"))
    assert server.open_connections == 0
    return str(caught.value)


def holding(**change):
    return ScriptedServer(holds=ONLY_SELECT | change)


# What is read


def test_rows_come_in_bounded_batches_of_the_contracts_types_and_the_connection_is_closed():
    contact = CONTACT | {"crm_score": Decimal("12.5"), "contact_id": Decimal(7)}
    server = ScriptedServer(contacts=[contact, contact, contact])
    batches = read(source_of(server, batch_rows=2))
    assert [batch.num_rows for batch in batches] == [2, 1]
    assert all(batch.schema == CONTACTS.schema for batch in batches)
    row = batches[0].to_pylist()[0]
    assert (row["contact_id"], row["crm_score"], row["opted_out"], row["email"]) == ("7", 12.5, True, None)
    assert server.open_connections == 0


def test_a_column_may_be_null_in_one_batch_and_text_in_the_next():
    server = ScriptedServer(contacts=[CONTACT, CONTACT | {"email": "a"}])
    assert [batch.column("email").to_pylist() for batch in read(source_of(server, batch_rows=1))] == [[None], ["a"]]


def test_a_text_that_was_cut_off_within_a_character_is_read_when_the_reading_is_begun_anew(caplog):
    half = "well 😀".encode("utf-16-le")[:-2]
    source = source_of(ScriptedServer(contacts=[CONTACT | {"email": half}]))
    (batch,) = AGAIN.ask("contacts", lambda: read(source))
    assert batch.column("email").to_pylist() == ["well \ufffd"]
    assert "attempt 1 of 3" in caplog.text


def test_every_statement_is_fixed_or_a_checked_select_and_none_reads_what_is_not_committed():
    server = ScriptedServer()
    source = source_of(server)
    for entity in SOURCE_ENTITIES:
        list(source.stream(entity, AS_OF, span=MAY if SOURCE_ENTITIES[entity].sliced_by else None))
    source.newest_event_at()
    asked = [sql for sql in server.asked if sql not in FIXED]
    assert len(asked) == len(SOURCE_ENTITIES) + 1
    assert all(sql.startswith(("SELECT entity.", "SELECT MAX(entity.", "WITH ")) for sql in asked)
    assert not any(re.search(r"NOLOCK|READUNCOMMITTED|\bSET\b", sql, re.IGNORECASE) for sql in server.asked)


@pytest.mark.parametrize("question", FIXED)
def test_every_fixed_question_is_one_select_of_t_sql_without_a_hint(question):
    (tree,) = sqlglot.parse(question, read="tsql")
    assert isinstance(tree, exp.Select)
    assert not list(tree.find_all(exp.WithTableHint, exp.Into, exp.Command))


def test_the_connection_is_read_only_encrypted_verified_and_without_an_open_transaction():
    server = ScriptedServer()
    read(source_of(server))
    for connection in server.connections:
        assert connection.options["autocommit"] is connection.options["readonly"] is True
        assert (connection.options["timeout"], connection.timeout) == (15, 900)
        for expected in ("ApplicationIntent={ReadOnly}", "Encrypt={yes}", "TrustServerCertificate={no}"):
            assert expected in connection.options["connection_string"]


def test_a_datetimeoffset_is_read_as_naive_utc():
    server = ScriptedServer()
    read(source_of(server))
    ten_in_cairo = struct.pack("<6hI2h", 2026, 1, 1, 10, 0, 0, 5_000, 2, 0)
    assert server.connections[0].converters[-155](ten_in_cairo) == parse_moment("2026-01-01T08:00:00.000005")


def test_the_newest_event_is_asked_of_the_server():
    assert source_of(ScriptedServer()).newest_event_at() == parse_moment("2026-05-01T08:00")


def test_the_description_names_host_database_and_access_and_its_facts_no_secret():
    description = source_of(ScriptedServer()).describe()
    assert (description.kind, description.name, description.access) == ("sqlserver", "sql.example/cory", "read-only")
    assert description.principal == "reader_at_server"
    assert not any(secret in str(description.facts()) for secret in (PASSWORD, "reader"))


# What goes wrong


@pytest.mark.parametrize("change", [{"encrypt": "no"}, {"trust_server_cert": "yes"}, {"odbc_driver": "FreeTDS"}])
def test_a_connection_that_is_not_verified_is_said_out_loud_and_once(change, caplog):
    source = source_of(ScriptedServer(), **change)
    read(source)
    read(source)
    assert caplog.text.count("NOT") == 1


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [
        ("28000", AccessError),
        ("42000", AccessError),
        ("08001", BrokenOffError),
        ("HYT00", BrokenOffError),
        ("S1T00", BrokenOffError),
        ("IM002", ConfigurationError),
        ("01000", ConfigurationError),
        ("XX000", SourceError),
    ],
)
def test_a_refused_connection_is_told_by_its_sqlstate_and_names_no_secret(sqlstate, error):
    assert sqlstate in refusal(ScriptedServer(login_refused=sqlstate), error)


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [
        ("HYT00", TimedOutError),
        ("HYT01", TimedOutError),
        ("08S01", BrokenOffError),
        ("40001", BrokenOffError),
        ("HY008", SourceError),
        ("42S02", DataError),
        ("42000", AccessError),
        ("22018", DataError),
    ],
)
def test_a_refused_statement_is_told_by_its_sqlstate_and_names_no_value(sqlstate, error):
    server = ScriptedServer(refused={"SELECT entity": sqlstate})
    assert sqlstate in refusal(server, error)


def test_a_statement_that_is_not_understood_is_told_from_one_that_may_not_be_read():
    assert "may not SELECT from a table that it reads, or" in refusal(
        ScriptedServer(refused={"SELECT entity": "42000"}), AccessError
    )
    said = refusal(ScriptedServer(refused={"SELECT entity": "42000 (229)"}), AccessError)
    assert "source check" in said
    assert "understand" not in said
    said = refusal(ScriptedServer(refused={"SELECT entity": "42000 (195)"}), DataError)
    assert "does not understand" in said
    assert "2017" in said


@pytest.mark.parametrize("sqlstate", ["28000", "42000", "42S02", "22018", "HY008", "IM002"])
def test_what_asking_again_does_not_mend_is_not_asked_again(sqlstate):
    server = ScriptedServer(refused={"SELECT entity": sqlstate})
    source = source_of(server)
    with pytest.raises((AccessError, DataError, SourceError)) as caught:
        AGAIN.ask("contacts", lambda: read(source))
    assert not isinstance(caught.value, BrokenOffError)
    assert sum("SELECT entity" in sql for sql in server.asked) == 1


def test_a_connection_that_breaks_in_the_middle_gives_what_came_and_is_recorded():
    records = []
    server = ScriptedServer(contacts=[CONTACT] * 4, broken=(1, "08S01"))
    batches = []
    with pytest.raises(BrokenOffError, match="the connection broke"):
        batches.extend(source_of(server, records).stream("contacts", AS_OF))
    assert [batch.num_rows for batch in batches] == [2]
    assert (records[-1].state, records[-1].rows) == ("broken off", 2)
    assert "08S01" in records[-1].reason
    assert server.open_connections == 0


def test_a_question_is_answered_when_the_connection_broke_and_comes_back(caplog):
    source = source_of(ScriptedServer(connections_broken=2))
    assert AGAIN.ask("newest", source.newest_event_at) == parse_moment("2026-05-01T08:00")
    assert "attempt 2 of 3" in caplog.text


def test_a_statement_that_takes_too_long_is_cancelled_where_the_driver_keeps_no_time(monkeypatch):
    monkeypatch.setattr(odbc, "GRACE_SECONDS", -0.8)
    server = ScriptedServer(hangs="SELECT entity", keeps_time=False)
    assert "HYT00" in refusal(server, BrokenOffError, query_timeout_seconds=1)
    assert server.cancelled.is_set()


def test_a_connection_that_never_opens_is_left(monkeypatch):
    monkeypatch.setattr(odbc, "GRACE_SECONDS", -0.9)
    server = ScriptedServer(hangs="connect")
    started = monotonic()
    assert "HYT00" in refusal(server, BrokenOffError, connect_timeout_seconds=1)
    assert monotonic() - started < 5
    server.cancelled.set()


def test_a_driver_that_does_not_hear_a_cancel_does_not_hold_the_run(monkeypatch):
    monkeypatch.setattr(odbc, "GRACE_SECONDS", -0.9)
    monkeypatch.setattr(odbc, "CANCEL_SECONDS", 0.1)
    monkeypatch.setattr(odbc, "CANCEL_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr("scripted_odbc.ScriptedCursor.cancel", lambda _: None)
    server = ScriptedServer(hangs="SELECT entity")
    with pytest.raises(BrokenOffError):
        read(source_of(server, query_timeout_seconds=1))
    server.cancelled.set()


def interrupt_when(event):
    """Ctrl-C, as soon as the event has happened."""

    def press():
        event.wait(10)
        signal.pthread_kill(main_thread().ident, signal.SIGINT)

    Thread(target=press, daemon=True).start()


@pytest.mark.parametrize("hangs", ["SELECT entity", "fetch"])
def test_ctrl_c_cancels_the_statement_at_once_and_closes_the_connection(hangs):
    records = []
    server = ScriptedServer(hangs=hangs)
    source = source_of(server, records)
    source.describe()
    interrupt_when(server.is_hanging)
    with pytest.raises(KeyboardInterrupt):
        read(source)
    assert server.cancelled.is_set()
    assert server.open_connections == 0
    assert (records[-1].state, records[-1].reason) == ("broken off", "KeyboardInterrupt")


def test_ctrl_c_in_the_work_on_a_batch_cancels_the_batch_that_is_on_its_way():
    server = ScriptedServer(contacts=[CONTACT] * 6)
    source = source_of(server)
    source.describe()

    def work():
        with closing(source.stream("contacts", AS_OF)) as batches:
            for _batch in batches:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert server.open_connections == 0


def test_a_reader_that_leaves_early_leaves_no_connection_open():
    records = []
    server = ScriptedServer(contacts=[CONTACT] * 6)
    with closing(source_of(server, records).stream("contacts", AS_OF)) as batches:
        next(batches)
    assert server.open_connections == 0
    assert (records[-1].state, records[-1].rows) == ("broken off", 2)


def test_a_column_of_several_types_is_refused_without_a_value():
    rows = [CONTACT, CONTACT | {"contact_id": "ana@private.example"}]
    assert "several types" in refusal(ScriptedServer(rows), DataError)


def test_no_contacts_at_all_is_refused():
    with pytest.raises(DataError, match="'contacts'"):
        read(source_of(ScriptedServer(contacts=())))


def test_a_missing_driver_is_told_with_how_to_install_it(monkeypatch):
    def no_module(name):
        raise ImportError(f"{name}: libodbc.so.2: cannot open shared object file")

    monkeypatch.setattr("lead_conversion.source.sqlserver_source.import_module", no_module)
    with pytest.raises(ConfigurationError, match=r"libodbc.*Install unixODBC"):
        source_of(None).newest_event_at()


def test_pyodbc_is_loaded_when_the_first_statement_is_sent(monkeypatch):
    server = ScriptedServer()
    monkeypatch.setattr("lead_conversion.source.sqlserver_source.import_module", {"pyodbc": server}.__getitem__)
    assert source_of(None).describe().kind == "sqlserver"


# Readers and writers apart


def isolations(server):
    return [connection.attributes.get(1227) for connection in server.connections]


def test_snapshot_isolation_is_asked_for_where_the_database_allows_it(caplog):
    caplog.set_level(logging.INFO)
    server = ScriptedServer(facts=(1, 0, "READ_WRITE"))
    read(source_of(server))
    assert isolations(server)[-1] == 32
    assert caplog.text.count("under snapshot isolation") == 1


@pytest.mark.parametrize(
    ("facts", "knows_snapshot", "said"),
    [
        ((0, 1, "READ_WRITE"), True, "does not allow snapshot isolation; READ_COMMITTED_SNAPSHOT is on"),
        ((0, 0, "READ_WRITE"), True, "READ_COMMITTED_SNAPSHOT is off: writers and this reading wait"),
        ((1, 1, "READ_WRITE"), False, "driver cannot ask for snapshot isolation; READ_COMMITTED_SNAPSHOT is on"),
        ((1, 1, "READ_ONLY"), True, "is read-only, a replica or all of it"),
        (None, True, "does not tell whether it allows snapshot isolation; READ_COMMITTED_SNAPSHOT is not told"),
    ],
)
def test_committed_rows_are_read_where_there_is_no_snapshot_and_it_is_said_once(facts, knows_snapshot, said, caplog):
    caplog.set_level(logging.INFO)
    server = ScriptedServer(facts=facts, knows_snapshot=knows_snapshot)
    source = source_of(server)
    read(source)
    read(source)
    assert set(isolations(server)) == {None}
    assert caplog.text.count(said) == 1


# Rights


WRITES = [
    ({"server": ["CONTROL SERVER"]}, "CONTROL SERVER of the server"),
    ({"database": ["SELECT", "CREATE TABLE"]}, "CREATE TABLE of the database"),
    ({"schemas": {"education": ["ALTER"]}}, "ALTER on schema education"),
    ({"tables": {"dbo.other": ["SELECT", "UPDATE"]}}, "UPDATE on dbo.other"),
    ({"columns": {"dbo.other.name": ["UPDATE"]}}, "UPDATE on dbo.other.name"),
    ({"procedures": {"dbo.clean_up": ["EXECUTE"]}}, "EXECUTE on dbo.clean_up"),
    ({"synonyms": {"dbo.theirs": ["DELETE"]}}, "DELETE on dbo.theirs"),
    ({"users": {"app": ["IMPERSONATE"]}}, "IMPERSONATE on user app"),
    ({"roles": {"writers": ["ALTER"]}}, "ALTER on role writers"),
    ({"logins": {"app": ["IMPERSONATE"]}}, "IMPERSONATE on login app"),
    ({"server roles": {"sysadmin": ["MEMBER"]}}, "membership of server role sysadmin"),
    ({"database roles": {"db_owner": ["MEMBER"]}}, "membership of role db_owner"),
]


@pytest.mark.parametrize(("change", "said"), WRITES)
def test_a_login_that_may_write_anywhere_is_refused_before_any_row_is_read(change, said):
    server = holding(**change)
    assert said in refusal(server, AccessError)
    assert all(sql in FIXED for sql in server.asked)


def test_a_refused_login_stands_in_the_access_log_with_the_reason():
    records = []
    source = source_of(holding(server=["CONTROL SERVER"]), records)
    with pytest.raises(AccessError):
        source.describe()
    assert (records[-1].state, records[-1].purpose) == ("refused", "rights")
    assert (records[-1].principal, records[-1].source) == ("reader_at_server", "sql.example/cory")
    assert "CONTROL SERVER" in records[-1].reason


def test_a_login_that_may_write_is_let_through_out_loud_where_the_environment_says_so(caplog):
    source = source_of(holding(database=["INSERT"]), allow_write_rights="yes")
    assert source.describe().access == "may write (overridden)"
    assert source.describe().facts()["access"] == "may write (overridden)"
    assert "THE LOGIN MAY WRITE" in caplog.text
    read(source)


def test_a_server_that_lacks_the_functions_is_read_and_that_is_said(caplog):
    server = holding(**dict.fromkeys(RIGHTS_QUESTIONS))
    server.version = None
    server.refused = {PRINCIPAL: "42000"}
    source = source_of(server)
    read(source)
    assert source.describe().access == "unknown"
    assert "does not tell the login's rights on server (no answer), database (no answer), schemas" in caplog.text
    assert source.principal == "reader"


def test_an_integrated_login_that_the_server_does_not_name_is_logged_as_the_systems_user():
    records = []
    server = ScriptedServer(refused={PRINCIPAL: "42000"})
    read(source_of(server, records, auth_mode="integrated", user="", password=""))
    assert {record.principal for record in records} == {f"integrated: {current_user()}"}


def test_the_user_of_an_integrated_login_is_not_one_that_is_configured_and_never_sent():
    assert source_of(ScriptedServer(), auth_mode="integrated").principal == f"integrated: {current_user()}"


def test_a_permission_that_is_null_is_read_on_and_said(caplog):
    source = source_of(holding(tables=ONLY_SELECT["tables"] | {"education.contacts": ["SELECT", "[UPDATE]"]}))
    read(source)
    assert source.describe().access == "unknown"
    assert "tables (NULL for education.contacts)" in caplog.text


def test_azure_sql_database_is_not_asked_about_a_server_that_it_has_not():
    server = ScriptedServer(version=("12.0.2000.8", 5, None))
    assert source_of(server).describe().access == "read-only"
    assert not {RIGHTS_QUESTIONS[name] for name in QUESTIONS_OF_A_SERVER} & set(server.asked)


def test_a_connection_that_breaks_while_rights_are_asked_is_not_taken_for_a_missing_function():
    server = ScriptedServer(refused={"fn_my_permissions": "08S01"})
    assert "08S01" in refusal(server, BrokenOffError)


def test_a_table_that_may_not_be_read_is_named_with_the_grant_that_mends_it():
    tables = ONLY_SELECT["tables"] | {"education.contacts": []}
    said = refusal(holding(tables=tables), AccessError)
    assert "may not read education.contacts" in said
    assert "GRANT SELECT ON [education].[contacts] TO <user>" in said


def test_rights_are_asked_once_a_source():
    server = ScriptedServer()
    source = source_of(server)
    read(source)
    read(source)
    source.describe()
    assert [server.asked.count(question) for question in RIGHTS_QUESTIONS.values()] == [1] * len(RIGHTS_QUESTIONS)


# The record


def test_each_statement_is_recorded_before_it_is_sent_and_when_it_was_answered():
    records = []
    server = ScriptedServer()
    source = SQLServerSource(
        SQLServerSettings.of(GIVEN),
        selects(),
        on_statement=lambda record: records.append((len(server.asked), record)),
        driver=server,
    )
    read(source)
    (asked_at, asked), (_, answered) = records[-2:]
    assert (asked.state, answered.state) == ("asked", "answered")
    assert asked_at == len(server.asked) - 1
    assert (answered.entity, answered.purpose, answered.rows) == ("contacts", "rows", 1)
    assert answered.principal == "reader_at_server"
    assert answered.sha256 == source.describe().statement_hashes["contacts"]
    assert len(records) == 2 * len(server.asked)


def test_a_select_that_is_refused_stands_in_the_record_and_nothing_is_sent():
    records, server = [], ScriptedServer()
    texts = selects() | {"contacts": "DELETE FROM education.contacts"}
    with pytest.raises(AccessError):
        SQLServerSource(SQLServerSettings.of(GIVEN), texts, on_statement=records.append, driver=server)
    (record,) = records
    assert (record.entity, record.state) == ("contacts", "refused")
    assert record.sha256 == sha256(texts["contacts"].encode()).hexdigest()
    assert "expected one SELECT, found DELETE" in record.reason
    assert server.connections == []


def test_a_statement_that_the_server_refuses_is_recorded_as_refused():
    records = []
    source = source_of(ScriptedServer(refused={"SELECT entity": "42000"}), records)
    with pytest.raises(AccessError):
        read(source)
    assert (records[-1].state, records[-1].entity) == ("refused", "contacts")


def test_nothing_is_read_where_the_record_cannot_be_written():
    def no_log(_):
        raise AccessError("the log cannot be written")

    server = ScriptedServer()
    source = SQLServerSource(SQLServerSettings.of(GIVEN), selects(), on_statement=no_log, driver=server)
    with pytest.raises(AccessError, match="log"):
        read(source)
    assert server.asked == []
