import random
import re
from functools import cache

import pytest
import sqlglot
from agent_cory_rows import selects
from sqlglot import exp

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES, PersonalClass
from lead_conversion.kernel.errors import AccessError
from lead_conversion.source.lineage import TableColumn, column_origins
from lead_conversion.source.statements import parse_statement

CONTACTS = selects()["contacts"]
OUTCOMES = """
    SELECT o.id AS outcome_id, o.contact_id AS contact_id, o.org AS org_id, 'call_booked' AS outcome_type,
           o.status AS status, o.at AS occurred_at, o.at AS logged_at
    FROM dbo.bookings AS o
"""
PERSONAL = (
    "first_name", "last_name", "FirstName", "[Last Name]", "full_name", "surname", "email", "e_mail", "EmailAddress",
    "phone", "mobile_phone", "city", "street", "billing_address", "company", "notes", "date_of_birth", "job_title",
    "contact_id", "ghl_contact_id", "credit_card_number", "zip_code", "nachname",
)  # fmt: skip
WRAPPED = (
    "{}",
    "CONCAT({}, '')",
    "MIN({})",
    "UPPER(LTRIM(RTRIM({})))",
    "SUBSTRING({}, 1, 3)",
    "COALESCE(NULL, {}, 'x')",
    "CASE WHEN 1 = 1 THEN {} ELSE 'x' END",
    "CASE WHEN {} LIKE 'A%' THEN 'a' ELSE 'b' END",
    "CASE {} WHEN 'Zenobia' THEN 'z' END",
    "CASE WHEN (1 = 0 OR {} = '') THEN 'a' END",
    "CASE WHEN NULLIF({}, 'Zenobia') IS NULL THEN 'z' END",
    "CASE WHEN (CASE WHEN {} LIKE 'A%' THEN 1 END) IS NOT NULL THEN 'a' END",
    "CASE WHEN COALESCE({}, '') = '' THEN 'a' END",
    "IIF({} > 'm', 'late', 'early')",
    "CASE WHEN 'Zenobia' IN ({}, 'x') THEN 'z' END",
    "CASE WHEN {} IN ('Zenobia') THEN 'z' END",
    "CASE WHEN {} BETWEEN 'a' AND 'b' THEN 'z' END",
    "CAST(COUNT(CASE WHEN {} LIKE 'A%' THEN 1 END) AS nvarchar(9))",
    "CAST(COUNT(NULLIF({}, 'Zenobia')) AS nvarchar(9))",
    "CAST(COUNT(DISTINCT {}) AS nvarchar(9))",
    "CAST(SUM(CASE WHEN {} = 'Zenobia' THEN 1 ELSE 0 END) AS nvarchar(9))",
    "CAST(LEN({}) AS nvarchar(9))",
    "IIF(c.opted_out = 1, {}, 'x')",
    "NULLIF({}, '')",
    "CAST({} AS nvarchar(10))",
    "TRY_CAST({} AS int)",
    "REPLACE('a', 'a', {})",
    "(SELECT MAX(k.{bare}) FROM education.contacts AS k)",
    "(SELECT MAX({bare}) FROM education.contacts)",
    "(SELECT MAX(k.a) FROM (SELECT {} AS a FROM education.contacts AS c) AS k)",
    "(SELECT MAX(CONCAT({}, k.x)) FROM dbo.other AS k)",
    "CASE WHEN EXISTS (SELECT 1 FROM education.contacts AS k WHERE k.{bare} LIKE 'A%') THEN 'a' END",
    "CASE WHEN EXISTS (SELECT 1 FROM dbo.o AS o INNER JOIN education.contacts AS k ON k.{bare} < 'b') THEN 'a' END",
    "IIF(EXISTS (SELECT 1 FROM (SELECT 1 AS a FROM education.contacts AS k WHERE k.{bare} = 'z') AS d), 'a', 'b')",
    "IIF(EXISTS ((SELECT 1 FROM education.contacts AS k WHERE k.{bare} = 'z')), 'a', 'b')",
    "IIF(EXISTS (SELECT 1 FROM dbo.a AS a UNION SELECT 1 FROM education.contacts AS k WHERE k.{bare} = 'z'), 'a', 'b')",
    "(SELECT 'a' FROM education.contacts AS k WHERE k.{bare} = 'Zenobia')",
    "(SELECT MAX('a') FROM education.contacts AS k HAVING MAX(k.{bare}) > 'm')",
    "CASE WHEN 1 IN (SELECT k.x FROM education.contacts AS k WHERE k.y = 1 AND k.{bare} = 'Zenobia') THEN 'a' END",
)


def outcomes_from(source, value="o.a"):
    """The SELECT of outcomes over another source, with `value` as its status."""
    return OUTCOMES.replace("o.status AS", f"{value} AS").replace("dbo.bookings", source)


def refusal_of(entity, text):
    with pytest.raises(AccessError) as refusal:
        parse_statement(entity, text)
    return str(refusal.value)


@pytest.mark.parametrize("entity", selects())
def test_the_projects_own_selects_pass(entity):
    parse_statement(entity, selects()[entity])


def test_the_refusal_names_the_source_column_the_output_column_and_what_to_do():
    told = refusal_of("contacts", CONTACTS.replace("c.lead_source", "c.first_name AS lead_source"))
    assert "The SELECT of 'contacts' is refused: its column 'lead_source' is made of" in told
    assert "education.contacts.first_name, which names a person" in told
    assert "take it out of source/contacts.sql" in told
    told = refusal_of("contacts", CONTACTS.replace("c.industry", "c.email AS industry"))
    assert "It may only become contact_id or email or phone" in told


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_personal_column_becomes_no_label_whatever_is_done_to_it(wrapped):
    value = wrapped.format("c.last_name", bare="last_name")
    told = refusal_of("contacts", CONTACTS.replace("c.industry", f"{value} AS industry"))
    assert "'industry' is made of education.contacts.last_name" in told


@pytest.mark.parametrize("column", PERSONAL)
def test_each_personal_column_is_known_by_its_name_however_it_is_spelt(column):
    for spelling in {column, column.upper(), f"[{column.strip('[]')}]"}:
        told = refusal_of("contacts", CONTACTS.replace("c.industry", f"c.{spelling} AS industry"))
        assert "'industry' is made of education.contacts." in told


@pytest.mark.parametrize(
    "text",
    [
        "WITH b AS (SELECT id, contact_id, org, at, first_name AS a FROM education.contacts) " + outcomes_from("b"),
        "WITH b AS (SELECT id, contact_id, org, at, first_name FROM education.contacts), "
        "d AS (SELECT id, contact_id, org, at, first_name AS a FROM b) " + outcomes_from("d"),
        "WITH B AS (SELECT id, contact_id, org, at, First_Name AS A FROM education.contacts) " + outcomes_from("b"),
        outcomes_from("(SELECT k.id, k.contact_id, k.org, k.at, k.last_name AS a FROM dbo.k AS k)"),
        outcomes_from(
            "(SELECT k.id, k.contact_id, k.org, k.at, k.state AS a FROM dbo.k AS k UNION ALL "
            "SELECT k.id, k.contact_id, k.org, k.at, k.last_name FROM dbo.k AS k)"
        ),
        OUTCOMES + " UNION ALL " + outcomes_from("dbo.people", "o.last_name"),
        OUTCOMES.replace("o.status AS status", "last_name AS status") + " INNER JOIN dbo.k AS k ON k.id = o.id",
        OUTCOMES.replace("o.org AS", "o.contact_id AS"),
        OUTCOMES.replace("'call_booked' AS", "o.phone AS"),
        OUTCOMES.replace("o.at AS occurred_at", "o.date_of_birth AS occurred_at"),
        OUTCOMES.replace("o.status AS status", "status = o.surname"),
        OUTCOMES.replace("o.status AS status", "o.surname status"),
        OUTCOMES.replace("o.status AS status", "MAX(o.surname) OVER (PARTITION BY o.id) AS status"),
        OUTCOMES.replace("o.status AS status", "STRING_AGG(o.surname, ',') AS status"),
        OUTCOMES.replace("o.status AS status", "z.surname AS status"),
        "WITH b AS (SELECT id, contact_id, org, at, first_name AS a FROM dbo.k) " + outcomes_from("b", "o.[\uff41]"),
        "WITH a AS (SELECT k.id FROM dbo.k AS k WHERE k.email LIKE 'a%'), b AS (SELECT a.id FROM a) "
        + outcomes_from("dbo.o", "IIF(EXISTS (SELECT 1 FROM b WHERE b.id = o.id), 'a', 'b')"),
        "WITH b AS (SELECT id, contact_id, org, at, first_name AS a FROM dbo.k) " + outcomes_from("[B ]", "o.[Á ]"),
    ],
)
def test_no_renaming_hides_where_a_column_comes_from(text):
    assert "is made of" in refusal_of("outcomes", text)


@pytest.mark.parametrize(
    "text",
    [
        (
            "WITH r AS (SELECT k.last_name AS a, 'x' AS b FROM dbo.k AS k UNION ALL SELECT r.b, r.a FROM r) "
            "SELECT r.b AS outcome_id, r.b AS contact_id, 1 AS org_id, 'x' AS outcome_type, r.b AS status, "
            "NULL AS occurred_at, NULL AS logged_at FROM r"
        ),
        (
            "WITH d AS (SELECT b.a AS a FROM b), b AS (SELECT k.last_name AS a FROM dbo.k AS k) "
            "SELECT d.a AS outcome_id, d.a AS contact_id, 1 AS org_id, 'x' AS outcome_type, d.a AS status, "
            "NULL AS occurred_at, NULL AS logged_at FROM d"
        ),
    ],
)
def test_a_with_that_reads_itself_or_a_later_one_is_refused(text):
    assert "itself or comes after it" in refusal_of("outcomes", text)
    with pytest.raises(AccessError, match="itself or comes after it"):
        column_origins("outcomes", sqlglot.parse_one(text, read="tsql"))


@pytest.mark.parametrize(
    "value",
    [
        "CASE WHEN o.email IS NOT NULL THEN 'scheduled' ELSE 'requested' END",
        "CASE WHEN (o.email) IS NULL AND NOT (o.phone IS NULL) THEN 'scheduled' END",
        "IIF(o.last_name IS NULL, 'requested', 'scheduled')",
        "CAST(COUNT(o.email) AS nvarchar(9))",
        "CAST(COUNT(*) AS nvarchar(9))",
        "CAST(LEN(o.status) AS nvarchar(9))",
        "(SELECT MAX(k.state) FROM dbo.k AS k WHERE k.email = o.email AND k.phone IS NOT NULL AND k.state LIKE 'a%')",
        "CASE WHEN EXISTS (SELECT k.email FROM dbo.k AS k WHERE k.email = o.email) THEN 'done' END",
        "CAST(ROW_NUMBER() OVER (PARTITION BY o.email ORDER BY o.phone) AS nvarchar(9))",
        "o.email_status",
        "o.company_size",
        "o.names_count",
    ],
)
def test_whether_there_is_a_value_and_which_rows_belong_together_may_be_told(value):
    parse_statement("outcomes", OUTCOMES.replace("o.status AS status", f"{value} AS status"))


def test_rows_may_be_chosen_and_joined_by_a_personal_column():
    joined = " INNER JOIN dbo.people AS p ON p.email = o.email WHERE p.last_name NOT LIKE 'Test%'"
    parse_statement("outcomes", OUTCOMES + joined)


def test_the_text_of_a_message_becomes_no_template_and_that_of_a_template_may():
    steps = selects()["campaign_steps"]
    parse_statement("campaign_steps", steps)
    message = steps.replace("education.prompt_templates", "dbo.Education_Cory_Communication_Log")
    assert "'subject' is made of dbo.education_cory_communication_log.subject" in refusal_of("campaign_steps", message)
    named = steps.replace("s.name           AS step_name", "k.name AS step_name").replace(
        "education.campaign_steps AS s", "education.campaign_steps AS s INNER JOIN education.contacts AS k ON 1 = 1"
    )
    told = refusal_of("campaign_steps", named)
    assert "'step_name' is made of education.contacts.name, which names a person" in told


def test_an_id_may_be_an_e_mail_address_for_both_are_keyed():
    parse_statement("outcomes", OUTCOMES.replace("o.contact_id AS", "o.email AS"))


def test_origins_are_traced_through_unions_by_place():
    tree = parse_statement(
        "outcomes", OUTCOMES + " UNION ALL " + outcomes_from("dbo.b", "o.x").replace("o.id", "o.k")
    ).tree
    origins = column_origins("outcomes", tree)
    assert origins["outcome_id"] == {TableColumn("dbo.bookings", "id"), TableColumn("dbo.b", "k")}
    assert origins["status"] == {TableColumn("dbo.bookings", "status"), TableColumn("dbo.b", "x")}
    assert origins["outcome_type"] == frozenset()


SHOWN = [
    (entity.name, column.name)
    for entity in SOURCE_ENTITIES.values()
    for column in entity.columns
    if column.personal in {PersonalClass.LABEL, PersonalClass.NONE, PersonalClass.TOKENS}
]


@cache
def own_tree(entity):
    return parse_statement(entity, selects()[entity]).tree


def renamed(random_source):
    """One of the project's SELECTs with a personal column in the place of one that would show it."""
    entity, label = random_source.choice(SHOWN)
    tree = own_tree(entity).copy()
    names = tree.named_selects
    branch = random_source.choice([select for select in tree.find_all(exp.Select) if select.named_selects == names])
    table = random_source.choice([table.alias for table in branch.find_all(exp.Table)])
    column = random_source.choice(PERSONAL)
    value = random_source.choice([wrapped for wrapped in WRAPPED if "c." not in wrapped])
    value = value.format(f"{table}.{column}", bare=column)
    branch.expressions[names.index(label)].replace(sqlglot.parse_one(f"{value} AS {label}", read="tsql"))
    text = tree.sql("tsql")
    if text.startswith("SELECT") and random_source.random() < 0.5:
        text = f"SELECT {', '.join(f'd.{name}' for name in names)} FROM ({text}) AS d"
    return entity, text


@pytest.mark.no_cover
def test_no_random_renaming_of_a_personal_column_into_one_that_shows_it_passes():
    random_source = random.Random(20261123)
    told = [told_of(*renamed(random_source)) for _ in range(500)]
    assert [text for text in told if "is made of" not in text] == []


def told_of(entity, text):
    """The refusal of a SELECT, or the SELECT itself where it passes."""
    try:
        parse_statement(entity, text)
    except AccessError as refusal:
        return str(refusal)
    return text


CODED = "SELECT d.contact_id, 1 AS f FROM education.contacts AS d WHERE d.first_name LIKE 'A%'"
CODED_TWICE = CODED + " UNION ALL SELECT d.contact_id, 2 AS f FROM education.contacts AS d WHERE d.first_name LIKE 'B%'"


def contacts_with(score, joined, head=""):
    """The SELECT of contacts with another crm_score and another join."""
    text = CONTACTS.replace("    c.crm_score,", f"    {score} AS crm_score,")
    return head + text.replace("FROM education.contacts AS c", f"FROM education.contacts AS c {joined}")


@pytest.mark.parametrize(
    ("score", "joined"),
    [
        ("x.f", f"LEFT JOIN ({CODED_TWICE}) AS x ON x.contact_id = c.contact_id"),
        ("x.f", f"INNER JOIN ({CODED_TWICE}) AS x ON x.contact_id = c.contact_id"),
        ("x.f", f"LEFT JOIN ({CODED}) AS x ON x.contact_id = c.contact_id"),
        ("x.f", f"FULL OUTER JOIN ({CODED}) AS x ON x.contact_id = c.contact_id"),
        ("(SELECT x.f)", f"LEFT JOIN ({CODED}) AS x ON x.contact_id = c.contact_id"),
        ("IIF(x.f IS NULL, 1, 2)", f"LEFT JOIN ({CODED}) AS x ON x.contact_id = c.contact_id"),
        ("y.f", f"LEFT JOIN (SELECT x.contact_id, x.f FROM ({CODED}) AS x) AS y ON y.contact_id = c.contact_id"),
        ("COUNT(x.f) OVER (PARTITION BY c.org_id)", f"LEFT JOIN ({CODED}) AS x ON x.contact_id = c.contact_id"),
        ("g.campaign_id", "LEFT JOIN education.campaigns AS g ON c.first_name = 'Anna' AND g.campaign_id = 5"),
        ("g.campaign_id", "LEFT JOIN education.campaigns AS g ON g.org_id = c.org_id AND NOT (c.first_name <> 'Anna')"),
        ("g.campaign_id", "INNER JOIN education.campaigns AS g ON g.campaign_id = 5 OR c.first_name = 'Anna'"),
        ("g.campaign_id", "INNER JOIN education.campaigns AS g ON g.campaign_id = LEN(c.first_name)"),
        ("g.campaign_id", "CROSS JOIN education.campaigns AS g WHERE g.campaign_id = 5 OR c.first_name = 'Anna'"),
        ("COUNT(*) OVER (PARTITION BY c.first_name)", ""),
        ("ROW_NUMBER() OVER (ORDER BY c.first_name)", ""),
        (
            "n.k",
            "INNER JOIN (SELECT d.city, COUNT(*) AS k FROM dbo.d AS d GROUP BY d.city, d.x) AS n ON n.city = c.city",
        ),
    ],
)
def test_neither_joins_nor_unions_nor_groups_spell_out_a_name(score, joined):
    told = refusal_of("contacts", contacts_with(score, joined))
    assert re.search(r"'crm_score' is made of (education.contacts.first_name|dbo.d.city), which", told)


def test_an_outer_join_that_keeps_the_other_table_whole_decides_about_all_columns():
    text = contacts_with("c.crm_score", "RIGHT JOIN education.campaigns AS g ON c.first_name = 'Anna'")
    assert "'contact_id' is made of education.contacts.first_name" in refusal_of("contacts", text)


def test_a_count_by_name_in_a_with_is_refused():
    head = "WITH n AS (SELECT d.first_name, COUNT(*) AS k FROM education.contacts AS d GROUP BY d.first_name) "
    text = contacts_with("n.k", "LEFT JOIN n ON n.first_name = c.first_name", head)
    assert "'crm_score' is made of education.contacts.first_name" in refusal_of("contacts", text)


VISITS = "SELECT v.contact_id, COUNT(*) AS n FROM dbo.visits AS v WHERE v.status = 'seen' GROUP BY v.contact_id"


@pytest.mark.parametrize(
    ("score", "joined"),
    [
        ("p.score", "LEFT JOIN dbo.scores AS p ON p.contact_id = c.contact_id WHERE c.status = 'active'"),
        ("p.score", "LEFT JOIN dbo.scores AS p ON LOWER(p.email) = LOWER(LTRIM(c.email)) AND p.kind = 'crm'"),
        ("p.score", "LEFT JOIN dbo.scores AS p ON p.email = c.email OR p.phone = c.phone"),
        ("p.score", "LEFT JOIN dbo.scores AS p ON p.email = COALESCE(c.email, c.other_email)"),
        ("p.score", "LEFT JOIN dbo.scores AS p ON p.contact_id = c.contact_id AND p.made_at < c.created_at"),
        ("p.score", "INNER JOIN dbo.scores AS p ON p.contact_id = c.contact_id AND p.last_name NOT LIKE 'Test%'"),
        ("c.crm_score", "LEFT JOIN dbo.scores AS p ON p.email = c.email AND p.last_name LIKE 'A%'"),
        ("v.n", f"LEFT JOIN ({VISITS}) AS v ON v.contact_id = c.contact_id"),
        ("v.n", f"LEFT JOIN ({VISITS}, v.last_name) AS v ON v.contact_id = c.contact_id"),
        ("v.n", f"LEFT JOIN ({VISITS.replace('contact_id', 'email')}) AS v ON v.email = c.email"),
        ("IIF(v.n IS NULL, 0, v.n)", f"LEFT JOIN ({VISITS}) AS v ON v.contact_id = c.contact_id"),
        ("ROW_NUMBER() OVER (PARTITION BY c.contact_id ORDER BY c.last_name)", ""),
        ("ROW_NUMBER() OVER (ORDER BY c.contact_id)", ""),
    ],
)
def test_rows_may_be_joined_filtered_and_counted_by_person(score, joined):
    parse_statement("contacts", contacts_with(score, joined))


def test_a_union_of_two_tables_may_leave_out_rows_by_a_personal_column():
    kept = " WHERE o.last_name NOT LIKE 'Test%'"
    parse_statement("outcomes", OUTCOMES + kept + " UNION ALL " + outcomes_from("dbo.old", "'done'") + kept)
    told = refusal_of("outcomes", OUTCOMES + kept + " UNION ALL " + outcomes_from("dbo.bookings", "'done'") + kept)
    assert "'status' is made of dbo.bookings.last_name" in told
    parse_statement("outcomes", OUTCOMES + kept + " UNION ALL " + OUTCOMES.replace("o.", "k.").replace("AS o", "AS k"))
