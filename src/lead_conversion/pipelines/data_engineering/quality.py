"""What was read, kept, mended and refused, and whether it is whole enough to be used."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import reduce
from itertools import chain, groupby, pairwise
from operator import itemgetter
from typing import Any

import ibis
from ibis import _
from ibis.expr.types import StringValue, Table

from lead_conversion.contracts.source_entities import SOURCE_ENTITIES, PersonalClass
from lead_conversion.guard.labels import TOKEN_PREFIX
from lead_conversion.kernel.errors import ConfigurationError, DataError
from lead_conversion.kernel.windows import SECONDS_A_DAY, parse_moment
from lead_conversion.pipelines.data_engineering.clean import kind_in_standard_words, kind_of
from lead_conversion.pipelines.data_engineering.completeness import judge_completeness
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters, QualityParameters
from lead_conversion.pipelines.data_engineering.rules import SEPARATOR

# The columns in which cleaning leaves the names of the rules that touched a row, by what they did to it.
TOUCHED = ("mended", "noted")
log = logging.getLogger(__name__)


def measure_quality(
    raw_manifest: dict[str, Any], quality: QualityParameters, clean: CleanParameters, **tables: Table
) -> dict[str, Any]:
    """The figures of one snapshot: rows, rules, kinds, missing and unknown values and categories by entity.

    Each table is aggregated once for each sort of figure; nothing is sorted or joined.

    Args:
        raw_manifest: says how many rows were read, and of what.
        quality: the rules that are looked for, and what tells the kinds of rows.
        clean: the spellings that are understood.
        tables: raw_, primary_, rejected_ and orphan_ tables by name. Mending is counted on what was kept.

    Raises:
        ConfigurationError: a rule touched rows and has no sentence.
    """
    entities = {
        entity: _measure_entity(entity, raw_manifest, tables, quality, clean) for entity in raw_manifest["entities"]
    }
    _require_sentences(entities, quality)
    newest = tables["raw_engagement_logs"].logged_at.max().to_pyarrow().as_py()
    return {
        "snapshot_id": raw_manifest["snapshot_id"],
        "as_of": raw_manifest["as_of"],
        "origin": {name: raw_manifest["source"].get(name) for name in ("kind", "name")}
        | {"org_id": raw_manifest["org_id"]},
        "pseudonym_key": raw_manifest["pseudonym_key"],
        "newest_event_at": newest and newest.isoformat(),
        "looked_for": sorted(quality.rules),
        "entities": entities,
    }


def check_completeness(
    primary_quality: dict[str, Any],
    primary_earlier_quality: dict[str, Any],
    raw_manifest: dict[str, Any],
    quality: QualityParameters,
) -> dict[str, Any]:
    """The verdicts of the completeness gates, and with them the as-of from which the data may be looked at.

    The snapshot is compared with the one that was accepted last; a second run on it is compared with the same one.

    Raises:
        DataError: a gate is broken; names every broken one with its figure and limit. What was published stays.
    """
    last = next(reversed(_accepted_before(primary_quality, primary_earlier_quality)), None)
    age_days = _age_days(primary_quality["newest_event_at"], raw_manifest["extracted_at"])
    if quality.gates.freshness.limit is None:
        age_days = None
    verdicts = judge_completeness(primary_quality, last, age_days, quality)
    failed = [verdict for verdict in verdicts if verdict.passed is False]
    for verdict in failed:
        log.log(logging.ERROR if verdict.stops_the_run else logging.WARNING, "Gate not passed: %s", verdict.in_words())
    broken = [verdict.in_words() for verdict in failed if verdict.stops_the_run]
    if broken:
        raise DataError(
            f"Snapshot {primary_quality['snapshot_id']} is not complete enough to be used; {len(broken)} of "
            f"{len(verdicts)} gates are broken. {' | '.join(broken)} | The run stops here and what was published "
            "before stays; this snapshot's figures and the rows that were refused are kept in data/refused/ until the "
            "next run. Mend the source or its SELECT in conf/<env>/source/; where the data are right, raise the gate's "
            "limit under quality.gates knowingly."
        )
    return {
        "primary_completeness": {
            "compared_with": last and {name: last[name] for name in ("snapshot_id", "as_of")},
            "gates": [verdict.as_document() for verdict in verdicts],
        },
        "primary_as_of": {name: primary_quality[name] for name in ("snapshot_id", "as_of")},
    }


def summarise_quality(
    primary_quality: dict[str, Any],
    primary_earlier_quality: dict[str, Any],
    primary_completeness: dict[str, Any],
    quality: QualityParameters,
) -> dict[str, Any]:
    """What people read of the figures, with the trend of each rule; and the history with this snapshot in it.

    The history numbers snapshots in the order in which they were accepted. A second run on a snapshot keeps its number,
    and so changes nothing.
    """
    earlier = _accepted_before(primary_quality, primary_earlier_quality)[-quality.snapshots_shown :]
    return {
        "data_quality": {
            "snapshot_id": primary_quality["snapshot_id"],
            "as_of": primary_quality["as_of"],
            "newest_event_at": primary_quality["newest_event_at"],
            "entities": {name: _waterfall(entity) for name, entity in primary_quality["entities"].items()},
            "rules": list(_rules_with_trend(primary_quality, earlier, quality)),
            **primary_completeness,
        },
        "primary_quality_history": _with_accepted(primary_quality, primary_earlier_quality, quality.snapshots_kept),
    }


def _measure_entity(
    entity: str,
    raw_manifest: Mapping[str, Any],
    tables: Mapping[str, Table],
    quality: QualityParameters,
    clean: CleanParameters,
) -> dict[str, Any]:
    """The figures of one entity."""
    kept = tables[f"primary_{entity}"]
    kinds = quality.kinds.get(entity, ())
    by_kind = _measure_raw(entity, tables[f"raw_{entity}"], kind_in_standard_words(chain(*kinds[:1]), clean))
    categories = {column: _count_values(kept, column) for column in quality.categories.get(entity, ())}
    most = quality.gates.many_categories.limit
    refused = [tables[name] for name in (f"rejected_{entity}", f"orphan_{entity}") if name in tables]
    noted = {
        "late_rows_left_out": raw_manifest.get("rows_left_out_after_as_of", {}).get(entity, 0),
        "unknown_label": sum(found["rows_with_unknown"] for found in by_kind.values()),
    }
    counts: dict[tuple[str, str], int] = {("noted", rule): rows for rule, rows in noted.items() if rows}
    for kind, rule, rows in (*_refusals(refused), *_touches(kept)):
        counts[kind, rule] = counts.get((kind, rule), 0) + rows
    return {
        "rows_read": raw_manifest["entities"][entity]["rows"],
        "rules": [{"rule": rule, "kind": kind, "rows": rows} for (kind, rule), rows in sorted(counts.items())],
        "nulls": _sum_by_column(found["nulls"] for found in by_kind.values()),
        "unknown_labels": _sum_by_column(found["unknown_labels"] for found in by_kind.values()),
        "kinds_read": {kind: {name: found[name] for name in ("rows", "nulls")} for kind, found in by_kind.items()},
        "kinds_kept": dict(sorted(chain.from_iterable(_count_kinds(kept, columns) for columns in kinds))),
        "activity": _measure_activity(kept, chain(*kinds[:1]), quality.gates.silence.days),
        "values": {column: values.count().to_pyarrow().as_py() for column, values in categories.items()},
        "categories": {column: _listed(values, column, most) for column, values in categories.items()},
    }


def _measure_raw(entity: str, raw: Table, kind: StringValue) -> dict[str, dict[str, Any]]:
    """By kind the rows; by column those without a value and those with a word that no list knows; with any such."""
    labels = [column.name for column in SOURCE_ENTITIES[entity].columns_of(PersonalClass.LABEL) if column.name in raw]
    is_unknown = {name: raw[name].startswith(TOKEN_PREFIX).fill_null(False) for name in labels}
    has_unknown = reduce(lambda one, other: one | other, is_unknown.values(), ibis.literal(False))
    measured = raw.group_by(kind=kind).agg(
        **{f"null {name}": raw[name].isnull().sum() for name in raw.columns},
        **{f"unknown {name}": condition.sum() for name, condition in is_unknown.items()},
        rows=raw.count(),
        rows_with_unknown=raw.count(where=has_unknown),
    )
    return {
        row["kind"]: {
            "rows": row["rows"],
            "rows_with_unknown": row["rows_with_unknown"],
            "nulls": {name: row[f"null {name}"] for name in raw.columns},
            "unknown_labels": {name: row[f"unknown {name}"] for name in labels},
        }
        for row in measured.order_by("kind").to_pyarrow().to_pylist()
    }


def _sum_by_column(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for found in counts:
        totals.update(found)
    return dict(totals)


def _count_kinds(kept: Table, columns: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Rows that were kept by kind."""
    counts = kept.group_by(kind=kind_of(kept[name] for name in columns)).agg(rows=_.count())
    for row in counts.to_pyarrow().to_pylist():
        yield row["kind"], row["rows"]


def _measure_activity(kept: Table, columns: Iterable[str], days: int) -> dict[str, dict[str, Any]]:
    """By kind when its newest row was recorded, and how often rows were in the days up to that one.

    Only days leave the database, so that the source's size does not matter. A gap within a day is not seen.
    """
    if "logged_at" not in kept.columns:
        return {}
    kind = kind_of(kept[name] for name in columns)
    by_day = kept.group_by(kind=kind, day=_.logged_at.truncate("D")).agg(
        rows=_.count(), first=_.logged_at.min(), last=_.logged_at.max()
    )
    found = by_day.order_by(["kind", "day"]).to_pyarrow().to_pylist()
    return {kind: _activity_of(list(rows), days) for kind, rows in groupby(found, key=itemgetter("kind"))}


def _activity_of(by_day: list[dict[str, Any]], days: int) -> dict[str, Any]:
    newest = by_day[-1]["last"]
    begin = max(newest - timedelta(days=days), by_day[0]["first"])
    within = [row for row in by_day if row["last"] >= begin]
    silences = [after["first"] - before["last"] for before, after in pairwise(by_day) if after["last"] >= begin]
    return {
        "newest_at": newest.isoformat(),
        "rows": sum(row["rows"] for row in within),
        "days": (newest.date() - begin.date()).days + 1,
        "days_with_rows": len(within),
        "longest_silence_days": max(silences, default=timedelta()).total_seconds() / SECONDS_A_DAY,
    }


def _refusals(tables: list[Table]) -> Iterator[tuple[str, str, int]]:
    for table in tables:
        for row in table.group_by("reason").agg(rows=_.count()).to_pyarrow().to_pylist():
            yield "rejected", row["reason"], row["rows"]


def _touches(kept: Table) -> Iterator[tuple[str, str, int]]:
    """Kind, rule and rows of what touched the rows that were kept.

    Rows are counted by the whole list of rules that they carry, of which there are few; the lists are split after.
    """
    there = [kind for kind in TOUCHED if kind in kept.columns]
    if not there:
        return
    for row in kept.group_by(there).agg(rows=_.count()).to_pyarrow().to_pylist():
        for kind in there:
            for rule in (row[kind] or "").split(SEPARATOR):
                if rule:
                    yield kind, rule, row["rows"]


def _count_values(kept: Table, column: str) -> Table:
    return kept.filter(_[column].notnull()).group_by(column).agg(rows=_.count())


def _listed(values: Table, column: str, most: int) -> dict[str, int] | None:
    """Rows by value; null where there are too many values for a column of categories."""
    found = {row[column]: row["rows"] for row in values.limit(most + 1).to_pyarrow().to_pylist()}
    return dict(sorted(found.items())) if len(found) <= most else None


def _require_sentences(entities: Mapping[str, Mapping[str, Any]], quality: QualityParameters) -> None:
    found = {rule["rule"] for entity in entities.values() for rule in entity["rules"]}
    missing = sorted(found - set(quality.rules))
    if missing:
        raise ConfigurationError(
            f"Rules of cleaning without a sentence: {', '.join(missing)}. Every rule that touches a row needs one, so "
            "that people can read what was done: add it under quality.rules (conf/base/parameters/quality/)."
        )


def _accepted_before(figures: Mapping[str, Any], history: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Other snapshots of the same source and organisation that look from no later moment, oldest first.

    Of a snapshot that was accepted already, those that were accepted before it.
    """
    place = (_number_for(figures, history), figures["as_of"])
    same = (entry for entry in history.values() if entry["origin"] == figures["origin"])
    earlier = (entry for entry in same if (_number(entry), entry["as_of"]) < place)
    return sorted((entry for entry in earlier if entry["as_of"] <= figures["as_of"]), key=_by_time)


def _with_accepted(figures: Mapping[str, Any], history: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The history with this snapshot in it, cut to the newest of its source and organisation."""
    entry = {**figures, "accepted": _number_for(figures, history)}
    whole = {**history, figures["snapshot_id"]: entry}
    of_the_same = sorted((found for found in whole.values() if found["origin"] == figures["origin"]), key=_by_time)
    dropped = {found["snapshot_id"] for found in of_the_same[:-most]}
    return {name: found for name, found in sorted(whole.items()) if name not in dropped}


def _number_for(figures: Mapping[str, Any], history: Mapping[str, Any]) -> int:
    """The snapshot's number in the order of acceptance: its own, or the next one where it has none yet."""
    own = history.get(figures["snapshot_id"])
    return _number(own) if own else 1 + max(map(_number, history.values()), default=0)


def _number(entry: Mapping[str, Any]) -> int:
    number: int = entry.get("accepted", 0)  # histories were not numbered at first
    return number


def _by_time(entry: Mapping[str, Any]) -> tuple[str, int, str]:
    return entry["as_of"], _number(entry), entry["snapshot_id"]


def _age_days(newest_event_at: str | None, extracted_at: str) -> float | None:
    if newest_event_at is None:
        return None
    return (parse_moment(extracted_at) - parse_moment(newest_event_at)).total_seconds() / SECONDS_A_DAY


def _waterfall(entity: Mapping[str, Any]) -> dict[str, Any]:
    """From the rows read to those kept, with what refused the others."""
    reasons = {rule["rule"]: rule["rows"] for rule in entity["rules"] if rule["kind"] == "rejected"}
    rejected = sum(reasons.values())
    return {
        "rows_read": entity["rows_read"],
        "rows_clean": entity["rows_read"] - rejected,
        "rows_rejected": rejected,
        "reasons": reasons,
    }


def _rules_with_trend(
    figures: Mapping[str, Any], earlier: list[dict[str, Any]], quality: QualityParameters
) -> Iterator[dict[str, Any]]:
    """An entry a rule and entity that it touched now or in an earlier snapshot; one without entity for the others."""
    counts = [_counts(entry) for entry in (*earlier, figures)]
    met = {place for found in counts for place in found}
    for entity, kind, rule in sorted(place for place in met if place[2] in quality.rules):
        now = figures["entities"][entity]
        rows = counts[-1].get((entity, kind, rule), 0)
        entry = {
            "rule": rule,
            "entity": entity,
            "kind": kind,
            "rows": rows,
            "share": rows / max(now["rows_read"], 1),
            "sentence": quality.rules[rule],
            "trend": [
                {
                    "snapshot_id": before["snapshot_id"],
                    "as_of": before["as_of"],
                    "share": found.get((entity, kind, rule), 0) / max(before["entities"][entity]["rows_read"], 1),
                }
                for before, found in zip(earlier, counts, strict=False)
                if rule in before["looked_for"] and entity in before["entities"]
            ],
        }
        if rule == "unknown_label":
            entry["unknown_labels"] = {column: n for column, n in now["unknown_labels"].items() if n}
        yield entry
    touched = {rule for _entity, _kind, rule in met}
    for rule in (rule for rule in quality.rules if rule not in touched):
        yield {
            "rule": rule,
            "entity": None,
            "kind": None,
            "rows": 0,
            "share": 0.0,
            "sentence": quality.rules[rule],
            "trend": [],
        }


def _counts(figures: Mapping[str, Any]) -> dict[tuple[str, str, str], int]:
    """Rows by entity, kind and rule."""
    return {
        (name, rule["kind"], rule["rule"]): rule["rows"]
        for name, entity in figures["entities"].items()
        for rule in entity["rules"]
    }
