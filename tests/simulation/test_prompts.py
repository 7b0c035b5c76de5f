import re

import numpy as np
import pytest

from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation.campaigns import draw_agency
from lead_conversion.simulation.prompts import EMAIL, SMS, THEMES, Tone, compose_prompt

PLACEHOLDERS = {"first_name", "company", "agent_name", "booking_link"}


@pytest.fixture(scope="module")
def agency():
    return draw_agency(WorldSpec())


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


def test_a_clear_ask_offers_the_booking_link_and_a_vague_one_does_not():
    rng = np.random.default_rng(1)
    clear = compose_prompt(THEMES[0], SMS, (0, 7), Tone(), rng)
    vague = compose_prompt(THEMES[0], SMS, (0, 7), Tone(has_clear_ask=False), rng)
    assert "{{booking_link}}" in clear.body
    assert "{{booking_link}}" not in vague.body


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
