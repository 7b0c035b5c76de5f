import copy
from typing import Any

import pytest
from pydantic import ValidationError

from lead_conversion.lifecycle.gates import GateLimits, decide_gate

LIMITS = GateLimits(
    min_relative_gain=0.05,
    min_brier_skill=0.0,
    min_calibration_slope=0.8,
    max_calibration_slope=1.25,
    min_lift_at_10=1.5,
    max_loss_to_champion=0.05,
    min_positive_leads=50,
)


@pytest.fixture
def evaluation() -> dict[str, Any]:
    """One target's evaluation that passes; the rule is its best baseline."""
    return {
        "chosen_model": "lightgbm",
        "champion": {"status": "compared", "version": "3", "relative": {"ci_low": -0.02}, "message": "Compared."},
        "split": {"holdout": {"positives": 80}},
        "leakage": {"open_suspects": 0},
        "models": {
            "lightgbm": {
                "role": "candidate",
                "pr_auc": {"value": 0.3},
                "brier_skill_at_landmark": {"value": 0.1},
                "calibration_slope": {"value": 1.0},
                "lift_at_10_at_landmark": {"value": 3.0},
            },
            "rule": {"role": "baseline", "pr_auc": {"value": 0.2}},
            "campaign_rate": {"role": "comparator", "pr_auc": {"value": 0.1}},
        },
        "comparisons": [
            {"baseline": "rule", "difference": {"ci_low": 0.04}, "relative": {"value": 0.5}},
            {"baseline": "campaign_rate", "difference": {"ci_low": 0.1}, "relative": {"value": 2.0}},
        ],
    }


def _set(part: Any, path: tuple[Any, ...], value: object) -> None:
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value


FIGURES = {
    "relative_pr_auc_gain": ("comparisons", 0, "relative", "value"),
    "pr_auc_difference_interval": ("comparisons", 0, "difference", "ci_low"),
    "brier_skill": ("models", "lightgbm", "brier_skill_at_landmark", "value"),
    "calibration_slope_low": ("models", "lightgbm", "calibration_slope", "value"),
    "calibration_slope_high": ("models", "lightgbm", "calibration_slope", "value"),
    "lift_at_10": ("models", "lightgbm", "lift_at_10_at_landmark", "value"),
    "leakage_audit": ("leakage", "open_suspects"),
    "positive_leads": ("split", "holdout", "positives"),
    "no_worse_than_champion": ("champion", "relative", "ci_low"),
}


def test_model_that_meets_every_condition_passes(evaluation: dict[str, Any]) -> None:
    decision = decide_gate(evaluation, LIMITS)
    assert decision.passed
    assert {condition.name for condition in decision.conditions} == FIGURES.keys()


def test_best_baseline_is_named_in_words(evaluation: dict[str, Any]) -> None:
    evaluation["models"]["campaign_rate"]["pr_auc"]["value"] = 0.25
    sentences = " ".join(condition.sentence for condition in decide_gate(evaluation, LIMITS).conditions)
    assert "PR-AUC gains on campaign rate" in sentences
    assert "campaign_rate" not in sentences


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("relative_pr_auc_gain", 0.049),
        ("pr_auc_difference_interval", 0.0),
        ("brier_skill", 0.0),
        ("calibration_slope_low", 0.79),
        ("calibration_slope_high", 1.26),
        ("lift_at_10", 1.49),
        ("leakage_audit", 1),
        ("positive_leads", 49),
        ("no_worse_than_champion", -0.05),
    ],
)
def test_one_figure_short_of_its_limit_fails_and_is_named(evaluation: dict[str, Any], name: str, figure: float) -> None:
    _set(evaluation, FIGURES[name], figure)
    decision = decide_gate(evaluation, LIMITS)
    assert not decision.passed
    (failed,) = [condition for condition in decision.conditions if not condition.passed]
    assert (failed.name, failed.figure) == (name, figure)


@pytest.mark.parametrize("broken", [None, float("nan"), float("inf"), "0.9", True], ids=str)
@pytest.mark.parametrize("name", sorted(FIGURES))
def test_figure_that_is_no_finite_number_fails(evaluation: dict[str, Any], name: str, broken: object) -> None:
    _set(evaluation, FIGURES[name], broken)
    failed = {
        condition.name: condition for condition in decide_gate(evaluation, LIMITS).conditions if not condition.passed
    }
    assert failed[name].figure is None


@pytest.mark.parametrize("part", ["chosen_model", "split", "models", "comparisons", "champion", "leakage"])
def test_missing_part_fails(evaluation: dict[str, Any], part: str) -> None:
    del evaluation[part]
    assert not decide_gate(evaluation, LIMITS).passed


def test_nothing_at_all_fails() -> None:
    assert not decide_gate({}, LIMITS).passed


def test_best_baseline_is_the_one_to_beat(evaluation: dict[str, Any]) -> None:
    evaluation["models"]["campaign_rate"]["pr_auc"]["value"] = 0.29
    evaluation["comparisons"][1] |= {"difference": {"ci_low": -0.02}, "relative": {"value": 0.03}}
    failed = {condition.name for condition in decide_gate(evaluation, LIMITS).conditions if not condition.passed}
    assert failed == {"relative_pr_auc_gain", "pr_auc_difference_interval"}


def test_baseline_without_a_figure_or_comparison_may_have_been_the_best(evaluation: dict[str, Any]) -> None:
    unknown = copy.deepcopy(evaluation)
    unknown["models"]["campaign_rate"]["pr_auc"]["value"] = None
    assert not decide_gate(unknown, LIMITS).passed
    del evaluation["comparisons"][1]
    assert not decide_gate(evaluation, LIMITS).passed


def test_limit_that_is_no_number_fails_rather_than_passes(evaluation: dict[str, Any]) -> None:
    assert not decide_gate(evaluation, LIMITS.model_copy(update={"min_lift_at_10": float("nan")})).passed


def test_misspelt_limit_is_refused() -> None:
    with pytest.raises(ValidationError, match="min_lift"):
        GateLimits.model_validate({**LIMITS.model_dump(), "min_lift": 1.0})


def test_skill_and_lift_over_all_landmarks_do_not_count(evaluation: dict[str, Any]) -> None:
    chosen = evaluation["models"]["lightgbm"]
    for name in ("brier_skill", "lift_at_10"):
        chosen[name] = chosen.pop(f"{name}_at_landmark")
    failed = {condition.name for condition in decide_gate(evaluation, LIMITS).conditions if not condition.passed}
    assert failed == {"brier_skill", "lift_at_10"}


def test_without_a_champion_there_is_none_to_be_worse_than_and_the_gate_says_so(evaluation: dict[str, Any]) -> None:
    evaluation["champion"] = {"status": "none", "version": None, "message": "There is no champion to compare with."}
    decision = decide_gate(evaluation, LIMITS)
    assert decision.passed
    (condition,) = [condition for condition in decision.conditions if condition.name == "no_worse_than_champion"]
    assert condition.figure is None
    assert "there is none" in condition.sentence


@pytest.mark.parametrize("status", ["not_compared", "", None, "None"])
def test_champion_that_was_not_compared_with_fails_and_the_reason_is_told(
    evaluation: dict[str, Any], status: str | None
) -> None:
    evaluation["champion"] |= {"status": status, "message": "It has seen the answers."}
    (failed,) = [condition for condition in decide_gate(evaluation, LIMITS).conditions if not condition.passed]
    assert failed.name == "no_worse_than_champion"
    assert failed.figure is None
    assert "It has seen the answers." in failed.sentence
