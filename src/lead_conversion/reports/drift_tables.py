"""Whether the models are still right, as tables: every check with its figure, its limit and what to do."""

from collections.abc import Iterable, Mapping
from typing import Any

from lead_conversion.contracts.features import FEATURES
from lead_conversion.reports.formats import MISSING, bounds, decimal
from lead_conversion.reports.tables import Cell, Table, table

Entry = Mapping[str, Any]

KIND_WORDS: Mapping[str, str] = {
    "distribution": "moved",
    "shape": "changed its shape",
    "categories": "share of a category",
    "missing": "missing",
    "together": "goes together otherwise",
    "score": "probabilities",
    "estimate": "estimate without outcomes",
    "outcomes": "outcomes",
}
FEATURE_WORDS: Mapping[str, str] = {feature.name: feature.sentence for feature in FEATURES}


def drift_table(checks: Iterable[Entry]) -> Table:
    """One row a check: its verdict, what was compared, before and now, the figure with its interval, the limit."""
    rows: list[list[Cell | str]] = [
        [
            verdict_cell(check["verdict"]),
            Cell(check["subject"], note=FEATURE_WORDS.get(check["subject"].partition(" = ")[0], "")),
            Cell(KIND_WORDS[check["kind"]], note=check["sentence"]),
            decimal(check["before"]),
            decimal(check["now"]),
            Cell(decimal(check["figure"]), note=bounds(check["ci_low"], check["ci_high"], decimal)),
            decimal(check["limit"]),
            check["remedy"] or MISSING,
        ]
        for check in checks
    ]
    heads = ["Verdict", "What", "Kind of change", "#Before", "#Now", "#Figure", "#Limit", "~What to do"]
    return table(heads, rows)


def verdict_cell(verdict: str) -> Cell:
    """A verdict with a sign, so that colour alone says nothing."""
    if verdict == "steady":
        return Cell("✓ steady", tone="good")
    return Cell("✗ act" if verdict == "act" else "! watch", tone="bad")
