"""What a prompt says: how long it is, what it asks, how personal, pressing and readable it is."""

import re
from dataclasses import dataclass
from functools import cache

from lead_conversion.language.identification import (
    LANGUAGES,
    LAST_LATIN_LETTER,
    MIN_LETTERS_FOR_STATISTICS,
    language_among_all,
)
from lead_conversion.language.phrases import URL, any_of, fold, is_asserted, whole_words
from lead_conversion.language.prompt_lexicon import CLEAR_ASKS, NOTICES, PRESSURE
from lead_conversion.language.readability import reading_ease
from lead_conversion.language.sentiment import sentiment_of
from lead_conversion.language.templates import count_words, has_link, has_pressure, parse_template, render

# The team's own name and links are the same for every lead.
NOT_PERSONAL = re.compile(
    r"(?:agent|sender|advis[eo]r|rep|org|signature|unsubscribe)[\w.]*|[\w.]*(?:link|url|calendar)[\w.]*"
)
QUESTION_END = re.compile("[?\uff1f\u061f]+")
PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
# A text message has no full stop between its link and "Reply STOP".
NOTICE_CLAUSE = re.compile(r"(?:text|reply|send) stop\b[^.!?\n]*", re.IGNORECASE)
SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*|[.!?\n]+")
# What scrubbing leaves where a personal value stood: "[email]".
MARK = re.compile(r"\[[a-z_ ]{2,20}\]")


@dataclass(frozen=True, slots=True)
class PromptFeatures:
    """Features of one template, as the team wrote it.

    What is None is not known: the language has no lexicon or formula here, or the text is too short for it.

    Attributes:
        prompt_chars: characters of the body, placeholders as written.
        prompt_words: words of the body; a placeholder is one.
        prompt_questions: questions in subject and body; as sentiment and reading ease, without how to stop.
        prompt_has_ask: whether it asks for one thing that the reader can do at once.
        prompt_has_link: whether the body holds a link.
        prompt_placeholders: distinct placeholders for what is the lead's own.
        prompt_has_pressure: whether it hurries the reader or shouts.
        prompt_has_opt_out: whether it tells how to stop.
        prompt_reading_ease: Flesch's reading ease of the body, in the formula of its language.
        prompt_sentiment: from -1, all bad, to 1, all good; of subject and body.
        prompt_language: ISO 639-1, or und.
    """

    prompt_chars: int
    prompt_words: int
    prompt_questions: int
    prompt_has_ask: bool | None
    prompt_has_link: bool
    prompt_placeholders: int
    prompt_has_pressure: bool | None
    prompt_has_opt_out: bool | None
    prompt_reading_ease: float | None
    prompt_sentiment: float | None
    prompt_language: str


def describe_prompt(subject: str | None, body: str) -> PromptFeatures:
    """The features of a template.

    Args:
        subject: an e-mail's subject line; None of another channel.
        body: the text, with {{first_name}}-style placeholders.
    """
    whole = _whole(subject, body)
    language = _language(whole)
    prose, prose_of_body = (_prose(_without_notices(text, language)) for text in (whole, body))
    has_ask, presses, has_opt_out = _wording(whole, body, language)
    return PromptFeatures(
        prompt_chars=len(body),
        prompt_words=count_words(body),
        prompt_questions=len(QUESTION_END.findall(prose)),
        prompt_has_ask=has_ask,
        prompt_has_link=has_link(body),
        prompt_placeholders=len(_personal_placeholders(whole)),
        prompt_has_pressure=presses,
        prompt_has_opt_out=has_opt_out,
        prompt_reading_ease=reading_ease(prose_of_body, language),
        prompt_sentiment=sentiment_of(prose, language),
        prompt_language=language,
    )


def sentences_of_prompt(subject: str | None, body: str, language: str) -> list[str]:
    """What the team wrote, a sentence each: without placeholders, marks, links and how to stop."""
    prose = _prose(_without_notices(_whole(subject, body), language))
    return [sentence.strip() for sentence in SENTENCE.findall(prose) if any(map(str.isalpha, sentence))]


def has_words_to_tell_by(subject: str | None, body: str) -> bool:
    """Whether there are words enough to tell the language by; few are needed where they are in no Latin letters."""
    letters = [sign for sign in _prose(_whole(subject, body)) if sign.isalpha()]
    return len(letters) >= MIN_LETTERS_FOR_STATISTICS or any(letter > LAST_LATIN_LETTER for letter in letters)


def _whole(subject: str | None, body: str) -> str:
    return f"{subject}\n{body}" if subject else body


def _personal_placeholders(text: str) -> set[str]:
    names = {name.strip().lower() for name in PLACEHOLDER.findall(text)}
    return {name for name in names if name and not NOT_PERSONAL.fullmatch(name)}


def _prose(text: str) -> str:
    """The text as its reader's eye goes over it: without placeholders, marks and links."""
    return URL.sub(" ", MARK.sub(" ", PLACEHOLDER.sub(" ", text)))


def _language(text: str) -> str:
    """The language of the text; a notice in English stands under texts of any."""
    texts = (_prose(NOTICE_CLAUSE.sub("\n", text)), _prose(text))
    prose = next((each for each in texts if any(map(str.isalpha, each))), "")
    return language_among_all(prose, fold(prose))


def _without_notices(text: str, language: str) -> str:
    """The text without the sentences that tell how to stop: the law's words, not the team's."""
    own = NOTICE_CLAUSE.sub("\n", text)
    if language == "en":
        return render(tuple(part for part in parse_template(own) if part.kind != "notice"))
    if language not in LANGUAGES:
        return own
    notices = _lexicon(language)[2]
    return "".join(sentence for sentence in SENTENCE.findall(own) if not notices.search(fold(sentence)))


def _wording(whole: str, body: str, language: str) -> tuple[bool | None, bool | None, bool | None]:
    """Whether it asks, presses and tells how to stop; None in a language that nobody here reads."""
    if language not in LANGUAGES:
        return None, None, None
    if language == "en":
        has_notice = any(part.kind == "notice" for part in parse_template(body))
        has_ask = any(part.is_clear_ask for part in parse_template(NOTICE_CLAUSE.sub("\n", body)))
        return has_ask, has_pressure(whole), has_notice
    folded = fold(whole)
    asks, pressure, notices = _lexicon(language)
    # "Responda STOP" tells how to stop and asks for nothing.
    without_notices = notices.sub(" ", folded)
    return is_asserted(without_notices, asks), is_asserted(folded, pressure), bool(notices.search(folded))


@cache
def _lexicon(language: str) -> tuple[re.Pattern[str], ...]:
    return tuple(whole_words(any_of(phrases, (language,))) for phrases in (CLEAR_ASKS, PRESSURE, NOTICES))
