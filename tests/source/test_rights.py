import pytest

from lead_conversion.source.rights import in_words, judge_rights, missing_grants

CONTACTS = ("education", "contacts")
READ = {CONTACTS: frozenset({"contact_id", "email"})}


def table(name="contacts", **permissions):
    columns = ("may_select", "may_insert", "may_update", "may_delete", "may_alter", "may_take_ownership", "may_control")
    return {"schema_name": "education", "name": name, **dict.fromkeys(columns, 0), **permissions}


def column(name, may_select, may_update=0):
    return {
        "schema_name": "education", "name": "contacts", "column_name": name,
        "may_select": may_select, "may_update": may_update,
    }  # fmt: skip


def listed(*permissions):
    return [{"permission_name": name} for name in permissions]


def named(name, **permissions):
    return {"name": name, **permissions}


NORMAL = {
    "server": listed("CONNECT SQL", "VIEW ANY DATABASE"),
    "database": listed("CONNECT", "VIEW ANY COLUMN ENCRYPTION KEY DEFINITION"),
    "schemas": [named("education", may_insert=0), named("dbo", may_insert=0)],
    "tables": [table(may_select=1)],
    "columns": [column("contact_id", 1), column("email", 1)],
    "procedures": [],
    "synonyms": [],
    "users": [named("dbo", may_impersonate=0), named("guest", may_impersonate=0)],
    "roles": [],
    "logins": [named("sa", may_impersonate=0)],
    "server roles": [named("sysadmin", is_member=0)],
    "database roles": [named("db_owner", is_member=0), named("db_datawriter", is_member=0)],
}
"""What a server says to a login with SELECT on the tables that are read, and nothing more."""


def judged(read=READ, **answers):
    """What is not named is as of a login that may only read."""
    return judge_rights({**NORMAL, **answers}, read)


def test_a_login_that_may_select_and_look_around_is_read_only():
    rights = judged(
        server=listed("CONNECT SQL", "VIEW ANY DATABASE"),
        database=listed("CONNECT", "SELECT", "VIEW DEFINITION", "SHOWPLAN"),
    )
    assert (rights.status, rights.writes, rights.unreadable, rights.unanswered) == ("read-only", (), {}, {})


def test_a_login_with_select_on_the_tables_that_are_read_and_no_more_is_read_only():
    rights = judged()
    assert (rights.status, rights.writes, rights.unreadable, rights.unanswered) == ("read-only", (), {}, {})


@pytest.mark.parametrize("permission", ["may_insert", "may_update", "may_delete", "may_alter", "may_take_ownership"])
def test_each_permission_on_a_table_beside_select_is_one_to_write(permission):
    rights = judged(tables=[table(may_select=1, **{permission: 1})])
    name = permission.removeprefix("may_").replace("_", " ").upper()
    assert (rights.status, rights.writes) == ("may write", (f"{name} on education.contacts",))


@pytest.mark.parametrize("permission", ["INSERT", "EXECUTE", "CREATE TABLE", "A PERMISSION OF A LATER VERSION"])
def test_a_permission_on_the_database_that_is_not_known_to_be_harmless_is_one_to_write(permission):
    assert judged(database=listed("SELECT", permission)).writes == (f"{permission} of the database",)


def test_update_of_one_column_is_told_where_the_table_has_none():
    alone = judged(columns=[column("email", 1, may_update=1)])
    assert alone.writes == ("UPDATE on education.contacts.email",)
    both = judged(tables=[table(may_select=1, may_update=1)], columns=[column("email", 1, may_update=1)])
    assert both.writes == ("UPDATE on education.contacts",)


@pytest.mark.parametrize("question", NORMAL)
def test_a_null_for_a_permission_leaves_the_rights_unknown(question):
    rows = NORMAL[question] or [table("of_ours", may_insert=None)]
    null = {name: value if name in ("schema_name", "name", "column_name") else None for name, value in rows[0].items()}
    rights = judged(**{question: [*rows[1:], null]})
    assert (rights.status, list(rights.unanswered)) == ("unknown", [question])
    assert "NULL" in rights.unanswered[question]


@pytest.mark.parametrize("question", sorted(set(NORMAL) - {"procedures", "synonyms", "roles"}))
def test_an_answer_without_a_row_where_everybody_sees_some_leaves_the_rights_unknown(question):
    rights = judged(**{question: []})
    assert (rights.status, rights.doubts) == ("unknown", (f"{question} (an empty answer)",))


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("schemas", [named("dbo", may_insert=0)]),
        ("tables", [table("campaigns", may_select=1)]),
        ("columns", [column("email", 1) | {"name": "campaigns"}]),
    ],
)
def test_what_is_read_and_has_no_row_leaves_the_rights_unknown(question, rows):
    rights = judged(**{question: rows})
    assert rights.status == "unknown"
    assert rights.unanswered[question].startswith("no row of education")


def test_a_table_whose_right_to_be_read_is_not_told_is_left_to_the_reading():
    rights = judged(tables=[table(may_select=None)], columns=[column("email", None)])
    assert (rights.status, rights.unreadable) == ("unknown", {})


def test_what_the_server_does_not_tell_leaves_the_rights_unknown():
    rights = judged(procedures=None, server=None)
    assert (rights.status, rights.doubts) == ("unknown", ("server (no answer)", "procedures (no answer)"))


def test_a_right_to_write_outweighs_what_is_not_told():
    assert judged(procedures=None, server=listed("CONTROL SERVER")).status == "may write"


def test_a_table_without_select_is_unreadable():
    assert judged(tables=[table()], columns=[column("email", 0)]).unreadable == {CONTACTS: frozenset()}


def test_select_on_every_column_that_is_read_is_enough():
    rights = judged(tables=[table()], columns=[column("contact_id", 1), column("email", 1), column("notes", 0)])
    assert rights.unreadable == {}


def test_the_columns_that_may_not_be_read_are_named():
    rights = judged(tables=[table()], columns=[column("contact_id", 1), column("email", 0)])
    assert rights.unreadable == {CONTACTS: frozenset({"email"})}


def test_a_column_that_is_denied_is_named_although_the_table_may_be_read():
    rights = judged(columns=[column("contact_id", 1), column("email", 0), column("notes", 0)])
    assert rights.unreadable == {CONTACTS: frozenset({"email"})}


BEYOND_TABLES = [
    ("synonyms", table("of_ours", may_update=1), "UPDATE on education.of_ours",
     "REVOKE UPDATE ON [education].[of_ours] FROM <user>"),
    ("procedures", table("clean_up", may_execute=1), "EXECUTE on education.clean_up",
     "REVOKE EXECUTE ON [education].[clean_up] FROM <user>"),
    ("users", named("app", may_impersonate=1), "IMPERSONATE on user app",
     "REVOKE IMPERSONATE ON USER::[app] FROM <user>"),
    ("logins", named("app", may_impersonate=1), "IMPERSONATE on login app",
     "REVOKE IMPERSONATE ON LOGIN::[app] FROM <login>"),
    ("roles", named("writers", may_alter=1), "ALTER on role writers", "REVOKE ALTER ON ROLE::[writers] FROM <user>"),
    ("schemas", named("education", may_insert=1), "INSERT on schema education",
     "REVOKE INSERT ON SCHEMA::[education] FROM <user>"),
    ("server", {"permission_name": "ALTER ANY LOGIN"}, "ALTER ANY LOGIN of the server",
     "REVOKE ALTER ANY LOGIN FROM <login>"),
    ("database", {"permission_name": "DELETE"}, "DELETE of the database", "REVOKE DELETE FROM <user>"),
    ("columns", column("e.mail]", 1, may_update=1), "UPDATE on education.contacts.e.mail]",
     "REVOKE UPDATE ON [education].[contacts] ([e.mail]]]) FROM <user>"),
    ("database roles", named("db_datawriter", is_member=1), "membership of role db_datawriter",
     "ALTER ROLE [db_datawriter] DROP MEMBER <user>"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "row", "said", "revocation"), BEYOND_TABLES)
def test_a_right_to_write_is_told_with_what_takes_it_away(question, row, said, revocation):
    rights = judged(**{question: [*NORMAL[question], row]})
    assert (rights.status, rights.writes, rights.revocations()) == ("may write", (said,), (revocation,))


def test_a_sysadmin_is_told_to_leave_the_role_and_nothing_to_revoke():
    rights = judged(
        server=listed("CONTROL SERVER", "CONNECT SQL"),
        tables=[table(may_select=1, may_update=1)],
        **{
            "server roles": [named("dbcreator", is_member=1), named("sysadmin", is_member=1)],
            "database roles": [named("db_owner", is_member=1)],
        },
    )
    assert rights.writes[1] == "membership of server role sysadmin"
    assert not rights.may_own_the_database
    assert rights.revocations() == ("ALTER SERVER ROLE [sysadmin] DROP MEMBER <login>",)


def test_a_table_that_the_server_does_not_know_is_left_to_the_check_of_the_schema():
    assert judged(tables=[]).unreadable == {}


def test_the_grants_are_what_a_dba_would_run():
    unreadable = {CONTACTS: frozenset(), ("dbo", "odd]name"): frozenset({"email", "body"})}
    assert missing_grants(unreadable) == [
        "GRANT SELECT ON [dbo].[odd]]name] ([body], [email]) TO <user>",
        "GRANT SELECT ON [education].[contacts] TO <user>",
    ]


def test_a_long_list_is_cut_and_counted():
    assert in_words([str(number) for number in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
