"""What a privacy officer may set: which words pass the source door, and whether scrubbed text is kept."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class PrivacyParameters(BaseModel):
    """The rules of the source door that are a matter of choice; all others are fixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    known_labels: dict[str, tuple[str, ...]]
    """By column, the words that pass in clear; blanks, hyphens and case do not count."""
    kept_names: tuple[str, ...]
    """Names in templates that are nobody's of the contacts': the agent's, the company's."""
    nobodys_addresses: dict[str, tuple[str, ...]]
    """By reason, wildcard patterns of e-mail addresses and phone numbers that are not one person's."""
    keep_scrubbed_text: bool
    """Whether replies are kept as scrubbed text beside their features."""
    scrubbed_text_days: int = Field(gt=0)
    """How long scrubbed text lives, days."""


KnownLabels = Mapping[str, frozenset[str]]
"""By column of the source entities, the standardised words that pass the source door in clear."""
