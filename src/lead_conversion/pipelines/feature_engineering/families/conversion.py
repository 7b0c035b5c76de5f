"""Conversion indicators: what often stands right before a booking, and what was reached on the way."""

from ibis.expr.types import FloatingValue

from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.pipelines.feature_engineering.events import BOOKED, Seen, Times
from lead_conversion.pipelines.feature_engineering.families.measures import count, hours_since, number

LONG_CALL_SECONDS = 120


def hours_since_positive_reply(seen: Seen) -> FloatingValue:
    """Time since the last reply that sounds interested."""
    return hours_since(seen, seen.is_positive_reply)


def has_last_word(seen: Seen) -> FloatingValue:
    """Whether the last reply came after the last attempt; in one second, the attempt came first."""
    replied, tried = seen.second.max(where=seen.is_reply), seen.second.max(where=seen.is_attempt)
    return number((replied >= tried.fill_null(-1)).fill_null(False))


def is_won_over(seen: Seen) -> FloatingValue:
    """Whether a reply that sounds interested came after the last objection."""
    consented = seen.second.max(where=seen.is_positive_reply)
    objected = seen.second.max(where=seen.is_objection)
    return number((consented > objected).fill_null(False))


def n_long_calls(seen: Seen) -> FloatingValue:
    """Answered calls of two minutes or more."""
    return count(seen, seen.is_connected & (seen.duration_seconds >= LONG_CALL_SECONDS))


def has_booked_call(seen: Seen) -> FloatingValue:
    """Whether a call was booked."""
    return number(count(seen, seen.milestone.isin(BOOKED)) > 0)


def hours_since_booked(seen: Seen) -> FloatingValue:
    """Time since a call was last booked."""
    return hours_since(seen, seen.milestone.isin(BOOKED))


def was_qualified(seen: Seen) -> FloatingValue:
    """Whether somebody qualified the lead."""
    return number(count(seen, seen.milestone == "qualified") > 0)


def hours_since_qualified(seen: Seen) -> FloatingValue:
    """Time since the lead was last qualified."""
    return hours_since(seen, seen.milestone == "qualified")


def n_quick_replies(times: Times) -> FloatingValue:
    """Replies within an hour of the last attempt before them."""
    return number(times.latencies.filter(lambda latency: latency <= SECONDS_AN_HOUR).length().fill_null(0))
