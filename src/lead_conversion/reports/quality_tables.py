"""The quality of the data as tables: what each rule of cleaning met, and what the completeness gates found."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from lead_conversion.reports.formats import MISSING, TIMES, count, decimal, in_words, is_known, percent
from lead_conversion.reports.tables import Cell, Table, in_order, share_of, table

Entry = Mapping[str, Any]

KINDS = ("rejected", "mended", "noted")


def waterfall_table(entities: Mapping[str, Entry]) -> Table:
    """From the rows read to those kept, entity by entity, with what refused the others, most frequent first."""
    rows = [row for name, entity in in_order(entities) for row in _waterfall(name, entity)]
    return table(["Entity", "~Rows", "#Number", "#Share of rows read"], rows)


def met_rules(rules: Iterable[Entry]) -> list[Entry]:
    """The rules that touched rows in this snapshot: by what they did, then by entity, most rows first."""
    met = [rule for rule in rules if rule["rows"]]
    return sorted(met, key=lambda rule: (KINDS.index(rule["kind"]), rule["entity"], -rule["rows"], rule["rule"]))


def rule_table(rules: Iterable[Entry]) -> Table:
    """What each rule of cleaning did to how many rows, now and in earlier snapshots."""
    rows: list[list[Cell | str]] = [
        [
            Cell(in_words(rule["rule"]), note=rule["sentence"]),
            in_words(rule["entity"]),
            Cell(rule["kind"], note=_by_column(rule.get("unknown_labels", {}))),
            count(rule["rows"]),
            percent(rule["share"], 2),
            _trend(rule),
        ]
        for rule in rules
    ]
    return table(["~Rule", "Entity", "What happened", "#Rows", "#Share", "#Trend"], rows)


def idle_rule_table(rules: Iterable[Entry]) -> Table:
    """The rules that touched no row of this snapshot, and how often they did in the one before."""
    rows: list[list[Cell | str]] = [
        [
            Cell(in_words(rule["rule"]), note=rule["sentence"]),
            in_words(rule["entity"] or MISSING),
            _trend(rule) if rule["trend"] else MISSING,
        ]
        for rule in rules
        if not rule["rows"]
    ]
    return table(["~Rule", "Entity where it was met before", "#Trend"], rows)


def completeness_table(gates: Iterable[Entry]) -> Table:
    """One row a gate: its verdict, and the place that came closest to its limit."""
    by_gate = groupby(sorted(gates, key=lambda gate: gate["gate"]), key=lambda gate: gate["gate"])
    worst = [(max(places, key=_closeness), len(places)) for places in (list(group) for _name, group in by_gate)]
    ordered = sorted(worst, key=lambda item: _closeness(item[0]), reverse=True)
    rows = [[*_verdict_cells(gate), count(places) if gate["entity"] else MISSING] for gate, places in ordered]
    heads = ["Verdict", "~Condition", "Closest to the limit", "#Figure", "#Limit", "#Places judged"]
    return table(heads, rows)


def gate_place_table(gates: Iterable[Entry]) -> Table:
    """Every gate at every place, the ones that failed first."""
    rows = [_verdict_cells(gate) for gate in sorted(gates, key=lambda gate: gate["passed"] is not False)]
    return table(["Verdict", "~Condition", "Where", "#Figure", "#Limit"], rows)


def _waterfall(name: str, entity: Entry) -> Iterator[list[Cell | str]]:
    read = entity["rows_read"]
    yield [Cell(in_words(name), tone="strong"), Cell("read", tone="strong"), count(read), ""]
    for reason, rows in sorted(entity["reasons"].items(), key=lambda item: (-item[1], item[0])):
        yield ["", Cell(f"less {in_words(reason)}", tone="quiet"), count(rows), percent(share_of(rows, read), 2)]
    kept = entity["rows_clean"]
    share = share_of(kept, read)
    yield ["", "kept", Cell(count(kept), tone="strong"), Cell(percent(share, 2), bar=share)]


def _by_column(unknown_labels: Mapping[str, int]) -> str:
    return ", ".join(f"{in_words(column)} {count(rows)}" for column, rows in sorted(unknown_labels.items()))


def _trend(rule: Entry) -> Cell:
    """The shares of earlier snapshots and of this one as a line; the share before in words."""
    shares = [before["share"] for before in rule["trend"]]
    if not shares:
        return Cell(MISSING)
    before, now = percent(shares[-1], 2), percent(rule["share"], 2)
    direction = "=" if before == now else "▲" if rule["share"] > shares[-1] else "▼"
    return Cell(f"{direction} {before} before", tone="quiet", spark=(*shares, rule["share"]))


def _verdict_cells(gate: Entry) -> list[Cell | str]:
    place = ", ".join(in_words(part) for part in (gate["entity"], gate["kind"], gate["column"]) if part)
    return [
        _verdict(gate),
        gate["sentence"],
        place or MISSING,
        Cell(_figure(gate["figure"], gate["unit"]), note=_counted(gate)),
        _figure(gate["limit"], gate["unit"]),
    ]


def _verdict(gate: Entry) -> Cell:
    if gate["passed"] is None:
        return Cell("not judged", tone="quiet")
    if gate["passed"]:
        return Cell("✓ passed", tone="good")
    return Cell("✗ failed" if gate["stops_the_run"] else "! warns", tone="bad")


def _counted(gate: Entry) -> str:
    beside = {"ratio": "after {}", "days": "where {} were expected"}.get(gate["unit"], "of {}")
    counted = [] if gate["rows"] is None else [f"{count(gate['rows'])} {beside.format(count(gate['rows_of']))}"]
    counted += [] if gate["before"] is None else [f"before {_figure(gate['before'], gate['unit'])}"]
    return ", ".join(counted)


def _figure(value: float | None, unit: str) -> str:
    if not is_known(value):
        return MISSING
    if unit == "share":
        return percent(value, 2)
    if unit == "values":
        return count(value)
    return f"{decimal(value, 1)} {TIMES}" if unit == "ratio" else f"{decimal(value, 1)} days"


def _closeness(gate: Entry) -> tuple[int, float]:
    """Failed before passed before not judged; then by how much of the limit the figure takes."""
    if gate["passed"] is None:
        return (-1, 0.0)
    used = gate["bound"] / gate["limit"] if gate["limit"] else gate["bound"]
    return (0 if gate["passed"] else 1, used)
