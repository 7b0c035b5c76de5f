"""Who the lead is and where it came from; known since the contact was created."""

from ibis.expr.types import FloatingValue, StringValue

from lead_conversion.pipelines.feature_engineering.events import Leads, second_of
from lead_conversion.pipelines.feature_engineering.families.measures import hours, number


def categories(leads: Leads) -> dict[str, StringValue]:
    """Attributes of the contact as categories."""
    names = ("lead_source", "landing_page", "industry", "seniority", "job_function", "company_size", "country")
    return {name: leads[name].fill_null("unknown") for name in names}


def crm_score(leads: Leads) -> FloatingValue:
    """The CRM's own score."""
    return number(leads.crm_score)


def site_visits_30d(leads: Leads) -> FloatingValue:
    """Site visits before the lead came in."""
    return number(leads.site_visits_30d)


def hours_to_engagement(leads: Leads) -> FloatingValue:
    """Time from the contact's creation to its first engagement."""
    return hours(second_of(leads.first_engaged_at) - second_of(leads.created_at))
