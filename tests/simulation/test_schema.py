import re

import duckdb

from lead_conversion.simulation.schema import duckdb_statements, read_schema

FAMILIES = {
    "bigint": "BIGINT",
    "int": "INTEGER",
    "bit": "BOOLEAN",
    "nvarchar": "VARCHAR",
    "datetime2": "TIMESTAMP",
    "decimal": "DECIMAL",
}


def columns_by_hand():
    """Table, column, family of type and nullability, read line by line from the T-SQL text."""
    table = None
    for line in read_schema().splitlines():
        if found := re.match(r"CREATE TABLE (\S+)", line):
            table = found[1]
        elif found := re.match(r"\s+\[?(\w+)\]?\s+(\w+)(?:\([\w,]+\))?\s+(NOT NULL|NULL)", line):
            yield table, found[1], FAMILIES[found[2]], found[3] == "NULL"


def test_the_demo_has_the_columns_types_and_nullability_of_the_source():
    connection = duckdb.connect()
    for statement in duckdb_statements():
        connection.execute(statement)
    made = connection.execute(
        "SELECT table_schema || '.' || table_name, column_name, regexp_replace(data_type, '\\(.*', ''), "
        "is_nullable = 'YES' FROM information_schema.columns"
    ).fetchall()
    expected = set(columns_by_hand())
    assert len(expected) == 100
    assert set(made) == expected


def test_decimals_keep_the_scale_of_the_source():
    connection = duckdb.connect()
    for statement in duckdb_statements():
        connection.execute(statement)
    connection.execute("CREATE TABLE t AS SELECT crm_score FROM education.contacts")
    connection.execute("INSERT INTO t VALUES (12.34)")
    assert str(connection.execute("SELECT crm_score FROM t").fetchone()[0]) == "12.3"
