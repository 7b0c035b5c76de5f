"""Campaign and step performance, as it was known at the landmark: how earlier, mature leads did."""

from ibis.expr.types import FloatingValue, StringValue

from lead_conversion.pipelines.feature_engineering.events import Leads
from lead_conversion.pipelines.feature_engineering.families.measures import number
from lead_conversion.pipelines.feature_engineering.rates import RATE_FEATURES


def campaign(leads: Leads) -> StringValue:
    """The campaign that the lead is in."""
    return leads.campaign_id.cast("string").fill_null("none")


def rates(leads: Leads) -> dict[str, FloatingValue]:
    """What was looked up in `feature_rates`."""
    return {name: number(leads[name]) for _kind, _by, columns in RATE_FEATURES for name in columns}
