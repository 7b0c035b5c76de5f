import random
import re
from datetime import UTC, timedelta, timezone

import duckdb
import pytest
import sqlglot
from agent_cory_rows import selects

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.kernel.windows import Span, parse_moment
from lead_conversion.source.lineage import column_origins
from lead_conversion.source.row_hash import content_of_rows
from lead_conversion.source.statements import (
    count_known_after,
    days_known_before,
    newest_logged_at,
    parse_statement,
    parse_statements,
    render,
    rows_by_organisation,
    rows_known_before,
)

AS_OF = parse_moment("2026-03-01T12:30")
OUTCOMES = """
    SELECT o.id AS outcome_id, o.contact AS contact_id, o.org AS org_id, 'call_booked' AS outcome_type,
           o.status AS status, o.at AS occurred_at, o.at AS logged_at
    FROM dbo.bookings AS o
"""


def outcomes(text):
    return parse_statement("outcomes", text)


@pytest.mark.parametrize("entity", SOURCE_ENTITIES)
def test_the_projects_own_select_passes_and_reads_the_same_in_both_dialects(entity):
    statement = parse_statement(entity, selects()[entity])
    for written, dialect in ((statement.as_tsql(), "tsql"), (statement.as_duckdb(), "duckdb")):
        names = [name.lower() for name in sqlglot.parse_one(written, read=dialect).named_selects]
        assert names == list(SOURCE_ENTITIES[entity].column_names)


@pytest.mark.parametrize("entity", SOURCE_ENTITIES)
def test_a_statement_that_several_readers_share_is_changed_by_none(entity):
    statement = parse_statement(entity, selects()[entity])
    assert parse_statement(entity, selects()[entity]) is statement
    before = repr(statement.tree)
    render(rows_known_before(statement, AS_OF, 7), "tsql")
    render(days_known_before(statement, AS_OF), "duckdb")
    statement.as_duckdb()
    statement.tables_read()
    column_origins(entity, statement.tree)
    assert repr(statement.tree) == before


def test_the_hash_does_not_depend_on_the_line_ends_and_changes_with_the_text():
    statement = outcomes(OUTCOMES)
    assert outcomes(OUTCOMES.replace("\n", "\r\n")).sha256 == statement.sha256
    assert outcomes(OUTCOMES.replace("call_booked", "qualified")).sha256 != statement.sha256


def test_comments_of_the_file_are_not_sent():
    assert "secret plan" not in outcomes("-- secret plan\n" + OUTCOMES).as_tsql()


# Each is dangerous, or reads what no entity needs, or would not read the same rows twice.
DANGEROUS = [
    "SELECT o.* INTO dbo.copy FROM dbo.bookings AS o",
    OUTCOMES.replace("FROM", "INTO dbo.copy FROM"),
    OUTCOMES.replace("FROM", "INTO #copy FROM"),
    *(OUTCOMES + f" WITH ({hint})" for hint in ("NOLOCK", "XLOCK", "UPDLOCK", "TABLOCKX", "HOLDLOCK", "READPAST")),
    OUTCOMES.replace("AS o\n", "AS o (NOLOCK)\n"),
    OUTCOMES.replace("dbo.bookings", "OPENQUERY(other, 'DELETE FROM t')"),
    OUTCOMES.replace("dbo.bookings", "OPENROWSET('SQLNCLI', 'Server=x;', 'SELECT 1')"),
    OUTCOMES.replace("dbo.bookings", "OPENROWSET(BULK 'C:\\x.txt', SINGLE_CLOB)"),
    OUTCOMES.replace("dbo.bookings", "OPENDATASOURCE('SQLNCLI', 'x').db.dbo.t"),
    OUTCOMES.replace("dbo.bookings", "OPENXML(1, '/a')"),
    OUTCOMES.replace("dbo.bookings", "OPENJSON(1)"),
    OUTCOMES.replace("dbo.bookings", "other.db.dbo.bookings"),
    OUTCOMES.replace("dbo.bookings", "db.dbo.bookings"),
    OUTCOMES.replace("dbo.bookings", "db..bookings"),
    OUTCOMES.replace("dbo.bookings", "#bookings"),
    OUTCOMES.replace("dbo.bookings", "##bookings"),
    OUTCOMES.replace("dbo.bookings", "@bookings"),
    OUTCOMES.replace("dbo.bookings", "bookings"),
    OUTCOMES.replace("dbo.bookings", "sys.sql_logins"),
    OUTCOMES.replace("dbo.bookings", "dbo.sysusers"),
    OUTCOMES.replace("dbo.bookings", "INFORMATION_SCHEMA.TABLES"),
    OUTCOMES.replace("dbo.bookings", "[sys ].[objects]"),
    OUTCOMES.replace("dbo.bookings", "[\uff33\uff39\uff33].[objects]"),
    OUTCOMES.replace("dbo.bookings", "\uff53\uff59\uff53.objects"),
    OUTCOMES.replace("dbo.bookings", "[sýs].[objects]"),
    OUTCOMES.replace("dbo.bookings", "[sysꞋ].[objects]"),
    OUTCOMES.replace("dbo.bookings", "[\u0131nformation_schema].[tables]"),
    OUTCOMES.replace("dbo.bookings", "dbo.[sysusers ]"),
    OUTCOMES.replace("dbo.bookings", "[dbo ].[\uff53\uff59\uff53users]"),
    "WITH r AS (SELECT 1 AS n UNION ALL SELECT r.n + 1 AS n FROM r) " + OUTCOMES + " WHERE o.id IN (SELECT n FROM r)",
    "WITH r AS (SELECT 1 AS n UNION ALL SELECT 1 AS n FROM [R ]) " + OUTCOMES + " WHERE o.id IN (SELECT n FROM r)",
    "WITH r AS (SELECT s.n FROM s), s AS (SELECT 1 AS n) " + OUTCOMES + " WHERE o.id IN (SELECT n FROM r)",
    OUTCOMES.replace("o.id AS", "CAST(o.id AS text) AS"),
    OUTCOMES.replace("dbo.bookings", "read_csv('/etc/passwd')"),
    OUTCOMES.replace("dbo.bookings", "read_parquet('x.parquet')"),
    OUTCOMES.replace("dbo.bookings", "read_json_auto('x.json')"),
    OUTCOMES.replace("dbo.bookings", "glob('/*')"),
    OUTCOMES.replace("dbo.bookings", "[/etc/passwd]"),
    OUTCOMES.replace("dbo.bookings", "[data.parquet]"),
    OUTCOMES.replace("dbo.bookings", "[dbo].[../x.csv]"),
    OUTCOMES.replace("dbo.bookings", '"x.csv"'),
    OUTCOMES.replace("dbo.bookings", "'x.csv'"),
    OUTCOMES.replace("dbo.bookings", "duckdb_secrets()"),
    OUTCOMES.replace("dbo.bookings", "(VALUES (1, 2)) AS v(a, b), dbo.bookings"),
    OUTCOMES.replace("dbo.bookings", "dbo.bookings FOR SYSTEM_TIME ALL"),
    OUTCOMES.replace("dbo.bookings AS o", "dbo.bookings AS o TABLESAMPLE (10 PERCENT)"),
    OUTCOMES + " CROSS APPLY dbo.f(o.id) AS f",
    OUTCOMES + " OUTER APPLY OPENJSON(o.x) AS f",
    OUTCOMES + " INNER HASH JOIN dbo.t AS t ON t.id = o.id",
    OUTCOMES + " ORDER BY o.id",
    OUTCOMES + " ORDER BY o.id OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY",
    OUTCOMES + " OPTION (MAXDOP 8)",
    OUTCOMES + " FOR XML PATH",
    OUTCOMES + " FOR JSON AUTO",
    OUTCOMES + " FOR UPDATE",
    OUTCOMES + "; DROP TABLE dbo.bookings",
    OUTCOMES + " DROP TABLE dbo.bookings",
    OUTCOMES + "; EXEC xp_cmdshell 'dir'",
    OUTCOMES + " EXEC xp_cmdshell 'dir'",
    OUTCOMES + "; WAITFOR DELAY '01:00:00'",
    OUTCOMES + "; SHUTDOWN",
    OUTCOMES + "\nGO\nDELETE FROM dbo.bookings",
    OUTCOMES.replace("SELECT", "SELECT TOP 10", 1),
    OUTCOMES.replace("o.id AS", "@@VERSION AS"),
    OUTCOMES.replace("o.id AS", "@x AS"),
    OUTCOMES.replace("o.id AS", "? AS"),
    OUTCOMES.replace("o.id AS", "NEXT VALUE FOR dbo.numbers AS"),
    OUTCOMES.replace("o.id AS", "dbo.write_something(o.id) AS"),
    OUTCOMES.replace("o.id AS", "xp_cmdshell('dir') AS"),
    OUTCOMES.replace("o.id AS", "fn_anything(o.id) AS"),
    OUTCOMES.replace("o.id AS", "getenv('HOME') AS"),
    OUTCOMES.replace("o.id AS", "GETDATE() AS"),
    OUTCOMES.replace("o.id AS", "NEWID() AS"),
    OUTCOMES.replace("o.id AS", "RAND() AS"),
    OUTCOMES.replace("o.id AS", "CURRENT_USER AS"),
    OUTCOMES.replace("o.id AS", "SUSER_SNAME() AS"),
    OUTCOMES.replace("o.id AS", "PWDENCRYPT('x') AS"),
    OUTCOMES.replace("o.id AS", "CAST(o.id AS xml) AS"),
    OUTCOMES.replace("o.id AS", "CAST(o.id AS dbo.my_type) AS"),
    OUTCOMES.replace("o.id AS", "(SELECT TOP 1 name FROM sys.databases) AS"),
    OUTCOMES.replace("o.id AS", "(SELECT COUNT(*) FROM OPENQUERY(s, 'x')) AS"),
    "WITH gone AS (DELETE FROM dbo.t OUTPUT deleted.*) " + OUTCOMES,
    "WITH x AS (SELECT 1 AS a INTO dbo.copy) " + OUTCOMES,
    OUTCOMES + " UNION ALL SELECT a, b, c, d, e, f, g FROM OPENQUERY(s, 'x')",
    "SELECT * FROM dbo.bookings",
    "SELECT o.* FROM dbo.bookings AS o",
    "INSERT INTO dbo.t SELECT 1",
    "UPDATE dbo.t SET a = 1",
    "DELETE FROM dbo.t",
    "MERGE dbo.t USING dbo.u ON 1 = 1 WHEN MATCHED THEN DELETE",
    "TRUNCATE TABLE dbo.t",
    "CREATE TABLE dbo.t (a int)",
    "ALTER TABLE dbo.t ADD b int",
    "DROP TABLE dbo.t",
    "GRANT SELECT ON dbo.t TO x",
    "EXEC dbo.p",
    "EXECUTE AS USER = 'dbo'",
    "DECLARE @x int = 1; SELECT @x AS a",
    "SET NOCOUNT ON",
    "USE master",
    "BULK INSERT dbo.t FROM 'x'",
    "BACKUP DATABASE x TO DISK = 'x'",
    "DBCC SHRINKDATABASE (x)",
    "KILL 53",
    "COPY (SELECT 1) TO 'x.csv'",
    "ATTACH 'x.db'",
    "PRAGMA database_list",
    "INSTALL httpfs",
    "LOAD httpfs",
    "EXPORT DATABASE 'x'",
    "BEGIN TRANSACTION",
    "IF 1 = 1 SELECT 1 AS a",
    "WHILE 1 = 1 SELECT 1 AS a",
    "",
    "-- nothing",
    "not sql at all",
]
MUTANTS = 5_000

# Put in the place of a table, of a value, or behind the project's own SELECTs.
DANGEROUS_TABLES = [
    "OPENQUERY(other, 'SELECT 1')",
    "OPENROWSET('SQLNCLI', 'Server=x;', 'SELECT 1')",
    "OPENDATASOURCE('SQLNCLI', 'x').db.dbo.t",
    "other.db.dbo.t",
    "db.dbo.t",
    "sys.sql_logins",
    "dbo.sysprocesses",
    "[sys ].objects",
    "dbo.[sysusers ]",
    "\uff53\uff59\uff53.objects",
    "#temporary",
    "@variable",
    "read_csv('/etc/passwd')",
    "read_parquet('s3://x/y.parquet')",
    "[/etc/passwd]",
    "[file.parquet]",
    "(DELETE FROM dbo.t OUTPUT deleted.a)",
    "dbo.my_function(1)",
    "dbo.t (NOLOCK)",
    "dbo.t WITH (TABLOCKX)",
    "dbo.t FOR SYSTEM_TIME ALL",
]
DANGEROUS_VALUES = [
    "NEXT VALUE FOR dbo.numbers",
    "dbo.my_function(1)",
    "xp_cmdshell('dir')",
    "fn_my_permissions(NULL, 'SERVER')",
    "HAS_DBACCESS('master')",
    "getenv('HOME')",
    "@@VERSION",
    "@variable",
    "GETDATE()",
    "NEWID()",
    "HOST_NAME()",
    "(SELECT MAX(a) FROM OPENQUERY(other, 'x'))",
    "(SELECT MAX(a) FROM sys.objects)",
    "CAST(1 AS sql_variant)",
]
DANGEROUS_TAILS = [
    "; DROP TABLE dbo.t",
    " EXEC xp_cmdshell 'dir'",
    "; EXEC ('DROP TABLE dbo.t')",
    " OPTION (RECOMPILE)",
    " FOR XML AUTO",
    " UNION ALL SELECT 1 FROM OPENQUERY(other, 'x')",
    "; WAITFOR DELAY '00:10'",
    "\nGO\nDELETE FROM dbo.t",
    "; COPY (SELECT 1) TO 'x.csv'",
    " ORDER BY 1",
]


BLANKS = (" ", "  ", "\n", "\t", "\r\n")
COMMENTS = (" /* x */ ", " -- x\n")


def mutated(text, random_source, blanks=BLANKS + COMMENTS):
    """The same statement as another hand would write it: case, blanks, comments, brackets, stray semicolons."""
    pieces = re.findall(r"--[^\n]*\n|'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\w+|\s+|.", text)
    changed = []
    for piece in pieces:
        if piece.isspace():
            changed.append(random_source.choice(blanks))
        elif piece.isalpha():
            changed.append(random_source.choice((piece.upper(), piece.lower(), piece, piece.title())))
        else:
            changed.append(piece)
    return (
        random_source.choice(("", ";", " ", "/* SELECT 1 */"))
        + "".join(changed)
        + random_source.choice(("", ";", "\n;"))
    )


@pytest.mark.parametrize(
    "text",
    [
        OUTCOMES + " WHERE o.a = 'no end",
        OUTCOMES.replace("o.id AS", "(" * 3_000 + "o.id" + ")" * 3_000 + " AS"),
        OUTCOMES.replace("o.id AS", "1e AS"),
        OUTCOMES.replace("o.id AS", "DATEADD(quarter, 1, o.at) AS"),
        OUTCOMES + " WHERE o.id = $1",
        OUTCOMES + " SEMI JOIN dbo.t AS t ON t.id = o.id",
        OUTCOMES + " NATURAL JOIN dbo.t AS t",
    ],
)
def test_what_cannot_be_read_or_means_nothing_in_tsql_is_refused(text):
    with pytest.raises(AccessError, match="is refused"):
        outcomes(text)


def test_what_an_engine_has_no_words_for_is_told():
    with pytest.raises(ConfigurationError, match=r"cannot be written for tsql.*DISTINCT"):
        outcomes(OUTCOMES.replace("o.id AS", "STRING_AGG(DISTINCT o.id, ',') AS"))


def test_text_of_any_script_survives_being_written_anew():
    changed = "SUBSTRING(REPLACE(UPPER(TRIM(o.id)), N'Ω', ''), 1, 3)"
    sent = outcomes(OUTCOMES.replace("o.id AS", f"{changed} AS")).as_tsql()
    assert "SUBSTRING(REPLACE(UPPER(TRIM(o.id)), N'Ω', ''), 1, 3) AS outcome_id" in sent


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_dangerous_statement_is_refused(text):
    with pytest.raises(AccessError, match="The SELECT of 'outcomes' is refused"):
        outcomes(text)


def poisoned(text, random_source):
    """One of the project's own SELECTs with something dangerous in a random place."""
    where = random_source.choice(("table", "value", "tail"))
    if where == "tail":
        return text + random_source.choice(DANGEROUS_TAILS)
    pattern, choices = {
        "table": (r"(?<=FROM |JOIN )(?:education|dbo)\.\w+", DANGEROUS_TABLES),
        "value": (r"\w+\.\[?\w+\]?(?= AS )", DANGEROUS_VALUES),
    }[where]
    place = random_source.choice(list(re.finditer(pattern, text)))
    return text[: place.start()] + random_source.choice(choices) + text[place.end() :]


@pytest.mark.no_cover
def test_no_mutant_of_a_dangerous_statement_passes():
    random_source = random.Random(20260301)
    own = {entity: parse_statement(entity, text).as_tsql() for entity, text in selects().items()}
    passed = []
    for number in range(MUTANTS):
        entity = random_source.choice(list(own))
        dangerous = poisoned(own[entity], random_source) if number % 2 else DANGEROUS[number // 2 % len(DANGEROUS)]
        text = mutated(dangerous, random_source)
        try:
            parse_statement(entity, text)
        except AccessError:
            continue
        passed.append(text)
    assert passed == []


@pytest.mark.parametrize("entity", SOURCE_ENTITIES)
def test_the_projects_own_select_passes_however_it_is_written(entity):
    random_source = random.Random(7)
    for _ in range(20):
        parse_statement(entity, mutated(selects()[entity], random_source, BLANKS))


def test_the_refusal_names_the_entity_what_was_found_and_what_is_allowed():
    with pytest.raises(AccessError, match=r"'outcomes'.*a table hint.*Allowed is one SELECT.*COALESCE.*outcomes\.sql"):
        outcomes(OUTCOMES + " WITH (NOLOCK)")


def test_a_function_that_is_not_listed_is_named():
    with pytest.raises(AccessError, match="the function 'fn_anything'"):
        outcomes(OUTCOMES.replace("o.id AS", "fn_anything(o.id) AS"))


def test_a_table_named_after_a_with_needs_no_schema():
    outcomes("WITH bookings AS (SELECT b.a AS a FROM dbo.t AS b) " + OUTCOMES.replace("dbo.bookings", "bookings"))


def test_what_a_mapping_of_ones_own_schema_needs_passes():
    outcomes(
        OUTCOMES.replace("o.id AS", "TRY_CAST(o.id AS nvarchar(64)) AS").replace(
            "o.at AS logged_at", "DATEADD(hour, -2, ISNULL(o.at, o.seen)) AS logged_at"
        )
        + " WHERE IIF(o.a = 1, 2, 3) > 2 AND o.b IN (SELECT t.b FROM [my schema].[my table] AS t)"
    )


def test_a_missing_column_and_a_foreign_one_are_named_with_the_nearest_name():
    text = OUTCOMES.replace("AS outcome_type", "AS outcome_typ")
    with pytest.raises(ConfigurationError, match=r"missing: outcome_type \(is it 'outcome_typ'\?\)"):
        outcomes(text)


def test_a_column_given_twice_is_refused():
    with pytest.raises(ConfigurationError, match="given twice: status"):
        outcomes(OUTCOMES.replace("o.status AS status", "o.status AS status, o.state AS status"))


def test_an_entity_without_a_select_is_named():
    texts = selects()
    del texts["outcomes"]
    with pytest.raises(ConfigurationError, match=r"No SELECT for outcomes"):
        parse_statements(texts)


def test_a_select_for_no_known_entity_is_refused():
    with pytest.raises(ConfigurationError, match="Unknown source entity 'extra'"):
        parse_statements({**selects(), "extra": OUTCOMES})


def test_the_with_of_a_select_stands_at_the_head_of_what_is_sent():
    statement = parse_statement("outcomes", selects()["outcomes"])
    sent = render(rows_known_before(statement, AS_OF), "tsql")
    assert sent.startswith("WITH contact_of_ghl AS (")
    assert sent.count("WITH ") == 1


def test_the_as_of_is_a_typed_literal_in_utc():
    eastern = timezone(timedelta(hours=-5))
    sent = render(rows_known_before(outcomes(OUTCOMES), AS_OF.replace(tzinfo=UTC).astimezone(eastern)), "tsql")
    assert "entity.logged_at < CAST('2026-03-01T12:30:00.000000' AS DATETIME2(6))" in sent
    assert "occurred_at <" not in sent


def test_a_step_is_known_from_its_prompts_on_for_an_edit_moves_the_time_it_was_made():
    statement = parse_statement("campaign_steps", selects()["campaign_steps"])
    sent = render(rows_known_before(statement, AS_OF), "tsql")
    assert "entity.prompt_created_at IS NULL OR entity.prompt_created_at <" in sent
    assert "step_created_at <" not in sent


def test_one_organisation_is_asked_for_only_when_it_is_given():
    statement = outcomes(OUTCOMES)
    assert "entity.org_id = 7" in render(rows_known_before(statement, AS_OF, 7), "tsql")
    assert "entity.org_id =" not in render(rows_known_before(statement, AS_OF), "tsql")


def test_the_newest_event_is_told_by_when_it_was_logged():
    statement = parse_statement("engagement_logs", selects()["engagement_logs"])
    assert "MAX(entity.logged_at)" in render(newest_logged_at(statement), "tsql")


def test_a_count_cannot_overflow_on_a_large_table():
    statement = outcomes(OUTCOMES)
    counts = (days_known_before(statement, AS_OF), count_known_after(statement, AS_OF), rows_by_organisation(statement))
    assert all("COUNT_BIG(*)" in render(query, "tsql") for query in counts)


def test_a_span_is_half_open_in_the_moment_that_slices_the_entity():
    march = Span(parse_moment("2026-03-01"), parse_moment("2026-04-01"))
    sent = render(rows_known_before(outcomes(OUTCOMES), AS_OF, span=march), "tsql")
    assert "entity.logged_at >= CAST('2026-03-01T00:00:00.000000' AS DATETIME2(6))" in sent
    assert "entity.logged_at < CAST('2026-04-01T00:00:00.000000' AS DATETIME2(6))" in sent


def test_rows_are_summed_up_by_the_day_that_slices_the_entity_and_in_one_where_none_does():
    assert "GROUP BY CAST(entity.logged_at AS DATE)" in render(days_known_before(outcomes(OUTCOMES), AS_OF), "tsql")
    whole = parse_statement("campaign_steps", selects()["campaign_steps"])
    assert "AS day" not in render(days_known_before(whole, AS_OF), "tsql")


def test_late_rows_are_those_of_the_organisation_that_are_not_known_before():
    sent = render(count_known_after(outcomes(OUTCOMES), AS_OF, 7), "tsql")
    assert sent.endswith(
        "WHERE NOT entity.logged_at < CAST('2026-03-01T12:30:00.000000' AS DATETIME2(6)) AND entity.org_id = 7"
    )


@pytest.mark.parametrize("entity", SOURCE_ENTITIES)
@pytest.mark.parametrize("dialect", ["tsql", "duckdb"])
def test_every_query_around_a_select_can_be_read_back_with_its_with_at_the_head(entity, dialect):
    statement = parse_statement(entity, selects()[entity])
    content = content_of_rows(statement.entity, dialect)
    for query in (
        rows_known_before(statement, AS_OF, 1, columns=["org_id"]),
        days_known_before(statement, AS_OF, 1, content),
        count_known_after(statement, AS_OF, 1),
        rows_by_organisation(statement),
    ):
        sent = render(query, dialect)
        assert sqlglot.parse_one(sent, read=dialect).sql(dialect) == sent
        assert sent.rfind("WITH ") in {-1, 0}


def test_a_table_may_be_named_in_any_script():
    outcomes(OUTCOMES.replace("dbo.bookings", "[客户].[Übersicht 2]"))


def test_a_with_may_read_an_earlier_one():
    outcomes("WITH r AS (SELECT 1 AS n), s AS (SELECT r.n FROM r) " + OUTCOMES + " WHERE o.id IN (SELECT n FROM s)")


def test_a_length_does_not_count_blanks_at_the_end_in_either_engine():
    statement = outcomes(OUTCOMES.replace("o.status AS status", "CAST(LEN(o.a) AS nvarchar(9)) AS status"))
    assert "LEN(o.a)" in statement.as_tsql()
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE SCHEMA dbo; "
            "CREATE TABLE dbo.bookings AS SELECT 1 AS id, 1 AS contact, 1 AS org, ' ab  ' AS a, 1 AS at"
        )
        assert connection.sql(statement.as_duckdb()).fetchone()[4] == "3"


def test_a_bit_is_a_boolean_in_duckdb():
    statement = outcomes(OUTCOMES.replace("o.status AS status", "CAST(o.a AS bit) AS status"))
    assert "CAST(o.a AS BOOLEAN)" in statement.as_duckdb()
    assert "CAST(o.a AS BIT)" in statement.as_tsql()


def test_the_tables_and_columns_that_are_read_are_known():
    statement = outcomes(
        "WITH c AS (SELECT k.a, MIN(k.b) AS b FROM dbo.keys AS k GROUP BY k.a) "
        + OUTCOMES
        + " LEFT JOIN c ON c.a = o.key_a WHERE o.x IN (SELECT x FROM dbo.Other)"
    )
    read = statement.tables_read()
    assert read["dbo", "keys"] == {"a", "b"}
    assert read["dbo", "bookings"] == {"id", "contact", "org", "status", "at", "key_a", "x"}
    assert ("dbo", "other") in read  # whose column 'x' could also be the outer query's
