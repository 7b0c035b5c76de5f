"""What can be configured about labels and features."""

from pydantic import BaseModel, ConfigDict, Field


class FeatureParameters(BaseModel):
    """How labels are guarded and rates are shrunk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    guard_seconds: int = Field(ge=0)
    left_truncation_missing: float = Field(gt=0)
    stray_outcome_share: float = Field(ge=0, lt=0.5)
    unrecorded_from_leads: int = Field(gt=0)
    settling_hours: float = Field(ge=0)
    campaign_prior_leads: float = Field(gt=0)
