"""What a text message costs: its alphabet and its segments, by 3GPP TS 23.038, sections 6.1.2 and 6.2.1."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from lead_conversion.language.templates import PLACEHOLDER

BASIC = (
    "@\u00a3$\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\n\u00d8\u00f8\r\u00c5\u00e5\u0394_\u03a6\u0393\u039b\u03a9\u03a0\u03a8\u03a3\u0398\u039e"
    " \u00c6\u00e6\u00df\u00c9!\"#\u00a4%&'()*+,-./0123456789:;<=>?"
    "\u00a1ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00c4\u00d6\u00d1\u00dc\u00a7"
    "\u00bfabcdefghijklmnopqrstuvwxyz\u00e4\u00f6\u00f1\u00fc\u00e0"
)
# Each takes two septets, an escape and itself.
EXTENDED = "\f^{}\\[~]|\u20ac"
_SEPTETS = {**dict.fromkeys(BASIC, 1), **dict.fromkeys(EXTENDED, 2)}
# Signs of a word processor that the alphabet lacks, and what reads the same.
_PLAIN_SIGNS = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00b4": "'",
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2022": "-", "\u200b": "",
    }
)  # fmt: skip
_LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
_LAST_OF_BASIC_PLANE = 0xFFFF


class Segments(NamedTuple):
    """How a message is sent: the alphabet, its length in septets (GSM-7) or 16-bit units (UCS-2), its segments."""

    alphabet: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def count_segments(template: str, filled_lengths: Mapping[str, int], other_length: int) -> Segments:
    """The segments of a message once its placeholders are filled.

    One sign outside the 7-bit alphabet puts the whole message into UCS-2, at 70 units instead of 160 septets. What
    stands in a lead's own name is not known here: it is taken to be in the alphabet.

    Args:
        template: the text with {{placeholders}}.
        filled_lengths: typical characters of what a placeholder is filled with, by its field.
        other_length: the same for any other placeholder.
    """
    text = PLACEHOLDER.sub(lambda found: "x" * filled_lengths.get(found[1].rpartition(".")[2], other_length), template)
    if all(sign in _SEPTETS for sign in text):
        return _pack("GSM-7", [_SEPTETS[sign] for sign in text])
    return _pack("UCS-2", [2 if ord(sign) > _LAST_OF_BASIC_PLANE else 1 for sign in text])


def spell_plainly(text: str) -> str:
    """The text with curly quotes, dashes and special blanks in signs of the 7-bit alphabet; letters stay."""
    return re.sub(r" {2,}", " ", text.translate(_PLAIN_SIGNS)) if text.translate(_PLAIN_SIGNS) != text else text


def _pack(alphabet: Literal["GSM-7", "UCS-2"], widths: list[int]) -> Segments:
    """Signs in their order into segments; an escape and its sign, or the halves of a pair, stay together."""
    alone, in_chain = _LIMITS[alphabet]
    units = sum(widths)
    if units <= alone:
        return Segments(alphabet, units, 1)
    segments, room = 1, in_chain
    for width in widths:
        if width > room:
            segments, room = segments + 1, in_chain
        room -= width
    return Segments(alphabet, units, segments)
