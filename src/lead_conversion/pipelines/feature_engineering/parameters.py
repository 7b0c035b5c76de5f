"""What can be configured about labels and features."""

from pydantic import BaseModel, ConfigDict, Field

from lead_conversion.language.embeddings import EmbeddingModel

# The others guard labels, or say in how many pieces features are computed and how they are checked.
DECIDE_VALUES = {"settling_hours", "rated_target", "rate_prior", "reply_within_hours", "embeddings", "engagement"}


class EngagementPoints(BaseModel):
    """What a lead earns for what it does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opened: int
    clicked: int
    connected: int
    reply: int
    positive_reply: int
    negative_reply: int
    opt_out_reply: int


class EngagementParameters(BaseModel):
    """The engagement score: points and how fast they fade."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_hours: float = Field(gt=0)
    short_half_life_hours: float = Field(gt=0)
    points: EngagementPoints


class ReplayParameters(BaseModel):
    """How much of the features is computed again from a database cut at the landmark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    moments: int = Field(ge=1)
    leads_a_moment: int = Field(ge=1)


class FeatureParameters(BaseModel):
    """How labels are guarded, rates are shrunk, prompts embedded, engagement is scored and all of it is replayed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    guard_seconds: int = Field(ge=0)
    left_truncation_missing: float = Field(gt=0)
    stray_outcome_share: float = Field(ge=0, lt=0.5)
    unrecorded_from_leads: int = Field(gt=0)
    settling_hours: float = Field(ge=0)
    rated_target: str | None = None
    rate_prior: float = Field(gt=0)
    reply_within_hours: float = Field(gt=0)
    landmarks_a_slice: int = Field(gt=0)
    embeddings: EmbeddingModel | None = None
    engagement: EngagementParameters
    replay: ReplayParameters
