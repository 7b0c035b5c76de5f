"""Which rules touched a row, written into the row: sorted names, comma-joined, null where none did."""

from collections.abc import Mapping
from functools import reduce

from ibis.expr.types import BooleanValue, StringValue

SEPARATOR = ","


def names_of(rules: Mapping[str, BooleanValue]) -> StringValue:
    """The names of the rules whose condition holds; a condition that is null does not."""
    parts = [rules[name].fill_null(False).ifelse(SEPARATOR + name, "") for name in sorted(rules)]
    return reduce(lambda joined, part: joined + part, parts).substr(1).nullif("")


def join_names(first: StringValue, second: StringValue) -> StringValue:
    """The names of both, sorted, each once."""
    both = (first + SEPARATOR + second).split(SEPARATOR).unique().sort().join(SEPARATOR)
    return first.isnull().ifelse(second, second.isnull().ifelse(first, both))


def has_name(names: StringValue, name: str) -> BooleanValue:
    """Whether the rule is one of those named."""
    return (SEPARATOR + names + SEPARATOR).contains(SEPARATOR + name + SEPARATOR).fill_null(False)
