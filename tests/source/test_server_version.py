import pytest

from lead_conversion.source.server_version import ServerVersion


def told(major=None, product=None, edition=None, babelfish=None):
    row = {
        "major_version": major,
        "product_version": product,
        "engine_edition": edition,
        "babelfish_version": babelfish,
    }
    return ServerVersion.of([row])


@pytest.mark.parametrize(
    ("version", "is_new_enough", "said"),
    [
        (told("14", "14.0.3456.2", 3), True, "SQL Server 2017 (14.x)"),
        (told(None, "16.0.1000.6", 2), True, "SQL Server 2022 (16.x)"),
        (told("13", "13.0.7000.253", 3), False, "SQL Server 2016 (13.x)"),
        (told("99", "99.0", 3), True, "SQL Server of another year (99.x)"),
        (told("12", "12.0.2000.8", 8), True, "Azure SQL Managed Instance"),
        (told("12", "12.0.2000.8", 2, "4.2.0"), None, "Babelfish, which speaks T-SQL on PostgreSQL"),
        (told(), None, "a server that does not tell its version"),
        (ServerVersion.of(None), None, "a server that does not tell its version"),
    ],
)
def test_a_server_is_new_enough_by_what_it_says_of_itself(version, is_new_enough, said):
    assert (version.is_new_enough, str(version)) == (is_new_enough, said)


def test_azure_sql_database_alone_has_no_server_of_its_own():
    assert told("12", "12.0.2000.8", 5).is_azure_database
    assert not told("12", "12.0.2000.8", 8).is_azure_database
