from pathlib import Path

import pytest
from scripted_odbc import GIVEN, PASSWORD

from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.source import sqlserver_settings
from lead_conversion.source.sqlserver_settings import DEFAULT_DRIVER, SQLServerSettings, packaged_driver

FREETDS = {"odbc_driver": "/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so"}


def words_of(registered=(DEFAULT_DRIVER,), **change):
    """The connection string as a mapping; no value of these tests holds ';'."""
    given = SQLServerSettings.of(GIVEN | {"password": "secret"} | change)
    words = given.connection_string(registered)
    return dict(word.split("=", 1) for word in words.split(";"))


def test_a_password_cannot_end_its_place_in_the_connection_string():
    assert SQLServerSettings.of(GIVEN).connection_string().endswith("UID={reader};PWD={p;W}}d=1 x}")


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
        ({"host": "db,1533"}, "CORY_SQL_HOST: .*the port belongs into CORY_SQL_PORT"),
        ({"host": "db:1533"}, "CORY_SQL_HOST: .*the port belongs into CORY_SQL_PORT"),
        ({"host": "[::1]:1533"}, "CORY_SQL_HOST: .*the port belongs into CORY_SQL_PORT"),
        ({"host": "tcp:db"}, "CORY_SQL_HOST: .*a protocol"),
        ({"host": "tcp:db,1533"}, "CORY_SQL_HOST: .*a protocol"),
        ({"host": r"db\sales"}, "CORY_SQL_HOST: .*an instance.*CORY_SQL_PORT"),
        ({"auth_mode": "kerberos"}, "CORY_SQL_AUTH_MODE"),
        ({"allow_write_rights": "perhaps"}, "CORY_SQL_ALLOW_WRITE_RIGHTS"),
    ],
)
def test_a_wrong_setting_is_named_and_no_value_is(change, said):
    with pytest.raises(ConfigurationError, match=said) as refusal:
        SQLServerSettings.of(GIVEN | change)
    assert PASSWORD not in str(refusal.value)
    assert refusal.value.__context__ is None


@pytest.mark.parametrize("host", ["db", "db.example.org", "10.0.0.7", "::1", "fe80::1:1433"])
def test_a_machines_name_or_address_is_a_host(host):
    assert SQLServerSettings.of(GIVEN | {"host": host}).host == host


def test_microsofts_driver_is_told_to_encrypt_and_to_verify():
    words = words_of()
    assert (words["DRIVER"], words["SERVER"]) == (f"{{{DEFAULT_DRIVER}}}", "{sql.example,1433}")
    assert (words["Encrypt"], words["TrustServerCertificate"]) == ("{yes}", "{no}")
    assert "HostNameInCertificate" not in words


def test_the_name_in_the_certificate_can_be_another_than_the_hosts():
    assert words_of(hostname_in_certificate="cory.internal")["HostNameInCertificate"] == "{cory.internal}"


def test_freetds_is_told_to_encrypt_in_its_own_words_and_not_to_guess_the_protocol():
    words = words_of(**FREETDS)
    assert (words["SERVER"], words["PORT"]) == ("{sql.example}", "{1433}")
    assert (words["Encryption"], words["TDS_Version"], words["ClientCharset"]) == ("{require}", "{7.4}", "{UTF-8}")
    assert words["ApplicationIntent"] == "{ReadOnly}"
    assert "Encrypt" not in words
    assert words_of(**FREETDS, encrypt="no")["Encryption"] == "{off}"


def test_only_microsofts_driver_verifies_by_the_connection_string_alone():
    settings = SQLServerSettings.of(GIVEN)
    assert settings.certificate_is_verified(DEFAULT_DRIVER)
    assert not settings.certificate_is_verified("FreeTDS")
    assert not SQLServerSettings.of(GIVEN | {"trust_server_cert": "yes"}).certificate_is_verified(DEFAULT_DRIVER)


def test_the_driver_that_is_set_is_taken_whatever_is_registered():
    assert SQLServerSettings.of(GIVEN | FREETDS).driver_name([DEFAULT_DRIVER]) == FREETDS["odbc_driver"]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a driver for two families of Linux."""

    def make(release):
        for family in ("debian_ubuntu", "rhel"):
            folder = tmp_path / "libs" / "linux" / family / "x86_64" / "lib"
            folder.mkdir(parents=True)
            (folder / "libmsodbcsql-18.6.so.2.1").touch()
        monkeypatch.setattr(sqlserver_settings, "machine", lambda: "x86_64")
        monkeypatch.setattr(sqlserver_settings, "freedesktop_os_release", release)
        spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
        monkeypatch.setattr(sqlserver_settings, "find_spec", lambda _: spec)
        return tmp_path

    return make


def no_release():
    raise OSError


@pytest.mark.parametrize(
    ("release", "family"),
    [
        (lambda: {"ID": "debian"}, "debian_ubuntu"),
        (lambda: {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian_ubuntu"),
        (lambda: {"ID": "rocky", "ID_LIKE": "rhel fedora"}, "rhel"),
        (no_release, "rhel"),
    ],
)
def test_the_packages_driver_for_this_linux_is_taken_where_none_is_registered(package, release, family):
    package(release)
    path = Path(SQLServerSettings.of(GIVEN).driver_name(["SQLite3"]))
    assert path.is_absolute()
    assert path.parts[-4] == family


def test_a_registered_driver_comes_before_the_packages(package):
    package(lambda: {"ID": "debian"})
    assert SQLServerSettings.of(GIVEN).driver_name([DEFAULT_DRIVER]) == DEFAULT_DRIVER


def test_without_the_package_the_drivers_name_is_left_to_the_driver_manager(monkeypatch):
    monkeypatch.setattr(sqlserver_settings, "find_spec", lambda _: None)
    assert packaged_driver() is None
    assert SQLServerSettings.of(GIVEN).driver_name([]) == DEFAULT_DRIVER


def test_the_package_that_is_installed_brings_a_driver_that_is_there():
    pytest.importorskip("mssql_python_odbc", reason="mssql-python-odbc is not installed (uv sync --extra sqlserver)")
    assert Path(packaged_driver()).is_file()
