"""How a text sounds: VADER's sentiment (Hutto & Gilbert 2014, ICWSM), which knows English."""

import re
from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

SENTIMENT_LANGUAGES = ("en",)
# VADER takes the square of the number of pictures: a thousand of them would take a quarter of a second.
MAX_CHARS = 1_000
MAX_PICTURES = 10
PICTURE = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]")


def sentiment_of(text: str, language: str) -> float | None:
    """From -1, all bad, over 0 to 1, all good; None where the language has no lexicon, or the text no word."""
    if language not in SENTIMENT_LANGUAGES or not any(map(str.isalpha, text)):
        return None
    read = text[:MAX_CHARS]
    if not read.isascii():
        last = next((found.start() for n, found in enumerate(PICTURE.finditer(read)) if n >= MAX_PICTURES), len(read))
        read = read[:last] + PICTURE.sub("", read[last:])
    return float(_analyzer().polarity_scores(read)["compound"])


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
