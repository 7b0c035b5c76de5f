"""What can be configured about reading and cleaning."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lead_conversion.contracts.source_entities import SourceColumn, SourceEntity
from lead_conversion.kernel.windows import to_naive_utc

KindColumn = Literal["channel", "direction", "outcome", "outcome_type"]


class SourceParameters(BaseModel):
    """What is read, up to which moment, and how often it is tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    org_id: int | None
    all_organisations: bool
    as_of: datetime | None
    late_allowance_hours: float = Field(ge=0)
    compare: Literal["contents", "counts"]
    overlap_days: int = Field(ge=0)
    retry_attempts: int = Field(ge=1)
    retry_wait_seconds: float = Field(ge=0)

    @field_validator("as_of")
    @classmethod
    def _is_naive_utc(cls, value: datetime | None) -> datetime | None:
        return None if value is None else to_naive_utc(value)

    @model_validator(mode="after")
    def _reads_one_or_all(self) -> Self:
        if self.all_organisations and self.org_id is not None:
            raise ValueError(
                f"source.org_id={self.org_id} asks for one organisation and source.all_organisations=true for all; "
                "leave one of them out."
            )
        return self


class CleanParameters(BaseModel):
    """The spellings that are understood, how far a clock may be off, and who is taken for one person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel_spellings: dict[str, tuple[str, ...]]
    outcome_spellings: dict[str, tuple[str, ...]]
    max_days_from_record: int = Field(gt=0)
    max_hours_before_contact: float = Field(ge=0)
    max_call_seconds: int = Field(gt=0)
    max_wait_days: int = Field(gt=0)
    max_contacts_per_person: int = Field(ge=1)
    late_after_hours: float = Field(gt=0)
    min_import_rows: int = Field(ge=1)
    min_import_odds: float = Field(ge=1)


class Limit(BaseModel):
    """A gate with one limit for every place that it looks at; without a limit it is not judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str
    limit: float | None = Field(ge=0)


class KindLimit(Limit):
    """A gate on the rows of each kind; kinds of fewer rows, and those that pass into others, are not judged."""

    min_rows: int = Field(ge=1)
    besides: tuple[str, ...]


class SilenceLimit(Limit):
    """A gate on how long a kind has had no new row, as a multiple of its longest silence before."""

    days: int = Field(ge=1)
    min_rows: int = Field(ge=1)
    min_days: float = Field(gt=0)
    chance: float = Field(gt=0, lt=1)
    ended_after_days: float = Field(gt=0)
    besides: tuple[str, ...]


class RuleLimit(Limit):
    """A gate on the share of rows that each rule touches; some rules are not judged."""

    besides: tuple[str, ...]


class CategoryLimit(BaseModel):
    """A gate on the number of values in a column."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str
    limit: int = Field(gt=0)


class ColumnLimits(BaseModel):
    """A gate with limits of its own by entity and column; what is not named is not judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str
    limits: dict[str, dict[str, float]]


class Link(BaseModel):
    """What rows of an entity refer to, and the rules that count the rows whose reference leads nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: str
    link: str
    rules: tuple[str, ...]
    limit: float = Field(ge=0, le=1)


class LinkLimits(BaseModel):
    """The gate of referential integrity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str
    links: tuple[Link, ...]


class CompletenessGates(BaseModel):
    """What must hold of a snapshot before anything is computed from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lost_rows: Limit
    lost_kinds: KindLimit
    silence: SilenceLimit
    grown: Limit
    refused: Limit
    merged: Limit
    mended: RuleLimit
    more_touched: RuleLimit
    freshness: Limit
    unknown_links: LinkLimits
    nulls: ColumnLimits
    more_nulls: Limit
    unknown_values: ColumnLimits
    new_categories: Limit
    many_categories: CategoryLimit


class QualityParameters(BaseModel):
    """The rules of cleaning in words, and the gates that a snapshot must pass."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: dict[str, str]
    copies: tuple[str, ...]
    lossless: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    kinds: dict[str, tuple[tuple[KindColumn, ...], ...]]
    snapshots_kept: int = Field(gt=0)
    snapshots_shown: int = Field(gt=0)
    confidence: float = Field(gt=0.5, lt=1)
    gates: CompletenessGates

    def most_nulls(self, entity: SourceEntity, column: SourceColumn) -> float:
        """The share of rows without a value beyond which a run stops, of a column without which a row is refused."""
        kept_as = f"{column.pseudonym}_key" if column.pseudonym else column.name
        limits = (self.gates.refused.limit, self.gates.nulls.limits.get(entity.name, {}).get(kept_as))
        return min((limit for limit in limits if limit is not None), default=1.0)

    @model_validator(mode="after")
    def _names_rules_that_are_there(self) -> Self:
        gates = self.gates
        by_gates = [*gates.mended.besides, *gates.more_touched.besides]
        by_gates += [rule for link in gates.unknown_links.links for rule in link.rules]
        named = [*self.copies, *self.lossless, *by_gates]
        unknown = sorted({name for name in named if name not in self.rules})
        if unknown:
            raise ValueError(
                f"quality.copies, quality.lossless or quality.gates name rules that quality.rules lacks: "
                f"{', '.join(unknown)}. Add each with a sentence, or name another."
            )
        return self
