"""How the database of a live test is made and removed, shown with a driver that only keeps what it was sent."""

import pytest
import sql_servers
from sql_servers import LiveServer

from lead_conversion.source.sqlserver_questions import RIGHTS_QUESTIONS


class Error(Exception):
    pass


class Recorder:
    """A driver whose every statement succeeds without a row, but those that hold one of the refused texts."""

    Error = Error
    pooling = True

    def __init__(self, *refused):
        self.refused, self.sent, self.words = refused, [], []

    def drivers(self):
        return ["FreeTDS"]

    def connect(self, words, **_):
        self.words.append(words)
        self._refuse("connect")
        return self

    def _refuse(self, sql):
        if any(text in sql for text in self.refused):
            raise Error("42000", "not here")

    def execute(self, sql, *_):
        self._refuse(sql)
        self.sent.append(sql)
        return self

    executemany = execute

    def cursor(self):
        return self

    def nextset(self):
        return False

    def fetchone(self):
        return None

    def fetchmany(self, _):
        return []

    description = ()

    def set_attr(self, *_):
        pass

    def add_output_converter(self, *_):
        pass

    def cancel(self):
        pass

    def close(self):
        pass


@pytest.fixture
def made(world, monkeypatch):
    """Make a live server of a driver, with the variables of an administrator."""

    def make(driver, **given):
        variables = {"HOST": "h", "USER": "sa", "PASSWORD": "p", "ALLOW_WRITE_RIGHTS": "yes", **given}
        monkeypatch.setattr(sql_servers, "GIVEN", {f"CORY_SQL_{name}": value for name, value in variables.items()})
        monkeypatch.setattr(sql_servers, "_pyodbc", lambda: driver)
        monkeypatch.setattr(sql_servers, "packaged_driver", lambda: None)
        return LiveServer(world)

    return make


def test_the_right_to_pass_with_a_login_that_may_write_is_not_taken_over(made):
    server = made(Recorder())
    for login in (server.owner, server.second_login):
        assert "allow_write_rights" not in login


def test_what_the_variables_leave_out_is_taken_as_it_is_meant(made):
    driver = Recorder()
    server = made(driver)
    assert (server.owner["auth_mode"], server.owner["odbc_driver"]) == ("sqlauth", "FreeTDS")
    assert all("UID={" in words and "DRIVER={FreeTDS}" in words for words in driver.words)


def test_the_second_login_gets_select_on_each_table_and_no_role(made):
    driver = Recorder()
    made(driver)
    grants = [sql for sql in driver.sent if sql.startswith("GRANT")]
    assert len(grants) == 10
    assert all(sql.startswith("GRANT SELECT ON ") for sql in grants)
    assert not any("ROLE" in sql for sql in driver.sent if sql not in RIGHTS_QUESTIONS.values())


def test_sessions_are_ended_before_the_database_is_dropped_and_both_are_removed(made):
    driver = Recorder()
    made(driver).close()
    assert [sql.split(" lead_")[0] for sql in driver.sent[-3:]] == ["ALTER DATABASE", "DROP DATABASE", "DROP LOGIN"]
    assert "SET SINGLE_USER WITH ROLLBACK IMMEDIATE" in driver.sent[-3]


def test_snapshot_isolation_is_switched_on(made):
    driver = Recorder()
    made(driver)
    assert any(sql.endswith("SET ALLOW_SNAPSHOT_ISOLATION ON") for sql in driver.sent)


@pytest.mark.parametrize("refused", ["ALLOW_SNAPSHOT_ISOLATION", "SINGLE_USER"])
def test_what_a_server_cannot_do_and_is_not_needed_is_warned_of(made, refused):
    driver = Recorder(refused)
    with pytest.warns(UserWarning, match=refused):
        made(driver).close()
    assert any(sql.startswith("DROP DATABASE") for sql in driver.sent)


def test_a_server_that_makes_no_login_is_read_by_its_owner_and_says_so(made):
    with pytest.warns(UserWarning, match="no second login|No second login"):
        server = made(Recorder("CREATE LOGIN"))
    assert "No second login" in server.lacks_rights
    assert server.reader["user"] == "sa"


def test_rows_that_do_not_go_together_go_one_by_one(made):
    driver = Recorder("), (")
    made(driver)
    assert any(sql.startswith("INSERT") for sql in driver.sent)


def test_a_half_made_database_is_removed(made):
    driver = Recorder("CREATE TABLE education.booking")
    with pytest.raises(Error):
        made(driver)
    assert driver.sent[-1].startswith("DROP DATABASE")


def test_a_server_that_lets_nobody_in_fails_with_what_to_do(made):
    with pytest.raises(pytest.fail.Exception, match="CORY_SQL_TRUST_SERVER_CERT"):
        made(Recorder("connect"))
