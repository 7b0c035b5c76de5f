"""Timing, interaction and conversion by the order of events: gaps, reply latencies, streaks of silence.

These read the lists that `order_times` makes, not the events: Ibis writes an expression out wherever it is used, so
that a list sorted on the spot would be sorted again for each of its elements.
"""

from ibis.expr.types import ArrayValue, FloatingValue, Table

from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.pipelines.feature_engineering.families.measures import hours, number


def mean_gap_hours(times: Table) -> FloatingValue:
    """Mean time from one attempt or reply to the next."""
    return hours(times.gaps.means())


def gap_spread_hours(times: Table) -> FloatingValue:
    """Standard deviation of these times, of the population; from whole numbers, as the difference can be tiny."""
    number_of_gaps = times.gaps.length() - 1
    squares = times.gaps.map(lambda gap: gap * gap).sums()
    deviation = number(number_of_gaps * squares - times.gaps.sums() * times.gaps.sums()).sqrt()
    return hours(deviation / number_of_gaps.nullif(0))


def longest_gap_hours(times: Table) -> FloatingValue:
    """Longest of these times."""
    return hours(times.gaps.maxs())


def mean_reply_latency_hours(times: Table) -> FloatingValue:
    """Mean time from the last attempt before a reply to the reply."""
    return hours(times.latencies.means())


def fastest_reply_hours(times: Table) -> FloatingValue:
    """Shortest of these times."""
    return hours(times.latencies.mins())


def last_reply_latency_hours(times: Table) -> FloatingValue:
    """The last of these times."""
    # Spark has no negative positions, and an empty list where DuckDB has none.
    return hours(times.latencies[times.latencies.length().nullif(0) - 1])


def n_quick_replies(times: Table) -> FloatingValue:
    """Replies within an hour of the last attempt before them."""
    return number(times.latencies.filter(lambda latency: latency <= SECONDS_AN_HOUR).length().fill_null(0))


def n_outbound_since_reply(times: Table) -> FloatingValue:
    """The streak of silence: attempts since the last reply."""
    return _since_reply(times, times.attempt_seconds)


def n_opened_since_reply(times: Table) -> FloatingValue:
    """Opened and not answered."""
    return _since_reply(times, times.opened_seconds)


def _since_reply(times: Table, seconds: ArrayValue) -> FloatingValue:
    return number(seconds.filter(lambda second: second > times.last_reply_second).length().fill_null(0))
