"""Time zones as spans of constant offset, so that a local time is a join and a sum, the same on every engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

# Files among the zones that name no place: the machine's own clock, and a clock that nobody has set.
NO_PLACES = frozenset({"localtime", "Factory"})


@dataclass(frozen=True)
class ZoneSpan:
    """The moments [from_at, until_at), naive UTC, in which a zone's clocks stand `offset_seconds` before UTC."""

    timezone: str
    from_at: datetime
    until_at: datetime
    offset_seconds: int


def zone_spans(names: Sequence[str], start: datetime, end: datetime) -> list[ZoneSpan]:
    """The spans of each zone over [start, end), in order; a name that is no IANA zone has none."""
    places = available_timezones() - NO_PLACES
    spans = []
    for name in names:
        if name not in places:
            continue
        zone = ZoneInfo(name)
        changes = [(start, _offset(zone, start)), *_changes(zone, start, end)]
        ends = [*(at for at, _offset_seconds in changes[1:]), end]
        spans += [ZoneSpan(name, at, until, offset) for (at, offset), until in zip(changes, ends, strict=True)]
    return spans


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
    """When the zone's offset changes, to the minute, and to what; not more than once a day."""
    found = []
    before, offset = start, _offset(zone, start)
    while before < end:
        after = before + timedelta(days=1)
        if _offset(zone, after) != offset:
            low, high = before, after
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            offset = _offset(zone, after)
            found.append((high.replace(second=0, microsecond=0), offset))
        before = after
    return found


def _offset(zone: ZoneInfo, at: datetime) -> int:
    offset = at.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
