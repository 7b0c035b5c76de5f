"""What a test on leads shows, as a person reads it."""

import pytest
from tested_leads import planned

from lead_conversion.lifecycle import experiments
from lead_conversion.reports.experiment_result import ADVICE, VERDICTS, say_planned, say_result

TEST = {"experiment_id": "test-prompt-1", "start": "2026-03-02T00:00:00", "horizon_days": 30, "alpha": 0.05}
RAIL = {
    "guardrail": "opt-outs", "days": 7, "leads": {"A": 300, "B": 290}, "events": {"A": 6, "B": 0}, "ratio": 0.0,
    "ci_low": 0.0, "ci_high": 0.9, "limit_ratio": 1.25, "verdict": "within the limit",
}  # fmt: skip
LOOK = {
    "number": 2, "is_last": False, "boundary": 2.96, "z": 3.1, "booked": {"A": 20, "B": 40},
    "rates": {"A": 0.1, "B": 0.2}, "effect": 0.1, "ci_low": 0.01, "ci_high": 0.19,
}  # fmt: skip


def result(verdict, **changes):
    return {
        "experiment_id": "test-prompt-1", "verdict": verdict, "as_of": "2026-05-01T00:00:00",
        "leads": {"A": 300, "B": 290, "neither": 0}, "mature_leads": {"A": 200, "B": 200}, "information": 0.5,
        "next_look_at": 0.75, "look": None, "guardrails": [RAIL],
        "sample_ratio": {
            "share_treatment": 290 / 590, "planned_share": 0.5, "p_value": 0.7, "p_below": 0.001, "is_chance": True,
        },
    } | changes  # fmt: skip


def text(*arguments, **named):
    return "\n".join(say_result(TEST, *arguments, **named)).replace("\N{NO-BREAK SPACE}", " ")


def test_every_verdict_has_its_words():
    verdicts = {*experiments.FINAL, experiments.BAD_RATIO, experiments.NOT_MATURE, experiments.GO_ON}
    assert set(VERDICTS) == set(ADVICE) == verdicts


@pytest.mark.parametrize("verdict", VERDICTS)
def test_verdict_comes_first_and_what_to_do_second(verdict):
    first, second, *_ = say_result(TEST, result(verdict))
    assert first == f"test-prompt-1: {VERDICTS[verdict]}"
    assert ADVICE[verdict] in second


def test_next_look_is_named_only_where_one_follows():
    assert "the next look is at 75 %" in text(result("go_on", look=LOOK))
    assert "next look" not in text(result("b_better", look=LOOK))


def test_win_with_an_open_guardrail_says_so():
    still_open = RAIL | {"verdict": "open"}
    assert "keep their limit is open" in text(result("b_better", look=LOOK, guardrails=[still_open]))
    assert "keep their limit is open" not in text(result("b_better", look=LOOK))


def test_early_stop_is_said_to_overstate_and_a_last_look_is_not():
    assert "rather too large" in text(result("b_better", look=LOOK))
    assert "rather too large" not in text(result("b_better", look=LOOK | {"is_last": True}))


def test_corrected_difference_stands_beside_the_one_that_was_seen():
    corrected = {"corrected": {"effect": 0.09, "ci_low": 0.02, "ci_high": 0.16, "p_value": 0.01}}
    early, late = (text(result("b_better", look=LOOK | corrected | {"is_last": last})) for last in (False, True))
    for told in (early, late):
        assert "difference  +10.0 points (+1.0 to +19.0)" in told
        assert "corrected   +9.0 points (+2.0 to +16.0): 95 % interval, allowing for the looks" in told
    assert "rather too large" in early
    assert "rather too large" not in late


def test_ratio_without_an_upper_limit_is_said_as_such():
    unbounded = RAIL | {"events": {"A": 0, "B": 6}, "ratio": None, "ci_low": 0.8, "ci_high": None}
    assert "A 0.0 %, B 2.1 %; ratio \N{EN DASH} (0.80 or more, however often one looks)" in text(
        result("not_mature", guardrails=[unbounded])
    )


def test_many_leads_of_neither_arm_are_asked_about():
    assert "is an arm told wrongly?" in text(result("go_on", leads={"A": 300, "B": 290, "neither": 200}))
    assert "is an arm told wrongly?" not in text(result("go_on", leads={"A": 300, "B": 290, "neither": 3}))


def test_late_registration_is_a_caution():
    assert "caution" in text(result("go_on"), is_late=True)
    assert "caution" not in text(result("go_on"))


def test_plan_of_a_test_names_its_conflicts_and_limits():
    conflict = {"with": "test-2", "reason": "same step", "shared_leads": 1.0, "rule": "not beside test-2: same step"}
    lines = say_planned(planned(conflicts=[conflict]))
    assert "  conflict    not beside test-2: same step" in lines
    assert sum(line.startswith("  look ") for line in lines) == 2
    so_far = {"effect": 0.002, "ci_low": -0.018, "ci_high": 0.022, "worth": 1.37}
    assert any("to know would be worth +1.37 calls a month" in line for line in say_planned(planned(so_far=so_far)))
    assert not any("so far" in line for line in lines)
    assert not any(line.startswith("  schedule") for line in say_planned(planned(feasible=False)))
