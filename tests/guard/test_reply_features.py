import time

import pyarrow as pa
import pytest

from lead_conversion.guard.reply_features import INTENTS, REPLY_FIELDS, describe_reply, reply_columns
from lead_conversion.guard.reply_lexicon import OBJECTIONS

THREAD = (
    "On Mon, 5 Jan 2026 at 15:04, Cory <cory@agency.example> wrote:\n> Are you interested?\n> Reply STOP to opt out"
)


def test_a_reply_that_only_quotes_says_nothing():
    features = describe_reply(THREAD)
    assert (features.reply_chars, features.reply_words, features.reply_intent) == (0, 0, "neutral")
    assert not features.reply_is_opt_out
    assert features.reply_language == "und"


def test_words_are_counted_as_a_person_counts_them():
    assert describe_reply("I don't know - co-founder, maybe 42?").reply_words == 6


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop.", "Stop please", "Unsubscribe", "unsubscribe me", "STOP ALL", "please remove me from your list",
     "Do not contact me again", "don't text me", "take me off this list", "no more messages please", "leave me alone",
     "Baja", "no me escriban más", "quiero darme de baja", "arrêtez de m'écrire", "désinscription svp",
     "Bitte keine weiteren E-Mails", "Abmelden bitte", "Não me contatem mais", "sair"],
)  # fmt: skip
def test_an_opt_out_is_heard_and_is_negative(text):
    features = describe_reply(text)
    assert features.reply_is_opt_out
    assert features.reply_intent == "negative"


@pytest.mark.parametrize(
    "text",
    ["The bus stop is near my office", "I can't stop thinking about it", "Please don't unsubscribe me",
     "I will cancel my other meeting", "my contact is in sales", "Alto Adige is where we work", "end of May"],
)  # fmt: skip
def test_a_word_of_opting_out_in_another_sense_is_none(text):
    assert not describe_reply(text).reply_is_opt_out


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Yes", "positive"),
        ("Sounds good, call me tomorrow", "positive"),
        ("I'm interested, send me more info", "positive"),
        ("No problem, Tuesday works", "positive"),
        ("Sí, me interesa mucho", "positive"),
        ("Oui, avec plaisir", "positive"),
        ("Ja gerne, rufen Sie mich morgen an", "positive"),
        ("Sim, pode me ligar amanhã? Tenho interesse", "positive"),
        ("I love it but it is too much for my budget. Call me", "positive"),
        ("No", "negative"),
        ("No, thanks.", "negative"),
        ("not interested", "negative"),
        ("We are not really interested anymore", "negative"),
        ("I'll pass", "negative"),
        ("No gracias", "negative"),
        ("Non merci, pas intéressé", "negative"),
        ("Nein danke, kein Interesse", "negative"),
        ("Não tenho interesse", "negative"),
        ("Way out of our budget", "negative"),
        ("Who is this?", "neutral"),
        ("I have moved to another office", "neutral"),
        ("Not interested in the course, but yes, call me about the other one", "neutral"),
        ("👍", "neutral"),
    ],
)
def test_the_intent_is_what_a_person_would_read(text, intent):
    assert describe_reply(text).reply_intent == intent
    assert intent in INTENTS


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("It's too expensive for us", "price"),
        ("we can't afford it", "price"),
        ("es muy caro", "price"),
        ("c'est trop cher pour nous", "price"),
        ("Das ist uns leider zu teuer", "price"),
        ("está muito caro para nós", "price"),
        ("I'm too busy", "time"),
        ("We don't have the time for it", "time"),
        ("no tenemos tiempo para esto", "time"),
        ("dafür habe ich keine Zeit", "time"),
        ("is this a scam?", "trust"),
        ("where did you get my number", "trust"),
        ("¿esto es una estafa?", "trust"),
        ("I have to talk to my boss first", "authority"),
        ("that's not my decision", "authority"),
        ("Eso lo decide mi jefe", "authority"),
        ("not right now", "not_now"),
        ("call me again next quarter", "not_now"),
        ("pas maintenant, peut-être plus tard", "not_now"),
        ("it is not a good fit", "fit"),
        ("we already have a provider for that", "fit"),
        ("Wir haben schon einen Anbieter", "fit"),
        ("How much does it cost?", None),
        ("Good timing, we are planning our training for next year", None),
        ("Sounds good", None),
    ],
)
def test_the_objection_is_the_reason_that_is_given(text, objection):
    assert describe_reply(text).reply_objection == objection
    assert objection is None or objection in OBJECTIONS


def test_the_first_of_two_objections_counts():
    assert describe_reply("Not right now, and it is too expensive").reply_objection == "not_now"
    assert describe_reply("It is too expensive, not right now").reply_objection == "price"


@pytest.mark.parametrize(
    "text", ["When?", "how much is it", "Hi, can you call me", "¿Cuánto cuesta?", "was kostet das"]
)
def test_a_question_is_one_with_or_without_its_mark(text):
    assert describe_reply(text).reply_has_question


@pytest.mark.parametrize("text", ["See https://agency.example/?a=b", "I know how much it is", f"Yes\n{THREAD}"])
def test_a_mark_in_a_link_or_in_a_quoted_thread_is_no_question(text):
    assert not describe_reply(text).reply_has_question


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thank you, I will have a look at it tomorrow morning", "en"),
        ("Muchas gracias, lo voy a mirar mañana por la mañana", "es"),
        ("Merci beaucoup, je vais regarder cela demain matin", "fr"),
        ("Vielen Dank, ich schaue es mir morgen früh an", "de"),
        ("Muito obrigado, vou olhar isso amanhã de manhã", "pt"),
        ("gracias", "es"),
        ("merci", "fr"),
        ("ja gerne", "de"),
        ("obrigado", "pt"),
        ("yes", "en"),
        ("ok", "und"),
        ("", "und"),
        ("123 456", "und"),
        ("Спасибо, мне это очень интересно", "und"),
        ("ありがとうございます。興味があります", "und"),
    ],
)
def test_the_language_is_told_or_left_open(text, language):
    assert describe_reply(text).reply_language == language


def test_languages_that_are_not_expected_are_not_told():
    assert describe_reply("Muchas gracias, lo voy a mirar mañana", languages=("en", "pt")).reply_language == "pt"


def test_what_was_wrong_with_a_reply_is_named():
    assert describe_reply(f"<p>Don\u00e2\u20ac\u2122t call</p>\n{THREAD}").reply_faults == "html,mojibake,quoted_thread"
    assert describe_reply("Don't call").reply_faults is None


def test_columns_are_null_where_there_is_no_body_and_typed_where_no_row_has_one():
    chars, *_, language, _ = reply_columns(pa.array(["Yes please", None, "Yes please"]))
    assert chars.to_pylist() == [10, None, 10]
    assert language.null_count == 1
    empty = reply_columns(pa.array([None, None], pa.string()))
    assert [column.type for column in empty] == [field.type for field in REPLY_FIELDS]
    assert all(column.null_count == 2 for column in empty)


def test_a_hostile_text_does_not_take_long():
    hostile = [
        "<" * 50_000,
        "on 1 " * 20_000,
        "talk a b c " * 10_000,
        "> \n" * 30_000,
        "Ã" * 50_000,
        "\n thanks" * 9_000,
    ]
    started = time.perf_counter()
    for text in hostile:
        describe_reply(text)
    assert time.perf_counter() - started < 3
