"""How a template falls into parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_conversion.language.templates import (
    group_asks,
    has_pressure,
    parse_template,
    render,
    text_features,
)

EMAIL = (
    "Dear {{first_name}},\n\nThank you for asking about the course. It takes eight weeks.\n\n"
    "Which day suits you for a call? My calendar: {{booking_link}}\n\nLooking forward to it.\n\n"
    "Best wishes,\n{{agent_name}}\nNorthlight Academy"
)


def kinds(body):
    return [part.kind for part in parse_template(body)]


def test_email_falls_into_its_parts():
    assert kinds(EMAIL) == ["greeting", "opening", "value", "ask", "ask", "closing"] + ["signature"] * 3


def test_introduction_belongs_to_the_greeting():
    body = "Hi {{first_name}}, it\u2019s {{agent_name}} here. You asked about the course. Any thoughts?"
    assert kinds(body) == ["greeting", "greeting", "opening", "ask"]


def test_greeting_ends_before_the_sentence_goes_on():
    assert parse_template("Hi {{first_name}}, just checking in on the course.")[0].text == "Hi {{first_name}},"


def test_first_word_that_only_looks_like_a_greeting_is_none():
    assert kinds("Highlights of the course are here.") == ["opening"]


def test_opt_out_line_is_a_notice():
    assert kinds("Our course starts soon. Reply STOP to opt out.")[-1] == "notice"


def test_neighbouring_asks_are_one_ask():
    body = "Could we talk? Pick a time: {{booking_link}} The course is short. Let me know what you think."
    parts = parse_template("We have news. Could we talk? Pick a time. The course is short. Let me know what you think.")
    assert [list(group) for group in group_asks(parts)] == [[1, 2], [4]]
    assert render(parse_template(body)) == body


@pytest.mark.parametrize(
    "text",
    [
        "Only two places are left, so act now.",
        "Don\u2019t miss out!",
        "This is your LAST CHANCE",
        "Hurry!!",
        "HURRY UP NOW",
    ],
)
def test_hurrying_is_pressure(text):
    assert has_pressure(text)


@pytest.mark.parametrize(
    "text",
    [
        "Lessons are recorded, so shift workers don't miss out.",
        "What would help you most right now?",
        "Only five people share a coach.",
        "NASA and IBM send people.",
        "There is no hurry, and it is not urgent.",
    ],
)
def test_plain_statement_is_no_pressure(text):
    assert not has_pressure(text)


def test_features_of_a_text_are_found():
    found = text_features("Your course", EMAIL)
    assert found == {
        "clear_ask": True,
        "company_named": False,
        "first_name": True,
        "hard_to_read": False,
        "jargon": False,
        "link": True,
        "long": False,
        "pressure": False,
        "proof": False,
        "question_as_ask": True,
        "several_asks": False,
    }


def test_others_results_are_proof_and_not_an_offer():
    assert kinds("We have news. Eight out of ten people finished. Each lesson is recorded.") == [
        "opening",
        "proof",
        "value",
    ]


@pytest.mark.parametrize(
    "opening",
    [
        "Hi there!",
        "Dear Sir or Madam,",
        "Good morning,",
        "Dear Ms {{last_name}},",
        "Hi [name],",
        "Hi %FIRST%!",
        "[name],",
        "{{contact.first_name}},",
        "Hi {{ lead.FirstName }},",
    ],
)
def test_greeting_is_one_however_it_is_put(opening):
    assert parse_template(f"{opening} we have news.")[0].text == opening


@pytest.mark.parametrize(
    "opening",
    [
        "A colleague suggested that I get in touch with you.",
        "I am the adviser for the autumn.",
        "This is my last message.",
    ],
)
def test_reason_for_writing_is_the_opening(opening):
    assert kinds(f"Hi {{{{first_name}}}}, {opening} Lessons start in May.") == ["greeting", "opening", "value"]


def test_list_at_the_end_is_no_signature():
    assert kinds("You get:\n- Eight weeks of lessons\n- A coach of your own") == ["opening", "value", "value"]


def test_abbreviation_ends_no_sentence():
    assert len(parse_template("Dr. Brown is free at 10 a.m. Tuesday, e.g. Room 5. P.S. All is well.")) == 2


@pytest.mark.parametrize(
    ("feature", "body"),
    [
        ("jargon", "Our best-in-class platform is here."),
        ("proof", "We have news. Our graduates found work."),
        ("long", "word " * 76),
        ("hard_to_read", "Organisational transformation necessitates comprehensive institutional accountability " * 4),
    ],
)
def test_feature_is_found_where_it_is(feature, body):
    assert text_features(None, body)[feature]
    assert not text_features(None, "You see a short and plain text here.")[feature]


@pytest.mark.parametrize(
    ("feature", "placeholder"),
    [
        ("first_name", "{{contact.first_name}}"),
        ("first_name", "{{ FirstName }}"),
        ("company_named", "{{account.company_name}}"),
        ("link", "{{agent.booking_link}}"),
    ],
)
def test_placeholder_says_the_same_whatever_it_stands_in(feature, placeholder):
    assert text_features(None, f"A course for {placeholder}")[feature]
    assert not text_features(None, "A course for {{course.field}}")[feature]


def test_placeholder_counts_as_one_word():
    assert not text_features(None, "{{ first_name }} " * 75)["long"]


def test_email_may_be_longer_than_a_message_or_a_call():
    assert not text_features("May", "word " * 110)["long"]
    assert text_features("May", "word " * 111)["long"]


def test_vague_ask_is_not_a_clear_one():
    assert not text_features(None, "We have news. Let me know what you think.")["clear_ask"]


@given(st.text(alphabet="aB {}.?!,\n\u2019-", max_size=80))
def test_no_character_is_lost(body):
    assert render(parse_template(body)) == (body if body.strip() else "")
