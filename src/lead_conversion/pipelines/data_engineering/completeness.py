"""The completeness gates: whether a snapshot is whole enough to be used, by itself and beside the one before it.

A share is held against its limit by the lower end of its exact one-sided confidence interval (Clopper and Pearson
1934, Biometrika 26): a gate is broken when the rows leave no reasonable doubt that the limit is passed, so that 3 of
10 rows do not break a limit of 20 % and 300 of 1,000 do. On many rows the bound is the share itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from scipy.stats import beta

from lead_conversion.guard.labels import TOKEN_PREFIX
from lead_conversion.pipelines.data_engineering.parameters import QualityParameters

Unit = Literal["share", "ratio", "days"]
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """One gate at one place; `passed` is null where there was nothing to judge by.

    `bound` is what the figure is at least, with the configured confidence; it is what is held against the limit.
    """

    gate: str
    sentence: str
    limit: float | None
    entity: str | None = None
    column: str | None = None
    unit: Unit = "share"
    figure: float | None = None
    bound: float | None = None
    rows: int | None = None
    rows_of: int | None = None
    stops_the_run: bool = True

    @property
    def passed(self) -> bool | None:
        """Whether the bound keeps to the limit; null where one of the two is missing."""
        return None if self.bound is None or self.limit is None else self.bound <= self.limit

    def as_document(self) -> dict[str, Any]:
        """The verdict as plain values."""
        return {**asdict(self), "passed": self.passed}

    def in_words(self) -> str:
        """Place, figure and limit, for a log or a message."""
        place = ".".join(part for part in (self.entity, self.column) if part) or "the snapshot"
        counted = "" if self.rows is None else f" ({self.rows:,} of {self.rows_of:,} rows)"
        found, limit = (_written(value, self.unit) for value in (self.figure, self.limit))
        return f"{self.gate} at {place}: {found}{counted}, limit {limit}: {self.sentence}"


def judge_completeness(
    figures: Figures, last: Figures | None, age_days: float | None, quality: QualityParameters
) -> list[Verdict]:
    """Every gate's verdict on a snapshot, whether it passes or not.

    Args:
        figures: what `measure_quality` found.
        last: the same of the snapshot before it; None where there is none to compare with.
        age_days: how old the newest event was when the snapshot was taken.
        quality: limits and sentences.
    """
    gates = quality.gates
    return [
        *_alone(figures, quality),
        Verdict("freshness", gates.freshness.sentence, gates.freshness.limit, None, None, "days", age_days, age_days),
        *(_beside(figures, last, quality) if last else _without_a_last(quality)),
    ]


def at_least(rows: int, of: int, confidence: float) -> float:
    """The lowest share that so many rows of so many still allow (Clopper and Pearson, one-sided)."""
    return float(beta.ppf(1 - confidence, rows, of - rows + 1)) if rows else 0.0


def at_most(rows: int, of: int, confidence: float) -> float:
    """The highest share that so many rows of so many still allow (Clopper and Pearson, one-sided)."""
    return float(beta.ppf(confidence, rows + 1, of - rows)) if rows < of else 1.0


def _alone(figures: Figures, quality: QualityParameters) -> Iterator[Verdict]:
    """The gates that look at this snapshot alone."""
    gates = quality.gates
    for name, entity in figures["entities"].items():
        read = entity["rows_read"]
        refused = sum(
            rule["rows"]
            for rule in entity["rules"]
            if rule["kind"] == "rejected" and rule["rule"] not in quality.copies
        )
        yield from _share(quality, "refused", gates.refused.limit, name, None, refused, read)
        for link in gates.unknown_links.links:
            if link.entity == name:
                lost = _rows_of(entity, *link.rules)
                yield from _share(quality, "unknown_links", link.limit, name, link.link, lost, read)
        for column, limit in gates.nulls.limits.get(name, {}).items():
            yield from _share(quality, "nulls", limit, name, column, entity["nulls"].get(column, 0), read)
        for column, limit in gates.unknown_values.limits.get(name, {}).items():
            unknown = max(entity["unknown_labels"].get(column, 0), _rows_of(entity, f"unknown_{column}"))
            given = read - entity["nulls"].get(column, 0)
            yield from _share(quality, "unknown_values", limit, name, column, min(unknown, given), given)


def _beside(figures: Figures, last: Figures, quality: QualityParameters) -> Iterator[Verdict]:
    """The gates that compare this snapshot with the last."""
    gates, confidence = quality.gates, quality.confidence
    same_key = figures["pseudonym_key"] == last["pseudonym_key"]
    for name, before in last["entities"].items():
        now, had = figures["entities"][name], before["rows_read"]
        if not had:
            continue
        read = now["rows_read"]
        yield from _share(quality, "lost_rows", gates.lost_rows.limit, name, None, max(had - read, 0), had)
        yield _growth(quality, name, read, had)
        if not read:
            continue
        for column in (column for column in now["nulls"] if column in before["nulls"]):
            nulls, nulls_before = now["nulls"][column], before["nulls"][column]
            certain = at_least(nulls, read, confidence) - at_most(nulls_before, had, confidence)
            yield Verdict(
                "more_nulls",
                gates.more_nulls.sentence,
                gates.more_nulls.limit,
                name,
                column,
                figure=nulls / read - nulls_before / had,
                bound=certain,
                rows=nulls,
                rows_of=read,
            )
        for column, values in now["categories"].items():
            seen = before["categories"].get(column)
            if values is None or seen is None:
                continue
            # Under another key every token is another, so that only words can be told to be new.
            told = {value: rows for value, rows in values.items() if same_key or not value.startswith(TOKEN_PREFIX)}
            unseen = sum(rows for value, rows in told.items() if value not in seen)
            yield from _share(
                quality, "new_categories", gates.new_categories.limit, name, column, unseen, sum(values.values())
            )


def _without_a_last(quality: QualityParameters) -> Iterator[Verdict]:
    for name in ("lost_rows", "grown", "more_nulls", "new_categories"):
        gate = getattr(quality.gates, name)
        unit: Unit = "ratio" if name == "grown" else "share"
        yield Verdict(name, gate.sentence, gate.limit, unit=unit, stops_the_run=name != "grown")


def _share(
    quality: QualityParameters, gate: str, limit: float | None, entity: str, column: str | None, rows: int, of: int
) -> Iterator[Verdict]:
    """The verdict on a share of rows; none where there are no rows."""
    if of:
        sentence = getattr(quality.gates, gate).sentence
        bound = at_least(rows, of, quality.confidence)
        yield Verdict(gate, sentence, limit, entity, column, "share", rows / of, bound, rows, of)


def _growth(quality: QualityParameters, entity: str, read: int, had: int) -> Verdict:
    """Growth beyond a factor warns only: a source may be loaded with older data at any time.

    The ratio of two counts is bounded through their share of the sum (Przyborowski and Wilenski 1940, Biometrika 31).
    """
    gate = quality.gates.grown
    share = at_least(read, read + had, quality.confidence)
    return Verdict(
        "grown", gate.sentence, gate.limit, entity, None, "ratio", read / had, share / (1 - share), stops_the_run=False
    )


def _rows_of(entity: Figures, *names: str) -> int:
    return sum(rule["rows"] for rule in entity["rules"] if rule["rule"] in names)


def _written(value: float | None, unit: Unit) -> str:
    if value is None:
        return "none"
    return {"share": f"{value:.1%}", "ratio": f"{value:.1f} times", "days": f"{value:.1f} days"}[unit]
