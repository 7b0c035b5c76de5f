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


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("name (at) domain (dot) xx", "[email]"),
        ("jane.doe (at) firm (dot) co (dot) jp, ok", "[email], ok"),
        ("jane [at] firm [dot] museum please", "[email] please"),
        ("jane{at}firm{dot}sg!", "[email]!"),
        ("jane ( at ) firm ( . ) se", "[email]"),
        ("jane (at) firm dot is please", "[email] please"),
        ("jane at firm [dot] co [dot] nz, ok", "[email], ok"),
        ("write to NAME AT DOMAIN DOT CO", "write to [email]"),
        ("JANE DOT DOE AT FIRM DOT IS FOR MORE", "[email] FOR MORE"),
        ("jane at firm dot ng thanks", "[email] thanks"),
        ("jane at firm.co.nz thanks", "[email] thanks"),
        ("jane at firm dot no", "[email]"),
    ],
)
def test_an_address_of_any_country_is_found_where_its_sign_and_dots_are_spelled_out(text, scrubbed):
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "meet me at noon dot",
        "at nine on the dot so we talk",
        "MEET ME AT NOON. SO WHAT",
        "AT 9 ON THE DOT IS FINE",
        "I am at work. So it is, no?",
        "we are at home (see the dot below) now",
        "we meet at 4.pm",
        "estoy a punto de llegar",
        "\u00e0 ce point je suis chez moi, point final",
        "o ponto de partida \u00e9 bom",
    ],
)
def test_words_such_as_at_and_dot_stay_where_they_are_words(text):
    assert scrub(text) == text


@pytest.mark.parametrize(
    ("name", "text", "scrubbed"),
    [
        (
            ("\u5c0f\u660e", "\u738b"),
            "\u6211\u662f\u738b\u5c0f\u660e\uff0c\u8bf7\u8054\u7cfb",
            "\u6211\u662f[name]\uff0c\u8bf7\u8054\u7cfb",
        ),
        (("\u5c0f\u660e", "\u738b"), "\u738b\u5148\u751f\u4f60\u597d", "[name]\u4f60\u597d"),
        (("\u5c0f\u660e", "\u738b"), "\u738b \u5c0f \u660e", "[name]"),
        (("\u5c0f\u660e", "\u738b"), "\u738b\u724c\u8bfe\u7a0b", "\u738b\u724c\u8bfe\u7a0b"),
        (("\u738b\u5c0f\u660e", None), "\u5c0f\u660e\u597d", "[name]\u597d"),
        (("\u592a\u90ce", "\u5c71\u7530"), "\u5c71\u7530\u592a\u90ce\u3067\u3059", "[name]\u3067\u3059"),
        (("\u30b1\u30f3\u30b8", None), "\uff79\uff9d\uff7c\uff9e", "[name]"),
        (("\ucca0\uc218", "\uae40"), "\uae40\ucca0\uc218\uc785\ub2c8\ub2e4", "[name]\uc785\ub2c8\ub2e4"),
        (("\u0645\u062d\u0645\u062f", None), "\u0648\u0645\u062d\u0645\u0640\u0640\u062f", "\u0648[name]"),
        (
            ("\u05d3\u05d5\u05d3", None),
            "\u05ea\u05d5\u05d3\u05d4 \u05dc\u05d3\u05d5\u05d3",
            "\u05ea\u05d5\u05d3\u05d4 \u05dc[name]",
        ),
        (
            ("\u0e2a\u0e21\u0e0a\u0e32\u0e22", None),
            "\u0e1c\u0e21\u0e2a\u0e21\u0e0a\u0e32\u0e22\u0e04\u0e23\u0e31\u0e1a",
            "\u0e1c\u0e21[name]\u0e04\u0e23\u0e31\u0e1a",
        ),
        (("\u092e\u0940\u0928\u093e", None), "\u092e\u0940\u0928\u093e \u091c\u0940", "[name] \u091c\u0940"),
        (("John", None), "\u6211\u662fJohn\u4f60\u597d", "\u6211\u662f[name]\u4f60\u597d"),
        (("John", None), "so J.o.h.n it is", "so [name] it is"),
        (("John", None), "so J-o-h-n it is", "so [name] it is"),
        (("John", None), "so J/o/h/n it is", "so [name] it is"),
        (("John", None), "so J   o   h   n it is", "so [name] it is"),
        (("Li", None), "so L i it is", "so [name] it is"),
        (("John", None), "so J\u2066oh\u3164n it is", "so [name] it is"),
        (("\u200b \uff2aohn", None), "so \uff2a\uff4f\uff48\uff4e it is", "so [name] it is"),
    ],
)
def test_an_own_name_is_found_in_scripts_without_capitals_and_however_its_letters_are_set_apart(name, text, scrubbed):
    found = scrub(text, KnownPerson(*name))
    assert found == scrubbed


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("see hxxps://acme[.]com/u/zenobia.private", "see [url]"),
        ("see hxxps[:]//acme [.] com/u/zenobia, ok", "see [url], ok"),
        ("http://x.com/a'b/maria", "[url]"),
        ("https://acme.com/u)(zenobia now", "[url] now"),
        ("acme.com/u]/zenobia", "[url]"),
        ("acme[.]com/u/zenobia)", "[url])"),
        ("(https://acme.com/u)", "([url])"),
        ("[book](https://acme.com/u).", "[book]([url])."),
        ("'https://acme.com/u'", "'[url]'"),
        ('{"a": "https://acme.com/u", "b": 1}', '{"a": "[url]", "b": 1}'),
    ],
)
def test_no_rest_of_a_link_stays(text, scrubbed):
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("card 4111,1111,1111,1111", "card [card]"),
        ("4111\n1111\n1111\n1111 ok", "[card] ok"),
        ("3782, 822463, 10005", "[card]"),
        ("4111,1111,1111,1112", "4111,1111,1111,1112"),
        ("in 2021, 2022, 2023, 2024", "in 2021, 2022, 2023, 2024"),
        ("+1 (415) five five five 2671 is mine", "[phone] is mine"),
        ("(415) 555 two six seven one", "[phone]"),
        ("in 2026 one or two of 1500", "in 2026 one or two of 1500"),
        ("un 2026, 2027, 2028", "un 2026, 2027, 2028"),
        ("write jo@[192.168.1.1] now", "write [email] now"),
        ("zen (at) gmail or", "[email] or"),
        ("we meet (at) noon", "we meet (at) noon"),
        ("jo at acme dot photography", "[email]"),
        ("maria.lopez*at*acme*dot*com", "[email]"),
        ("maria#dot#lopez#at#acme#dot#com", "[email]"),
        ("Meet me at work dot com is down", "Meet me at [url] is down"),
        ("PO Box 123, ok", "[address], ok"),
        ("P.O. Box 12345", "[address]"),
        ("Postfach 12 34 56", "[address]"),
        ("a box of 12", "a box of 12"),
        ("on 3/V/1985", "on [date_of_birth]"),
        ("on 3.XII.2026", "on 3.XII.2026"),
        ("12 Main Street, Austin TX 78701 it is", "[address] it is"),
        ("12 Main Street, Austin, TX 78701-1234", "[address]"),
        ("12 High Street, Leeds LS1 4AP", "[address]"),
        ("Hauptstr. 12, 10115 Berlin ist es", "[address] ist es"),
    ],
)
def test_a_value_in_an_unusual_spelling_goes_whole(text, scrubbed):
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    ("name", "text", "scrubbed"),
    [
        (("Maria", "Lopez"), "hey @marialopez here", "hey @[name] here"),
        (("Maria", "Lopez"), "I'm MariaLopez", "I'm [name]"),
        (("Maria", "L\u00f3pez"), "ig: lopezmaria", "ig: [name]"),
        (("Anne-Marie", "O'Brien"), "@annemarieobrien, @AnneObrien", "@[name], @[name]"),
        (("May", "Be"), "maybe", "maybe"),
        (("Maria", None), "I'm Maria", "I'm [name]"),
        (("Nike", "\u03a0\u03b1\u03c0\u03b1\u03c2"), "\u03a0\u0391\u03a0\u0391\u03a3 it is", "[name] it is"),
    ],
)
def test_both_names_as_one_word_and_greek_capitals_are_the_writers_name(name, text, scrubbed):
    assert scrub(text, KnownPerson(*name)) == scrubbed


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
    "text",
    [
        "a (at) " * 600,
        " AT A DOT B" * 400,
        "@" * 4000,
        "1 " * 2000,
        "a at " * 800,
        "one " * 1000,
        "a." * 2000,
        "(" * 4000,
        "de12 " * 800,
    ],
)
def test_a_hostile_text_is_read_in_bounded_time(text):
    started = time.process_time()
    scrub(text, DANA)
    assert time.process_time() - started < 2
