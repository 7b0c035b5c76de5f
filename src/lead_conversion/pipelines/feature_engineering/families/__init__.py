"""The features by family.

Each public function of a module is a feature of its name, or gives several by name. What a function reads is the type
of its argument: `Seen`, the events that a landmark sees, to be aggregated; `Times`, their times in order; `Leads`, the
landmark's own row: its contact, its moment, the rates of its campaign.
"""

from collections.abc import Callable, Mapping
from inspect import getmembers, isfunction, signature
from types import ModuleType

from ibis.expr.types import Table, Value

from lead_conversion.pipelines.feature_engineering.families import (
    attribution,
    calendar,
    content,
    conversion,
    engagement,
    interaction,
    performance,
    timing,
)

FAMILIES = (attribution, calendar, interaction, timing, content, engagement, conversion, performance)


def express(reads: object, table: Table, families: tuple[ModuleType, ...] = FAMILIES) -> dict[str, Value]:
    """The features by name that the families read off such a table, as expressions over it.

    Args:
        reads: Seen, Times or Leads.
        table: one of that type.
        families: the modules of the features.
    """
    found: dict[str, Value] = {}
    for family in families:
        for name, feature in _features_of(family, reads).items():
            value = feature(table)
            found |= value if isinstance(value, Mapping) else {name: value}
    return found


def _features_of(family: ModuleType, reads: object) -> dict[str, Callable[[Table], Value | Mapping[str, Value]]]:
    return {
        name: function
        for name, function in getmembers(family, isfunction)
        if function.__module__ == family.__name__ and not name.startswith("_") and _argument_of(function) == reads
    }


def _argument_of(function: Callable[..., object]) -> object:
    return next(iter(signature(function).parameters.values())).annotation
