"""What can be configured about watching a model."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DriftFloors(_Frozen):
    """Changes that are too small to matter, however sure; each on the scale of its own figure."""

    distribution: float = Field(ge=0, lt=1)
    shape: float = Field(ge=0)
    share: float = Field(ge=0, lt=1)
    together: float = Field(ge=0, lt=2)
    score: float = Field(ge=0, lt=1)
    estimate: float = Field(ge=0, lt=1)
    calibration: float = Field(ge=0)
    brier: float = Field(ge=0)
    ranking: float = Field(ge=0, lt=1)


class DriftParameters(_Frozen):
    """Everything under `drift` in the configuration."""

    reference_leads: int = Field(ge=1)
    min_leads: int = Field(ge=30)
    act_error: float = Field(gt=0, lt=1)
    watch_error: float = Field(gt=0, lt=1)
    floors: DriftFloors
    off_clock_floors: DriftFloors
    clock_tolerance_hours: float = Field(ge=0)
    clock_bound: tuple[str, ...]
    not_judged: dict[str, str]
    watch_only: tuple[str, ...]
    min_expected_outcomes: int = Field(ge=1)
    outcome_days: int = Field(ge=1)
    history_days: int = Field(ge=1)
    resamples: int = Field(ge=50)

    @model_validator(mode="after")
    def _watching_is_easier_than_acting(self) -> Self:
        if self.watch_error < self.act_error:
            message = "watch_error: expected at least act_error, for what calls for action is watched too"
            raise ValueError(message)
        if self.history_days < self.outcome_days:
            message = "history_days: expected at least outcome_days, or outcomes come after their scores are forgotten"
            raise ValueError(message)
        if any(off < on for (_, off), (_, on) in zip(self.off_clock_floors, self.floors, strict=True)):
            message = "off_clock_floors: expected none below its floor, for another clock makes nothing easier to tell"
            raise ValueError(message)
        return self
