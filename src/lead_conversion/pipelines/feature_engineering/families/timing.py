"""Timing: how long ago things happened, how regularly, how fast the lead answers, and at what hours."""

from ibis.expr.types import FloatingValue, Table

from lead_conversion.pipelines.feature_engineering.events import second_of
from lead_conversion.pipelines.feature_engineering.families.measures import (
    hours,
    hours_since,
    last_attempt,
    number,
    share,
)


def hours_since_outbound(seen: Table) -> FloatingValue:
    """Time since the last attempt."""
    return hours_since(seen, seen.is_attempt)


def hours_since_reply(seen: Table) -> FloatingValue:
    """Time since the last reply."""
    return hours_since(seen, seen.is_reply)


def hours_since_opened(seen: Table) -> FloatingValue:
    """Time since the last opened message was sent."""
    return hours_since(seen, seen.is_opened)


def first_reply_hours(seen: Table) -> FloatingValue:
    """Time from first engagement to the first reply."""
    return hours((seen.second - second_of(seen.first_engaged_at)).min(where=seen.is_reply))


def business_hours_outbound_share(seen: Table) -> FloatingValue:
    """Attempts in the lead's business hours."""
    located = seen.is_attempt & seen.is_business_hours.notnull()
    return share(seen, located & seen.is_business_hours, located)


def business_hours_reply_share(seen: Table) -> FloatingValue:
    """Replies in the lead's business hours."""
    located = seen.is_reply & seen.is_business_hours.notnull()
    return share(seen, located & seen.is_business_hours, located)


def last_outbound_local_hour(seen: Table) -> FloatingValue:
    """Hour of the day of the last attempt."""
    return number(last_attempt(seen)["local_hour"])
