import re
from dataclasses import fields

import numpy as np
import pytest

from lead_conversion.language.prompts import describe_prompt
from lead_conversion.language.templates import text_features
from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation import prompts as prompts_module
from lead_conversion.simulation.campaigns import draw_agency
from lead_conversion.simulation.prompts import EMAIL, SMS, THEMES, VOICE, Tone, compose_prompt

PLACEHOLDERS = {"first_name", "company", "agent_name", "booking_link"}


@pytest.fixture(scope="module")
def agency():
    return draw_agency(WorldSpec())


@pytest.fixture(scope="module")
def texts(agency):
    """Each prompt, what is meant to matter of it, and what is read in it."""
    return [
        (prompt, tone, describe_prompt(prompt.subject, prompt.body))
        for prompts, tones in zip(agency.prompts, agency.tones, strict=True)
        for prompt, tone in zip(prompts, tones, strict=True)
    ]


def test_an_agency_has_more_than_a_hundred_texts_and_no_text_twice(agency):
    texts = [prompt.body for versions in agency.prompts for prompt in versions]
    assert len(texts) > 100
    assert len(set(texts)) == len(texts)


def test_every_placeholder_is_one_that_the_tool_knows(agency):
    for versions in agency.prompts:
        for prompt in versions:
            found = re.findall(r"{{(\w+)}}", f"{prompt.subject or ''} {prompt.body}")
            assert set(found) <= PLACEHOLDERS
            assert "first_name" in found


def test_only_an_email_has_a_subject(agency):
    for step, versions in enumerate(agency.prompts):
        for prompt in versions:
            assert (prompt.subject is not None) == (agency.channel[step] == EMAIL)


def test_some_prompts_ask_without_a_link(texts):
    asking = [features for _, _, features in texts if features.prompt_has_ask]
    assert 0.2 < sum(not features.prompt_has_link for features in asking) / len(asking) < 0.8


def test_some_prompts_hold_a_link_and_ask_for_nothing_definite(texts):
    vague = [features for _, _, features in texts if not features.prompt_has_ask]
    assert 0 < sum(features.prompt_has_link for features in vague) < len(vague)


def test_a_prompt_asks_and_presses_where_it_is_meant_to_and_nowhere_else(texts):
    for prompt, tone, features in texts:
        assert (features.prompt_has_ask, features.prompt_has_pressure) == (tone.has_clear_ask, tone.has_pressure)
        # The recommendations read the message as it stands, its notice too.
        assert text_features(prompt.subject, prompt.body)["clear_ask"] == tone.has_clear_ask


def test_some_messages_say_how_to_stop_and_no_call_does(agency, texts):
    says = {channel: [] for channel in (SMS, EMAIL, VOICE)}
    channels = [agency.channel[step] for step, versions in enumerate(agency.prompts) for _ in versions]
    for channel, (_, _, features) in zip(channels, texts, strict=True):
        says[channel].append(features.prompt_has_opt_out)
    assert 0.1 < np.mean(says[SMS]) < 0.7
    assert 0.1 < np.mean(says[EMAIL]) < 0.7
    assert not any(says[VOICE])


def test_how_to_stop_is_said_by_lot_and_changes_nothing_else(agency, monkeypatch):
    monkeypatch.setattr(prompts_module, "_NOTICE_SHARE", 0.0)
    silent = draw_agency(WorldSpec())
    planted = [field.name for field in fields(agency) if isinstance(getattr(agency, field.name), np.ndarray)]
    assert len(planted) > 30
    for name in planted:
        np.testing.assert_array_equal(getattr(silent, name), getattr(agency, name))
    bodies, without = ([p.body for versions in each.prompts for p in versions] for each in (agency, silent))
    assert all(body.startswith(shorter) for body, shorter in zip(bodies, without, strict=True))
    assert bodies != without


def test_a_text_message_is_long_only_where_it_is_meant_to_be():
    rng = np.random.default_rng(1)
    short = compose_prompt(THEMES[0], SMS, (3, 7), Tone(), rng)
    long = compose_prompt(THEMES[0], SMS, (3, 7), Tone(is_long=True), rng)
    assert len(short.body) < 350 < len(long.body)


def test_harmful_prompts_press_or_ask_for_nothing_definite(agency):
    harmful = [
        tone
        for step, tones in enumerate(agency.tones)
        for slot, tone in enumerate(tones)
        if agency.effect[step, slot] < 0
    ]
    assert len(harmful) > 10
    assert all(tone.has_pressure or not tone.has_clear_ask for tone in harmful)
