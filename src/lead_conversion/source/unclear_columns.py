"""Columns that an engine may take for another thing than the SELECT's reader does are refused.

DuckDB reads the bare name of a table or of its alias as the whole row, notes included, and so it reads schema.table;
it lets an output column be read by the ones behind it. What a column is cannot be told without the schema either,
where several tables are in reach and none is named. T-SQL takes all of these for mistakes or for the column of some
table, so that nothing is lost by asking for the table's alias.
"""

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from lead_conversion.kernel.errors import AccessError
from lead_conversion.source.lineage import query_of, scopes_in_reach
from lead_conversion.source.personal_columns import folded_name


def refuse_unclear_columns(entity_name: str, tree: exp.Query) -> None:
    """Pass when it is clear of each column which table it is of.

    Args:
        entity_name: whose SELECT it is.
        tree: the SELECT, past the allow-list.

    Raises:
        AccessError: a column could be the whole row of a table, another output column, or of one table or another.
    """
    for scope in traverse_scope(tree):
        for column in scope.find_all(exp.Column):
            fault = _fault_of(column, scope)
            if fault:
                raise AccessError(
                    f"The SELECT of '{entity_name}' is refused: {fault}. Write alias.column for each column, the alias "
                    f"being that of its table, in source/{entity_name}.sql."
                )


def _fault_of(column: exp.Column, scope: Scope) -> str:
    """Why it is not clear which column it is; empty where it is clear."""
    name, table = folded_name(column.name), folded_name(column.table)
    if table:
        return "" if table in _aliases_in_reach(scope) else f"'{column.sql()}' names no table that it reads"
    if name in _aliases_in_reach(scope) | _tables_in_reach(scope):
        return f"'{column.name}' names a table, which can stand for its whole rows"
    if len(scope.selected_sources) > 1:
        return f"'{column.name}' could be a column of any of several tables"
    if name in _outputs_beside(column, scope):
        return f"'{column.name}' could be a column of the table or of the SELECT's own output"
    return ""


def _aliases_in_reach(scope: Scope) -> set[str]:
    return {folded_name(alias) for each in scopes_in_reach(scope) for alias in each.selected_sources}


def _tables_in_reach(scope: Scope) -> set[str]:
    return {folded_name(table.name) for each in scopes_in_reach(scope) for table in each.tables}


def _outputs_beside(column: exp.Column, scope: Scope) -> set[str]:
    """The names of the SELECT's outputs, but for those that bear the name of their own column, and the column's own."""
    return {
        folded_name(output.alias)
        for output in query_of(scope).selects
        if isinstance(output, exp.Alias)
        and not (isinstance(output.this, exp.Column) and folded_name(output.this.name) == folded_name(output.alias))
        and column.find_ancestor(exp.Alias) is not output
    }
