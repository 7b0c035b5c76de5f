"""Spans of time. Every window is half-open, [start, start + span), and every time is UTC, naive."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURS_A_DAY = 24
SECONDS_AN_HOUR = 3600
SECONDS_A_DAY = HOURS_A_DAY * SECONDS_AN_HOUR
# The type of every time in a table: UTC, without zone, microseconds.
MOMENT = "timestamp(6)"


@dataclass(frozen=True)
class Span:
    """The moments from `start` up to, and without, `end`; both naive UTC."""

    start: datetime
    end: datetime


def to_naive_utc(moment: datetime) -> datetime:
    """The same moment as naive UTC, the one form in which times are kept and compared."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def parse_moment(text: str) -> datetime:
    """The moment that an ISO 8601 text names, as naive UTC; a text without zone is read as UTC.

    Raises:
        ValueError: the text is not ISO 8601.
    """
    return to_naive_utc(datetime.fromisoformat(text))


def window_end(start: datetime, days: int) -> datetime:
    """The first moment outside the window of `days` days that begins at `start`."""
    return start + timedelta(days=days)
