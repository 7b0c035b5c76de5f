"""One spelling for letters that look alike, with the way back to the text as it was written.

Wide, bold, accented and capital letters become plain ones, digits of every script become 0-9, typographic dashes and
apostrophes become ASCII, and what cannot be seen is left out. A letter becomes one letter or none, so a place in the
folded text has a place in the text.
"""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

# What has no picture of its own: breaks, joiners, fillers, directions, tags, the selectors of variants, and the line
# that stretches Arabic words.
INVISIBLE = {
    *(0x00AD, 0x034F, 0x061C, 0x0640, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x180F),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE01F0),
}
_LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc\u00b4`\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u2024\u3002\u00b7\u2022", "."),
        "\u00df": "s",
        "\u03c2": "\u03c3",
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u0131": "i",
    }
)


class Folded(NamedTuple):
    """A folded text; `places[i]` is where its letter i stands in the text as written."""

    text: str
    places: Sequence[int]


class _Letters(dict[int, str | None]):
    """The folded letter by code point, worked out when first met."""

    def __missing__(self, code: int) -> str | None:
        self[code] = _fold_letter(chr(code))
        return self[code]


def _fold_letter(letter: str) -> str | None:
    if ord(letter) in INVISIBLE or unicodedata.combining(letter):
        return None
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    plain = [part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)]
    if not plain:  # the marks of narrow katakana
        return None
    lowered = (plain[0] if len(plain) == 1 else letter).lower().translate(_LOOK_ALIKES)
    return lowered if len(lowered) == 1 else letter


_LETTERS = _Letters()


def fold_letters(text: str) -> Folded:
    """The text in one spelling, and the place of each of its letters in the text."""
    if text.isascii():
        return Folded(text.lower(), range(len(text)))
    folded = text.translate(_LETTERS)
    if len(folded) == len(text):
        return Folded(folded, range(len(text)))
    return Folded(folded, [place for place, letter in enumerate(text) if _LETTERS[ord(letter)] is not None])
