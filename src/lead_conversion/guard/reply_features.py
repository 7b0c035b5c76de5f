"""What is kept of a reply: how long it is, what it wants, what holds it back. The text itself is not kept."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from lead_conversion.guard.message_text import read_message
from lead_conversion.guard.reply_lexicon import (
    COURTESIES,
    HARMLESS,
    NEGATIVE,
    OBJECTIONS,
    OPT_OUT,
    OPT_OUT_REPLIES,
    POSITIVE,
    QUESTION_OPENINGS,
    Phrases,
)

INTENTS = ("positive", "negative", "neutral")
LANGUAGES = ("de", "en", "es", "fr", "pt")
UNDETERMINED = "und"
# Below this many letters the statistics of a language are a guess.
MIN_LETTERS_FOR_STATISTICS = 12

REPLY_FIELDS = (
    pa.field("reply_chars", pa.int64()),
    pa.field("reply_words", pa.int64()),
    pa.field("reply_has_question", pa.bool_()),
    pa.field("reply_intent", pa.string()),
    pa.field("reply_objection", pa.string()),
    pa.field("reply_is_opt_out", pa.bool_()),
    pa.field("reply_language", pa.string()),
    pa.field("reply_faults", pa.string()),
)


@dataclass(frozen=True, slots=True)
class ReplyFeatures:
    """Features of one reply, of its own words only: neither markup nor what it quotes counts.

    `reply_faults` names what was wrong with the message: comma-joined, sorted; None where nothing was.
    """

    reply_chars: int
    reply_words: int
    reply_has_question: bool
    reply_intent: str
    reply_objection: str | None
    reply_is_opt_out: bool
    reply_language: str
    reply_faults: str | None


def describe_reply(text: str, languages: tuple[str, ...] = LANGUAGES) -> ReplyFeatures:
    """The features of a reply.

    Args:
        text: the message as it was received.
        languages: ISO 639-1 codes that replies are expected in; lexicons exist for LANGUAGES.
    """
    own, faults = read_message(text)
    folded = fold(own)
    language = language_of(own, folded, languages)
    lexicon = _lexicon(language)
    is_opt_out = _is_opt_out(folded, lexicon)
    objection = _objection(folded, lexicon)
    return ReplyFeatures(
        reply_chars=len(own),
        reply_words=len(WORD.findall(own)),
        reply_has_question=bool(QUESTION_MARK.search(URL.sub(" ", own)) or lexicon.question.search(folded)),
        reply_intent="negative" if is_opt_out else _intent(folded, lexicon, objects=objection is not None),
        reply_objection=objection,
        reply_is_opt_out=is_opt_out,
        reply_language=language,
        reply_faults=",".join(faults) or None,
    )


def reply_columns(bodies: pa.Array, languages: tuple[str, ...] = LANGUAGES) -> list[pa.Array]:
    """The features of each body, one array a field of REPLY_FIELDS; null where there is no body."""
    encoded = bodies.cast(pa.string()).dictionary_encode()
    described = [describe_reply(text, languages) for text in encoded.dictionary.to_pylist()]
    return [
        pa.array([getattr(features, field.name) for features in described], field.type).take(encoded.indices)
        for field in REPLY_FIELDS
    ]


# --- What the words say ------------------------------------------------------------------------------------------

WORD = re.compile("\\w+(?:['\u2019-]\\w+)*")
APOSTROPHES = dict.fromkeys([0x2018, 0x2019, 0x00B4], "'")
URL = re.compile(r"(?:https?://|www\.)\S+")
QUESTION_MARK = re.compile("[?\u00bf\uff1f\u061f]")  # Latin, Spanish, full-width, Arabic


def fold(text: str) -> str:
    """The text as the lexicon spells it: lower case, no accents, straight apostrophes, single blanks."""
    folded = text.casefold()
    if not folded.isascii():
        folded = folded.translate(APOSTROPHES)
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return folded


@dataclass(frozen=True, slots=True)
class _Lexicon:
    opt_out_reply: re.Pattern[str]
    opt_out: re.Pattern[str]
    harmless: re.Pattern[str]
    negative: re.Pattern[str]
    positive: re.Pattern[str]
    objections: tuple[tuple[str, re.Pattern[str]], ...]
    question: re.Pattern[str]


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
        opt_out_reply=re.compile(_any_of(OPT_OUT_REPLIES, LANGUAGES)),
        opt_out=_pattern(OPT_OUT, read),
        harmless=_pattern(HARMLESS, read),
        negative=_pattern(NEGATIVE, read),
        positive=_pattern(POSITIVE, read),
        objections=tuple((name, _pattern(phrases, read)) for name, phrases in OBJECTIONS.items()),
        question=re.compile(rf"(?:^|[.!;,] )(?:{_any_of(QUESTION_OPENINGS, read)})(?!\w)"),
    )


def _any_of(phrases: Phrases, languages: tuple[str, ...]) -> str:
    return "|".join(dict.fromkeys(phrase for language in languages for phrase in phrases[language]))


def _pattern(phrases: Phrases, languages: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_any_of(phrases, languages)})(?!\w)")


def _is_opt_out(folded: str, lexicon: _Lexicon) -> bool:
    bare = NOT_LETTERS.sub(" ", POLITE_FILLER.sub(" ", folded)).strip()
    if lexicon.opt_out_reply.fullmatch(bare):
        return True
    return any(not NEGATED.search(folded[: found.start()]) for found in lexicon.opt_out.finditer(folded))


def _intent(folded: str, lexicon: _Lexicon, *, objects: bool) -> str:
    """The wish that the words show: neutral where both consent and refusal are said, or none.

    An objection without consent refuses; beside consent it is a condition.
    """
    text = lexicon.harmless.sub(" ", folded)
    # "not interested" holds "interested": refusals are taken out before consent is looked for.
    rest, refusals = lexicon.negative.subn(" ", text)
    if lexicon.positive.search(rest):
        return "neutral" if refusals else "positive"
    return "negative" if refusals or objects else "neutral"


def _objection(folded: str, lexicon: _Lexicon) -> str | None:
    """The objection that stands first in the reply; None where it holds none."""
    found = ((pattern.search(folded), name) for name, pattern in lexicon.objections)
    first = min(((match.start(), name) for match, name in found if match), default=None)
    return first[1] if first else None


# --- The language ------------------------------------------------------------------------------------------------


def language_of(own: str, folded: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """The ISO 639-1 code of the reply's language; 'und' where it is too short to tell, or in another script."""
    letters = sum(map(str.isalpha, own))
    if not letters:
        return UNDETERMINED
    if not own.isascii() and 2 * sum(letter.isalpha() and letter > "\u024f" for letter in own) > letters:
        return UNDETERMINED
    if letters < MIN_LETTERS_FOR_STATISTICS:
        return _language_of_short(folded, languages)
    return str(_identifier(languages).classify(own)[0])


def _language_of_short(folded: str, languages: tuple[str, ...]) -> str:
    """The one language whose lexicon knows the text; 'und' where none or several do."""
    spoken = [language for language in languages if language in LANGUAGES and _all_phrases(language).search(folded)]
    return spoken[0] if len(spoken) == 1 else UNDETERMINED


@cache
def _all_phrases(language: str) -> re.Pattern[str]:
    lexicons = (COURTESIES, OPT_OUT, NEGATIVE, POSITIVE, *OBJECTIONS.values())
    return re.compile(rf"(?<!\w)(?:{'|'.join(_any_of(phrases, (language,)) for phrases in lexicons)})(?!\w)")


@cache
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(languages)
    return identifier
