"""Timing: how long ago things happened, how regularly, how fast the lead answers, and at what hours."""

from ibis.expr.types import FloatingValue

from lead_conversion.pipelines.feature_engineering.events import Seen, Times, second_of
from lead_conversion.pipelines.feature_engineering.families.measures import (
    hours,
    hours_since,
    last_attempt,
    number,
    share,
)


def hours_since_outbound(seen: Seen) -> FloatingValue:
    """Time since the last attempt."""
    return hours_since(seen, seen.is_attempt)


def hours_since_reply(seen: Seen) -> FloatingValue:
    """Time since the last reply."""
    return hours_since(seen, seen.is_reply)


def hours_since_opened(seen: Seen) -> FloatingValue:
    """Time since the last opened message was sent."""
    return hours_since(seen, seen.is_opened)


def first_reply_hours(seen: Seen) -> FloatingValue:
    """Time from first engagement to the first reply."""
    return hours((seen.second - second_of(seen.first_engaged_at)).min(where=seen.is_reply))


def business_hours_outbound_share(seen: Seen) -> FloatingValue:
    """Attempts in the lead's business hours."""
    located = seen.is_attempt & seen.is_business_hours.notnull()
    return share(seen, located & seen.is_business_hours, located)


def business_hours_reply_share(seen: Seen) -> FloatingValue:
    """Replies in the lead's business hours."""
    located = seen.is_reply & seen.is_business_hours.notnull()
    return share(seen, located & seen.is_business_hours, located)


def last_outbound_local_hour(seen: Seen) -> FloatingValue:
    """Hour of the day of the last attempt."""
    return number(last_attempt(seen)["local_hour"])


def mean_gap_hours(times: Times) -> FloatingValue:
    """Mean time from one attempt or reply to the next."""
    return hours(times.gaps.means())


def gap_spread_hours(times: Times) -> FloatingValue:
    """Standard deviation of these times, of the population; from whole numbers, as the difference can be tiny."""
    number_of_gaps = times.gaps.length() - 1
    squares = times.gaps.map(lambda gap: gap * gap).sums()
    deviation = number(number_of_gaps * squares - times.gaps.sums() * times.gaps.sums()).sqrt()
    return hours(deviation / number_of_gaps.nullif(0))


def longest_gap_hours(times: Times) -> FloatingValue:
    """Longest of these times."""
    return hours(times.gaps.maxs())


def mean_reply_latency_hours(times: Times) -> FloatingValue:
    """Mean time from the last attempt before a reply to the reply."""
    return hours(times.latencies.means())


def fastest_reply_hours(times: Times) -> FloatingValue:
    """Shortest of these times."""
    return hours(times.latencies.mins())


def last_reply_latency_hours(times: Times) -> FloatingValue:
    """The last of these times."""
    # Spark has no negative positions, and an empty list where DuckDB has none.
    return hours(times.latencies[times.latencies.length().nullif(0) - 1])
