import pytest

from lead_conversion.source.rights import in_words, judge_rights, missing_grants

CONTACTS = ("education", "contacts")
READ = {CONTACTS: frozenset({"contact_id", "email"})}


def table(**permissions):
    columns = ("may_select", "may_insert", "may_update", "may_delete", "may_alter", "may_take_ownership", "may_control")
    return {"securable": "education.contacts", **dict.fromkeys(columns, 0), **permissions}


def column(name, may_select, may_update=0):
    return {"securable": f"education.contacts.{name}", "may_select": may_select, "may_update": may_update}


def judged(read=READ, **answers):
    """Everything that is not named was asked and is held by nobody."""
    questions = ("server", "database", "schemas", "tables", "columns", "procedures")
    return judge_rights({**{name: [] for name in questions}, **answers}, read)


def listed(*permissions):
    return [{"permission_name": name} for name in permissions]


def test_a_login_that_may_select_and_look_around_is_read_only():
    rights = judged(
        server=listed("CONNECT SQL", "VIEW ANY DATABASE"),
        database=listed("CONNECT", "SELECT", "VIEW DEFINITION", "SHOWPLAN"),
        tables=[table(may_select=1)],
    )
    assert (rights.status, rights.writes, rights.unreadable, rights.unanswered) == ("read-only", (), {}, ())


@pytest.mark.parametrize("permission", ["may_insert", "may_update", "may_delete", "may_alter", "may_take_ownership"])
def test_each_permission_on_a_table_beside_select_is_one_to_write(permission):
    rights = judged(tables=[table(may_select=1, **{permission: 1})])
    name = permission.removeprefix("may_").replace("_", " ").upper()
    assert (rights.status, rights.writes) == ("may write", (f"{name} on education.contacts",))


@pytest.mark.parametrize("permission", ["INSERT", "EXECUTE", "CREATE TABLE", "A PERMISSION OF A LATER VERSION"])
def test_a_permission_on_the_database_that_is_not_known_to_be_harmless_is_one_to_write(permission):
    assert judged(database=listed("SELECT", permission)).writes == (f"{permission} of the database",)


def test_update_of_one_column_is_told_where_the_table_has_none():
    alone = judged(tables=[table(may_select=1)], columns=[column("email", 1, may_update=1)])
    assert alone.writes == ("UPDATE on education.contacts.email",)
    both = judged(tables=[table(may_select=1, may_update=1)], columns=[column("email", 1, may_update=1)])
    assert both.writes == ("UPDATE on education.contacts",)


def test_a_null_for_a_permission_is_none_held():
    assert judged(tables=[table(may_select=1, may_insert=None)]).status == "read-only"


def test_what_the_server_does_not_tell_leaves_the_rights_unknown():
    rights = judged(procedures=None, server=None)
    assert (rights.status, rights.unanswered) == ("unknown", ("server", "procedures"))


def test_a_right_to_write_outweighs_what_is_not_told():
    assert judged(procedures=None, server=listed("CONTROL SERVER")).status == "may write"


def test_a_table_without_select_is_unreadable():
    assert judged(tables=[table()]).unreadable == {CONTACTS: frozenset()}


def test_select_on_every_column_that_is_read_is_enough():
    rights = judged(tables=[table()], columns=[column("contact_id", 1), column("email", 1), column("notes", 0)])
    assert rights.unreadable == {}


def test_the_columns_that_may_not_be_read_are_named():
    rights = judged(tables=[table()], columns=[column("contact_id", 1), column("email", 0)])
    assert rights.unreadable == {CONTACTS: frozenset({"email"})}


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
