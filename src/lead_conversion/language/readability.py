"""How easily a text reads: Flesch's reading ease, in the formula of its language.

Syllables are told by groups of vowels: on 8,000 words of English that is 1 % too few, where the hyphenation of pyphen
is 5 % too few, and it needs no dictionary (docs/decisions/0018-language.md).
"""

import re
from typing import NamedTuple

from lead_conversion.language.phrases import URL

# Flesch took samples of 100 words; of fewer than these a sentence more or less decides.
MIN_WORDS = 20


class Formula(NamedTuple):
    """Reading ease = constant - by_sentence * words a sentence - by_syllable * syllables a word."""

    constant: float
    by_sentence: float
    by_syllable: float


FORMULAS = {
    "de": Formula(180.0, 1.0, 58.5),  # Amstad 1978, Wie verstaendlich sind unsere Zeitungen?
    "en": Formula(206.835, 1.015, 84.6),  # Flesch 1948, J. Applied Psychology 32
    "es": Formula(206.84, 1.02, 60.0),  # Fernandez Huerta 1959, Consigna 214
    "fr": Formula(207.0, 1.015, 73.6),  # Kandel & Moles 1958, Cahiers d'etudes de radio-television 19
    "pt": Formula(248.835, 1.015, 84.6),  # Martins et al. 1996, Notas do ICMSC 28
}
WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
SENTENCE_END = re.compile(r"[.!?\u2026\u00bf\u00a1]+(?=\s|$)|\n+")
VOWELS = "aeiouy\u00e0-\u00e6\u00e8-\u00ef\u00f2-\u00f6\u00f8-\u00fd\u00ff\u0153"
SILENT = {
    # final -e, -es and -ed, but for apple, prices, ended
    "en": re.compile(
        r"(?:(?<=[^laeiouy])|(?<=[aeiouy]l))e$|(?<=[^td])ed$|(?<![aeiouyscxzg])es$|(?<=[aeiou][^aeioucgsxz])es$"
        r"|(?<=[^aeiouy]e)(?=ment|ly$|ful|less)"
    ),
    "fr": re.compile(rf"(?<=[^{VOWELS}])(?:e|es)$|(?<=[{VOWELS}])(?:e|es|ent)$|(?<=[gq])u(?=[{VOWELS}])"),
    "es": re.compile(r"(?<=q)u|(?<=g)u(?=[ei\u00e9\u00ed])"),
    "pt": re.compile(r"(?<=q)u(?=[ei\u00e9\u00ed\u00ea])|(?<=g)u(?=[ei\u00e9\u00ed\u00ea])"),
    "de": re.compile(r"(?<=q)u"),
}
STRONG = "aeo\u00e1\u00e9\u00f3\u00e2\u00ea\u00f4\u00ed\u00fa"
NUCLEUS = {
    "en": re.compile("[aeiouy]+"),
    "fr": re.compile(rf"[{VOWELS}]+"),
    # Two strong vowels are two syllables, and so is an accented weak one beside another vowel: le-er, dia.
    "es": re.compile(rf"[iuy\u00fc]*[{STRONG}][iuy\u00fc]*|[iuy\u00fc]+"),
    "pt": re.compile("[\u00e3\u00f5][eo]|[iuy\u00fc]*[" + STRONG + "\u00e3\u00f5\u00e0][iuy\u00fc]*|[iuy\u00fc]+"),
    "de": re.compile("aa|ee|oo|ai|ei|au|eu|\u00e4u|ie|ey|ay|[aeiouy\u00e4\u00f6\u00fc\u00e9]"),
}


def reading_ease(text: str, language: str) -> float | None:
    """Flesch's reading ease: about 0 (a statute) to 100 (a child's book); it may lie outside.

    Args:
        text: prose, without placeholders.
        language: ISO 639-1 code.

    Returns:
        None where the language has no formula, or the text fewer than MIN_WORDS words.
    """
    formula = FORMULAS.get(language)
    plain = URL.sub(" ", text)
    words = WORD.findall(plain.lower())
    if formula is None or len(words) < MIN_WORDS:
        return None
    sentences = sum(bool(WORD.search(sentence)) for sentence in SENTENCE_END.split(plain))
    syllables = sum(count_syllables(word, language) for word in words)
    return (
        formula.constant - formula.by_sentence * len(words) / sentences - formula.by_syllable * syllables / len(words)
    )


def count_syllables(word: str, language: str) -> int:
    """Syllables of a lower-cased word of a language of FORMULAS; at least one."""
    return max(1, len(NUCLEUS[language].findall(SILENT[language].sub("", word))))
