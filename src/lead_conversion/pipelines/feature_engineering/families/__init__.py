"""The features by family.

Each public function of a module is a feature of its name, or gives several by name. Modules over events aggregate what
a landmark sees; the one over times reads the ordered times of these events; those of landmarks read the landmark's own
row: its contact, its moment, the rates of its campaign.
"""

from collections.abc import Callable, Mapping
from inspect import getmembers, isfunction
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
    sequence,
    timing,
)

OVER_EVENTS = (interaction, timing, content, engagement, conversion)
OVER_TIMES = (sequence,)
OF_LANDMARKS = (attribution, calendar, performance)


def express(families: tuple[ModuleType, ...], table: Table) -> dict[str, Value]:
    """The features of these families by name, as expressions over the table."""
    found: dict[str, Value] = {}
    for family in families:
        for name, feature in _public_functions(family).items():
            value = feature(table)
            found |= value if isinstance(value, Mapping) else {name: value}
    return found


def _public_functions(family: ModuleType) -> dict[str, Callable[[Table], Value | Mapping[str, Value]]]:
    return {
        name: function
        for name, function in getmembers(family, isfunction)
        if function.__module__ == family.__name__ and not name.startswith("_")
    }
