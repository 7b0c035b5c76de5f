"""What a run predicts: an outcome within a window of days from a lead's first engagement."""

from collections.abc import ItemsView
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from lead_conversion.kernel.windows import HOURS_A_DAY

Outcome = Literal["call_booked", "qualified", "converted"]


class Target(BaseModel):
    """One target: the outcome, its label window and the landmarks at which leads are described."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Outcome
    window_days: int = Field(gt=0)
    landmarks_hours: tuple[float, ...] = Field(min_length=1)
    sentence: str

    @model_validator(mode="after")
    def _landmarks_lie_inside_the_window(self) -> Self:
        if list(self.landmarks_hours) != sorted(set(self.landmarks_hours)):
            message = "landmarks_hours: expected ascending hours without repetition"
            raise ValueError(message)
        if not 0 <= self.landmarks_hours[0] <= self.landmarks_hours[-1] < self.window_hours:
            message = f"landmarks_hours: expected hours inside [0, {self.window_hours})"
            raise ValueError(message)
        return self

    @property
    def window_hours(self) -> int:
        """The label window in hours."""
        return self.window_days * HOURS_A_DAY


class Targets(RootModel[dict[str, Target]]):
    """The targets of a run by name (t1, t2, t3), one to three of them."""

    model_config = ConfigDict(frozen=True)

    root: dict[str, Target] = Field(min_length=1, max_length=3)

    def items(self) -> ItemsView[str, Target]:
        """Name and target, in the order of the configuration."""
        return self.root.items()

    @property
    def names(self) -> tuple[str, ...]:
        """The targets' names, in the order of the configuration."""
        return tuple(self.root)

    @property
    def landmarks_hours(self) -> tuple[float, ...]:
        """Every landmark that any target uses, ascending."""
        return tuple(sorted({hour for t in self.root.values() for hour in t.landmarks_hours}))
