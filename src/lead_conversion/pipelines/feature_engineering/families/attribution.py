"""Who the lead is and where it came from; known since the contact was created."""

from ibis.expr.types import FloatingValue, StringValue, Table

from lead_conversion.pipelines.feature_engineering.events import second_of
from lead_conversion.pipelines.feature_engineering.families.measures import hours, number


def categories(leads: Table) -> dict[str, StringValue]:
    """Attributes of the contact as categories."""
    names = ("lead_source", "landing_page", "industry", "seniority", "company_size", "country")
    return {name: leads[name].fill_null("unknown") for name in names}


def crm_score(leads: Table) -> FloatingValue:
    """The CRM's own score."""
    return number(leads.crm_score)


def site_visits_30d(leads: Table) -> FloatingValue:
    """Site visits before the lead came in."""
    return number(leads.site_visits_30d)


def lead_age_hours(leads: Table) -> FloatingValue:
    """Time since the contact was created."""
    return hours(second_of(leads.landmark_at) - second_of(leads.created_at))


def hours_to_engagement(leads: Table) -> FloatingValue:
    """Time from the contact's creation to its first engagement."""
    return hours(second_of(leads.first_engaged_at) - second_of(leads.created_at))
