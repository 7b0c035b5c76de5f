"""Contracts of 04_feature: landmarks, campaign rates, and the features of the data dictionary."""

import ibis.expr.datatypes as dt
import pandera.ibis as pa

from lead_conversion.contracts.features import FEATURES
from lead_conversion.contracts.gate import Gate
from lead_conversion.contracts.intermediate import Moment, pseudonym_field


class Landmarks(pa.DataFrameModel):
    """One row a lead and moment at which it is described."""

    lead_key: str = pseudonym_field("The lead")
    landmark_hours: float = pa.Field(ge=0, description="Hours after first engagement")
    landmark_at: Moment = pa.Field(description="The moment, UTC")
    is_scoring_row: bool = pa.Field(description="Whether the moment is the run's as-of")
    first_engaged_at: Moment = pa.Field(description="First event in either direction, UTC")

    class Config:
        strict = True
        unique = ["lead_key", "landmark_hours", "is_scoring_row"]


class CampaignRates(pa.DataFrameModel):
    """One row a campaign and day from which its rate is known."""

    first_campaign_id: int = pa.Field(description="The campaign")
    known_from_at: Moment = pa.Field(description="First moment at which the rate is known, UTC")
    known_until_at: Moment = pa.Field(nullable=True, description="First moment at which a newer one is known, UTC")
    campaign_leads: int = pa.Field(ge=1, description="Leads whose label window was over")
    campaign_booked: int = pa.Field(ge=0, description="Positives among them")
    campaign_rate: float = pa.Field(ge=0, le=1, description="Posterior mean of the share of positives")

    class Config:
        strict = True
        unique = ["first_campaign_id", "known_from_at"]


_KEYS = {
    "lead_key": pa.Column(str, pa.Check.str_length(32, 32), description="The lead", metadata={"personal": "pseudonym"}),
    "landmark_hours": pa.Column(float, pa.Check.ge(0), description="Hours after first engagement"),
    "is_scoring_row": pa.Column(bool, description="Whether the moment is the run's as-of"),
    "landmark_at": pa.Column(dt.Timestamp(scale=6), description="The moment, UTC"),
}

Leads = pa.DataFrameSchema(
    _KEYS
    | {
        feature.name: pa.Column(
            str if feature.kind == "categorical" else float,
            nullable=not feature.missing.startswith(("never", "'")),
            description=feature.sentence,
        )
        for feature in FEATURES
    },
    name="Leads",
    strict=True,
    unique=["lead_key", "landmark_hours", "is_scoring_row"],
)

landmarks = Gate(Landmarks)
campaign_rates = Gate(CampaignRates)
leads = Gate(Leads)
