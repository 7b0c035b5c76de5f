"""What no wording can change tells whether the arms were alike."""

import numpy as np
import pytest
from estimated_elements import estimate_effects

from lead_conversion.contracts import model_output


@pytest.fixture
def prompts(make_risk_set, make_steps, as_of, parameters):
    """The effects of two prompts, by the share of dead addresses among the leads of each."""

    def run(*shares):
        rng = np.random.default_rng(1)
        rows = make_risk_set(*({"leads": 900, "booked": 90, "prompt_id": number} for number in (1, 2)))
        bounced = rng.random(len(rows)) < np.repeat(shares, 900)
        steps = make_steps({"prompt_id": 1, "prompt_version": 1}, {"prompt_id": 2, "prompt_version": 2})
        effects = estimate_effects(rows.assign(bounced=bounced), steps, as_of, (), parameters, 1)
        model_output.effects.validate(effects)
        return effects[effects["element_type"] == "prompt"].set_index("element_id")

    return run


def test_arms_of_which_one_met_more_dead_addresses_are_no_evidence(prompts):
    found = prompts(0.02, 0.08)
    assert found["bounces_differ"].all()
    assert set(found["evidence_grade"]) == {"C"}
    assert found.loc["2", "bounce_effect"] == pytest.approx(0.06, abs=0.02)


def test_arms_that_met_as_many_are_told_apart_by_nothing(prompts):
    found = prompts(0.05, 0.05)
    assert not found["bounces_differ"].any()
    assert "C" not in set(found["evidence_grade"])


def test_where_nothing_bounced_nothing_speaks_against_the_arms(prompts):
    found = prompts(0, 0)
    assert (found["bounce_q"] == 1).all()
    assert "C" not in set(found["evidence_grade"])


@pytest.mark.parametrize("bounces", [1, 2])
def test_arm_in_which_nothing_bounced_is_not_told_apart_by_a_dead_address_of_the_other(
    make_risk_set, make_steps, as_of, parameters, bounces
):
    rng = np.random.default_rng(4)
    rows = make_risk_set(
        {"leads": 122, "booked": 12, "prompt_id": 1},
        {"leads": 103, "booked": 12, "prompt_id": 2},
    ).assign(crm_score=rng.random(225) * 100)
    rows.loc[rows.index[-bounces:], "bounced"] = True
    steps = make_steps({"prompt_id": 1}, {"prompt_id": 2, "prompt_version": 2})
    found = estimate_effects(rows, steps, as_of, (), parameters, 1).set_index("element_id")
    assert found.loc["2", "bounce_effect"] == pytest.approx(bounces / 103, abs=0.005)
    assert not found["bounces_differ"].any()


def test_calls_that_cannot_bounce_are_told_apart_by_no_rounding_where_messages_do(
    make_risk_set, make_steps, as_of, parameters
):
    """A seed at which rounding alone told two of the three versions apart."""
    calls = {1: 311, 2: 257, 3: 283}
    messages = {4: 300, 5: 300}
    steps = make_steps(
        *({"step_id": 10, "prompt_id": prompt, "prompt_version": prompt, "channel": "voice"} for prompt in calls),
        *({"step_id": 20, "prompt_id": prompt, "prompt_version": prompt} for prompt in messages),
    )
    rows = make_risk_set(
        *({"prompt_id": p, "leads": n, "booked": n // 9, "channel": "voice"} for p, n in calls.items()),
        *({"step_id": 20, "prompt_id": p, "leads": n, "booked": 30} for p, n in messages.items()),
    ).assign(crm_score=np.random.default_rng(3).random(1451) * 100)
    rows.loc[rows.index[-7:], "bounced"] = True
    found = estimate_effects(rows, steps, as_of, (), parameters, 1)
    of_calls = found.loc[(found["element_type"] == "prompt") & (found["step_id"] == 10)]
    assert len(of_calls) == 3
    assert not of_calls["bounces_differ"].any()
    assert "C" not in set(of_calls["evidence_grade"])
