"""Phrases that tell something, and the one spelling in which texts are searched for them."""

import re
import unicodedata

Phrases = dict[str, tuple[str, ...]]
"""By ISO 639-1 code, regular expressions over folded text."""

WORD = re.compile("\\w+(?:['\u2019-]\\w+)*")
APOSTROPHES = dict.fromkeys([0x2018, 0x2019, 0x00B4], "'")
URL = re.compile(r"(?:https?://|www\.)\S+")
GROUP = re.compile(r"(?<!\\)\((?!\?)")
QUESTION_MARK = re.compile("[?\u00bf\uff1f\u061f]")  # Latin, Spanish, full-width, Arabic

# A word of refusal reaches over three words, and in German it may follow.
REFUSED_BEFORE = re.compile(
    r"(?<!\w)(?:(?:ai|are|ca|could|did|does|do|had|has|have|is|should|was|were|wo|would)n'?t|cannot|not|no|never|nothing|without|none|ne|n'\w+|pas|rien|jamais|sans|nunca|nada|sin|nao|sem|nem|ni"
    r"|nicht|nichts|nie|kein\w*|ohne)\s+(?:[\w']+\s+){0,3}$"
)
REFUSED_BEHIND = re.compile(r"\s+(?:\w+\s+){0,2}(?:nicht|nie|niemals)(?!\w)")
LONGEST_REFUSAL = 60


def lines(text: str) -> tuple[str, ...]:
    """The phrases of a block, one a line."""
    return tuple(line.strip() for line in text.strip().splitlines())


def fold(text: str) -> str:
    """The text as the lexicons spell it: lower case, no accents, straight apostrophes, single blanks."""
    folded = text.casefold()
    if not folded.isascii():
        folded = folded.translate(APOSTROPHES)
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return folded


def any_of(phrases: Phrases, languages: tuple[str, ...]) -> str:
    """An alternative of the phrases of these languages, each once; its groups keep nothing, which is twice as fast."""
    alternative = "|".join(dict.fromkeys(phrase for language in languages for phrase in phrases[language]))
    return GROUP.sub("(?:", alternative)


def whole_words(alternative: str) -> re.Pattern[str]:
    """The pattern of an alternative at word boundaries."""
    return re.compile(rf"(?<!\w)(?:{alternative})(?!\w)")


def is_asserted(folded: str, phrases: re.Pattern[str], unless_behind: re.Pattern[str] | None = None) -> bool:
    """Whether one of the phrases stands in the text and is not refused in the same breath.

    Args:
        folded: the text as fold gives it.
        phrases: what is looked for.
        unless_behind: what takes the meaning from a phrase that it stands before; ends in $.
    """
    for found in phrases.finditer(folded):
        before = folded[max(0, found.start() - LONGEST_REFUSAL) : found.start()]
        is_refused = REFUSED_BEFORE.search(before) or REFUSED_BEHIND.match(folded, found.end())
        if not is_refused and not (unless_behind and unless_behind.search(before)):
            return True
    return False
