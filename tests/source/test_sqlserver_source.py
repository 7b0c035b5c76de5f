from decimal import Decimal

import pytest
from agent_cory_rows import selects

from lead_conversion.contracts.source_entities import CONTACTS
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, SourceError
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.source.sqlserver_source import SQLServerSettings, SQLServerSource
from lead_conversion.source.statements import parse_statements

AS_OF = parse_moment("2026-06-01")
PASSWORD = "p;W}d=1 x"
GIVEN = {
    "host": "sql.example",
    "database": "cory",
    "auth_mode": "sqlauth",
    "user": "reader",
    "password": PASSWORD,
}
CONTACT = {
    "contact_id": 7,
    "org_id": 1,
    "crm_score": Decimal("12.5"),
    "opted_out": True,
    "created_at": parse_moment("2026-01-01T10:00"),
}


class ScriptedServer:
    """Stands in for pyodbc and the server behind it: answers from a script, and keeps what it was asked."""

    class Error(Exception):
        pass

    def __init__(self, contacts=(), refuse_connection=None, refuse_statement=None):
        self.contacts = [[row.get(name) for name in CONTACTS.column_names] for row in contacts]
        self.refuse_connection = refuse_connection
        self.refuse_statement = refuse_statement
        self.break_after = None
        self.asked, self.options, self.open_connections = [], None, 0

    def connect(self, connection_string, **options):
        if self.refuse_connection:
            raise self.Error(self.refuse_connection, f"[{self.refuse_connection}] login failed, password {PASSWORD}")
        self.options = options | {"connection_string": connection_string}
        self.open_connections += 1
        return ScriptedConnection(self)

    def answer(self, sql):
        if "INFORMATION_SCHEMA" in sql:
            read = [statement.tables_read() for statement in parse_statements(selects()).values()]
            rows = [(*table, column, "int") for tables in read for table in tables for column in tables[table]]
            return ["table_schema", "table_name", "column_name", "data_type"], rows
        if self.refuse_statement:
            raise self.Error(self.refuse_statement, "the value 'ana@private.example' ...")
        if "COUNT_BIG" in sql:
            return ["row_count", "last_known_at"], [(2, parse_moment("2026-05-01"))]
        if "newest_logged_at" in sql:
            return ["newest_logged_at"], [(parse_moment("2026-05-01T08:00"),)]
        return list(CONTACTS.column_names), self.contacts


class ScriptedConnection:
    timeout = 0

    def __init__(self, server):
        self.server = server
        self.fetched = 0

    def cursor(self):
        return self

    def execute(self, sql):
        self.server.asked.append((sql, self.timeout))
        names, self.rows = self.server.answer(sql)
        self.description = [(name, None) for name in names]

    def fetchmany(self, count):
        rows, self.rows = self.rows[:count], self.rows[count:]
        self.fetched += len(rows)
        if self.server.break_after is not None and self.fetched > self.server.break_after:
            raise ScriptedServer.Error("08S01", "communication link failure")
        return rows

    def close(self):
        self.server.open_connections -= 1


def source_of(server, **options):
    return SQLServerSource(SQLServerSettings.of(GIVEN), selects(), driver=server, **options)


def test_rows_come_in_bounded_batches_of_the_contracts_types_and_the_connection_is_closed():
    server = ScriptedServer(contacts=[CONTACT, CONTACT, CONTACT])
    batches = list(source_of(server, batch_rows=2).stream("contacts", AS_OF))
    assert [batch.num_rows for batch in batches] == [2, 1]
    assert all(batch.schema == CONTACTS.schema for batch in batches)
    row = batches[0].to_pylist()[0]
    assert (row["contact_id"], row["crm_score"], row["opted_out"], row["email"]) == ("7", 12.5, True, None)
    assert server.open_connections == 0


def test_only_checked_selects_and_the_catalogue_are_sent_with_a_time_out():
    server = ScriptedServer(contacts=[CONTACT])
    source = source_of(server)
    list(source.stream("contacts", AS_OF))
    catalogue, rows = server.asked
    assert "INFORMATION_SCHEMA.COLUMNS" in catalogue[0]
    assert rows[0].startswith("SELECT entity.contact_id")
    assert rows[0].endswith("WHERE entity.created_at < CAST('2026-06-01T00:00:00.000000' AS DATETIME2(6))")
    assert rows[1] == 900


def test_the_connection_is_read_only_encrypted_verified_and_without_an_open_transaction():
    server = ScriptedServer(contacts=[CONTACT])
    list(source_of(server).stream("contacts", AS_OF))
    assert server.options["autocommit"] is server.options["readonly"] is True
    words = server.options["connection_string"]
    for expected in ("ApplicationIntent={ReadOnly}", "Encrypt={yes}", "TrustServerCertificate={no}"):
        assert expected in words


def test_the_newest_event_and_the_fingerprint_are_asked_of_the_server():
    source = source_of(ScriptedServer())
    assert source.newest_event_at() == parse_moment("2026-05-01T08:00")
    assert source.fingerprint(AS_OF)["outcomes"] == {"rows": 2, "last_known_at": "2026-05-01T00:00:00"}


def test_the_description_names_host_and_database_and_no_secret():
    facts = source_of(ScriptedServer()).describe().facts()
    assert (facts["kind"], facts["name"]) == ("sqlserver", "sql.example/cory")
    assert PASSWORD not in str(facts)
    assert "reader" not in str(facts)


def test_a_password_cannot_end_its_place_in_the_connection_string():
    settings = SQLServerSettings.of(GIVEN)
    assert settings.connection_string().endswith("UID={reader};PWD={p;W}}d=1 x}")


def test_the_password_shows_nowhere():
    settings = SQLServerSettings.of(GIVEN)
    shown = (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json())
    assert not any(PASSWORD in text for text in shown)


def test_an_integrated_login_needs_no_password():
    settings = SQLServerSettings.of({"host": "h", "database": "d", "user": "", "password": None})
    assert "Trusted_Connection={yes}" in settings.connection_string()
    assert "PWD" not in settings.connection_string()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": ""}, "CORY_SQL_HOST: Field required"),
        ({"port": "99999"}, "CORY_SQL_PORT"),
        ({"password": ""}, "needs a user and a password"),
        ({"hots": "x"}, "CORY_SQL_HOTS"),
        ({"auth_mode": "kerberos"}, "CORY_SQL_AUTH_MODE"),
    ],
)
def test_a_wrong_setting_is_named_and_no_value_is(change, said):
    with pytest.raises(ConfigurationError, match=said) as refusal:
        SQLServerSettings.of(GIVEN | change)
    assert PASSWORD not in str(refusal.value)
    assert refusal.value.__context__ is None


@pytest.mark.parametrize("change", [{"encrypt": "no"}, {"trust_server_cert": "yes"}])
def test_a_connection_that_is_not_verified_is_said_out_loud(change, caplog):
    settings = SQLServerSettings.of(GIVEN | change)
    list(SQLServerSource(settings, selects(), driver=ScriptedServer([CONTACT])).stream("contacts", AS_OF))
    assert "NOT" in caplog.text


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [
        ("28000", AccessError),
        ("08001", SourceError),
        ("HYT00", SourceError),
        ("IM002", ConfigurationError),
        ("01000", ConfigurationError),
        ("XX000", SourceError),
    ],
)
def test_a_refused_connection_is_told_by_its_sqlstate_and_names_no_secret(sqlstate, error):
    with pytest.raises(error, match=sqlstate) as refusal:
        source_of(ScriptedServer(refuse_connection=sqlstate)).newest_event_at()
    assert PASSWORD not in f"{refusal.value}{refusal.value.__cause__}{refusal.value.__context__}"


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [
        ("HYT00", SourceError),
        ("42S02", DataError),
        ("42000", AccessError),
        ("22018", DataError),
        ("08S01", SourceError),
    ],
)
def test_a_refused_statement_is_told_by_its_sqlstate_and_names_no_value(sqlstate, error):
    server = ScriptedServer([CONTACT], refuse_statement=sqlstate)
    with pytest.raises(error, match=sqlstate) as refusal:
        list(source_of(server).stream("contacts", AS_OF))
    assert "private" not in f"{refusal.value}{refusal.value.__cause__}{refusal.value.__context__}"
    assert server.open_connections == 0


def test_a_connection_that_breaks_in_the_middle_is_a_source_error_and_is_recorded():
    records = []
    server = ScriptedServer([CONTACT] * 4)
    source = source_of(server, batch_rows=2, on_statement=records.append)
    source.describe()
    server.break_after = 2
    with pytest.raises(SourceError, match="the connection broke"):
        list(source.stream("contacts", AS_OF))
    assert (records[-1].state, records[-1].rows) == ("broken off", 2)
    assert server.open_connections == 0


def test_a_column_of_several_types_is_refused_without_a_value():
    rows = [CONTACT, CONTACT | {"contact_id": "ana@private.example"}]
    with pytest.raises(DataError, match="several types") as refusal:
        list(source_of(ScriptedServer(rows)).stream("contacts", AS_OF))
    assert "private" not in f"{refusal.value}{refusal.value.__cause__}{refusal.value.__context__}"


def test_no_contacts_at_all_is_refused():
    with pytest.raises(DataError, match="'contacts'"):
        list(source_of(ScriptedServer()).stream("contacts", AS_OF))


def test_a_missing_driver_is_told_with_how_to_install_it(monkeypatch):
    def no_module(name):
        raise ImportError(f"{name}: libodbc.so.2: cannot open shared object file")

    monkeypatch.setattr("lead_conversion.source.sqlserver_source.import_module", no_module)
    with pytest.raises(ConfigurationError, match=r"libodbc.*Install unixODBC"):
        source_of(None).newest_event_at()


def test_pyodbc_is_loaded_when_the_first_statement_is_sent(monkeypatch):
    server = ScriptedServer([CONTACT])
    monkeypatch.setattr("lead_conversion.source.sqlserver_source.import_module", {"pyodbc": server}.__getitem__)
    assert source_of(None).describe().kind == "sqlserver"
