"""Which language a text is in."""

import re
from copy import copy
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from lead_conversion.language.phrases import Phrases, any_of, lines, whole_words
from lead_conversion.language.reply_lexicon import COURTESIES, NEGATIVE, OBJECTIONS, OPT_OUT, POSITIVE

LANGUAGES = ("de", "en", "es", "fr", "pt")
UNDETERMINED = "und"
# Below this many letters the statistics of a language are a guess.
MIN_LETTERS_FOR_STATISTICS = 12
LAST_LATIN_LETTER = "\u024f"
# Below this many, so is the choice among all languages there are.
MIN_LETTERS_FOR_ALL = 60
# The other languages in Latin letters that many people write. Beside small ones (Luxembourgish, Galician, Nigerian
# Pidgin), two or three words of German, Spanish or English would often be taken for those.
OTHERS = (
    "ca", "cs", "da", "et", "fi", "hr", "hu", "id", "it", "lt", "lv", "ms",
    "nl", "no", "pl", "ro", "sk", "sl", "sq", "sv", "sw", "tl", "tr", "vi",
)  # fmt: skip

# Words that a language shares with none of its neighbours (Catalan, Danish, Dutch, Italian, Polish, Romanian, Swedish),
# as phrases.fold spells them: one of them bears out what the statistics of five languages say.
TELLING_WORDS: Phrases = {
    "de": lines(r"""
        (ich|nicht|und|ist|wir|mich|ein|uns|ihnen|ihre?|fur|keine?|bitte|habe|haben|das|auch|auf|zu|sich|kann|konnen)
        (konnte|konnten|mochten?|wurden?|einen?|einem|eine|zeit|sind|bin|es|wenn|aber|nur|bei|mehr|viel|gerne|vom|beim)
        (danke|guten|rufen|schicken|wann|jetzt|heute|doch|schon|uhr|meine?|nach|oder|aus|leider|gut)
    """),
    "en": lines(r"""
        (the|you|your|yours|are|it|it's|its|i'm|i'll|i'd|i've|this|that|and|please|what|what's|when|how|not)
        (with|would|could|can|can't|have|has|don'?t|we're|we'll|they|there|but|about|who|why|which|should|been)
        (our|from|thanks|yes|any|some|more|call|much|need|interested|too|does|did|let's|lets|think)
        (if|he|she|or|where|tomorrow|today|give|out|good|get|his|her|were|want|works?|take|see|know|time)
    """),
    "es": lines(r"""
        (los|las|y|por|para|pero|muy|estoy|esta|esto|tengo|tenemos|quiero|queremos|puede|puedo|pueden|podemos|gracias)
        (cuando|como|cuanto|cuesta|donde|porque|sus|yo|usted|ustedes|hoy|ahora|manana|favor|bien|todo|soy|mas)
        (nos|tiene|tienes|mejor|llamame|gustaria|interesa|acuerdo|precio|somos|estamos|hasta|eso)
    """),
    "fr": lines(r"""
        (vous|est|c'est|des|une|pour|avec|votre|vos|mon|moi|nous|oui|bonjour|dans|sur|tres|suis|cela|j'ai)
        (d'accord|combien|quand|comment|etes|etre|peut|peux|faire|au|aux|sans|rien|bien|mais|cette|par|trop)
        (pouvez|peu|demain|aujourd'hui|plait|notre|avez|merci)
    """),
    "pt": lines(r"""
        (nao|voce|voces|uma|com|obrigad[oa]|muito|mais|para|meu|minha|sim|estou|esta|tenho|temos|quero|pode|podem|por|isso)
        (ao|em|dos|das|mas|sou|como|hoje|amanha|agora|seu|podemos|gostaria|preco|ligar|ate|pelo|pela)
    """),
}


def language_of(text: str, folded: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """The ISO 639-1 code of the text's language; 'und' where it is too short to tell, or in a language not expected.

    Args:
        text: the text.
        folded: the text as phrases.fold gives it.
        languages: the codes that are expected; others are not told.
    """
    letters = sum(map(str.isalpha, text))
    if not letters or _is_in_another_script(text, letters):
        return UNDETERMINED
    if letters < MIN_LETTERS_FOR_STATISTICS:
        return _language_of_short(folded, languages)
    likeliest = str(_identifier(languages).classify(text)[0])
    return likeliest if _is_borne_out(likeliest, text, folded, languages) else UNDETERMINED


def language_among_all(text: str, folded: str) -> str:
    """The text's language, which may be any; among LANGUAGES where the text is too short for that."""
    if sum(map(str.isalpha, text)) < MIN_LETTERS_FOR_ALL:
        return language_of(text, folded)
    return str(_identifier(None).classify(text)[0])


def _is_borne_out(language: str, text: str, folded: str, languages: tuple[str, ...]) -> bool:
    """Whether the text holds a word that tells the language, or it stays the likeliest beside OTHERS."""
    if language in LANGUAGES and _telling_words(language).search(folded):
        return True
    return bool(_identifier(_with_others(languages)).classify(text)[0] == language)


def _is_in_another_script(text: str, letters: int) -> bool:
    return not text.isascii() and 2 * sum(letter.isalpha() and letter > LAST_LATIN_LETTER for letter in text) > letters


def _language_of_short(folded: str, languages: tuple[str, ...]) -> str:
    """The one language whose lexicon knows the text; 'und' where none or several do."""
    spoken = [language for language in languages if language in LANGUAGES and _all_phrases(language).search(folded)]
    return spoken[0] if len(spoken) == 1 else UNDETERMINED


@cache
def _telling_words(language: str) -> re.Pattern[str]:
    return whole_words(any_of(TELLING_WORDS, (language,)))


@cache
def _all_phrases(language: str) -> re.Pattern[str]:
    lexicons = (COURTESIES, OPT_OUT, NEGATIVE, POSITIVE, *OBJECTIONS.values())
    return whole_words("|".join(any_of(phrases, (language,)) for phrases in lexicons))


@cache
def _with_others(languages: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*languages, *LANGUAGES, *OTHERS}))


@cache
def _identifier(languages: tuple[str, ...] | None) -> LanguageIdentifier:
    if not languages:
        return LanguageIdentifier.from_model_file(MODEL_FILE)
    # Half a second to unpack: one model for all, of which each identifier looks at its languages.
    identifier = copy(_identifier(None))
    identifier.set_languages(languages)
    return identifier
