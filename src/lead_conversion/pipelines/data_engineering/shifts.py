"""Imports that wrote local times as UTC: found by the hours at which the agent writes, and mended as a whole.

A row by itself rarely tells: 11 o'clock is an hour at which the agent writes, in UTC and in the lead's own zone. So
imports are judged, not rows. What the method takes for granted:

- An import records its rows together and late. A job is a second of the day at which most rows are recorded late;
  a batch is what it recorded at one moment. Rows that are recorded as they happen have sound clocks.
- All of a batch is in UTC, or all of it is in the leads' own local time.
- The agent has quiet hours where the lead is. Where it writes around the clock, nothing can be told, nothing is mended.
- What is imported was done at the hours at which the agent also writes otherwise. An import of a night shift's work
  would be taken for one of local times, where the shift's hours read as UTC are the agent's.
- Batches of one job resemble each other: the share of its batches in local time is estimated with them (a mixture of
  two hypotheses by expectation and maximisation, Dempster, Laird and Rubin 1977; one batch of each kind as the prior).
"""

from dataclasses import asdict, fields
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd
from ibis import _
from ibis.expr.types import FloatingValue, IntegerValue, Table, TimestampValue
from scipy.special import expit, logit

from lead_conversion.kernel.windows import HOURS_A_DAY, MOMENT, SECONDS_A_DAY, SECONDS_AN_HOUR
from lead_conversion.kernel.zones import ZoneSpan, zone_spans
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters

# The share of attempts at hours that the agent's habits do not explain. It bounds what a single odd row can say.
STRAY_SHARE = 0.1
# Nats that it costs a hypothesis to have an attempt before its enrolment or after its record.
BROKEN_ORDER = float(-np.log(STRAY_SHARE))
# Evidence is summed in whole thousandths of a nat: sums of floating-point numbers depend on the thread count.
PRECISION = 1000
ROUNDS = 50
MARGIN = timedelta(days=2)  # a local time can be a day before or after UTC
ZONES = ibis.schema(
    {
        "timezone": "string",
        "offset_seconds": "int64",
        "from_at": MOMENT,
        "until_at": MOMENT,
        "local_from_at": MOMENT,
        "local_until_at": MOMENT,
    }
)
SHIFTS_SCHEMA = ibis.schema(
    {"event_key": "string", "shift_seconds": "int64", "log_odds": "float64", "is_local_time": "boolean"}
)


def judge_imports(clean_engagement_logs: Table, clean_contacts: Table, clean: CleanParameters) -> Table:
    """Attempts that an import is likelier to have written in local time than in UTC, with how far they are off.

    `log_odds` are those of the batch's being in local time (natural logarithm); `is_local_time` where they are
    `min_import_odds` or more, and the time is to be mended. `shift_seconds` is the local time less UTC.
    """
    zones = _zones(clean_engagement_logs, clean_contacts)
    attempts = _attempts(clean_engagement_logs, clean.late_after_hours)
    jobs = (
        attempts.group_by("second")
        .agg(rows=_.count(), late=_.is_late.sum())
        .filter((_.rows >= clean.min_import_rows) & (2 * _.late >= _.rows))
    )
    usual = _if_utc(attempts.filter(~_.is_late).anti_join(jobs, "second"), clean_contacts, zones)
    imported = _if_local(_if_utc(attempts.semi_join(jobs, "second"), clean_contacts, zones), zones)
    judged = imported.join(_evidence_of_hours(usual), ["hour_if_utc", "hour_if_local"]).mutate(
        evidence=((_.evidence_of_hours + _evidence_of_order()) * PRECISION).round().cast("int64")
    )
    batches = judged.group_by(["second", "logged_at"]).agg(evidence=_.evidence.sum())
    verdicts = ibis.memtable(
        _weigh(batches.order_by(["second", "logged_at"]).to_pandas(), clean.min_import_odds),
        schema=ibis.schema({"logged_at": MOMENT, "log_odds": "float64", "is_local_time": "boolean"}),
    )
    is_off = (_.log_odds > 0) & (_.shift_seconds != 0)
    return imported.join(verdicts, "logged_at").filter(is_off).select(SHIFTS_SCHEMA.names).order_by("event_key")


def _attempts(events: Table, late_after_hours: float) -> Table:
    """What the agent tried, and whether it was recorded long after (or before) it happened."""
    lateness = (_.logged_at.epoch_seconds() - _.occurred_at.epoch_seconds()).abs()
    return events.filter((_.direction == "outbound") & (_.outcome != "skipped")).select(
        "event_key",
        "lead_key",
        "occurred_at",
        "logged_at",
        "enrolled_at",
        second=_.logged_at.epoch_seconds() % SECONDS_A_DAY,
        is_late=lateness >= int(late_after_hours * SECONDS_AN_HOUR),
    )


def _if_utc(attempts: Table, contacts: Table, zones: Table) -> Table:
    """The attempts with the lead's hour of day, if their time is UTC; without those whose zone is not known."""
    located = attempts.join(contacts.select("lead_key", "timezone"), "lead_key")
    is_in_span = [
        located.timezone == zones.timezone,
        located.occurred_at >= zones.from_at,
        located.occurred_at < zones.until_at,
    ]
    placed = located.join(zones, is_in_span).mutate(hour_if_utc=_hour_of_day(_.offset_seconds))
    return placed.select(*located.columns, "hour_if_utc")


def _if_local(attempts: Table, zones: Table) -> Table:
    """The attempts with what would be true, if their time is the lead's local time."""
    zones = zones.view()
    is_in_span = [
        attempts.timezone == zones.timezone,
        attempts.occurred_at >= zones.local_from_at,
        attempts.occurred_at < zones.local_until_at,
    ]
    placed = attempts.join(zones, is_in_span).mutate(shift_seconds=_.offset_seconds, hour_if_local=_hour_of_day(0))
    return placed.select(*attempts.columns, "shift_seconds", "hour_if_local")


def _hour_of_day(offset_seconds: IntegerValue | int) -> IntegerValue:
    return (_.occurred_at.epoch_seconds() + offset_seconds) % SECONDS_A_DAY // SECONDS_AN_HOUR


def _evidence_of_order() -> FloatingValue:
    """What it says for local time that an attempt would else stand before its enrolment or after its record."""
    if_local = _.occurred_at - _.shift_seconds.as_interval("s")
    return BROKEN_ORDER * (_breaks_order(_.occurred_at) - _breaks_order(if_local))


def _breaks_order(at: TimestampValue) -> IntegerValue:
    return ((at < _.enrolled_at) | (at > _.logged_at)).fill_null(False).cast("int64")


def _evidence_of_hours(usual: Table) -> Table:
    """For each pair of hours of day, the log-likelihood of the second less that of the first."""
    seen = usual.group_by("hour_if_utc").agg(rows=_.count()).to_pandas()
    hours = np.arange(HOURS_A_DAY)
    rows = seen.set_index("hour_if_utc")["rows"].reindex(hours, fill_value=0).to_numpy(dtype=float)
    habit = (rows + 1.0) / (rows.sum() + HOURS_A_DAY)
    nats = np.log((1 - STRAY_SHARE) * habit + STRAY_SHARE / HOURS_A_DAY)
    if_utc, if_local = (grid.ravel() for grid in np.meshgrid(hours, hours, indexing="ij"))
    pairs = pd.DataFrame(
        {"hour_if_utc": if_utc, "hour_if_local": if_local, "evidence_of_hours": nats[if_local] - nats[if_utc]}
    )
    return ibis.memtable(pairs)


def _weigh(batches: pd.DataFrame, odds: float) -> pd.DataFrame:
    """The batches with the log odds of being in local time, given their own rows and the other batches of their job."""
    evidence = batches["evidence"].to_numpy(dtype=float) / PRECISION
    job, _seconds = pd.factorize(batches["second"])
    of_job = np.bincount(job)
    share = np.full(len(of_job), 0.5)
    for _round in range(ROUNDS):
        is_local = expit(logit(share[job]) + evidence)
        share = (1.0 + np.bincount(job, is_local, len(of_job))) / (2.0 + of_job)
    log_odds = np.round(logit(share[job]) + evidence, 6)
    return pd.DataFrame(
        {"logged_at": batches["logged_at"], "log_odds": log_odds, "is_local_time": log_odds >= np.log(odds)}
    )


def _zones(events: Table, contacts: Table) -> Table:
    """The spans of constant offset of each time zone that the contacts name, over the time of the events.

    Where clocks are set back, the later of the two readings of a local time is taken.
    """
    names = contacts.select("timezone").distinct().drop_null("timezone").order_by("timezone").to_pandas()
    span = events.agg(first=_.occurred_at.min(), last=_.occurred_at.max()).to_pandas().iloc[0]
    spans = []
    if not pd.isna(span["first"]):
        start, end = span["first"].floor("D") - MARGIN, span["last"].ceil("D") + MARGIN
        spans = zone_spans(names["timezone"].tolist(), start.to_pydatetime(), end.to_pydatetime())
    frame = pd.DataFrame([asdict(span) for span in spans], columns=[field.name for field in fields(ZoneSpan)])
    frame = frame.astype({"from_at": "datetime64[us]", "until_at": "datetime64[us]", "offset_seconds": "int64"})
    offset = pd.to_timedelta(frame["offset_seconds"], unit="s")
    local_from_at = frame["from_at"] + offset
    # A local time belongs to a span until the next one of its zone begins, by the next one's clock.
    until_next = local_from_at.groupby(frame["timezone"]).shift(-1)
    frame = frame.assign(local_from_at=local_from_at, local_until_at=until_next.fillna(frame["until_at"] + offset))
    return ibis.memtable(frame[list(ZONES.names)], schema=ZONES)
