"""The completeness gates: whether a snapshot is whole enough to be used, by itself and beside the one before it.

A share is held against its limit by the lower end of its exact one-sided confidence interval (Clopper and Pearson
1934, Biometrika 26): a gate is broken when the rows leave no reasonable doubt that the limit is passed, so that 3 of
10 rows do not break a limit of 20 % and 300 of 1,000 do. On many rows the bound is the share itself. What a kind of
rows lost and what an entity grew are ratios of two counts, bounded through their share of the sum (Przyborowski and
Wilenski 1940, Biometrika 31). How long a kind of rows may be silent follows from its own days without a row.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from scipy.stats import beta

from lead_conversion.guard.labels import TOKEN_PREFIX
from lead_conversion.kernel.windows import SECONDS_A_DAY, parse_moment
from lead_conversion.pipelines.data_engineering.parameters import QualityParameters

Unit = Literal["share", "ratio", "days", "values"]
UNITS: dict[str, Unit] = {"grown": "ratio", "many_categories": "values"}
REASONS_NAMED = 3
Figures = Mapping[str, Any]
MERGING = {"contacts": "same_person_twice"}


@dataclass(frozen=True)
class Verdict:
    """One gate at one place; `passed` is null where there was nothing to judge by.

    `bound` is what the figure is at least, with the configured confidence; it is what is held against the limit.
    `before` is what it was in the last snapshot, of a figure that tells a difference or a number. `reasons` are the
    rules that made most of the figure, in words.
    """

    gate: str
    sentence: str
    limit: float | None
    entity: str | None = None
    column: str | None = None
    kind: str | None = None
    unit: Unit = "share"
    figure: float | None = None
    bound: float | None = None
    rows: int | None = None
    rows_of: int | None = None
    before: float | None = None
    stops_the_run: bool = True
    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool | None:
        """Whether the bound keeps to the limit; null where one of the two is missing."""
        return None if self.bound is None or self.limit is None else self.bound <= self.limit

    def as_document(self) -> dict[str, Any]:
        """The verdict as plain values."""
        return {**asdict(self), "passed": self.passed}

    def _counted(self) -> str:
        if self.unit == "days":
            return f"{self.rows:,} rows where {self.rows_of:,} were expected"
        return f"{self.rows:,} {'after' if self.unit == 'ratio' else 'of'} {self.rows_of:,} rows"

    def in_words(self) -> str:
        """Place, figure and limit, for a log or a message."""
        place = ", ".join(part for part in (self.entity, self.kind, self.column) if part) or "the snapshot"
        counted = [] if self.rows is None else [self._counted()]
        counted += [] if self.before is None else [f"before {_written(self.before, self.unit)}"]
        told = f" ({', '.join(counted)})" if counted else ""
        because = f"; most by {'; '.join(self.reasons)}" if self.reasons else ""
        found, limit = (_written(value, self.unit) for value in (self.figure, self.limit))
        return f"{self.gate} at {place}: {found}{told}, limit {limit}: {self.sentence}{because}"


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
        *_silence(figures, quality),
        Verdict(
            "freshness", gates.freshness.sentence, gates.freshness.limit, unit="days", figure=age_days, bound=age_days
        ),
        *(_beside(figures, last, quality) if last else _without_a_last(quality)),
    ]


def at_least(rows: int, of: int, confidence: float) -> float:
    """The lowest share that so many rows of so many still allow (Clopper and Pearson, one-sided)."""
    return float(beta.ppf(1 - confidence, rows, of - rows + 1)) if rows else 0.0


def at_most(rows: int, of: int, confidence: float) -> float:
    """The highest share that so many rows of so many still allow (Clopper and Pearson, one-sided)."""
    return float(beta.ppf(confidence, rows + 1, of - rows)) if rows < of else 1.0


def ratio_at_least(count: int, before: int, confidence: float) -> float:
    """The lowest ratio of two rates that two Poisson counts still allow (Przyborowski and Wilenski 1940)."""
    share = at_least(count, count + before, confidence)
    return share / (1 - share) if share < 1 else math.inf


def ratio_at_most(count: int, before: int, confidence: float) -> float:
    """The highest ratio of two rates that two Poisson counts still allow (Przyborowski and Wilenski 1940)."""
    share = at_most(count, count + before, confidence)
    return share / (1 - share) if share < 1 else math.inf


def _alone(figures: Figures, quality: QualityParameters) -> Iterator[Verdict]:
    """The gates that look at this snapshot alone."""
    gates = quality.gates
    for name, entity in figures["entities"].items():
        read = entity["rows_read"]
        refusals = {
            rule["rule"]: rule["rows"]
            for rule in entity["rules"]
            if rule["kind"] == "rejected" and rule["rule"] not in quality.copies
        }
        for verdict in _share(quality, "refused", gates.refused.limit, name, None, sum(refusals.values()), read):
            yield replace(verdict, reasons=_most(refusals, quality))
        if name in MERGING:
            merged = _touched(entity).get(("rejected", MERGING[name]), 0)
            yield from _share(quality, "merged", gates.merged.limit, name, None, merged, read)
        for (kind, rule), rows in _touched(entity).items():
            if kind == "mended" and rule not in (*quality.lossless, *gates.mended.besides):
                yield from _share(quality, "mended", gates.mended.limit, name, rule, rows, read)
        for link in gates.unknown_links.links:
            if link.entity == name:
                lost = _rows_of(entity, *link.rules)
                yield from _share(quality, "unknown_links", link.limit, name, link.link, lost, read)
        for column, limit in gates.nulls.limits.get(name, {}).items():
            yield from _share(quality, "nulls", limit, name, column, entity["nulls"].get(column, 0), read)
        for column, limit in gates.unknown_values.limits.get(name, {}).items():
            missing = entity["nulls"].get(column, 0)
            # What the door knows and cleaning does not is refused by a rule, and so is what is missing.
            refused_words = _rows_of(entity, f"unknown_{column}") - missing
            unknown = max(entity["unknown_labels"].get(column, 0), refused_words)
            yield from _share(quality, "unknown_values", limit, name, column, unknown, read - missing)


def _silence(figures: Figures, quality: QualityParameters) -> Iterator[Verdict]:
    """How long each kind has had no new row while others had, beside what it kept from doing before.

    With a share q of its days without a row (by the rule of succession), a kind that goes on as before has none for so
    many days with probability q to that power. It may be silent until that is less than the configured chance, shared
    among all kinds (Bonferroni), and for a multiple of its longest silence. Days are counted, not rows, for the rows of
    a day come together.
    """
    gate = quality.gates.silence
    places = [
        (name, kind, found)
        for name, entity in figures["entities"].items()
        for kind, found in entity.get("activity", {}).items()
    ]
    judged = [place for place in places if place[2]["rows"] >= gate.min_rows and place[1] not in gate.besides]
    newest = max((found["newest_at"] for _name, _kind, found in places), default="")
    for name, kind, found in judged:
        silent_days = (parse_moment(newest) - parse_moment(found["newest_at"])).total_seconds() / SECONDS_A_DAY
        share_without = (found["days"] - found["days_with_rows"] + 1) / (found["days"] + 2)
        by_chance = math.log(gate.chance / len(judged)) / math.log(share_without)
        limit = gate.limit and max(gate.min_days, by_chance, gate.limit * found["longest_silence_days"])
        yield Verdict(
            "silence", gate.sentence, limit, name, None, kind,
            unit="days", figure=silent_days, bound=silent_days, rows=0,
            rows_of=round(found["rows"] / found["days"] * silent_days), before=found["longest_silence_days"],
            stops_the_run=silent_days <= gate.ended_after_days,
        )  # fmt: skip


def _beside(figures: Figures, last: Figures, quality: QualityParameters) -> Iterator[Verdict]:
    """The gates that compare this snapshot with the last."""
    same_key = figures["pseudonym_key"] == last["pseudonym_key"]
    for name, before in last["entities"].items():
        now, had = figures["entities"][name], before["rows_read"]
        if had:
            read = now["rows_read"]
            yield from _share(quality, "lost_rows", quality.gates.lost_rows.limit, name, None, max(had - read, 0), had)
            yield _growth(quality, name, read, had)
        yield from _lost_kinds(quality, name, now, before)
        yield from _more_touched(quality, name, now, before, last["looked_for"])
        yield from _more_nulls(quality, name, now, before)
        yield from _categories(quality, name, now, before, same_key=same_key)


def _lost_kinds(quality: QualityParameters, entity: str, now: Figures, before: Figures) -> Iterator[Verdict]:
    """What each kind of the rows that were kept has lost."""
    gate = quality.gates.lost_kinds
    for kind, had in before.get("kinds_kept", {}).items():
        if had >= gate.min_rows and kind not in gate.besides:
            kept = now["kinds_kept"].get(kind, 0)
            lost = max(had - kept, 0)
            certain = max(1 - ratio_at_most(kept, had, quality.confidence), 0.0)
            yield Verdict(
                "lost_kinds", gate.sentence, gate.limit, entity, None, kind,
                figure=lost / had, bound=certain, rows=lost, rows_of=had,
            )  # fmt: skip


def _more_touched(
    quality: QualityParameters, entity: str, now: Figures, before: Figures, looked_for: Sequence[str]
) -> Iterator[Verdict]:
    """How much larger a share of the rows each rule touches; one that loses nothing warns only."""
    gate, confidence = quality.gates.more_touched, quality.confidence
    read, had = now["rows_read"], before["rows_read"]
    earlier = _touched(before)
    for (kind, rule), rows in _touched(now).items():
        if rule in gate.besides or rule not in looked_for or not had:
            continue
        touched_before = earlier.get((kind, rule), 0)
        yield Verdict(
            "more_touched", gate.sentence, gate.limit, entity, rule, kind,
            figure=rows / read - touched_before / had,
            bound=at_least(rows, read, confidence) - at_most(touched_before, had, confidence),
            rows=rows, rows_of=read, before=touched_before / had,
            stops_the_run=kind != "noted" and rule not in quality.lossless,
        )  # fmt: skip


def _more_nulls(quality: QualityParameters, entity: str, now: Figures, before: Figures) -> Iterator[Verdict]:
    """How much more often each column is missing in each kind of the rows that were read; not where it always was."""
    gate, confidence = quality.gates.more_nulls, quality.confidence
    for kind, found in now["kinds_read"].items():
        earlier = before.get("kinds_read", {}).get(kind)
        if earlier is None:
            continue
        read, had = found["rows"], earlier["rows"]
        for column, nulls_before in earlier["nulls"].items():
            nulls = found["nulls"].get(column)
            if nulls is None or nulls_before == had:
                continue
            certain = at_least(nulls, read, confidence) - at_most(nulls_before, had, confidence)
            yield Verdict(
                "more_nulls", gate.sentence, gate.limit, entity, column, kind or None,
                figure=nulls / read - nulls_before / had, bound=certain, rows=nulls, rows_of=read,
                before=nulls_before / had,
            )  # fmt: skip


def _categories(
    quality: QualityParameters, entity: str, now: Figures, before: Figures, *, same_key: bool
) -> Iterator[Verdict]:
    """Of each column that had categories, how many it has now, and how many rows carry a new one."""
    gates = quality.gates
    for column, seen in before["categories"].items():
        if seen is None or column not in now["categories"]:
            continue
        number, values = now["values"][column], now["categories"][column]
        yield Verdict(
            "many_categories", gates.many_categories.sentence, gates.many_categories.limit, entity, column,
            unit="values", figure=number, bound=number, before=len(seen),
        )  # fmt: skip
        if values is not None:
            # Under another key every token is another, so that only words can be told to be new.
            told = {value: rows for value, rows in values.items() if same_key or not value.startswith(TOKEN_PREFIX)}
            unseen = sum(rows for value, rows in told.items() if value not in seen)
            limit, rows = gates.new_categories.limit, sum(values.values())
            yield from _share(quality, "new_categories", limit, entity, column, unseen, rows)


def _without_a_last(quality: QualityParameters) -> Iterator[Verdict]:
    for name in ("lost_rows", "lost_kinds", "grown", "more_touched", "more_nulls", "new_categories", "many_categories"):
        gate = getattr(quality.gates, name)
        yield Verdict(name, gate.sentence, gate.limit, unit=UNITS.get(name, "share"), stops_the_run=name != "grown")


def _share(
    quality: QualityParameters, gate: str, limit: float | None, entity: str, column: str | None, rows: int, of: int
) -> Iterator[Verdict]:
    """The verdict on a share of rows; none where there are no rows."""
    if of:
        sentence = getattr(quality.gates, gate).sentence
        bound = at_least(rows, of, quality.confidence)
        yield Verdict(gate, sentence, limit, entity, column, figure=rows / of, bound=bound, rows=rows, rows_of=of)


def _growth(quality: QualityParameters, entity: str, read: int, had: int) -> Verdict:
    """Growth beyond a factor warns only: a source may be loaded with older data at any time."""
    gate = quality.gates.grown
    certain = ratio_at_least(read, had, quality.confidence)
    return Verdict(
        "grown", gate.sentence, gate.limit, entity,
        unit="ratio", figure=read / had, bound=certain, rows=read, rows_of=had, stops_the_run=False,
    )  # fmt: skip


def _most(refusals: Mapping[str, int], quality: QualityParameters) -> tuple[str, ...]:
    """The rules that refused most rows, with what they do."""
    most = sorted(refusals.items(), key=lambda found: (-found[1], found[0]))[:REASONS_NAMED]
    return tuple(f"{rule} {rows:,} ({quality.rules.get(rule, 'a rule without a sentence')})" for rule, rows in most)


def _touched(entity: Figures) -> dict[tuple[str, str], int]:
    """Rows by what was done to them and the rule that did it."""
    return {(rule["kind"], rule["rule"]): rule["rows"] for rule in entity["rules"]}


def _rows_of(entity: Figures, *names: str) -> int:
    return sum(rule["rows"] for rule in entity["rules"] if rule["rule"] in names)


def _written(value: float | None, unit: Unit) -> str:
    if value is None:
        return "none"
    written = {"share": f"{value:.1%}", "ratio": f"{value:.1f} times", "days": f"{value:.1f} days"}
    return written.get(unit, f"{value:,.0f} {unit}")
