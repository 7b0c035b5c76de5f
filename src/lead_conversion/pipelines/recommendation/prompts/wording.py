"""How the sentences of a template stand together when some go and others come."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from lead_conversion.language.identification import UNDETERMINED
from lead_conversion.language.prompts import describe_prompt, has_words_to_tell_by
from lead_conversion.language.templates import PLACEHOLDER, Part, straighten

# of ISO 639-3, for languages without a code
UNREAD = "mis"
# what follows from the sentence before it
_LEANS_BACK = re.compile(
    r"(?:if (?:so|not|yes|that|you did)|that|this|these|those|it|they|he|she|then|so|but|or|and|either|neither|both|"
    r"because|otherwise|which (?:is|was|means|makes|gives|will)|also|plus|instead|there it|in (?:that|which) case|"
    r"(?:after|before|until) (?:that|this|then)|by then|as (?:mentioned|noted|(?:i )?said|i (?:mentioned|wrote))|"
    r"for (?:that|this|example|instance))\b",
    re.IGNORECASE,
)
# "the old one", wherever it stands: what it is one of was named before
_ONE_OF_THEM = re.compile(r"\bthe (?:\w+ one|other|former|latter)s?\b(?! (?:of|thing|day|week|reason))", re.IGNORECASE)
# what points at something in the text that it comes from
_POINTS_ELSEWHERE = re.compile(
    r"\b(?:that|this one|these|those|either|both|instead|such|above|below|another|too)\b", re.IGNORECASE
)
# what stands for something that was named before
_PRONOUN = re.compile(r"\b(?:its?|they|them|their|he|she|him|his|her|this)\b", re.IGNORECASE)
# first words that need no capital in the middle of a sentence
_PLAIN_STARTS = re.compile(
    r"(?:all|an?|and|are|as|at|by|can|could|did|do|does|don't|each|every|few|for|from|half|has|have|here|how|if|in|it|"
    r"it's|just|last|let's|like|many|most|my|no|not|of|on|once|one|our|people|perhaps|quick|shall|should|since|some|"
    r"still|thanks?|that|the|there|these|this|those|through|to|two|three|we|we're|we've|we'll|welcome|what|when|where|"
    r"which|who|why|will|with|would|you|your|you're|you've|you'll)(?![\w'])",
    re.IGNORECASE,
)
# first words that keep their capital there
_CAPITAL_STARTS = re.compile(r"I(?:'\w+)?(?!\w)|[^A-Z]")
_LISTED = re.compile(r"(?:[-\u2013\u2022*\u00b7]|\d+[.)])\s|(?:first|second|third|final|last)(?:ly)?,\s", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_BRACES = re.compile(r"\{{1,2}\s*([\w.]+)\s*\}{1,2}")
_LIKENESS = 0.8


@dataclass(frozen=True)
class PromptText:
    """The text of one prompt version; only e-mails have a subject."""

    channel: str
    subject: str | None
    body: str

    @classmethod
    def of(cls, prompt: Mapping[str, Any]) -> "PromptText":
        """From a row of the steps with its `channel`, `subject` and `body`, where it has them."""
        subject, body = prompt["subject"], prompt["body"]
        return cls(
            prompt["channel"],
            subject if isinstance(subject, str) else None,
            # lines are told apart by "\n" alone
            "\n".join(re.split(r"\r\n?", body)) if isinstance(body, str) else "",
        )

    def whole(self) -> str:
        """What a reader of the report sees: subject, where there is one, and body."""
        return f"Subject: {self.subject}\n\n{self.body}" if self.subject else self.body

    @cached_property
    def language(self) -> str:
        """ISO 639-1; und of hardly a word, and mis where there are words of a language that nobody here can tell."""
        told = describe_prompt(self.subject, self.body).prompt_language
        return UNREAD if told == UNDETERMINED and has_words_to_tell_by(self.subject, self.body) else told


def leans_back(sentence: str) -> bool:
    """Whether the sentence makes no sense without the one before it."""
    plain = straighten(sentence)
    return bool(_LEANS_BACK.match(plain) or _ONE_OF_THEM.search(plain))


def stands_alone(sentence: str) -> bool:
    """Whether the sentence could stand in another text."""
    plain = straighten(sentence)
    return not (_LEANS_BACK.match(plain) or _POINTS_ELSEWHERE.search(plain))


def names_all_it_means(sentence: str) -> bool:
    """Whether nothing in the sentence stands for what another one named."""
    return stands_alone(sentence) and not _PRONOUN.search(straighten(sentence))


def may_insert(parts: tuple[Part, ...], index: int) -> bool:
    """Whether a new sentence may stand before this place: not behind a question, nor before what leans on it."""
    is_behind_question = bool(index) and parts[index - 1].text.rstrip().endswith("?")
    return not is_behind_question and (index >= len(parts) or not leans_back(parts[index].text))


def can_go(parts: tuple[Part, ...], index: int, gone: Collection[int] = ()) -> bool:
    """Whether what stays around this sentence can stand without it; a list and what leads to it stay together."""
    rest = [part for other, part in enumerate(parts) if other > index and other not in gone]
    text = parts[index].text.rstrip()
    is_led_to = bool(index) and parts[index - 1].kind != "greeting" and parts[index - 1].text.rstrip().endswith(":")
    if text.endswith(":") or is_led_to or _LISTED.match(text):
        return False
    return not rest or not leans_back(rest[0].text)


def without(parts: tuple[Part, ...], removed: Collection[int]) -> tuple[Part, ...]:
    """The parts that stay, on their own lines where they began a paragraph, and well joined."""
    kept: list[Part] = []
    widest = ""
    for index, part in enumerate(parts):
        widest = max(widest, part.gap, key=lambda gap: gap.count("\n"))
        if index in removed:
            continue
        kept.append(replace(part, gap=(widest or part.gap) if kept else ""))
        widest = ""
    return join(tuple(kept))


def put(parts: tuple[Part, ...], place: range, new: Part) -> tuple[Part, ...]:
    """The new part in place of those at `place`, or before them where the range is empty."""
    between = "\n\n" if not place and _is_letter(parts) else " "
    gap = parts[place.start].gap if place else between
    placed = replace(new, gap=gap if place.start else "")
    rest = parts[place.stop :]
    if rest and not place.start and not place:
        rest = (replace(rest[0], gap=between), *rest[1:])
    return join((*parts[: place.start], placed, *(rest if place else _begin_anew(rest))))


def put_before(parts: tuple[Part, ...], index: int, new: Part) -> tuple[Part, ...]:
    """The new part as the sentence before, in the same paragraph; parts[index] is not the first."""
    placed = replace(new, gap=parts[index].gap)
    return join((*parts[:index], placed, *_begin_anew((replace(parts[index], gap=" "), *parts[index + 1 :]))))


def put_behind(parts: tuple[Part, ...], index: int, new: Part) -> tuple[Part, ...]:
    """The new part as the next sentence of the same paragraph."""
    gap = " " if (index and parts[index].kind != "greeting") or not _is_letter(parts) else "\n\n"
    return join((*parts[: index + 1], replace(new, gap=gap), *_begin_anew(parts[index + 1 :])))


def join(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts with each sentence small after a comma; where a name may begin it, the comma gives way to "!"."""
    joined: list[Part] = []
    for part in parts:
        is_bare = bool(joined) and joined[-1].kind == "greeting" and joined[-1].text.endswith("}}")
        if is_bare and part.kind != "signature" and "\n" not in part.gap:
            joined[-1] = replace(joined[-1], text=joined[-1].text + ",")
        goes_on = bool(joined) and joined[-1].text.endswith(",") and "\n" not in part.gap
        if goes_on and joined[-1].kind == "greeting" and not _CAPITAL_STARTS.match(part.text):
            if _PLAIN_STARTS.match(straighten(part.text)):
                joined.append(replace(part, text=part.text[0].lower() + part.text[1:]))
                continue
            joined[-1] = replace(joined[-1], text=joined[-1].text[:-1] + "!")
        joined.append(part)
    return tuple(joined)


def _begin_anew(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts with a capital where the first was small behind the greeting's comma."""
    if not parts or parts[0].kind in ("signature", "notice"):
        return parts
    return (replace(parts[0], text=parts[0].text[:1].upper() + parts[0].text[1:]), *parts[1:])


def _is_letter(parts: tuple[Part, ...]) -> bool:
    return any("\n\n" in part.gap for part in parts)


def mend_placeholders(text: str, known: frozenset[str]) -> str:
    """The text with broken braces around a known name made whole, and a misspelt name spelt as the campaign does."""

    def mended(found: re.Match[str]) -> str:
        name = found[1]
        # Another number names another thing: {{booking_link_2}} is no {{booking_link}} misspelt.
        of_number = [other for other in sorted(known) if re.findall(r"\d", other) == re.findall(r"\d", name)]
        near = [name] if name in known else get_close_matches(name, of_number, n=1, cutoff=_LIKENESS)
        is_whole = found[0].startswith("{{") and found[0].endswith("}}")
        if not near or (is_whole and near == [name]):
            return found[0]
        return "{{" + near[0] + "}}"

    return _BRACES.sub(mended, text)


def has_markup(text: str) -> bool:
    """Whether HTML tags stand in the text: its sentences do not end where they seem to."""
    return bool(_MARKUP.search(text))


def has_broken_braces(text: str) -> bool:
    """Whether braces stand in the text that would reach the reader."""
    return bool(re.search(r"[{}]", PLACEHOLDER.sub("", text)))


def has_unpaired_braces(text: str) -> bool:
    """Whether braces stand in the text that are of no placeholder or tag in anybody's spelling."""
    return bool(re.search(r"[{}]", re.sub(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}", "", text)))
