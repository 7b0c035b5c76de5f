"""What a demo world is made of, and what is reported of it once it is written."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lead_conversion.kernel.windows import HOURS_A_DAY, to_naive_utc

LEADS_A_BATCH = 10_000
HORIZON_HOURS = 30 * HOURS_A_DAY


class WorldSpec(BaseModel):
    """A demo world in a few numbers: the same numbers give the same tables, row for row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leads: int = Field(default=20_000, ge=1, description="People who come in over the history.")
    seed: int = Field(default=7, ge=0, description="Another seed is another world.")
    days: int = Field(default=300, ge=45, description="Length of the history in days.")
    end: Annotated[datetime, AfterValidator(to_naive_utc)] = Field(
        default=datetime(2026, 9, 30, tzinfo=UTC),
        validate_default=True,
        description="The moment at which the database is read; later events are not in it.",
    )
    campaigns: int = Field(default=6, ge=1, le=12, description="Campaigns of the agency.")
    steps: int = Field(default=8, ge=2, le=8, description="Steps of each campaign.")
    fault_rate: float = Field(default=1.0, ge=0, le=10, description="Multiplies the share of faulty rows; 0 is clean.")
    assignment: Literal["confounded", "randomised"] = Field(
        default="confounded",
        description="Whether prompts, waits, orders and campaigns are chosen by who the lead is.",
    )
    hidden_confounding: float = Field(
        default=0.0,
        ge=0,
        le=3,
        description="Strength of a trait that steers choices and bookings and is not recorded.",
    )
    null_world: bool = Field(default=False, description="Whether every planted effect is exactly zero.")

    @property
    def start(self) -> datetime:
        """The first moment of the history."""
        return self.end - timedelta(days=self.days)

    @property
    def hours(self) -> float:
        """The length of the history in hours."""
        return float(self.days * HOURS_A_DAY)

    @property
    def batches(self) -> int:
        """How many batches of leads the world is written in."""
        return -(-self.leads // LEADS_A_BATCH)

    def moments(self, hours: NDArray[np.float64]) -> NDArray[np.datetime64]:
        """Hours since the start of the history as times with milliseconds; NaN becomes NaT."""
        known = np.isfinite(hours)
        offsets = np.where(known, np.round(np.where(known, hours, 0.0) * 3_600_000), 0)
        times = np.datetime64(self.start, "ms") + offsets.astype("timedelta64[ms]")
        return np.where(known, times, np.datetime64("NaT", "ms")).astype("datetime64[us]")


class WorldSummary(BaseModel):
    """What was written: rows of each table, where the database and its truth lie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: WorldSpec
    path: Path
    truth_path: Path
    rows: Mapping[str, int]

    def model_post_init(self, _context: object, /) -> None:
        """Close the row counts against change."""
        object.__setattr__(self, "rows", MappingProxyType(dict(self.rows)))


def truth_path_of(path: Path) -> Path:
    """Where the planted truth of the database at `path` lies: x.duckdb has x.truth.duckdb."""
    return path.with_name(f"{path.stem}.truth{path.suffix}")
