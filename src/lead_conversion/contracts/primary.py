"""Contracts of 03_primary: the entities that agree with each other, and the labels."""

import pandera.ibis as pa

from lead_conversion.contracts import intermediate
from lead_conversion.contracts.gate import DocumentGate, Gate
from lead_conversion.contracts.intermediate import Moment, pseudonym_field

LABEL_STATES = ("positive", "negative", "immature", "excluded")
EXCLUSIONS = ("outcome_before_first_event", "left_truncated", "not_recorded")


class PrimaryContacts(intermediate.Contacts):
    """One row a lead, with the moments its story begins and ends."""

    first_engaged_at: Moment = pa.Field(
        nullable=True, description="First event in either direction, UTC; null: none yet"
    )
    engagement_logged_at: Moment = pa.Field(nullable=True, description="When that event was recorded, UTC")
    first_campaign_id: int = pa.Field(nullable=True, description="Campaign of the first attempt")
    opted_out_at: Moment = pa.Field(nullable=True, description="First opt-out, UTC")


class PrimaryEngagementLogs(intermediate.EngagementLogs):
    """One row an event of a lead that is there."""

    lead_key: str = pseudonym_field("The lead")


class PrimaryOutcomes(intermediate.Outcomes):
    """One row an outcome of a lead that is there."""

    lead_key: str = pseudonym_field("The lead")


class PrimaryLabels(pa.DataFrameModel):
    """One row an engaged lead and target: what became of it, as far as the as-of tells."""

    lead_key: str = pseudonym_field("The lead")
    target: str = pa.Field(description="t1, t2 or t3")
    first_engaged_at: Moment = pa.Field(description="Start of the label window, UTC")
    window_end_at: Moment = pa.Field(description="First moment outside the label window, UTC")
    outcome_at: Moment = pa.Field(nullable=True, description="When the target's outcome was first reached, UTC")
    opted_out_at: Moment = pa.Field(nullable=True, description="First opt-out, UTC")
    state: str = pa.Field(isin=LABEL_STATES, description="positive, negative, immature or excluded")
    reason: str = pa.Field(nullable=True, isin=EXCLUSIONS, description="Why excluded")

    class Config:
        strict = True
        unique = ["lead_key", "target"]


contacts = Gate(PrimaryContacts)
campaign_steps = intermediate.campaign_steps
engagement_logs = Gate(PrimaryEngagementLogs)
outcomes = Gate(PrimaryOutcomes)
labels = Gate(PrimaryLabels)
as_of = DocumentGate("primary_as_of", ["snapshot_id", "as_of"])
