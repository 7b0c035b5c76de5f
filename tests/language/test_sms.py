"""What a text message costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_conversion.language.sms import count_segments, spell_plainly


def count(text):
    return tuple(count_segments(text, {"first_name": 7}, 12))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 0, 1)),
        ("a" * 160, ("GSM-7", 160, 1)),
        ("a" * 161, ("GSM-7", 161, 2)),
        ("a" * 306, ("GSM-7", 306, 2)),
        ("a" * 307, ("GSM-7", 307, 3)),
        ("\u00e9\u00df\u0394" * 53 + "a", ("GSM-7", 160, 1)),
        ("\u20ac" * 80, ("GSM-7", 160, 1)),
        ("\u2019" + "a" * 69, ("UCS-2", 70, 1)),
        ("\u2019" + "a" * 70, ("UCS-2", 71, 2)),
        ("\u2019" + "a" * 133, ("UCS-2", 134, 2)),
        ("\u2019" + "a" * 134, ("UCS-2", 135, 3)),
        ("\U0001f600" * 35, ("UCS-2", 70, 1)),
    ],
)
def test_segments_are_those_of_the_standard(text, expected):
    assert count(text) == expected


def test_escape_and_its_sign_stay_in_one_segment():
    """306 septets, but the euro sign that begins at the 153rd goes over as a whole: 153 + 1 do not fit into two."""
    assert count("a" * 152 + "\u20ac" + "a" * 152) == ("GSM-7", 306, 3)


def test_halves_of_an_emoji_stay_in_one_segment():
    assert count("a" * 66 + "\U0001f600" + "a" * 66) == ("UCS-2", 134, 3)


def test_placeholder_counts_as_what_fills_it():
    assert count("{{first_name}}").count(7) == 1
    assert count("{{ first_name }}{{city}}") == ("GSM-7", 19, 1)


def test_plain_signs_bring_a_message_back_into_the_alphabet():
    text = "\u201cIt\u2019s here\u201d \u2013 soon\u2026"
    assert spell_plainly(text) == '"It\'s here" - soon...'
    assert (count(text)[0], count(spell_plainly(text))[0]) == ("UCS-2", "GSM-7")


def test_letters_of_a_language_are_not_respelt():
    assert spell_plainly("Zo\u00eb \u0141 \u4f60") == "Zo\u00eb \u0141 \u4f60"


@given(st.text(max_size=400))
def test_segments_hold_the_message_and_no_more_than_one_is_spare(text):
    alphabet, units, segments = count(text.replace("{", "("))
    in_chain = 153 if alphabet == "GSM-7" else 67
    # a sign of two units may leave one unit of each segment empty
    assert segments == 1 or (segments - 1) * (in_chain - 1) < units <= segments * in_chain
