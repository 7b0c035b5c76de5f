"""From effects to the edit of a prompt: who may lend, and what the edit is expected to do."""

import pandas as pd
import pytest

from lead_conversion.pipelines.recommendation.effects.shrinkage import shrink_effects
from lead_conversion.pipelines.recommendation.prompts.editor import PromptEditor

GREETING = "Hi {{first_name}}, "
VAGUE = GREETING + "the course is in May. Let me know."
SUNDAY = "Which Sunday is best for a short call?"
MONDAY = "Which Monday is best for a short call?"


def effect(element_id, step_id, effect, campaign_id=1, leads=100.0, element_type="prompt", width=0.01):
    return {
        "element_type": element_type, "element_id": str(element_id), "campaign_id": campaign_id, "step_id": step_id,
        "effect": effect, "ci_low": effect - width, "ci_high": effect + width, "exposed_leads_month": leads,
        "label": f"prompt {element_id}", "hypothesis": f"{element_type} {element_id}",
        "text_mean": float("nan"), "text_sd": float("nan"), "guardrails_worse": "",
    }  # fmt: skip


def prompt(prompt_id, step_id, words, order=1, **changes):
    given = {"prompt_id": prompt_id, "step_id": step_id, "step_order": order, "prompt_version": prompt_id}
    return given | {"body": GREETING + words} | changes


@pytest.fixture
def propose(make_steps, parameters):
    def proposed(prompts, effects, of="1"):
        knobs, limits = parameters.effects, parameters.prompt_edits
        told = shrink_effects(pd.DataFrame(effects), knobs.confidence_level, knobs.margin)
        return PromptEditor.of(told, make_steps(*prompts), knobs, limits).propose(of)

    return proposed


def test_ask_of_another_steps_better_prompt_is_borrowed(propose):
    prompts = [
        prompt(1, 10, "", body=VAGUE),
        prompt(2, 10, "the course is in June. See what you think."),
        prompt(3, 20, f"one more thing. {SUNDAY}", order=2),
    ]
    effects = [effect(1, 10, -0.04), effect(2, 10, 0.04), effect(3, 20, 0.03)]
    found = propose(prompts, effects)
    assert found.edit.proposed_text == VAGUE.replace("Let me know.", SUNDAY)
    assert found.edit.changes[0].evidence[1].source == "3"


def test_prompt_that_does_not_beat_its_own_rivals_lends_nothing(propose):
    prompts = [prompt(1, 10, "", body=VAGUE), prompt(2, 10, "welcome."), prompt(3, 20, f"more. {SUNDAY}", order=2)]
    effects = [effect(1, 10, -0.04), effect(2, 10, 0.04), effect(3, 20, 0.0)]
    assert SUNDAY not in propose(prompts, effects).edit.proposed_text


def test_prompt_of_another_channel_lends_nothing(propose):
    prompts = [prompt(1, 10, "", body=VAGUE), prompt(2, 20, f"more. {SUNDAY}", order=2, channel="email", subject="May")]
    assert SUNDAY not in propose(prompts, [effect(1, 10, -0.04), effect(2, 20, 0.03)]).edit.proposed_text


def test_best_of_two_lends_and_one_that_still_runs_comes_before_one_that_does_not(propose):
    prompts = [prompt(1, 10, "", body=VAGUE), prompt(2, 10, f"hello. {SUNDAY}"), prompt(3, 10, f"hello. {MONDAY}")]
    better, best = effect(2, 10, 0.03), effect(3, 10, 0.05)
    own = effect(1, 10, -0.04)
    assert propose(prompts, [own, better, best]).edit.proposed_text.endswith(MONDAY)
    retired = best | {"exposed_leads_month": 0.0}
    assert propose(prompts, [own, better, retired]).edit.proposed_text.endswith(SUNDAY)


def test_words_that_make_leads_opt_out_are_not_lent(propose):
    prompts = [prompt(1, 10, "", body=VAGUE), prompt(2, 10, f"hello. {SUNDAY}"), prompt(3, 10, f"hello. {MONDAY}")]
    own, better, best = effect(1, 10, -0.04), effect(2, 10, 0.03), effect(3, 10, 0.05)
    driving_away = best | {"guardrails_worse": "opt_out"}
    assert propose(prompts, [own, better, driving_away]).edit.proposed_text.endswith(SUNDAY)


def test_placeholder_that_only_this_prompt_uses_is_not_known(propose):
    misspelt = "Hi {{frist_name}}, the course is in May. Could we talk this week?"
    prompts = [prompt(1, 10, "", body=misspelt), prompt(2, 10, f"hello. {SUNDAY}")]
    found = propose(prompts, [effect(1, 10, -0.04), effect(2, 10, 0.04)])
    assert found.edit.proposed_text == misspelt.replace("frist", "first")
    assert found.known_placeholders == {"first_name"}


def test_whole_version_gains_what_the_shrunken_effect_says(propose):
    prompts = [prompt(1, 10, f"the course is in May. {MONDAY}"), prompt(2, 10, f"hello. {SUNDAY}")]
    found = propose(prompts, [effect(1, 10, -0.04), effect(2, 10, 0.04)])
    assert found.edit.is_whole_version
    assert 0.03 < found.expected.effect < 0.04
    assert found.expected.ci_low < found.expected.effect < found.expected.ci_high


def test_text_feature_effects_are_read_by_channel(propose):
    prompts = [prompt(1, 10, "", body=VAGUE), prompt(2, 10, f"hello. {SUNDAY}")]
    features = [
        effect(f"{channel}:clear_ask", None, 0.05, None, element_type="text_feature") for channel in ("sms", "email")
    ]
    found = propose(prompts, [effect(1, 10, -0.04), effect(2, 10, 0.04), *features])
    assert found.edit.changes[0].evidence[0].source == "sms:clear_ask"


def test_lines_that_end_as_on_windows_stay_lines(propose):
    body = "Hi {{first_name}},\r\n\r\nthe course is in May.\r\n\r\nLet me know.\r\n\r\nBest,\r\n{{agent_name}}"
    email = {"channel": "email", "subject": "May"}
    prompts = [prompt(1, 10, "", body=body, **email), prompt(2, 10, f"the course is in June. {MONDAY}", **email)]
    proposed = propose(prompts, [effect(1, 10, -0.03), effect(2, 10, 0.03)])
    assert proposed.edit.proposed_text == (
        f"Subject: May\n\nHi {{{{first_name}}}},\n\nthe course is in May.\n\n{MONDAY}\n\nBest,\n{{{{agent_name}}}}"
    )


def test_prompt_without_a_better_one_gets_no_proposal(propose):
    prompts = [prompt(1, 10, f"the course is in May. {MONDAY}"), prompt(2, 10, "", body=None)]
    assert propose(prompts, [effect(1, 10, -0.04), effect(2, 10, 0.04)]) is None


def test_same_frames_give_the_same_edit_in_any_order(propose):
    prompts = [prompt(1, 10, "", body=VAGUE), prompt(2, 10, f"hello. {SUNDAY}"), prompt(3, 10, f"hello. {MONDAY}")]
    effects = [effect(1, 10, -0.04), effect(2, 10, 0.04), effect(3, 10, 0.04)]
    assert propose(prompts, effects).edit == propose(prompts[::-1], effects[::-1]).edit
