"""Where the columns of a SELECT come from: a personal column may only become one that hides it.

The personal class of an output column says what becomes of its values; it cannot know that the SELECT put a first name
under 'lead_source'. So each output column is traced to the columns of tables that its values are made of, through CTEs,
subqueries, unions and expressions. No schema is needed: a column without a table's alias is taken to be one of every
table in reach.

What counts as a flow: every column in the expression of an output column, also where it only decides the value: in the
conditions of CASE and IIF, in NULLIF and COALESCE, within COUNT, in the WHERE, HAVING and ON of a subquery that gives
the value, or whether there is one (EXISTS, IN). A row of WHENs can spell out a name, letter by letter. What does not:
IS NULL and COUNT of a bare column, which say only whether there is a value; the equality of two columns in a subquery,
which joins it to the row; PARTITION BY and ORDER BY of a window; WHERE, ON and GROUP BY around the whole, which choose
rows. There is no word by which a SELECT could ask for an exception. The check is against slips, not against somebody
who may edit the SELECTs and means harm: such a person can rename a column in a view.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from lead_conversion.contracts.source_entities import SourceEntity
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
                    f"{kind.meaning}. As '{output}' ({personal.value}) it would not be hidden. {_advice(kind, entity)}"
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

    def outputs_of(self, scope: Scope) -> list[Origins]:
        """The origins of each output column of a scope, in order."""
        if id(scope) not in self._known:
            self._known[id(scope)] = self._outputs_of(scope)
        return self._known[id(scope)]

    def _outputs_of(self, scope: Scope) -> list[Origins]:
        if scope.union_scopes:
            left, right = (self.outputs_of(part) for part in scope.union_scopes)
            return [a | b for a, b in zip(left, right, strict=False)]
        return [self._origins_in(projection, scope) for projection in _query_of(scope).selects]

    def _origins_in(self, expression: exp.Expr, scope: Scope) -> Origins:
        origins: Origins = frozenset()
        for node in _value_nodes(expression):
            if isinstance(node, exp.Column):
                origins |= self._origins_of(node, scope)
            else:
                inner = next(each for each in scope.subquery_scopes if each.expression is node)
                only_whether = isinstance(node.parent, exp.Exists)
                outputs = [] if only_whether else self.outputs_of(inner)
                origins |= frozenset().union(*outputs, *self._deciders_of(inner))
        return origins

    def _deciders_of(self, subquery: Scope) -> Iterator[Origins]:
        """The origins of the conditions that decide whether the subquery has a row, and which."""
        for scope in _scopes_read_by(subquery):
            for condition in _conditions_of(scope.expression):
                if not (isinstance(condition, exp.EQ) and _is_join(condition)):
                    yield self._origins_in(condition, scope)

    def _origins_of(self, column: exp.Column, scope: Scope) -> Origins:
        """The origins of a column by its table's alias; without one, of every column of that name in reach."""
        reached: list[exp.Table | Scope] = []
        around: Scope | None = scope
        while around is not None and not (column.table and reached):
            reached += [source for alias, source in around.sources.items() if column.table in {"", alias}]
            around = around.parent if around.is_subquery else None
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
        names = _query_of(source).named_selects
        return frozenset().union(*(outputs[place] for place, each in enumerate(names) if each == name))


def _query_of(scope: Scope) -> exp.Query:
    return cast("exp.Query", scope.expression)


def _scopes_read_by(scope: Scope) -> Iterator[Scope]:
    """A query, the queries within it, and each WITH that one of them reads."""
    for each in scope.traverse():
        yield each
        for _, source in each.selected_sources.values():
            if isinstance(source, Scope) and source.is_cte:
                yield from _scopes_read_by(source)


def _conditions_of(query: exp.Expr) -> Iterator[exp.Expr]:
    """The single conditions, as AND joins them, by which a SELECT chooses its rows."""
    clauses = [query.args.get("where"), query.args.get("having")]
    wholes = [clause.this for clause in clauses if clause is not None]
    wholes += [join.args["on"] for join in query.args.get("joins") or [] if join.args.get("on") is not None]
    for whole in wholes:
        yield from (whole.flatten() if isinstance(whole, exp.And) else [whole])


def _is_join(equality: exp.EQ) -> bool:
    return all(isinstance(side.unnest(), exp.Column) for side in (equality.this, equality.expression))


def _value_nodes(expression: exp.Expr) -> Iterator[exp.Expr]:
    """The columns and subqueries that the expression's value is made of."""
    if isinstance(expression, exp.Subquery):
        yield expression.unnest()
    elif isinstance(expression, exp.Column | exp.Query):
        yield expression
    elif not _says_only_whether_there_is_a_value(expression):
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
