import pytest

from lead_conversion.kernel.errors import AccessError
from lead_conversion.source.statements import parse_statement

OUTCOMES = """
    SELECT o.id AS outcome_id, o.contact_id AS contact_id, 1 AS org_id, 'call_booked' AS outcome_type,
           CAST({} AS nvarchar(max)) AS status, o.at AS occurred_at, o.at AS logged_at
    FROM {}
"""
BOOKINGS = "dbo.bookings AS o"


@pytest.mark.parametrize(
    ("value", "tables", "told"),
    [
        ("bookings", BOOKINGS, "names a table"),
        ("[O ]", BOOKINGS, "names a table"),
        ("dbo.bookings", BOOKINGS, "names no table that it reads"),
        ("contacts", "dbo.bookings AS o CROSS JOIN education.contacts", "names a table"),
        ("education.contacts", "dbo.bookings AS o CROSS JOIN education.contacts", "names no table that it reads"),
        ("(SELECT o)", BOOKINGS, "names a table"),
        ("(SELECT MAX(k) FROM education.contacts AS k)", BOOKINGS, "names a table"),
        ("(SELECT MAX(o) FROM education.contacts AS k)", BOOKINGS, "names a table"),
        ("d.f", "(SELECT k.*, k AS f FROM dbo.k AS k) AS d INNER JOIN dbo.bookings AS o ON o.id = d.id", "a star"),
        ("d.f", "(SELECT k.id, k AS f FROM dbo.k AS k) AS d INNER JOIN dbo.bookings AS o ON o.id = d.id", "a table"),
        ("d.f", "dbo.bookings AS o CROSS JOIN (SELECT k.notes AS zz, zz AS f FROM dbo.k AS k) AS d", "own output"),
        ("state", "dbo.bookings AS o INNER JOIN dbo.k AS k ON k.id = o.id", "any of several tables"),
        ("o.state", "dbo.bookings AS o INNER JOIN dbo.k AS k ON k.id = o.id AND k.a = state", "any of several tables"),
    ],
)
def test_a_column_that_could_be_another_thing_is_refused(value, tables, told):
    with pytest.raises(AccessError, match=told):
        parse_statement("outcomes", OUTCOMES.format(value, tables))


@pytest.mark.parametrize(
    ("value", "tables"),
    [
        ("state", BOOKINGS),
        ("BOOKINGS.state", "dbo.bookings INNER JOIN dbo.bookings AS o ON o.id = bookings.id"),
        ("(SELECT MAX(state) FROM dbo.k WHERE k.id = o.id)", BOOKINGS),
        ("d.state", "dbo.bookings AS o INNER JOIN (SELECT id, LOWER(state) AS state FROM dbo.k) AS d ON d.id = o.id"),
    ],
)
def test_a_column_of_the_one_table_or_of_a_named_one_passes(value, tables):
    parse_statement("outcomes", OUTCOMES.format(value, tables))
