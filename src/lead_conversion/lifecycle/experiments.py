"""A test on leads as it was registered: fixed before its result is read, and what it is held against."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime, ValidationError, model_validator

from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.kernel.windows import parse_moment

# How an arm is told in the database: by the prompt that was sent, the wait before the step, whether the step was
# skipped, or the campaign's sequence variant.
Mark = Literal["prompt", "wait", "skipped", "variant"]
CONTROL, TREATMENT = "A", "B"
EVEN = 0.5
BAD_RATIO, GUARDRAIL, NOT_MATURE = "stopped_sample_ratio", "stopped_guardrail", "not_mature"
B_BETTER, A_BETTER, GO_ON, NO_DIFFERENCE = "b_better", "a_better", "go_on", "no_difference"
# What a look decides; after these, and after a guardrail stopped it, nobody looks again.
OUTCOMES = (B_BETTER, A_BETTER, NO_DIFFERENCE)
FINAL = (GUARDRAIL, *OUTCOMES)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Frozen):
    """How an arm is told: a mark and what it says, such as prompt 17 or 18."""

    mark: Mark
    told_as: tuple[str, ...] = Field(min_length=1)

    def __str__(self) -> str:
        return f"{self.mark}={','.join(self.told_as)}"


class Guardrails(_Frozen):
    """What must not get worse meanwhile.

    Args:
        days: after a lead was taken in, within which an event counts.
        limit_ratio: the rate under treatment over that under control that one would still put up with.
    """

    days: int = Field(gt=0)
    limit_ratio: float = Field(gt=1)


class RegisteredTest(_Frozen):
    """A planned test with its start and its arms; of two arms, A is the control.

    Args:
        experiment_id: the plan's name of it.
        campaign_id: whose leads.
        step_id: where leads are taken in; None at their first step of the campaign.
        start: leads that come from then on are taken in.
        data_as_of: up to when data had been looked at when it was registered.
        share_treatment: chance of a lead to get arm B.
        seed: of the allocation, where the team that runs it keeps one.
        looks: planned shares of the information, ascending, the last 1.
        sample_ratio_p: below which chance does not explain how leads fell to the arms.
    """

    experiment_id: str
    hypothesis: str
    plan_snapshot_id: str
    campaign_id: int
    step_id: int | None
    control: Arm
    treatment: Arm
    start: NaiveDatetime
    data_as_of: NaiveDatetime
    share_treatment: float = Field(gt=0, lt=1)
    seed: str | None
    horizon_days: int = Field(gt=0)
    base_rate: float = Field(ge=0, le=1)
    minimal_detectable_effect: float = Field(gt=0)
    alpha: float = Field(gt=0, lt=0.5)
    power: float = Field(gt=0.5, lt=1)
    sample_size_per_arm: int = Field(gt=0)
    looks: tuple[float, ...] = Field(min_length=1)
    guardrails: Guardrails
    sample_ratio_p: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _arms_differ(self) -> "RegisteredTest":
        if self.control.mark != self.treatment.mark:
            raise ValueError(f"arms: expected one mark for both, found {self.control.mark} and {self.treatment.mark}")
        both = set(self.control.told_as) & set(self.treatment.told_as)
        if both:
            raise ValueError(f"arms: expected no value in both, found {', '.join(sorted(both))}")
        return self

    @property
    def is_registered_late(self) -> bool:
        """Whether leads of the test had been looked at before it was registered."""
        return self.start < self.data_as_of


def parse_arm(option: str, text: str) -> Arm:
    """The arm that words on a command line mean: 'prompt=17,18', 'wait=24', 'skipped=yes', 'variant=B'.

    Raises:
        ConfigurationError: they mean none.
    """
    mark, _, values = text.partition("=")
    given = tuple(value.strip() for value in values.split(",") if value.strip())
    forms = {"prompt": r"\d+", "wait": r"\d+(\.\d+)?", "skipped": "yes|no", "variant": ".+"}
    if mark not in get_args(Mark) or not given or not all(re.fullmatch(forms[mark], value) for value in given):
        raise ConfigurationError(
            f"{option}: expected how the arm is told in the database, as prompt=17 (or prompt=17,18), wait=24, "
            f"skipped=yes or variant=B, found '{text}'."
        )
    return Arm(mark=mark, told_as=given)


def planned_arms(experiment: Mapping[str, Any]) -> tuple[Arm | None, Arm | None]:
    """Control and treatment as far as the plan tells them: what prompt_id a new wording has, it cannot know."""
    control, treatment = (Arm.model_validate(arm) if arm else None for arm in experiment["told_by"])
    return control, treatment


def register_planned(
    experiment: Mapping[str, Any],
    arms: tuple[Arm, Arm],
    start: datetime,
    plan: Mapping[str, Any],
    share_treatment: float = EVEN,
    seed: str | None = None,
) -> RegisteredTest:
    """The test that a plan's experiment becomes with a start and arms that can be told.

    Args:
        experiment: an entry of the plan.
        arms: control and treatment.
        start: leads that come from then on are taken in; naive UTC.
        plan: the document that the entry stands in.
        share_treatment: chance of a lead to get the treatment.
        seed: of the allocation.

    Raises:
        ConfigurationError: the arms are not two, or the plan gives no sample size.
    """
    if experiment["sample_size_per_arm"] is None:
        raise ConfigurationError(f"{experiment['id']} has no sample size. {experiment['reason']}")
    rails = experiment["guardrails"][0]
    try:
        return RegisteredTest(
            experiment_id=experiment["id"],
            hypothesis=experiment["hypothesis"],
            plan_snapshot_id=plan["snapshot_id"],
            campaign_id=experiment["campaign_id"],
            step_id=experiment["step_id"],
            control=arms[0],
            treatment=arms[1],
            start=start,
            data_as_of=parse_moment(plan["as_of"]),
            share_treatment=share_treatment,
            seed=seed,
            horizon_days=experiment["horizon_days"],
            base_rate=experiment["base_rate"],
            minimal_detectable_effect=experiment["minimal_detectable_effect"],
            alpha=experiment["alpha"],
            power=experiment["power"],
            sample_size_per_arm=experiment["sample_size_per_arm"],
            looks=tuple(look["information"] for look in experiment["stopping_boundaries"]),
            guardrails=Guardrails(days=rails["days"], limit_ratio=rails["limit_ratio"]),
            sample_ratio_p=experiment["sample_ratio_check"]["p_below"],
        )
    except ValidationError as error:
        faults = "; ".join(fault["msg"].removeprefix("Value error, ") for fault in error.errors())
        raise ConfigurationError(f"{experiment['id']} cannot be registered so. {faults}.") from error
