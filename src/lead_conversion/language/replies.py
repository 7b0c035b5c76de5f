"""What a reply says: how long it is, what it wants and asks for, what holds it back."""

import re
from dataclasses import dataclass
from functools import cache

from lead_conversion.language.identification import LANGUAGES, language_of
from lead_conversion.language.phrases import (
    QUESTION_MARK,
    URL,
    WORD,
    Phrases,
    any_of,
    fold,
    is_asserted,
    whole_words,
)
from lead_conversion.language.reply_lexicon import (
    HARMLESS,
    NEGATIVE,
    OBJECTIONS,
    OPT_OUT,
    OPT_OUT_REPLIES,
    POSITIVE,
    QUESTION_OPENINGS,
)
from lead_conversion.language.request_lexicon import MEETING, PRICE_QUESTION, PROMISE, URGENT
from lead_conversion.language.sentiment import sentiment_of

INTENTS = ("positive", "negative", "neutral")


@dataclass(frozen=True, slots=True)
class ReplyFeatures:
    """Features of one reply, of its own words only: neither markup nor what it quotes counts.

    `reply_sentiment` is from -1 to 1; None where it is not known (language.sentiment). `reply_intent` is one of
    INTENTS; None where the language is not known and no word shows a wish: there the lexicons' silence says nothing.
    """

    reply_chars: int
    reply_words: int
    reply_has_question: bool
    reply_intent: str | None
    reply_objection: str | None
    reply_is_opt_out: bool
    reply_is_urgent: bool
    reply_wants_meeting: bool
    reply_asks_price: bool
    reply_sentiment: float | None
    reply_language: str


def describe_reply(own: str, languages: tuple[str, ...] = LANGUAGES) -> ReplyFeatures:
    """The features of a reply.

    Args:
        own: the writer's own words in it.
        languages: ISO 639-1 codes that replies are expected in; lexicons exist for LANGUAGES.
    """
    folded = fold(own)
    language = language_of(own, folded, languages)
    lexicon = _lexicon(language)
    is_opt_out = _is_opt_out(folded, lexicon)
    objection = _objection(folded, lexicon)
    # Who wants no more messages asks for nothing else, however it is put.
    harmless = "" if is_opt_out else lexicon.harmless.sub(" ", folded)
    return ReplyFeatures(
        reply_chars=len(own),
        reply_words=len(WORD.findall(own)),
        reply_has_question=bool(QUESTION_MARK.search(URL.sub(" ", own)) or lexicon.question.search(folded)),
        reply_intent="negative" if is_opt_out else _intent(folded, language, objects=objection is not None),
        reply_objection=objection,
        reply_is_opt_out=is_opt_out,
        reply_is_urgent=is_asserted(harmless, lexicon.urgent, unless_behind=lexicon.promise),
        reply_wants_meeting=is_asserted(harmless, lexicon.meeting),
        reply_asks_price=is_asserted(harmless, lexicon.price_question),
        reply_sentiment=sentiment_of(own, language),
        reply_language=language,
    )


@dataclass(frozen=True, slots=True)
class _Lexicon:
    opt_out_reply: re.Pattern[str]
    opt_out: re.Pattern[str]
    harmless: re.Pattern[str]
    negative: re.Pattern[str]
    positive: re.Pattern[str]
    objection: re.Pattern[str]
    question: re.Pattern[str]
    urgent: re.Pattern[str]
    promise: re.Pattern[str]
    meeting: re.Pattern[str]
    price_question: re.Pattern[str]


POLITE_FILLER = re.compile(
    r"(?<!\w)(?:please|pls|plz|thanks|thank you|thx|por favor|gracias|merci|svp|bitte|danke|obrigad[oa])(?!\w)"
)
NOT_LETTERS = re.compile(r"[\W\d_]+")
NEGATED = re.compile(r"(?:do not|don'?t|didn'?t|did not|not|never|no|ne|nicht|nao)\s+(?:\w+\s+){0,2}$")


@cache
def _lexicon(language: str) -> _Lexicon:
    """The patterns for a reply in that language: its own and English, which stands in replies everywhere."""
    read = (language, "en") if language in LANGUAGES else LANGUAGES
    return _Lexicon(
        opt_out_reply=re.compile(any_of(OPT_OUT_REPLIES, LANGUAGES)),
        opt_out=_pattern(OPT_OUT, read),
        harmless=_pattern(HARMLESS, read),
        negative=_pattern(NEGATIVE, read),
        positive=_pattern(POSITIVE, read),
        objection=whole_words(
            "|".join(f"(?P<{name}>{any_of(phrases, read)})(?!\\w)" for name, phrases in sorted(OBJECTIONS.items()))
        ),
        question=re.compile(rf"(?:^|[.!;,] )(?:{any_of(QUESTION_OPENINGS, read)})(?!\w)"),
        urgent=_pattern(URGENT, read),
        promise=re.compile(rf"(?<!\w)(?:{any_of(PROMISE, read)})\s+(?:[\w']+\s+){{0,6}}$"),
        meeting=_pattern(MEETING, read),
        price_question=_pattern(PRICE_QUESTION, read),
    )


def _pattern(phrases: Phrases, languages: tuple[str, ...]) -> re.Pattern[str]:
    return whole_words(any_of(phrases, languages))


def _is_opt_out(folded: str, lexicon: _Lexicon) -> bool:
    bare = NOT_LETTERS.sub(" ", POLITE_FILLER.sub(" ", folded)).strip()
    if lexicon.opt_out_reply.fullmatch(bare):
        return True
    return any(not NEGATED.search(folded[: found.start()]) for found in lexicon.opt_out.finditer(folded))


def _intent(folded: str, language: str, *, objects: bool) -> str | None:
    """The wish that the words show: neutral where they show both consent and refusal, or none in a language we read.

    An objection without consent refuses; beside consent it is a condition.
    """
    lexicon = _lexicon(language)
    text = lexicon.harmless.sub(" ", folded)
    # "not interested" holds "interested": refusals are taken out before consent is looked for.
    rest, refusals = lexicon.negative.subn(" ", text)
    if lexicon.positive.search(rest):
        return "neutral" if refusals else "positive"
    if refusals or objects:
        return "negative"
    return "neutral" if language in LANGUAGES else None


def _objection(folded: str, lexicon: _Lexicon) -> str | None:
    """The objection that stands first in the reply; None where it holds none."""
    found = lexicon.objection.search(folded)
    return found.lastgroup if found else None
