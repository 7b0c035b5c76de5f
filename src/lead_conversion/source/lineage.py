"""Where the columns of a SELECT come from: a personal column may only become one that hides it.

The personal class of an output column says what becomes of its values; it cannot know that the SELECT put a first name
under 'lead_source'. So each output column is traced to the columns of tables that its values are made of, through CTEs,
subqueries, unions and expressions. No schema is needed: a column without a table's alias is taken to be one of every
table in reach.

What counts as a flow: every column in the expression of an output column, also where it only decides the value: in the
conditions of CASE and IIF, in NULLIF and COALESCE, within COUNT, in the WHERE, HAVING and ON of a subquery that gives
the value, or whether there is one (EXISTS, IN). A row of WHENs can spell out a name, letter by letter; and so can

- an outer join, whose columns are NULL where no row fits: its ON counts for each column that is taken from it, with
  the conditions of the query that is joined;
- a condition that pairs rows of several tables (g.campaign_id = 5 where c.first_name = 'Anna'): what it asks of one
  table counts for the columns of the others;
- a UNION that reads one table twice: where outputs differ, the conditions by which its parts choose rows count;
- what groups rows for an aggregate or a window, or orders them there, unless a column among it identifies a person by
  itself: visits by contact or by e-mail are a figure of that person, contacts by first name tell how rare it is.

What does not count: IS NULL and COUNT of a bare column, which say only whether there is a value; the equality of two
columns, also where blanks, case or type are evened out or the first of several is taken, which joins rows; other
conditions of inner joins and WHERE, which choose rows. There is no word by which a SELECT could ask for an exception.
The check is against slips, not against somebody who may edit the SELECTs and means harm: such a person can rename a
column in a view.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from lead_conversion.contracts.source_entities import PersonalClass, SourceEntity
from lead_conversion.kernel.errors import AccessError
from lead_conversion.source.personal_columns import PersonalKind, folded_name, personal_kind


@dataclass(frozen=True, order=True)
class TableColumn:
    """A column of a table of the database, names folded (personal_columns.folded_name)."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}" if self.table else self.name


Origins = frozenset[TableColumn]
"""The columns of tables that a value is made of."""


def refuse_misplaced_personal_columns(entity: SourceEntity, tree: exp.Query) -> None:
    """Pass when no personal column of the database becomes an output column whose class does not hide it.

    Args:
        entity: whose SELECT it is.
        tree: the SELECT, past the allow-list; its output columns are the entity's.

    Raises:
        AccessError: a personal column flows where it must not, or a WITH reads itself, so that flows have no end.
    """
    for output, origins in column_origins(entity.name, tree).items():
        personal = entity.column(output).personal
        for origin in sorted(origins):
            kind = personal_kind(origin.table, origin.name)
            if kind is not None and personal not in kind.hidden_by:
                raise AccessError(
                    f"The SELECT of '{entity.name}' is refused: its column '{output}' is made of {origin}, which "
                    f"{kind.meaning}. As '{output}' ({personal.value}) it would not be hidden; what decides a "
                    f"value counts as well. {_advice(kind, entity)}"
                )


def column_origins(entity_name: str, tree: exp.Query) -> dict[str, Origins]:
    """By output column, its name folded, the columns of tables that its values are made of.

    Raises:
        AccessError: a WITH reads itself or one that comes after it.
    """
    folded = tree.copy()
    for identifier in folded.find_all(exp.Identifier):
        identifier.set("this", folded_name(identifier.name))
    root = build_scope(folded)
    origins = _Tracer(entity_name).outputs_of(root) if root else []
    return dict(zip(folded.named_selects, origins, strict=True))


class _Tracer:
    """Follows values through the scopes of one SELECT."""

    def __init__(self, entity_name: str) -> None:
        self._entity_name = entity_name
        self._known: dict[int, list[Origins]] = {}
        self._pairings: dict[tuple[int, str], Origins] = {}

    def outputs_of(self, scope: Scope) -> list[Origins]:
        """The origins of each output column of a scope, in order."""
        if id(scope) not in self._known:
            self._known[id(scope)] = self._outputs_of(scope)
        return self._known[id(scope)]

    def _outputs_of(self, scope: Scope) -> list[Origins]:
        if scope.union_scopes:
            parts = list(_parts_of(scope))
            places = zip(*(self.outputs_of(part) for part in parts), strict=False)
            written = zip(*(map(_without_tables, query_of(part).selects) for part in parts), strict=False)
            deciders = self._deciders_between(parts)
            return [
                frozenset().union(*origins, deciders if len(set(texts)) > 1 else ())
                for origins, texts in zip(places, written, strict=True)
            ]
        return [self._origins_in(projection, scope) for projection in query_of(scope).selects]

    def _deciders_between(self, parts: list[Scope]) -> Origins:
        """What decides in which parts of a UNION a row of a table stands that more than one of them reads."""
        tables = [_tables_read_by(part) for part in parts]
        return frozenset(
            origin
            for place, part in enumerate(parts)
            for origin in frozenset().union(*self._deciders_of(part))
            if any(origin.table in read for other, read in enumerate(tables) if other != place)
        )

    def _origins_in(self, expression: exp.Expr, scope: Scope) -> Origins:
        origins: Origins = frozenset()
        for node in _value_nodes(expression):
            if isinstance(node, exp.Column):
                origins |= self._origins_of(node, scope) | self._pairing_of(node, scope)
            elif isinstance(node, exp.AggFunc | exp.Window):
                origins |= self._grouping_of(node, scope)
            elif isinstance(node, exp.Is):
                origins |= self._pairing_of(cast("exp.Column", node.this.unnest()), scope)
            else:
                inner = next(each for each in scope.subquery_scopes if each.expression is node)
                only_whether = isinstance(node.parent, exp.Exists)
                outputs = [] if only_whether else self.outputs_of(inner)
                origins |= frozenset().union(*outputs, *self._deciders_of(inner))
        return origins

    def _deciders_of(self, query: Scope) -> Iterator[Origins]:
        """The origins of the conditions that decide whether a query has a row, and which."""
        for scope in _scopes_read_by(query):
            for condition in _conditions_of(scope.expression):
                yield from self._origins_of_conditions(condition, scope)

    def _origins_of_conditions(self, condition: exp.Expr, scope: Scope) -> Iterator[Origins]:
        for single in _single_conditions(condition):
            if not _is_join(single):
                yield self._origins_in(single, scope)

    def _pairing_of(self, column: exp.Column, scope: Scope) -> Origins:
        """What decides which row of the column's table meets the rows of others, and whether one does."""
        origins: list[Origins] = []
        for around in scopes_in_reach(scope):
            aliases = [alias for alias in around.selected_sources if column.table in {"", alias}]
            origins += [self._pairing_with(alias, around) for alias in aliases]
            if column.table and aliases:
                break
        return frozenset().union(*origins)

    def _pairing_with(self, alias: str, scope: Scope) -> Origins:
        if (id(scope), alias) in self._pairings:  # a condition's own columns are paired by it too
            return self._pairings[id(scope), alias]
        self._pairings[id(scope), alias] = frozenset()
        origins: list[Origins] = []
        for condition in _conditions_of(scope.expression):
            pairs = {column.table for column in condition.find_all(exp.Column)} > {alias}
            singles = [single for single in _single_conditions(condition) if pairs and not _is_join(single)]
            nodes = [node for single in singles for node in _value_nodes(single) if isinstance(node, exp.Column)]
            origins += [self._origins_of(column, scope) for column in nodes if column.table != alias]
        for join in query_of(scope).args.get("joins") or []:
            if alias in _optional_in(join, scope):
                if join.args.get("on") is not None:
                    origins += self._origins_of_conditions(join.args["on"], scope)
                source = scope.sources[alias]
                origins += self._deciders_of(source) if isinstance(source, Scope) else ()
        self._pairings[id(scope), alias] = frozenset().union(*origins)
        return self._pairings[id(scope), alias]

    def _grouping_of(self, node: exp.Expr, scope: Scope) -> Origins:
        """What puts the rows together that an aggregate or a window reads, orders them, and pairs them with others."""
        group = query_of(scope).args.get("group")
        keys, order = node.args.get("partition_by") or [], node.args.get("order")
        if isinstance(node, exp.AggFunc) and not isinstance(node.parent, exp.Window):
            keys = group.expressions if group is not None else []
        grouped = frozenset().union(*(self._origins_in(key, scope) for key in keys))
        if any(map(_identifies, grouped)):  # rows of one person, whatever else they are grouped by
            grouped = frozenset()
        elif order is not None:
            grouped |= frozenset(each for each in self._origins_in(order, scope) if not _identifies(each))
        return grouped.union(*(self._pairing_with(alias, scope) for alias in scope.selected_sources))

    def _origins_of(self, column: exp.Column, scope: Scope) -> Origins:
        """The origins of a column by its table's alias; without one, of every column of that name in reach."""
        reached: list[exp.Table | Scope] = []
        for around in scopes_in_reach(scope):
            reached += [source for alias, source in around.sources.items() if column.table in {"", alias}]
            if column.table and reached:
                break
        found: Origins = frozenset().union(*(self._origins_at(source, column.name) for source in reached))
        return found or frozenset({TableColumn("", column.name)})

    def _origins_at(self, source: exp.Table | Scope, name: str) -> Origins:
        if isinstance(source, exp.Table):
            if not source.db:
                raise AccessError(
                    f"The SELECT of '{self._entity_name}' is refused: a WITH reads '{source.name}', which is itself or "
                    "comes after it, so that the origin of its columns cannot be told. Write it without recursion, "
                    f"each WITH after those that it reads, in source/{self._entity_name}.sql."
                )
            return frozenset({TableColumn(f"{source.db}.{source.name}", name)})
        outputs = self.outputs_of(source)
        names = query_of(source).named_selects
        return frozenset().union(*(outputs[place] for place, each in enumerate(names) if each == name))


def query_of(scope: Scope) -> exp.Query:
    """The SELECT or UNION whose scope it is."""
    return cast("exp.Query", scope.expression)


def scopes_in_reach(scope: Scope) -> Iterator[Scope]:
    """The query itself, and those around it whose columns a subquery may name."""
    around: Scope | None = scope
    while around is not None:
        yield around
        around = around.parent if around.is_subquery else None


def _scopes_read_by(scope: Scope) -> Iterator[Scope]:
    """A query, the queries within it, and each WITH that one of them reads."""
    for each in scope.traverse():
        yield each
        for _, source in each.selected_sources.values():
            if isinstance(source, Scope) and source.is_cte:
                yield from _scopes_read_by(source)


def _parts_of(scope: Scope) -> Iterator[Scope]:
    """The SELECTs of a UNION, in order."""
    for part in scope.union_scopes:
        yield from _parts_of(part) if part.union_scopes else [part]


def _tables_read_by(scope: Scope) -> frozenset[str]:
    tables = (table for each in _scopes_read_by(scope) for table in each.tables)
    return frozenset(f"{table.db}.{table.name}" for table in tables if table.db)


def _without_tables(projection: exp.Expr) -> str:
    """An output as it is written, but for its name and the aliases of tables."""
    written = projection.unalias().copy()
    for column in written.find_all(exp.Column):
        column.set("table", None)
    return written.sql()


def _conditions_of(query: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions, as AND joins them, by which a SELECT chooses its rows."""
    clauses = [query.args.get("where"), query.args.get("having")]
    wholes = [clause.this for clause in clauses if clause is not None]
    wholes += [join.args["on"] for join in query.args.get("joins") or [] if join.args.get("on") is not None]
    for whole in wholes:
        yield from (whole.flatten() if isinstance(whole, exp.And) else [whole])


def _single_conditions(condition: exp.Expr) -> Iterator[exp.Expr]:
    """What AND, OR and NOT put together."""
    if isinstance(condition, exp.And | exp.Or):
        yield from _single_conditions(condition.left)
        yield from _single_conditions(condition.right)
    elif isinstance(condition, exp.Paren | exp.Not):
        yield from _single_conditions(condition.this)
    else:
        yield condition


def _is_join(condition: exp.Expr) -> bool:
    """Whether it is the equality of two columns, blanks, case, type and the first of several evened out."""
    return isinstance(condition, exp.EQ) and all(map(_is_column, (condition.this, condition.expression)))


def _is_column(side: exp.Expr) -> bool:
    if isinstance(side, exp.Paren | exp.Lower | exp.Upper | exp.Trim | exp.Cast):
        return _is_column(side.this)
    if isinstance(side, exp.Coalesce):
        return all(map(_is_column, (side.this, *side.expressions)))
    return isinstance(side, exp.Column)


def _optional_in(join: exp.Join, scope: Scope) -> Iterable[str]:
    """The sources that an outer join gives NULL for where no row fits."""
    side = join.text("side").upper()
    if side == "LEFT":
        return {join.alias_or_name}
    return scope.selected_sources if side else ()


def _identifies(origin: TableColumn) -> bool:
    """Whether rows put together by the column are those of one person."""
    kind = personal_kind(origin.table, origin.name)
    return kind is not None and PersonalClass.IDENTIFIER in kind.hidden_by


def _value_nodes(expression: exp.Expr) -> Iterator[exp.Expr]:
    """The columns and subqueries that the expression's value is made of, and what tells how many rows there are."""
    if isinstance(expression, exp.Subquery):
        yield expression.unnest()
        return
    if isinstance(expression, exp.Column | exp.Query):
        yield expression
        return
    if isinstance(expression, exp.AggFunc | exp.Window):
        yield expression
    if _says_only_whether_there_is_a_value(expression):
        if isinstance(expression, exp.Is):
            yield expression
        return
    chooses_order = {"partition_by", "order"} if isinstance(expression, exp.Window) else set()
    for name, child in expression.args.items():
        for each in child if isinstance(child, list) else [child]:
            if isinstance(each, exp.Expr) and name not in chooses_order:
                yield from _value_nodes(each)


def _says_only_whether_there_is_a_value(expression: exp.Expr) -> bool:
    """Whether it is IS NULL or COUNT of a bare column: of an expression, either tells what the expression decides."""
    is_null_test = isinstance(expression, exp.Is) and isinstance(expression.expression, exp.Null)
    tested = expression.this.unnest() if isinstance(expression.this, exp.Expr) else None
    return (is_null_test or isinstance(expression, exp.Count)) and isinstance(tested, exp.Column)


def _advice(kind: PersonalKind, entity: SourceEntity) -> str:
    fitting = [column.name for column in entity.columns if column.personal in kind.hidden_by]
    if fitting:
        return f"It may only become {' or '.join(fitting)}: mend source/{entity.name}.sql."
    return f"No column of '{entity.name}' may be made of it: take it out of source/{entity.name}.sql."
