"""What is read in a reply's own words, against what a person reads in them."""

import re
import time
from pathlib import Path

import pytest
import yaml

from lead_conversion.guard.message_text import own_words
from lead_conversion.language.identification import LANGUAGES, TELLING_WORDS
from lead_conversion.language.phrases import any_of
from lead_conversion.language.prompt_lexicon import CLEAR_ASKS, NOTICES, PRESSURE
from lead_conversion.language.replies import INTENTS, describe_reply
from lead_conversion.language.reply_lexicon import OBJECTIONS, OPT_OUT
from lead_conversion.language.request_lexicon import MEETING, PRICE_QUESTION, PROMISE, URGENT

SUPPORT = Path(__file__).parents[1] / "support"
LABELLED = yaml.safe_load((SUPPORT / "labelled_replies.yaml").read_text(encoding="utf-8"))
HELD_OUT = yaml.safe_load((SUPPORT / "held_out_replies.yaml").read_text(encoding="utf-8"))
REPLIES = [(reply["text"], reply["asks"]) for replies in LABELLED.values() for reply in replies]
REQUESTS = {"urgent": "reply_is_urgent", "meeting": "reply_wants_meeting", "price": "reply_asks_price"}


@pytest.mark.parametrize(("text", "asks"), REPLIES, ids=[text for text, _ in REPLIES])
def test_what_a_reply_asks_for_is_what_a_person_reads(text, asks):
    features = describe_reply(own_words(text))
    assert [request for request, name in REQUESTS.items() if getattr(features, name)] == asks


def test_most_requests_are_heard_and_hardly_one_is_made_up_in_wording_nobody_wrote_the_lexicons_for():
    asked = {(reply["text"], request) for reply in HELD_OUT for request in reply["asks"]}
    heard = {
        (reply["text"], request)
        for reply in HELD_OUT
        for request, name in REQUESTS.items()
        if getattr(describe_reply(reply["text"]), name)
    }
    assert len(heard & asked) >= 0.7 * len(asked)
    assert len(heard - asked) <= 0.1 * len(heard)


def test_a_request_beside_an_opt_out_is_none():
    features = describe_reply("Take me off your list as soon as possible, and call me when it is done")
    assert features.reply_is_opt_out
    assert not features.reply_is_urgent
    assert not features.reply_wants_meeting


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("This is great, thank you", "This is a waste of time"),
        ("I love the idea", "I am not happy with this"),
        ("That is a plan for us \U0001f600", "That is a plan for us"),
    ],
)
def test_sentiment_follows_the_words(better, worse):
    assert 1 >= describe_reply(better).reply_sentiment > describe_reply(worse).reply_sentiment >= -1


@pytest.mark.parametrize(
    "text", ["Das ist eine gute Idee, vielen Dank", "C'est une bonne idée, merci beaucoup", "ok", "", "123", "Спасибо"]
)
def test_sentiment_is_unknown_without_a_lexicon(text):
    assert describe_reply(text).reply_sentiment is None


@pytest.mark.parametrize("text", ["I want you to call me", "I meant call me"])
def test_a_word_that_ends_like_a_refusal_is_none(text):
    assert describe_reply(text).reply_wants_meeting


def test_a_reply_without_words_says_nothing():
    features = describe_reply("")
    assert (features.reply_chars, features.reply_words, features.reply_intent) == (0, 0, None)
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
        ("Who is this?", None),
        ("I have moved to another office", "neutral"),
        ("Not interested in the course, but yes, call me about the other one", "neutral"),
        ("👍", None),
    ],
)
def test_the_intent_is_what_a_person_would_read(text, intent):
    assert describe_reply(text).reply_intent == intent
    assert intent in {*INTENTS, None}


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


@pytest.mark.parametrize("text", ["See https://agency.example/?a=b", "I know how much it is"])
def test_a_mark_in_a_link_is_no_question(text):
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
    assert describe_reply("Muchas gracias, lo voy a mirar mañana", languages=("en", "pt")).reply_language == "und"
    assert describe_reply("Non mi interessa, per favore", languages=("en", "it")).reply_language == "it"


@pytest.mark.parametrize(
    "text",
    [
        "Nee bedankt, geen interesse",
        "Ik heb geen interesse in deze cursus, bedankt voor de informatie",
        "Hoeveel kost het?",
        "Bel me morgen maar even terug",
        "Prima, dat kan. Bel maar na vijf uur",
        "Non sono interessato, grazie",
        "Non mi interessa, per favore non scrivetemi più",
        "Vorrei sapere il prezzo",
        "Nie, dziękuję, nie jestem zainteresowany",
        "Proszę do mnie zadzwonić jutro rano",
        "Nej tack, jag är inte intresserad",
        "Jag har inte tid just nu",
        "Vad kostar utbildningen?",
    ],
)
def test_a_reply_in_a_language_that_nobody_here_reads_says_nothing(text):
    features = describe_reply(text)
    assert (features.reply_language, features.reply_intent, features.reply_objection) == ("und", None, None)
    assert features.reply_sentiment is None
    assert features.reply_has_question == text.endswith("?")
    assert not any((features.reply_is_opt_out, *(getattr(features, name) for name in REQUESTS.values())))


def test_replies_in_the_languages_of_the_lexicons_are_hardly_ever_left_open():
    long_enough = [
        (language, reply["text"])
        for language in LANGUAGES
        for reply in LABELLED[language]
        if len(reply["text"].split()) >= 3
    ]
    told = [describe_reply(text).reply_language == language for language, text in long_enough]
    assert sum(told) >= 0.9 * len(told)


def test_a_hostile_text_does_not_take_long():
    hostile = [
        "on 1 ",
        "talk a b c ",
        "how much is the ",
        "no ",
        "i'll ",
        "quick ",
        "wann konnen wir ",
        "\U0001f600",
        "!",
    ]
    describe_reply("what is loaded once is loaded")
    started = time.perf_counter()
    for piece in hostile:
        describe_reply(f"this is what I have to say {piece * 4_000}"[:4_000])
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "lexicon",
    [MEETING, OPT_OUT, PRICE_QUESTION, PROMISE, URGENT, CLEAR_ASKS, NOTICES, PRESSURE, TELLING_WORDS],
)
def test_every_phrase_is_spelled_out_and_spelled_as_folded_texts_are(lexicon):
    assert re.compile(any_of(lexicon, tuple(lexicon))).groups == 0
    for phrase in (phrase for phrases in lexicon.values() for phrase in phrases):
        assert not re.search("_[A-Z]+_", phrase)
        assert phrase.isascii()
