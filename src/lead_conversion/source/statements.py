"""The SELECTs of conf/<env>/source/: checked against an allow-list, wrapped, written for an engine.

What reaches the database is never the text of the file: it is written anew from the tree that was
checked, so that nothing which the parser overlooked can be sent. A deny-list would let constructs
pass that nobody thought of (SELECT INTO, OPENQUERY, NEXT VALUE FOR, lock hints); here a construct
passes only when it is named below.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, UnsupportedError
from sqlglot.optimizer.scope import traverse_scope

from lead_conversion.contracts.source_entities import PEOPLE, SOURCE_ENTITIES, SourceEntity, source_entity
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.kernel.windows import Span, to_naive_utc
from lead_conversion.source.lineage import refuse_misplaced_personal_columns
from lead_conversion.source.personal_columns import folded_name
from lead_conversion.source.unclear_columns import refuse_unclear_columns

TableName = tuple[str, str]
"""Schema and table, in lower case: neither engine tells 'dbo.T' from 'DBO.t'."""

# Clauses that each structural node may carry. All other clauses of these nodes are refused.
ALLOWED_CLAUSES: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset({"with_", "distinct", "expressions", "from_", "joins", "where", "group", "having"}),
    exp.Union: frozenset({"with_", "this", "expression", "distinct"}),
    exp.Except: frozenset({"with_", "this", "expression", "distinct"}),
    exp.Intersect: frozenset({"with_", "this", "expression", "distinct"}),
    exp.Subquery: frozenset({"this", "alias"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.From: frozenset({"this"}),
    exp.Join: frozenset({"this", "on", "side", "kind"}),
    exp.Table: frozenset({"this", "db", "alias"}),
    # No columns: "AS t (NOLOCK)" reads as an alias with a column here, and as a lock hint on SQL Server.
    exp.TableAlias: frozenset({"this"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Column: frozenset({"this", "table"}),
    exp.Group: frozenset({"expressions"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.DataType: frozenset({"this", "expressions"}),
    exp.Window: frozenset({"this", "partition_by", "order", "over"}),
    exp.GroupConcat: frozenset({"this", "separator"}),
    exp.DateAdd: frozenset({"this", "expression", "unit"}),
}

# With T-SQL's names for them. LEFT and RIGHT are not here: sqlglot writes them with a cast to varchar, which spoils
# letters outside the server's code page; SUBSTRING does not.
ALLOWED_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Abs: "ABS",
    exp.Avg: "AVG",
    exp.Case: "CASE",
    exp.Cast: "CAST",
    exp.Coalesce: "COALESCE, ISNULL",
    exp.Concat: "CONCAT",
    exp.Count: "COUNT",
    exp.DateAdd: "DATEADD",
    exp.Exists: "EXISTS",
    exp.GroupConcat: "STRING_AGG",
    exp.If: "IIF",
    exp.Length: "LEN",
    exp.Lower: "LOWER",
    exp.Max: "MAX",
    exp.Min: "MIN",
    exp.Nullif: "NULLIF",
    exp.Replace: "REPLACE",
    exp.Round: "ROUND",
    exp.RowNumber: "ROW_NUMBER",
    exp.Substring: "SUBSTRING",
    exp.Sum: "SUM",
    exp.Trim: "TRIM, LTRIM, RTRIM",
    exp.TryCast: "TRY_CAST",
    exp.Upper: "UPPER",
}

ALLOWED_OPERATORS: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Add,
        exp.Alias,
        exp.And,
        exp.Between,
        exp.DataTypeParam,
        exp.Div,
        exp.EQ,
        exp.GT,
        exp.GTE,
        exp.Having,
        exp.Is,
        exp.LT,
        exp.LTE,
        exp.Like,
        exp.Literal,
        exp.Mod,
        exp.Mul,
        exp.NEQ,
        exp.National,
        exp.Neg,
        exp.Not,
        exp.Null,
        exp.Or,
        exp.Order,
        exp.Ordered,
        exp.Paren,
        exp.Star,
        exp.Sub,
        exp.Var,
        exp.Where,
    }
)

ALLOWED_NODES = ALLOWED_CLAUSES.keys() | ALLOWED_FUNCTIONS.keys() | ALLOWED_OPERATORS

ALLOWED_TYPES = frozenset(
    {
        exp.DType.BIGINT,
        exp.DType.BIT,
        exp.DType.CHAR,
        exp.DType.DATE,
        exp.DType.DATETIME2,
        exp.DType.DECIMAL,
        exp.DType.DOUBLE,
        exp.DType.FLOAT,
        exp.DType.INT,
        exp.DType.NCHAR,
        exp.DType.NVARCHAR,
        exp.DType.SMALLINT,
        exp.DType.VARCHAR,
    }
)

ALLOWED_JOIN_KINDS = frozenset({"", "INNER", "OUTER", "CROSS"})
ALLOWED_UNITS = frozenset({"DAY", "HOUR", "MINUTE", "SECOND"})

# The server's own catalogues: logins, statements of others, files. No entity stands there.
REFUSED_SCHEMAS = frozenset({"sys", "information_schema", "guest", "pg_catalog", "system", "temp", "duckdb"})
# dbo.sysusers and its kin are read as sys.sysusers by SQL Server.
CATALOGUE_VIEW = re.compile(r"sys[a-z]+")

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A quoted table such as [x.csv] would be opened as a file by DuckDB.
QUOTED_TABLE_NAME = re.compile(r"[^\W\d][\w $-]*")
PLAIN_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+")

# What a person calls the clauses that are met most often, by sqlglot's names for them.
CLAUSE_WORDS = {
    "columns": "a list of names, or a table hint, behind an alias",
    "catalog": "a table name with a database or server part",
    "for_": "FOR XML or FOR JSON",
    "hint": "a join hint",
    "hints": "a table hint",
    "into": "SELECT INTO",
    "limit": "TOP or FETCH",
    "locks": "a locking clause",
    "offset": "OFFSET",
    "options": "OPTION (...)",
    "order": "ORDER BY (rows are ordered after the reading)",
    "pivots": "PIVOT",
    "sample": "TABLESAMPLE",
    "temporary": "a temporary table",
    "version": "FOR SYSTEM_TIME",
}

ALLOWED_IN_WORDS = (
    "one SELECT (WITH, joins, UNION, GROUP BY) over tables named schema.table, with the functions "
    + ", ".join(ALLOWED_FUNCTIONS.values())
)


@dataclass(frozen=True)
class Statement:
    """A SELECT that passed the allow-list and gives the entity's columns, no fewer and no more."""

    entity: SourceEntity
    text: str
    tree: exp.Query = field(repr=False, compare=False)

    @property
    def sha256(self) -> str:
        """The hash of the text, the same under Windows' and Unix' line ends."""
        return sha256(self.text.encode()).hexdigest()

    def as_duckdb(self) -> str:
        """The SELECT as DuckDB reads it."""
        return render(self.tree, "duckdb")

    def as_tsql(self) -> str:
        """The SELECT as SQL Server reads it, written anew from the checked tree."""
        return render(self.tree, "tsql")

    def tables_read(self) -> dict[TableName, frozenset[str]]:
        """The tables that the SELECT reads, and of each the columns it surely needs.

        A column without a table's alias in a join is left to the engine to find.
        """
        columns: dict[TableName, set[str]] = {}
        for scope in traverse_scope(self.tree):
            sources = scope.sources
            tables = {
                alias: (source.db.lower(), source.name.lower())
                for alias, source in sources.items()
                if isinstance(source, exp.Table)
            }
            for name in tables.values():
                columns.setdefault(name, set())
            for column in scope.columns:
                alias = column.table or (next(iter(sources)) if len(sources) == 1 else "")
                if alias in tables:
                    columns[tables[alias]].add(column.name.lower())
        return {name: frozenset(columns[name]) for name in sorted(columns)}


@lru_cache(maxsize=64)  # the same few texts are read several times in a run, and each takes a tenth of a second
def parse_statement(entity_name: str, text: str) -> Statement:
    """The SELECT that a text is, once it has passed the allow-list.

    Args:
        entity_name: the source entity that the SELECT gives, and the name of its file.
        text: T-SQL.

    Raises:
        AccessError: the text is not one SELECT, holds a construct that is not on the list, puts a personal column
            where it would not be hidden, or names a column that is not clear.
        ConfigurationError: the SELECT does not give the entity's columns, or no such entity.
    """
    entity = source_entity(entity_name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    written = _parse_one_select(entity_name, text)
    _refuse_what_is_not_listed(entity_name, written)
    # The tree that is kept is the one that another parser will see: read back from the text that is sent.
    tree = _parse_one_select(entity_name, render(written, "tsql"))
    _refuse_what_is_not_listed(entity_name, tree)
    if render(tree, "tsql") != render(written, "tsql"):
        raise AccessError(
            f"The SELECT of '{entity_name}' is refused: written anew, it does not read the same. "
            f"Simplify its expressions in source/{entity_name}.sql."
        )
    _check_columns(entity, tree)
    refuse_misplaced_personal_columns(entity, tree)
    refuse_unclear_columns(entity_name, tree)
    return Statement(entity, text, tree)


def parse_statements(texts: Mapping[str, str]) -> dict[str, Statement]:
    """The SELECTs by entity: of the four entities, and of people where its text is more than a comment.

    Raises:
        AccessError: one of them is refused.
        ConfigurationError: an entity has no SELECT, or a SELECT gives no known entity.
    """
    missing = [name for name in SOURCE_ENTITIES if name not in texts]
    if missing:
        raise ConfigurationError(
            f"No SELECT for {', '.join(missing)}: each of {', '.join(SOURCE_ENTITIES)} needs a "
            "file <entity>.sql in conf/<env>/source/."
        )
    wanted = {name: text for name, text in texts.items() if name != PEOPLE.name or not _is_blank(text)}
    return {name: parse_statement(name, text) for name, text in wanted.items()}


def _is_blank(text: str) -> bool:
    """Whether the text holds nothing but comments: so an environment says that its database names no people."""
    try:
        return not sqlglot.tokenize(text, read="tsql")
    except SqlglotError:
        return False  # refused with the reason when it is parsed


def rows_known_before(
    statement: Statement,
    as_of: datetime,
    org_id: int | None = None,
    span: Span | None = None,
    columns: Sequence[str] | None = None,
) -> exp.Select:
    """The entity's rows that the database held before `as_of`, of one organisation and span or of all.

    The columns come in the contract's order, or those that are named in the order named. What was known is told by the
    moments at which rows were logged, not by when things happened: the latter can be years off.
    """
    wanted = [_column(name) for name in columns or statement.entity.column_names]
    return _wrap(statement, *wanted).where(*_known_before(statement, as_of, org_id, span))


def days_known_before(
    statement: Statement,
    as_of: datetime,
    org_id: int | None = None,
    by_content: exp.Expr | None = None,
    span: Span | None = None,
) -> exp.Select:
    """One row a day of the moment that slices the entity, one in all where none does: rows, and content where asked.

    Args:
        statement: the SELECT of the entity.
        as_of: rows that became known later are left out.
        org_id: the organisation; None for all.
        by_content: the aggregate that stands for the rows' content (source.row_hash), in the engine's own words.
        span: the moments of `sliced_by`; None for all.
    """
    sliced_by = statement.entity.sliced_by
    day = [exp.Cast(this=_column(sliced_by), to=exp.DataType.build("date"))] if sliced_by else []
    columns = [exp.alias_(column, "day") for column in day] + [exp.alias_(_count(), "row_count")]
    if by_content is not None:
        columns.append(exp.alias_(by_content, "content"))
    query = _wrap(statement, *columns).where(*_known_before(statement, as_of, org_id, span))
    return query.group_by(*day) if day else query


def count_known_after(statement: Statement, as_of: datetime, org_id: int | None = None) -> exp.Select:
    """One row: how many rows became known at `as_of` or later, and so belong to no reading before it."""
    known = exp.and_(*_known_before(statement, as_of, None))
    of_organisation = [_of_organisation(org_id)] if org_id is not None else []
    return _wrap(statement, exp.alias_(_count(), "row_count")).where(exp.not_(known), *of_organisation)


def rows_by_organisation(statement: Statement) -> exp.Select:
    """One row an organisation: its id and how many rows it has."""
    query = _wrap(statement, _column("org_id"), exp.alias_(_count(), "row_count"))
    return query.group_by(_column("org_id"))


def newest_logged_at(statement: Statement) -> exp.Select:
    """One row: when the entity's newest row was logged; null where it has none.

    occurred_at would not do: a single row dated 2099 would move every as-of.
    """
    newest = exp.Max(this=_column("logged_at"))
    return _wrap(statement, exp.alias_(newest, "newest_logged_at"))


def some_rows(statement: Statement, rows: int) -> exp.Select:
    """At most so many of the entity's rows, whichever come first, those without a moment too."""
    return _wrap(statement, *map(_column, statement.entity.column_names)).limit(rows)


def leads_by_value(statement: Statement, column: str, rows: int) -> exp.Select:
    """One row a value of the column: the value and how many leads share it; 0 where no row belongs to a lead.

    Of at most so many of the entity's rows, whichever come first.
    """
    is_of_leads = "contact_id" in statement.entity.column_names
    read = [_column(column), *([_column("contact_id")] if is_of_leads else [])]
    leads = exp.Distinct(expressions=[_column("contact_id")])
    shared = exp.Count(this=leads, big_int=True) if is_of_leads else exp.Literal.number(0)
    value = exp.Cast(this=_column(column), to=exp.DataType.build("nvarchar(4000)", dialect="tsql"))
    there = exp.not_(exp.Is(this=_column(column), expression=exp.Null()))
    some = _wrap(statement, *read).limit(rows)
    return _around(some, exp.alias_(value, "value"), exp.alias_(shared, "leads")).where(there).group_by(_column(column))


def people_named(statement: Statement, words: Sequence[str]) -> exp.Select:
    """One row a pair of first and last name of which one is among the lower-cased words."""
    names = ("first_name", "last_name")
    known = [exp.National(this=word) for word in words]
    among = [_trimmed(name).isin(*known, copy=True) for name in names]
    return _wrap(statement, *map(_column, names)).where(exp.or_(*among)).distinct()


def people_of_several_names(statement: Statement) -> exp.Select:
    """One row a pair of first and last name of which one has several parts: 'van der Berg', 'Maria-José'."""
    names = ("first_name", "last_name")
    gaps = [exp.National(this=gap) for gap in ("% %", "%-%")]
    have_gaps = [exp.Like(this=_trimmed(name), expression=gap.copy()) for name in names for gap in gaps]
    return _wrap(statement, *map(_column, names)).where(exp.or_(*have_gaps)).distinct()


def values_named(statement: Statement, column: str, words: Sequence[str]) -> exp.Select:
    """One row a value of the column that is among the lower-cased words."""
    known = [exp.National(this=word) for word in words]
    return _wrap(statement, _column(column)).where(_trimmed(column).isin(*known, copy=True)).distinct()


def _trimmed(name: str) -> exp.Expr:
    return sqlglot.parse_one(f"LOWER(LTRIM(RTRIM(entity.{name})))", read="tsql")


def render(query: exp.Query, dialect: str) -> str:
    """The query as text for one engine, without comments.

    Raises:
        ConfigurationError: the engine has no words for an expression.
    """
    written = query.transform(_as_duckdb_reads_it) if dialect == "duckdb" else query
    try:
        return written.sql(dialect, comments=False, unsupported_level=ErrorLevel.IMMEDIATE)
    except UnsupportedError as error:
        raise ConfigurationError(f"A SELECT of conf/<env>/source/ cannot be written for {dialect}: {error}") from None


def _wrap(statement: Statement, *columns: exp.Expr) -> exp.Select:
    return _around(statement.tree, *columns)


def _around(query: exp.Query, *columns: exp.Expr) -> exp.Select:
    inner = query.copy()
    # T-SQL reads WITH at the head of a statement only, never within a subquery.
    with_ = inner.args.get("with_")
    inner.set("with_", None)
    outer = exp.select(*columns).from_(inner.subquery("entity"))
    outer.set("with_", with_)
    return outer


def _known_before(
    statement: Statement, as_of: datetime, org_id: int | None, span: Span | None = None
) -> list[exp.Expr]:
    entity = statement.entity
    conditions: list[exp.Expr] = []
    for name in entity.known_at:
        known = exp.LT(this=_column(name), expression=_moment(as_of))
        unknown = exp.Is(this=_column(name), expression=exp.Null())
        conditions.append(exp.or_(unknown, known) if entity.column(name).nullable else known)
    if span is not None:
        sliced_by = str(entity.sliced_by)
        conditions.append(exp.GTE(this=_column(sliced_by), expression=_moment(span.start)))
        conditions.append(exp.LT(this=_column(sliced_by), expression=_moment(span.end)))
    if org_id is not None:
        conditions.append(_of_organisation(org_id))
    return conditions


def _of_organisation(org_id: int) -> exp.Expr:
    return exp.EQ(this=_column("org_id"), expression=exp.Literal.number(int(org_id)))


def _moment(moment: datetime) -> exp.Expr:
    literal = exp.Literal.string(to_naive_utc(moment).isoformat(timespec="microseconds"))
    return exp.Cast(this=literal, to=exp.DataType.build("datetime2(6)", dialect="tsql"))


def _column(name: str) -> exp.Column:
    return exp.column(name, table="entity")


def _count() -> exp.Expr:
    return exp.Count(this=exp.Star(), big_int=True)  # COUNT of T-SQL ends at 2**31


def _parse_one_select(entity_name: str, text: str) -> exp.Query:
    try:
        parsed = sqlglot.parse(text, read="tsql")
        trees = [tree for tree in parsed if tree is not None and not isinstance(tree, exp.Semicolon)]
    except ParseError as error:
        place = error.errors[0] if error.errors else {}
        raise AccessError(
            f"The SELECT of '{entity_name}' is refused: it cannot be read as T-SQL at line "
            f"{place.get('line', '?')}, column {place.get('col', '?')}, and what cannot be read "
            f"cannot be checked. Allowed is {ALLOWED_IN_WORDS}."
        ) from None
    except (SqlglotError, RecursionError) as error:
        raise AccessError(
            f"The SELECT of '{entity_name}' is refused: it cannot be read as T-SQL "
            f"({type(error).__name__}), and what cannot be read cannot be checked."
        ) from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Select | exp.SetOperation):
        found = ", ".join(tree.key.upper() for tree in trees) or "nothing"
        raise AccessError(
            f"The SELECT of '{entity_name}' is refused: expected one SELECT, found {found}. "
            f"Write one SELECT in source/{entity_name}.sql."
        )
    return trees[0]


def _refuse_what_is_not_listed(entity_name: str, tree: exp.Query) -> None:
    for node in tree.walk():
        refusal = _refusal(node, tree)
        if refusal:
            raise AccessError(
                f"The SELECT of '{entity_name}' is refused: it holds {refusal}. "
                f"Allowed is {ALLOWED_IN_WORDS}. Take it out of source/{entity_name}.sql."
            )


def _refusal(node: exp.Expr, tree: exp.Query) -> str | None:
    """What is wrong with a node, in words; None where it is on the list."""
    kind = type(node)
    if kind not in ALLOWED_NODES:
        return _describe(node)
    clauses = ALLOWED_CLAUSES.get(kind)
    if clauses is not None:
        for clause, value in node.args.items():
            if value and clause not in clauses:
                return CLAUSE_WORDS.get(clause, f"the clause '{clause}' of {node.key.upper()}")
    check = FURTHER_CHECKS.get(kind)
    return check(node, tree) if check else None


def _describe(node: exp.Expr) -> str:
    """The construct by a name that can be found in the text of the SELECT."""
    if isinstance(node, exp.Anonymous):
        return f"the function '{node.name}', which is not on the list"
    if isinstance(node, exp.Func):
        return f"the function {node.key.upper()}, which is not on the list"
    return f"the construct {node.key.upper()}"


def _check_table(node: exp.Expr, _: exp.Query) -> str | None:
    if not isinstance(node.this, exp.Identifier):
        return _describe(node.this)
    parts = [node.this, node.args["db"]] if node.args.get("db") else [node.this]
    for part in parts:
        if not QUOTED_TABLE_NAME.fullmatch(part.name):
            return f"the table name '{part.name}', which could be a file or a function"
    if not node.args.get("db"):
        return _check_reference(node)
    # What is not ASCII once folded has no weight in some collations, so that 'sys' and such a letter is 'sys' there.
    schema, name = (folded_name(part).encode("ascii", "ignore").decode() for part in (node.text("db"), node.name))
    if schema in REFUSED_SCHEMAS or (schema == "dbo" and CATALOGUE_VIEW.fullmatch(name)):
        return f"the server's own catalogue {schema}.{name}"
    return None


def _check_reference(table: exp.Expr) -> str | None:
    """What is wrong with the name of a WITH: it is read before it is whole, so that the reading has no end, or is none.

    SQL Server ends a WITH that reads itself after 100 rounds, which can be any number of rows.
    """
    name = folded_name(table.name)
    inside: exp.Expr | None = None
    around = table.parent
    while around is not None:
        if isinstance(around, exp.CTE):
            inside = around
        with_ = around if isinstance(around, exp.With) else around.args.get("with_")
        if with_ is not None:
            parts = with_.expressions
            before = next((place for place, part in enumerate(parts) if part is inside), len(parts))
            if name in [folded_name(part.alias) for part in parts[before:]]:
                return f"a WITH that reads '{table.name}', which is itself or comes after it"
            if name in [folded_name(part.alias) for part in parts[:before]]:
                return None
        around = around.parent
    return f"the table '{table.name}' without a schema (write schema.table)"


def _check_identifier(node: exp.Expr, _: exp.Query) -> str | None:
    if node.args.get("quoted") or PLAIN_NAME.fullmatch(node.name):
        return None
    return f"the name '{node.name}'"


def _check_join(node: exp.Expr, _: exp.Query) -> str | None:
    kind = node.text("kind").upper()
    return None if kind in ALLOWED_JOIN_KINDS else f"the join kind {kind}"


def _check_type(node: exp.Expr, _: exp.Query) -> str | None:
    if node.this == exp.DType.TEXT and isinstance(node.parent, exp.Cast) and isinstance(node.parent.parent, exp.Length):
        return None  # sqlglot's own: it reads LEN(a) as the length of a as a text, and writes LEN(a) again
    return None if node.this in ALLOWED_TYPES else f"the type {node.sql('tsql')}"


def _check_literal(node: exp.Expr, _: exp.Query) -> str | None:
    if node.args.get("is_string") or PLAIN_NUMBER.fullmatch(str(node.this)):
        return None
    return f"the number '{node.this}'"


def _check_star(node: exp.Expr, _: exp.Query) -> str | None:
    return None if isinstance(node.parent, exp.Count) else "a star (name each column)"


def _check_var(node: exp.Expr, _: exp.Query) -> str | None:
    if isinstance(node.parent, exp.DataTypeParam) and node.name.upper() == "MAX":
        return None
    if isinstance(node.parent, exp.DateAdd) and node.name.upper() in ALLOWED_UNITS:
        return None
    return f"the word '{node.name}'"


FURTHER_CHECKS: dict[type[exp.Expr], Callable[[exp.Expr, exp.Query], str | None]] = {
    exp.Table: _check_table,
    exp.Identifier: _check_identifier,
    exp.Join: _check_join,
    exp.DataType: _check_type,
    exp.Literal: _check_literal,
    exp.Star: _check_star,
    exp.Var: _check_var,
}


def _check_columns(entity: SourceEntity, tree: exp.Query) -> None:
    found = [name.lower() for name in tree.named_selects]
    expected = list(entity.column_names)
    missing = [name for name in expected if name not in found]
    unknown = [name or "(no name)" for name in found if name not in expected]
    twice = sorted({name for name in found if found.count(name) > 1})
    if not (missing or unknown or twice):
        return
    nearest = {name: difflib.get_close_matches(name, unknown, n=1) for name in missing}
    wanted = [f"{name} (is it '{near[0]}'?)" if near else name for name, near in nearest.items()]
    faults = {"missing": wanted, "not in the contract": unknown, "given twice": twice}
    raise ConfigurationError(
        f"The SELECT of '{entity.name}' does not give the columns of its contract: "
        + "; ".join(f"{fault}: {', '.join(names)}" for fault, names in faults.items() if names)
        + f". Expected: {', '.join(expected)}. Mend source/{entity.name}.sql."
    )


def _as_duckdb_reads_it(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Length):  # LEN does not count blanks at the end
        return exp.Length(this=exp.Trim(this=node.this, position="TRAILING"))
    if not isinstance(node, exp.DataType):
        return node
    if node.this == exp.DType.BIT:  # DuckDB's BIT is a string of bits
        return exp.DataType.build("boolean")
    if node.this in {exp.DType.NVARCHAR, exp.DType.VARCHAR}:  # DuckDB knows no nvarchar(max)
        return exp.DataType.build("text")
    return node


# What is read of a reply, and of the person who wrote it, to scrub the one of the other.
REPLY_COLUMNS = ("event_id", "contact_id", "channel", "occurred_at", "logged_at", "body")
PERSON_COLUMNS = ("first_name", "last_name", "email", "phone", "city", "company")


def replies_with_people(
    replies: Statement, people: Statement, since: datetime, as_of: datetime, org_id: int | None = None
) -> exp.Select:
    """The replies logged from `since` to before `as_of`, each beside the values that name who wrote it, in order.

    A reply of nobody who is known is left out: whose names would be looked for in it is not known.

    Raises:
        ConfigurationError: both SELECTs name a part of theirs (WITH) alike.
    """
    query = _wrap(replies, *map(_column, REPLY_COLUMNS), *(exp.column(name, table="person") for name in PERSON_COLUMNS))
    known = _wrap(people, exp.column("contact_id", table="entity"))
    person = known.args["from_"].this
    same = exp.EQ(this=exp.column("contact_id", table="person"), expression=_column("contact_id"))
    query = query.join(exp.alias_(person, "person", table=True), on=same)
    parts = [part for each in (query, known) if each.args.get("with_") for part in each.args["with_"].expressions]
    names = [part.alias.lower() for part in parts]
    if len(set(names)) < len(names):
        raise ConfigurationError(
            "source/engagement_logs.sql and source/people.sql both name a part of theirs (WITH) alike, and cannot be "
            "read together. Rename one of them."
        )
    if parts:
        query.set("with_", exp.With(expressions=parts))
    there = exp.not_(exp.Is(this=_column("body"), expression=exp.Null()))
    conditions = _known_before(replies, as_of, org_id, Span(since, as_of))
    return query.where(*conditions, there).order_by(_column("logged_at"), _column("event_id"))
