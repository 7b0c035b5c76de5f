"""What can be configured about reading and cleaning."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from lead_conversion.kernel.windows import to_naive_utc


class SourceParameters(BaseModel):
    """What is read, and up to which moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    org_id: int | None
    as_of: datetime | None
    late_allowance_hours: float = Field(ge=0)

    @field_validator("as_of")
    @classmethod
    def _is_naive_utc(cls, value: datetime | None) -> datetime | None:
        return None if value is None else to_naive_utc(value)


class CleanParameters(BaseModel):
    """The spellings that are understood, and how far a clock may be off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel_spellings: dict[str, tuple[str, ...]]
    outcome_spellings: dict[str, tuple[str, ...]]
    max_days_from_record: int = Field(gt=0)
    max_hours_before_contact: float = Field(ge=0)
    max_call_seconds: int = Field(gt=0)
    max_wait_days: int = Field(gt=0)
    max_refused_share: float = Field(ge=0, le=1)
