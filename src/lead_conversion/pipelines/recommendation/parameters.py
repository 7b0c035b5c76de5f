"""What a person may set about effects, recommendations and experiments."""

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RandomisationParameters(_Frozen):
    """When arms count as dealt by chance."""

    alpha: float = Field(gt=0, lt=0.5)
    largest_imbalance: float = Field(gt=0)


class TextPriorParameters(_Frozen):
    """When a prompt is judged by what its wording lets expect, too."""

    least_steps: int = Field(gt=1)
    largest_noise_points: float = Field(gt=0)
    least_gain: float = Field(ge=0)
    most_doubt: float = Field(gt=0, lt=1)


class EffectParameters(_Frozen):
    """When two arms are compared, and when a difference counts."""

    margin_points: float = Field(ge=0)
    guardrail_margin_points: float = Field(ge=0)
    false_discovery_rate: float = Field(gt=0, lt=1)
    confidence_level: float = Field(gt=0.5, lt=1)
    min_leads_per_arm: int = Field(gt=1)
    min_leads_per_period: int = Field(gt=1)
    min_steps_per_text_feature: int = Field(gt=1)
    assignment_penalties: tuple[PositiveFloat, ...] = Field(min_length=1)
    least_propensity: float = Field(gt=0, lt=0.5)
    borrowed_rows: int = Field(ge=0)
    least_overlap: float = Field(ge=0, le=1)
    traffic_weeks: int = Field(gt=0)
    randomisation: RandomisationParameters
    text_prior: TextPriorParameters

    @property
    def margin(self) -> float:
        """The margin of relevance as a probability."""
        return self.margin_points / 100

    @property
    def guardrail_margin(self) -> float:
        """How much more of an opt-out or a negative reply may pass, as a probability."""
        return self.guardrail_margin_points / 100


class ValueParameters(_Frozen):
    """The model of what a lead at risk is worth."""

    folds: int = Field(ge=2)
    num_leaves: int = Field(ge=2)
    learning_rate: float = Field(gt=0, le=1)
    rounds: int = Field(ge=1)
    min_rows_per_leaf: int = Field(ge=1)
    l2_penalty: float = Field(ge=0)
    num_threads: int = Field(ge=1)


class MinimumData(_Frozen):
    """Below this much mature data nothing is recommended."""

    leads: int = Field(ge=0)
    bookings: int = Field(ge=0)


class PromptEditParameters(_Frozen):
    """Limits that a proposed text keeps."""

    sms_max_segments: int = Field(gt=0)
    placeholder_characters: dict[str, PositiveInt]
    other_placeholder_characters: int = Field(gt=0)
    email_max_words: int = Field(gt=0)
    voice_max_words: int = Field(gt=0)
    banned_claims: tuple[str, ...]


class ExperimentParameters(_Frozen):
    """How sure an experiment must be, and how long it may take."""

    alpha: float = Field(gt=0, lt=0.5)
    power: float = Field(gt=0.5, lt=1)
    looks: int = Field(ge=1, le=10)
    minimal_effect_points: float = Field(gt=0)
    max_duration_weeks: int = Field(gt=0)
    sample_ratio_p: float = Field(gt=0, lt=0.05)
    guardrail_days: int = Field(gt=0)
    max_guardrail_rise: float = Field(gt=0)
    max_shared_leads: float = Field(ge=0, lt=1)
    open_questions: int = Field(ge=0)


class RecommendationParameters(_Frozen):
    """Everything under `recommendation` in the configuration."""

    horizon_days: int = Field(gt=0)
    settling_hours: float = Field(ge=0)
    top_n: int = Field(gt=0)
    effects: EffectParameters
    value_model: ValueParameters
    minimum_data: MinimumData
    prompt_edits: PromptEditParameters
    experiments: ExperimentParameters
