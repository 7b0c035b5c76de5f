"""Contracts of 04_feature: landmarks, rates, prompts, and the features of the data dictionary."""

import ibis.expr.datatypes as dt
import pandera.ibis as pa
import pandera.pandas as pp

from lead_conversion.contracts.features import FEATURES
from lead_conversion.contracts.gate import Gate, SlicedGate
from lead_conversion.contracts.intermediate import Moment, pseudonym_field
from lead_conversion.language.embeddings import ANCHORS

RATE_KINDS = ("campaign", "campaign_reply", "prompt", "prompt_reply", "source", "step", "step_reply")


class Landmarks(pa.DataFrameModel):
    """One row a lead and moment at which it is described."""

    landmark_id: int = pa.Field(ge=0, description="Its number, in order of lead, kind and hours")
    lead_key: str = pseudonym_field("The lead")
    landmark_hours: float = pa.Field(ge=0, description="Hours after first engagement")
    landmark_at: Moment = pa.Field(description="The moment, UTC")
    is_scoring_row: bool = pa.Field(description="Whether the moment is the run's as-of")
    first_engaged_at: Moment = pa.Field(description="First event in either direction, UTC")
    offset_seconds: int = pa.Field(nullable=True, description="What the lead's clock shows less UTC; null: not known")
    earlier_offset_seconds: int = pa.Field(nullable=True, description="The same before the clock was last changed")
    offset_changed_at: Moment = pa.Field(nullable=True, description="When it was last changed, UTC; null: not lately")

    class Config:
        strict = True
        unique = ["lead_key", "landmark_hours", "is_scoring_row"]


class Rates(pa.DataFrameModel):
    """One row a kind and name of rate and day from which it is known."""

    kind: str = pa.Field(isin=RATE_KINDS, description="What is counted: leads of a campaign, attempts of a step, ...")
    name: str = pa.Field(description="Which campaign, source, step or prompt")
    known_from_at: Moment = pa.Field(description="First moment at which the rate is known, UTC")
    known_until_at: Moment = pa.Field(nullable=True, description="First moment at which a newer one is known, UTC")
    tried: int = pa.Field(ge=1, description="Leads or attempts of mature leads so far")
    reached: int = pa.Field(ge=0, description="Those among them that reached the target or were answered")
    rate: float = pa.Field(ge=0, le=1, description="Posterior mean of the share")

    class Config:
        strict = True
        unique = ["kind", "name", "known_from_at"]


_KEYS = {
    "lead_key": pa.Column(str, pa.Check.str_length(32, 32), description="The lead", metadata={"personal": "pseudonym"}),
    "landmark_hours": pa.Column(float, pa.Check.ge(0), description="Hours after first engagement"),
    "is_scoring_row": pa.Column(bool, description="Whether the moment is the run's as-of"),
    "landmark_at": pa.Column(dt.Timestamp(scale=6), description="The moment, UTC"),
}

Leads = pa.DataFrameSchema(
    _KEYS
    | {
        feature.name: pa.Column(
            str if feature.kind == "categorical" else float,
            nullable=not feature.missing.startswith(("never", "'")),
            description=feature.sentence,
        )
        for feature in FEATURES
    },
    name="Leads",
    strict=True,
    unique=["lead_key", "landmark_hours", "is_scoring_row"],
)

_UNREAD = "null in a language that has no lexicon"

FeaturePrompts = pp.DataFrameSchema(
    {
        "prompt_id": pp.Column("int64", description="The prompt version"),
        "prompt_created_at": pp.Column(
            "datetime64[us]", nullable=True, description="Since when its text is as it is, UTC; null: not known"
        ),
        "prompt_chars": pp.Column(
            "int64", pp.Check.ge(0), description="Characters of the body, placeholders as written"
        ),
        "prompt_words": pp.Column("int64", pp.Check.ge(0), description="Words of the body; a placeholder is one"),
        "prompt_questions": pp.Column("int64", pp.Check.ge(0), description="Questions in subject and body"),
        "prompt_has_ask": pp.Column("boolean", nullable=True, description=f"Whether it asks for one thing; {_UNREAD}"),
        "prompt_has_link": pp.Column("bool", description="Whether the body holds a link"),
        "prompt_placeholders": pp.Column(
            "int64", pp.Check.ge(0), description="Distinct placeholders for what is the lead's own"
        ),
        "prompt_has_pressure": pp.Column(
            "boolean", nullable=True, description=f"Whether it hurries the reader or shouts; {_UNREAD}"
        ),
        "prompt_has_opt_out": pp.Column(
            "boolean", nullable=True, description=f"Whether it tells how to stop; {_UNREAD}"
        ),
        "prompt_reading_ease": pp.Column(
            "float64",
            nullable=True,
            description="Flesch's reading ease; null: no formula for the language, or too short",
        ),
        "prompt_sentiment": pp.Column(
            "float64", pp.Check.in_range(-1, 1), nullable=True, description=f"From all bad to all good; {_UNREAD}"
        ),
        "prompt_language": pp.Column(str, pp.Check.str_length(2, 3), description="ISO 639-1, or und"),
    }
    | {
        f"prompt_like_{name}": pp.Column(
            "float64",
            pp.Check.in_range(-1, 1),
            nullable=True,
            description=f"Cosine of its sentence nearest {anchor.words}; null: no model, or not in English",
        )
        for name, anchor in ANCHORS.items()
    },
    name="FeaturePrompts",
    strict=True,
    unique=["prompt_id"],
)

landmarks = Gate(Landmarks)
rates = Gate(Rates)
leads = SlicedGate(Leads)
prompts = Gate(FeaturePrompts)
