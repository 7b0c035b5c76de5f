"""What speaks for each part of an edit: a figure of this campaign's own, or a rule that nobody measured here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from lead_conversion.reports.formats import bounds, percent, points

Basis = Literal["text feature", "prompt", "certain", "rule of the trade"]
Action = Literal["take out", "replace", "add", "shorten", "respell", "use the whole version"]
IN_WORDS = {"sms": "text messages", "email": "e-mails", "voice": "calls"}


@dataclass(frozen=True)
class Evidence:
    """One reason to believe in a change, in words, with its figure where there is one.

    Attributes:
        basis: a text feature's effect, a prompt's effect as a whole, a fact of the format, or a rule of the trade.
        source: element_id of the effect that the figure is; None without one.
        effect: change of the chance of a booked call that goes with the change, once its noise is taken off; not what
            the change alone will bring.
    """

    basis: Basis
    words: str
    source: str | None = None
    effect: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


@dataclass(frozen=True)
class Change:
    """One part of an edit."""

    action: Action
    part: str
    before: str | None
    after: str | None
    reason: str
    evidence: tuple[Evidence, ...]

    def as_record(self) -> dict[str, Any]:
        """The change as JSON holds it."""
        return asdict(self) | {"evidence": [asdict(each) for each in self.evidence]}


@dataclass(frozen=True)
class TextFeatureEffects:
    """What goes with features of the texts of a channel, noise taken off, by "channel:feature"."""

    effects: Mapping[str, Mapping[str, Any]]
    margin: float
    confidence_level: float

    @classmethod
    def of(cls, effects: pd.DataFrame, margin: float, confidence_level: float) -> "TextFeatureEffects":
        """From the effects of all elements."""
        rows = effects.loc[effects["element_type"] == "text_feature"]
        by_id = {row["element_id"]: {str(k): v for k, v in row.items()} for row in rows.to_dict("records")}
        return cls(by_id, margin, confidence_level)

    def evidence(self, channel: str, feature: str, *, added: bool) -> Evidence:
        """What speaks for adding a feature to a text, or for taking it out."""
        figures = self._figures(channel, feature, added=added)
        named = feature.replace("_", " ")
        if figures is None:
            words = f"Not measured: too few steps ran {IN_WORDS[channel]} with and without it ({named}) to tell."
            return Evidence("rule of the trade", words)
        effect, low, high = figures
        verdict = "; this may be chance" if low <= 0 <= high else ""
        which = "with it" if added else "without it"
        words = (
            f"{IN_WORDS[channel].capitalize()} {which} ({named}) booked {points(effect)} against the others of their "
            f"step ({percent(self.confidence_level, 0)} interval {bounds(low, high, points)}), as an association"
            f"{verdict}."
        )
        return Evidence("text feature", words, f"{channel}:{feature}", effect, low, high)

    def speaks_against(self, channel: str, feature: str, *, added: bool) -> bool:
        """Whether the whole interval says that the change does harm."""
        figures = self._figures(channel, feature, added=added)
        return figures is not None and figures[2] < 0

    def speaks_for(self, channel: str, feature: str, *, added: bool) -> bool:
        """Whether the change goes with a gain beyond the margin of relevance, once noise is taken off."""
        figures = self._figures(channel, feature, added=added)
        return figures is not None and figures[0] > self.margin

    def _figures(self, channel: str, feature: str, *, added: bool) -> tuple[float, float, float] | None:
        row = self.effects.get(f"{channel}:{feature}")
        if row is None:
            return None
        effect, low, high = (float(row[name]) for name in ("posterior", "posterior_low", "posterior_high"))
        return (effect, low, high) if added else (-effect, -high, -low)
