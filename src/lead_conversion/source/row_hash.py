"""A fingerprint of a set of rows that the database computes without sending one of them.

Each row becomes a 64-bit hash of all the contract's columns, and the rows' hashes are added modulo 2**64: a multiset
hash that does not depend on the order of the rows and takes new ones by adding (AdHash; Bellare & Micciancio 1997,
"A New Paradigm for Collision-Free Hashing"). It finds changes; it does not resist somebody who wants to hide one.

The expressions are this module's own, not a user's: they may use functions that no SELECT of conf/<env>/source/ may.
"""

from typing import Literal

import pyarrow as pa
import sqlglot
from sqlglot import exp

from lead_conversion.contracts.source_entities import SourceColumn, SourceEntity

MODULUS = 2**64
Dialect = Literal["duckdb", "tsql"]

# T-SQL has no hash of several columns: the columns become one text. Each value stands behind its length, as in a
# netstring, so that no two rows are one text: "ab", "c" are not "a", "bc"; and a null, which has no length, is not
# the empty text.
TSQL_FIELD = "CASE WHEN {column} IS NULL THEN N'-' ELSE CONCAT(DATALENGTH({text}), N':', {text}) END"
TSQL_TEXT = "CAST({column} AS NVARCHAR(MAX))"
# Where two values that differ would have one text: a plain cast cuts a float to 6 digits (style 3 keeps all 17) and a
# datetime to minutes, and drops the zone of a datetimeoffset that becomes a datetime2.
TSQL_EXACT_TEXTS: dict[pa.DataType, str] = {
    pa.float64(): "CONVERT(NVARCHAR(MAX), CAST({column} AS FLOAT), 3)",
    pa.timestamp("us"): "CAST(CAST({column} AS DATETIMEOFFSET(7)) AS NVARCHAR(MAX))",
}
# Signed or not is all one modulo 2**64. A sum of fewer than 10**18 rows fits.
TSQL_SUM = "SUM(CAST(CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT({fields})), 1, 8) AS BIGINT) AS NUMERIC(38, 0)))"
# The outer HASH mixes: the inner one joins the columns' hashes by XOR, which sums of rows would see through. Another
# version of DuckDB may hash otherwise; all is read once more then.
DUCKDB_SUM = "SUM(HASH(HASH({columns})))"


def content_of_rows(entity: SourceEntity, dialect: Dialect) -> exp.Expr:
    """The aggregate over rows named `entity` that, modulo 2**64, is their multiset hash; null where no rows are."""
    if dialect == "duckdb":
        written = DUCKDB_SUM.format(columns=", ".join(f"entity.{name}" for name in entity.column_names))
    else:
        written = TSQL_SUM.format(fields=", ".join(map(_tsql_field, entity.columns)))
    return sqlglot.parse_one(written, read=dialect)


def _tsql_field(column: SourceColumn) -> str:
    name = f"entity.{column.name}"
    text = TSQL_EXACT_TEXTS.get(column.type, TSQL_TEXT).format(column=name)
    return TSQL_FIELD.format(column=name, text=text)
