"""What is read in a prompt, against what a person reads in it."""

from pathlib import Path

import pytest
import yaml

from lead_conversion.language.prompts import describe_prompt

SUPPORT = Path(__file__).parents[1] / "support"
PROMPTS = yaml.safe_load((SUPPORT / "labelled_prompts.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("prompt", PROMPTS, ids=[prompt["text"][:50] for prompt in PROMPTS])
def test_what_a_prompt_says_is_what_a_person_reads(prompt):
    found = describe_prompt(None, prompt["text"])
    assert {
        "language": found.prompt_language,
        "ask": found.prompt_has_ask,
        "pressure": found.prompt_has_pressure,
        "opt_out": found.prompt_has_opt_out,
        "questions": found.prompt_questions,
        "placeholders": found.prompt_placeholders,
        "text": prompt["text"],
    } == prompt


def test_length_is_of_the_body_and_questions_are_of_the_subject_too():
    with_subject = describe_prompt("Time for a call?", "Hello {{first_name}}, we have news.")
    assert (with_subject.prompt_chars, with_subject.prompt_words, with_subject.prompt_questions) == (35, 5, 1)
    assert describe_prompt(None, "Hello {{first_name}}, we have news.").prompt_questions == 0


@pytest.mark.parametrize("link", ["{{booking_link}}", "https://agency.example/plan", "[url]"])
def test_a_link_is_one_however_it_is_written(link):
    assert describe_prompt(None, f"Pick a time: {link}").prompt_has_link
    assert not describe_prompt(None, "Pick a time:").prompt_has_link


def test_the_teams_own_name_and_links_do_not_make_a_prompt_personal():
    assert describe_prompt(None, "{{agent_name}} {{booking_link}}").prompt_placeholders == 0
    assert describe_prompt("For {{ company }}", "{{first_name}}, {{first_name}}").prompt_placeholders == 2


def test_a_short_prompt_has_no_reading_ease_and_a_foreign_one_no_sentiment():
    short = describe_prompt(None, "Great news, we have a place for you.")
    assert (short.prompt_reading_ease, short.prompt_language) == (None, "en")
    assert short.prompt_sentiment > 0
    german = describe_prompt(None, "Gute Nachrichten, wir haben einen Platz in unserem Kurs.")
    assert (german.prompt_sentiment, german.prompt_language) == (None, "de")


def test_a_question_mark_in_a_link_is_no_question():
    assert describe_prompt(None, "See https://agency.example/?plan=1 for the plan").prompt_questions == 0


QUESTION = "Hi {{first_name}}, can we talk on Tuesday at 10?"


@pytest.mark.parametrize("notice", ["Reply STOP to opt out.", "Text STOP to stop", "Want to opt out? Reply STOP."])
def test_how_to_stop_is_neither_mood_nor_question(notice):
    for text in (QUESTION, f"Great news: your place is ready. {QUESTION}"):
        plain, with_notice = describe_prompt(None, text), describe_prompt(None, f"{text} {notice}")
        assert with_notice.prompt_sentiment == plain.prompt_sentiment
        assert with_notice.prompt_questions == plain.prompt_questions == 1
        assert with_notice.prompt_has_opt_out
        assert not plain.prompt_has_opt_out


@pytest.mark.parametrize(
    ("body", "notice"),
    [
        ("You asked about our course. " * 5, "Reply STOP to unsubscribe from any additional communications."),
        ("Sie haben nach unserem Kurs gefragt. " * 5, "Antworten Sie STOP, um keine Nachrichten mehr zu erhalten."),
    ],
)
def test_how_to_stop_does_not_make_a_prompt_harder_to_read(body, notice):
    plain, with_notice = describe_prompt(None, body), describe_prompt(None, body + notice)
    assert with_notice.prompt_reading_ease == plain.prompt_reading_ease is not None
    assert with_notice.prompt_has_opt_out


@pytest.mark.parametrize(
    ("text", "presses"),
    [
        ("There is no hurry.", False),
        ("It is not the last chance.", False),
        ("You don't have to decide today.", False),
        ("Nothing urgent.", False),
        ("This is your last chance.", True),
        ("No spots after tonight. Last chance.", True),
        ("If you want to come, act now.", True),
    ],
)
def test_pressure_that_is_denied_is_none(text, presses):
    assert describe_prompt(None, text).prompt_has_pressure is presses


@pytest.mark.parametrize(
    "text",
    [
        "Hoi {{first_name}}, heb je tijd?",
        "Beste {{first_name}}, heeft u interesse in een gratis proefles?",
        "Ciao {{first_name}}, ci sentiamo domani?",
        "Ciao {{first_name}}, hai tempo domani per una breve chiamata con noi?",
        "Cze\u015b\u0107 {{first_name}}, czy masz jutro czas na kr\u00f3tk\u0105 rozmow\u0119 z nami?",
        "Hej {{first_name}}, har du tid f\u00f6r ett kort samtal i morgon?",
        "Magkano {{first_name}}, pwede po bang tumawag bukas?",
        "Ci sentiamo domani? Reply STOP to opt out.",
    ],
)
def test_what_nobody_here_reads_is_unknown_in_a_text_message_too(text):
    found = describe_prompt(None, text)
    assert (found.prompt_language, found.prompt_questions) == ("und", 1)
    assert (found.prompt_has_ask, found.prompt_has_pressure, found.prompt_has_opt_out) == (None, None, None)
    assert (found.prompt_sentiment, found.prompt_reading_ease) == (None, None)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hi {{first_name}}, still keen on nursing?", "en"),
        ("Hallo {{first_name}}, passt Dienstag?", "de"),
        ("Hola {{first_name}}, \u00bfhablamos el martes?", "es"),
        ("Bonjour {{first_name}}, on se parle mardi ?", "fr"),
        ("Oi {{first_name}}, podemos falar na ter\u00e7a?", "pt"),
    ],
)
def test_the_language_of_a_text_message_is_told(text, language):
    assert describe_prompt(None, text).prompt_language == language
