"""What clocks show where the leads live: the offset of each time zone from UTC, summer time included."""

from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from lead_conversion.kernel.windows import HOURS_A_DAY, SECONDS_AN_HOUR
from lead_conversion.kernel.zones import zone_spans
from lead_conversion.simulation.campaigns import Floats, Ints
from lead_conversion.simulation.spec import WorldSpec

ZONES = (
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Phoenix",
    "America/Sao_Paulo",
    "America/Toronto",
    "America/Vancouver",
    "Australia/Brisbane",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Paris",
)
DAYS_BEYOND = 366  # sequences that began before the end of the history run on behind it


def utc_offset(spec: WorldSpec, zone: Ints, hours: Floats) -> Floats:
    """Local time less UTC, in hours, at moments of the history and of a year behind it.

    Args:
        spec: the world.
        zone: places in ZONES; broadcasts against `hours`.
        hours: since the start of the history; those that are not known (NaN) have the offset of its start.
    """
    offsets = _offsets_by_hour(spec.start, spec.days + DAYS_BEYOND)
    since_whole_hour = np.nan_to_num(hours) + _minutes_past(spec.start) / 60
    # To the millisecond, as moments are written: at 7.9999999 hours the clock shows 8.
    place = np.floor(np.round(since_whole_hour * 3_600_000) / 3_600_000).astype(np.int64)
    return np.asarray(offsets[zone, np.clip(place, 0, offsets.shape[1] - 1)])


def hour_of_day(spec: WorldSpec, zone: Ints, hours: Floats) -> Floats:
    """What the clock shows in the zone, as hours since its midnight; see utc_offset."""
    midnight = spec.start.replace(hour=0, minute=0, second=0, microsecond=0)
    since_midnight = (spec.start - midnight) / timedelta(hours=1) + hours
    return np.asarray((since_midnight + utc_offset(spec, zone, hours)) % HOURS_A_DAY)


def _minutes_past(moment: datetime) -> float:
    return (moment - moment.replace(minute=0, second=0, microsecond=0)) / timedelta(minutes=1)


@lru_cache(maxsize=8)
def _offsets_by_hour(start: datetime, days: int) -> Floats:
    """ZONES x whole hours of UTC from the start's on: their clocks change at whole hours of UTC."""
    first = start.replace(minute=0, second=0, microsecond=0)
    hours = days * HOURS_A_DAY + 1
    offsets = np.empty((len(ZONES), hours))
    for span in zone_spans(ZONES, first, first + timedelta(hours=hours)):
        begin, end = ((at - first) // timedelta(hours=1) for at in (span.from_at, span.until_at))
        offsets[ZONES.index(span.timezone), begin:end] = span.offset_seconds / SECONDS_AN_HOUR
    offsets.setflags(write=False)
    return offsets
