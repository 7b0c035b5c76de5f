"""The leakage audit as a reader meets it: each suspect with why, and what was looked at where there is none."""

from collections.abc import Mapping
from typing import Any

from lead_conversion.reports.formats import count, day, decimal, in_words, interval, plural
from lead_conversion.reports.tables import Cell, Table, table

Audit = Mapping[str, Any]

CHECKS: Mapping[str, str] = {
    "auc": "tells too much alone",
    "added_auc": "no other makes up for it",
    "missing_auc": "its gaps tell",
    "winners_value": "only winners have it",
    "replay": "holds the future",
}


def suspect_table(audit: Audit) -> Table:
    """One row a suspect and reason, open ones first; the reason somebody gave for accepting one stands beneath it."""
    suspects = sorted(audit["suspects"], key=lambda suspect: suspect["accepted"] is not None)
    rows: list[list[Cell | str]] = [
        [
            Cell("accepted", tone="quiet") if suspect["accepted"] else Cell("✗ suspect", tone="bad"),
            Cell(in_words(suspect["feature"]), note=suspect["sentence"]),
            Cell(reason["words"], note=f"Accepted: {suspect['accepted']}" if suspect["accepted"] else ""),
            Cell(_figure(reason["figure"]), note=CHECKS[reason["check"]]),
            _figure(reason["limit"]),
        ]
        for suspect in suspects
        for reason in suspect["reasons"]
    ]
    return table(["Verdict", "Feature", "~Why", "#Figure", "#Limit"], rows)


def audited_words(audit: Audit) -> str:
    """What was looked at, and which feature tells most alone."""
    if audit["message"]:
        return str(audit["message"])
    looked_at = (
        f"{plural(len(audit['features']), 'feature')} of {plural(audit['leads'], 'lead')} that models learn from, "
        f"{count(audit['winners'])} of them winners."
    )
    known = [figure for figure in audit["features"] if figure["auc"]["value"] is not None]
    best = max(known, key=lambda figure: figure["auc"]["value"], default=None)
    if best is None:
        return looked_at
    auc = best["auc"]
    chance = interval(auc["value"], auc["ci_low"], auc["ci_high"], decimal)
    return f"{looked_at} Alone, {in_words(best['feature'])} tells most: {chance}, where 0.5 is a coin."


def replayed_words(replay: Audit) -> str:
    """How much was computed again, and whether it was the same."""
    if not replay["landmarks"]:
        return "No landmark could be replayed, so nothing shows that features hold only what was known."
    days = ", ".join(day(found["moment"]) for found in replay["moments"])
    said = f"{plural(replay['landmarks'], 'landmark')} were described again from a database cut there ({days}): "
    if not replay["differing"]:
        return f"{said}every feature is the same to the last digit."
    return f"{said}{plural(len(replay['differing']), 'feature')} differ, and so hold something of the future."


def _figure(value: float) -> str:
    return count(value) if float(value).is_integer() else decimal(value)
