"""The figures that stand in docs/decisions/0013-scrubbing.md, and the two rows behind each rule."""

import time

import pytest
from message_corpus import OWN, STRUCTURED, THIRD_PARTY, make_corpus, measure

from lead_conversion.guard.scrubbing import KnownPerson, scrub

DANA = KnownPerson(
    "Dana",
    "O\u2019Neill-Peña",
    "dana.oneill84@mail.example",
    "+1 (415) 555-0123",
    "San Sebastián",
    "Blue Heron Academy Ltd",
)
WILL = KnownPerson("Will", "Stone", None, None, "Bath", None)


def scrub_message(message):
    writer = message.writer
    known = KnownPerson(writer.first_name, writer.last_name, writer.email, writer.phone, writer.city, writer.company)
    return scrub(message.text, known)


@pytest.fixture(scope="module")
def measured():
    return measure(make_corpus(5000, seed=4, of="b"), scrub_message)


class TestCorpus:
    """5,000 invented messages whose sentences and names the scrubber was not written with."""

    @pytest.mark.parametrize("kind", STRUCTURED)
    def test_structured_values_are_found(self, measured, kind):
        assert measured.found_of[kind][1] > 250
        assert measured.recall[kind] >= 0.995

    def test_spellings_that_hide_a_value_are_found_as_well(self):
        hidden = [
            message
            for message in make_corpus(5000, seed=5, of="b")
            if any(span.is_obfuscated for span in message.spans)
        ]
        assert len(hidden) > 1000
        found = measure(hidden, scrub_message).found_of
        assert sum(found[kind][0] for kind in STRUCTURED) / sum(found[kind][1] for kind in STRUCTURED) >= 0.995

    @pytest.mark.parametrize("kind", OWN)
    def test_the_writers_own_values_are_found(self, measured, kind):
        assert measured.found_of[kind][1] > 500
        assert measured.recall[kind] >= 0.99

    def test_names_of_third_parties_stay(self, measured):
        assert measured.found_of[THIRD_PARTY][1] > 300
        assert measured.recall[THIRD_PARTY] < 0.05

    def test_few_clean_words_are_lost(self, measured):
        assert measured.clean_words_lost < 0.02

    def test_the_measure_sees_a_scrubber_that_does_nothing(self):
        nothing = measure(make_corpus(300, seed=1, of="b"), lambda message: message.text)
        assert max(nothing.recall.values()) == 0
        assert nothing.clean_words_lost == 0

    def test_the_measure_sees_a_scrubber_that_takes_everything(self):
        everything = measure(make_corpus(300, seed=1, of="b"), lambda _: "[name]")
        assert min(everything.recall.values()) == 1
        assert everything.clean_words_lost == 1


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("write to jane.doe@example.com.", "write to [email]."),
        ("jane (at) example dot com please", "[email] please"),
        ("j a n e @ e x a m p l e . c o m", "[email]"),
        ("jane&#64;example.com", "[email]"),
        ("j\u200bane@example.com", "[email]"),
        ("call (415) 555-0100 now", "call [phone] now"),
        ("five five five, one two three four", "[phone]"),
        ("+49 (0)30 1234567", "[phone]"),
        ("card 4111-1111-1111-1111", "card [card]"),
        ("IBAN de89 3704 0044 0532 0130 00 ok", "IBAN [iban] ok"),
        ("see https://example.com/a?b=1, ok", "see [url], ok"),
        ("example[.]com/jane", "[url]"),
        ("I was born on 3.4.84", "I was born on [date_of_birth]"),
        ("1984-04-03 is mine", "[date_of_birth] is mine"),
        ("the third of 3 April 1984", "the third of [date_of_birth]"),
        ("at 12 Oak Street, 10115", "at [address]"),
        ("at 12 Oak Street, New Haven, please", "at [address], please"),
        ("at 12 Oak Street, please", "at [address], please"),
        ("Lindenstraße 12 ist es", "[address] ist es"),
        ("Calle Mayor 7, por favor", "[address], por favor"),
        ("12 bis rue de la Paix", "[address]"),
    ],
)
def test_a_value_is_replaced_by_its_kind(text, scrubbed):
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "order 4155550100 is late",
        "4111 1111 1111 1112 seats",
        "on 12.05.2026 from 10:30 to 12:00",
        "2026-11-30 23:59",
        "we are 200-1000 people, 1,299.00 EUR",
        "the 3 best places in one place",
        "look at example 3. Com is no word",
        "I am at work, dot your i",
        "version 3.11.4 at 50 % of 12/15",
        "Grace period of 30 days",
        "one two three go",
        "we need de 980 euros par carte 51524445",
        "",
    ],
)
def test_what_is_not_personal_stays_as_it_is(text):
    assert scrub(text, DANA) == text


@pytest.mark.parametrize(
    "text",
    [
        "dana",
        "DANA",
        "Dana's",
        "D. O'Neill-Pena",
        "O\u2019NEILL PEÑA",
        "ONeillPena",
        "o'neill-pen\u0303a",
        "Peña, Dana",
        "D a n a",
        "blue heron academy",
        "Blue-Heron-Academy",
        "San Sebastian",
        "SAN SEBASTIÁN",
        "dana.oneill84",
        "4155550123",
        "415.555.0123",
        "555 0123",
        "PeÃ±a",
    ],
)
def test_an_own_value_is_found_in_every_spelling(text):
    scrubbed = scrub(f"so {text} it is", DANA)
    assert not any(part in scrubbed.casefold() for part in ("dana", "neill", "pe", "heron", "sebast", "84", "55"))
    assert scrubbed.startswith("so [")
    assert scrubbed.endswith("it is")


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("my number ends in 0123", "my number ends in [phone]"),
        ("room 0123", "room 0123"),
        ("will you call?", "will you call?"),
        ("this is will", "this is [name]"),
        ("it is will stone again", "it is [name] again"),
        ("thanks\nwill", "thanks\n[name]"),
        ("Danach nicht, Danas Nummer ja", "Danach nicht, [name] Nummer ja"),
    ],
)
def test_an_own_value_that_is_a_word_too_is_told_by_its_place(text, scrubbed):
    known = KnownPerson("Will", "Stone", None, "+1 415 555 0123") if "will" in text or "0123" in text else DANA
    assert scrub(text, known) == scrubbed


def test_an_own_city_behind_a_street_is_one_address_with_it():
    assert scrub("12 Oak Street, San Sebastián it is", DANA) == "[address] it is"


def test_placeholders_stay_whatever_stands_around_them():
    text = "Hi {{first_name}}, write to jane@example.com or {{ agent.email }}"
    assert scrub(text) == "Hi {{first_name}}, write to [email] or {{ agent.email }}"


def test_a_text_without_personal_values_keeps_its_spelling():
    text = "Caf\u00e9 \uff21 \u200b don&#39;t \u00bd"
    assert scrub(text) == text


def test_a_person_shows_no_value():
    assert "Dana" not in repr(DANA)


@pytest.mark.parametrize(
    "text", ["@" * 4000, "1 " * 2000, "a at " * 800, "one " * 1000, "a." * 2000, "(" * 4000, "de12 " * 800]
)
def test_a_hostile_text_is_read_in_bounded_time(text):
    started = time.process_time()
    scrub(text, DANA)
    assert time.process_time() - started < 2
