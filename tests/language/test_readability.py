"""Syllables against hyphenated words, and each language's formula against its author's figures."""

import pytest

from lead_conversion.language.readability import FORMULAS, MIN_WORDS, count_syllables, reading_ease

# A hyphen is a border of syllables; counted by hand.
HYPHENATED = {
    "de": "gu-ten wir ha-ben ih-re mit-ar-bei-ter schu-lung a-bend ter-min ver-ein-ba-ren kurs dau-ert acht wo-chen "
    "ge-spräch be-kom-men zeit mög-lich un-ter-neh-men bü-ro häu-ser schö-ne quel-le",
    "en": "the course takes eight weeks ev-ery morn-ing peo-ple need a plan an-swer to-mor-row rec-ord-ed need-ed "
    "asked a-gree sim-ple ta-ble-cloth",
    "es": "le-er gra-cias es-ta-mos ma-ña-na dí-a cur-so e-qui-po se-ma-nas reu-nión quie-re guí-a em-pre-sa ciu-dad "
    "a-ho-ra rá-pi-do pa-ís te-o-rí-a",
    "fr": "bon-jour nous a-vons for-ma-tion é-quipe pen-dant huit se-maines jour vous con-vient ap-pel mer-ci "
    "en-tre-prise jour-née i-dée ques-tion chaque",
    "pt": "o-lá te-mos cur-so e-qui-pe du-ran-te oi-to se-ma-nas fa-lar a-ma-nhã in-for-ma-ções que-ro mais em-pre-sa "
    "não o-bri-ga-do pre-ço mi-nu-tos con-ver-sar",
}


@pytest.mark.parametrize("language", sorted(HYPHENATED))
def test_nearly_all_words_have_the_syllables_that_are_heard(language):
    words = HYPHENATED[language].split()
    right = sum(count_syllables(word.replace("-", ""), language) == word.count("-") + 1 for word in words)
    assert right / len(words) >= 0.9


def test_every_word_has_a_syllable():
    assert [count_syllables(word, language) for language in FORMULAS for word in ("e", "the", "sms")] == [1] * 15


@pytest.mark.parametrize("language", sorted(FORMULAS))
def test_long_words_and_long_sentences_read_less_easily(language):
    short = "la. " * MIN_WORDS
    long_sentence = "la " * MIN_WORDS
    long_words = "lalala. " * MIN_WORDS
    assert reading_ease(short, language) > reading_ease(long_sentence, language) > reading_ease(long_words, language)


def test_the_formula_of_english_is_fleschs():
    # 20 words in 2 sentences, 20 syllables: 206.835 - 1.015 * 10 - 84.6 * 1
    assert reading_ease("la " * 10 + ". " + "la " * 10, "en") == pytest.approx(112.085)


def test_no_value_is_better_than_a_wrong_one():
    assert reading_ease("la " * (MIN_WORDS - 1), "en") is None
    assert reading_ease("la " * 100, "it") is None
