"""Timing, of the moment itself: how far the lead's story is, and what time it is where the lead is."""

from ibis.expr.types import FloatingValue, IntegerValue

from lead_conversion.pipelines.feature_engineering import events
from lead_conversion.pipelines.feature_engineering.events import Leads
from lead_conversion.pipelines.feature_engineering.families.measures import hours, number


def hours_since_engaged(leads: Leads) -> FloatingValue:
    """Time since first engagement."""
    return hours(events.second_of(leads.landmark_at) - events.second_of(leads.first_engaged_at))


def local_hour(leads: Leads) -> FloatingValue:
    """Hour of the day at the landmark."""
    return number(events.hour_of_day(_landmark_second(leads)))


def local_weekday(leads: Leads) -> FloatingValue:
    """Weekday at the landmark."""
    return number(events.weekday(_landmark_second(leads)))


def is_business_hours(leads: Leads) -> FloatingValue:
    """Whether the landmark lies in business hours."""
    return number(events.is_business_hours(_landmark_second(leads)))


def engaged_local_hour(leads: Leads) -> FloatingValue:
    """Hour of the day at first engagement."""
    return number(events.hour_of_day(_engaged_second(leads)))


def engaged_local_weekday(leads: Leads) -> FloatingValue:
    """Weekday at first engagement."""
    return number(events.weekday(_engaged_second(leads)))


def _landmark_second(leads: Leads) -> IntegerValue:
    return events.second_of(leads.landmark_at) + leads.offset_seconds


def _engaged_second(leads: Leads) -> IntegerValue:
    return events.local_second(leads, leads.first_engaged_at)
