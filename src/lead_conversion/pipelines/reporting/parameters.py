"""What can be configured about the report."""

from pydantic import BaseModel, ConfigDict, Field


class ReportingParameters(BaseModel):
    """How much of each long list the report shows; the files hold all of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leads_shown: int = Field(gt=0)
    features_shown: int = Field(gt=0)
    effects_shown: int = Field(gt=0)
