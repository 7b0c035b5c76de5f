"""What can be configured about splitting, training and evaluating."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Family = Literal["lightgbm", "logistic", "blend", "auto"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitParameters(_Frozen):
    """Where history is cut into training, calibration and holdout."""

    holdout_share: float = Field(gt=0, lt=1)
    calibration_share: float = Field(gt=0, lt=1)
    extra_embargo_days: int = Field(ge=0)


class TreeShape(_Frozen):
    """How large trees are."""

    num_leaves: int = Field(ge=2)
    min_rows_per_leaf: int = Field(ge=1)


class LightgbmParameters(TreeShape):
    """Gradient-boosted trees."""

    also_tried: tuple[TreeShape, ...]
    learning_rate: float = Field(gt=0, le=1)
    max_rounds: int = Field(ge=1)
    early_stopping_rounds: int = Field(ge=1)
    l2_penalty: float = Field(ge=0)
    feature_share: float = Field(gt=0, le=1)
    num_threads: int = Field(ge=1)

    @property
    def alone(self) -> Self:
        """The same without other shapes to try."""
        return self.model_copy(update={"also_tried": ()})


class LogisticParameters(_Frozen):
    """Logistic regression with an L2 penalty."""

    inverse_penalty: float = Field(gt=0)


class BlendParameters(_Frozen):
    """The weighted mean of both candidates on the log-odds scale."""

    lightgbm_weight: float = Field(ge=0, le=1)


class EncodingParameters(_Frozen):
    """How categories become numbers."""

    min_rows_per_category: int = Field(ge=1)
    max_categories: int = Field(ge=1)


class CalibrationParameters(_Frozen):
    """Which calibrator, by the number of positive leads that rehearsals predict."""

    platt_from_positives: int = Field(ge=2)
    isotonic_from_positives: int = Field(ge=2)


class SmallDataParameters(_Frozen):
    """Which candidates, by the number of positive leads before the embargo."""

    logistic_from_positives: int = Field(ge=2)
    lightgbm_from_positives: int = Field(ge=2)
    full_size_from_positives: int = Field(ge=2)
    small_num_leaves: int = Field(ge=2)

    @model_validator(mode="after")
    def _thresholds_ascend(self) -> Self:
        thresholds = [self.logistic_from_positives, self.lightgbm_from_positives, self.full_size_from_positives]
        if thresholds != sorted(thresholds):
            message = "expected logistic_from_positives <= lightgbm_from_positives <= full_size_from_positives"
            raise ValueError(message)
        return self


class RuleCondition(_Frozen):
    """Points that a lead gets where a numeric feature is at least this high."""

    feature: str
    at_least: float
    points: float


class BaselineParameters(_Frozen):
    """What a team would have without this system."""

    rule: tuple[RuleCondition, ...] = Field(min_length=1)
    contact_features: tuple[str, ...] = Field(min_length=1)


class ExplanationParameters(_Frozen):
    """How the model's reasons are checked and shown."""

    bootstrap_models: int = Field(ge=2)
    bootstrap_leads: int = Field(ge=1)
    reference_rows: int = Field(ge=1)
    least_agreement: float = Field(gt=0.5, le=1)
    dependence_features: int = Field(ge=1)
    least_leads_a_cell: int = Field(ge=1)


class ModelParameters(_Frozen):
    """Everything under `model` in the configuration."""

    family: Family
    rehearsals: int = Field(ge=1)
    enough_positives: int = Field(ge=1)
    equal_within: float = Field(ge=0, lt=1)
    later_windows: int = Field(ge=1)
    later_until_positives: int = Field(ge=1)
    lightgbm: LightgbmParameters
    logistic: LogisticParameters
    blend: BlendParameters
    encoding: EncodingParameters
    calibration: CalibrationParameters
    small_data: SmallDataParameters
    baselines: BaselineParameters
    explanation: ExplanationParameters


class Span(_Frozen):
    """Where one value is looked for, ends included."""

    low: float
    high: float
    log: bool

    @model_validator(mode="after")
    def _ends_ascend(self) -> Self:
        if not self.low < self.high:
            message = "expected low < high"
            raise ValueError(message)
        if self.log and self.low <= 0:
            message = "expected low > 0 on a logarithmic scale"
            raise ValueError(message)
        return self


class SearchSpace(_Frozen):
    """What is tuned, by kind of model: names of values under `model.<kind>`."""

    lightgbm: dict[Literal["num_leaves", "learning_rate", "min_rows_per_leaf", "l2_penalty", "feature_share"], Span]
    logistic: dict[Literal["inverse_penalty"], Span]


class TuningParameters(_Frozen):
    """How values of the models are looked for inside the training period; no trials: not at all."""

    trials: int = Field(ge=0)
    origins: int = Field(ge=1)
    first_origin_share: float = Field(gt=0, lt=1)
    trials_before_pruning: int = Field(ge=1)
    confirmation_share: float = Field(gt=0, lt=1)
    confidence_level: float = Field(gt=0.5, lt=1)
    search: SearchSpace


NO_TUNING = TuningParameters(
    trials=0,
    origins=1,
    first_origin_share=0.5,
    trials_before_pruning=1,
    confirmation_share=0.25,
    confidence_level=0.95,
    search=SearchSpace(lightgbm={}, logistic={}),
)


class EvaluationParameters(_Frozen):
    """How figures and their intervals are computed."""

    resamples: int = Field(ge=20)
    confidence_level: float = Field(gt=0.5, lt=1)
    calibration_bins: int = Field(ge=2)
    min_positive_leads: int = Field(ge=1)
    attribution_leads: int = Field(ge=1)
    backtest_origins: int = Field(ge=0)


class AcceptedFeature(_Frozen):
    """A suspect that somebody knows to be honest, and why."""

    feature: str
    reason: str = Field(min_length=10)


class LeakageParameters(_Frozen):
    """From where on a feature is suspected to hold the outcome itself."""

    max_auc: float = Field(gt=0.5, le=1)
    carrier_auc: float = Field(gt=0.5, le=1)
    max_added_auc: float = Field(gt=0, lt=0.5)
    max_missing_auc: float = Field(gt=0.5, le=1)
    max_losers_ratio: float = Field(gt=0, lt=1)
    min_winners: int = Field(ge=10)
    confidence_level: float = Field(gt=0.5, lt=1)
    accepted: tuple[AcceptedFeature, ...]
