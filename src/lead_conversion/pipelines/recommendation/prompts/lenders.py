"""Better prompts, and which of their sentences may stand in another prompt of the same channel."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from lead_conversion.language.templates import (
    Part,
    group_asks,
    has_jargon,
    has_link,
    has_pressure,
    parse_template,
    placeholders,
    render,
    straighten,
)
from lead_conversion.pipelines.recommendation.prompts.evidence import Evidence
from lead_conversion.pipelines.recommendation.prompts.wording import (
    PromptText,
    has_markup,
    names_all_it_means,
    stands_alone,
)
from lead_conversion.reports.formats import bounds, points

Position = Literal["first", "middle", "last"]
UNKNOWN = "und"
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|\d+")


@dataclass(frozen=True)
class Lender:
    """A prompt that does better than the one that is edited.

    Attributes:
        position: of its step in its campaign.
        is_rival: whether it is a version of the very step.
        is_of_campaign: whether it stands in the same campaign.
        effect: against the other versions of its own step, once noise is taken off.
    """

    prompt_id: str
    label: str
    text: PromptText
    position: Position
    is_rival: bool
    is_of_campaign: bool
    effect: float
    ci_low: float
    ci_high: float

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Its sentences."""
        return parse_template(self.text.body)

    def evidence(self) -> Evidence:
        """What its words have done: as a whole text, for no sentence was ever tried alone."""
        words = (
            f"The wording is of {self.label} (prompt {self.prompt_id}): {points(self.effect)} against the other "
            f"versions of its step ({bounds(self.ci_low, self.ci_high, points)}), as a whole text; what one sentence "
            "adds to that was not measured."
        )
        return Evidence("prompt", words, self.prompt_id, self.effect, self.ci_low, self.ci_high)


@dataclass(frozen=True)
class Lent:
    """Words of a better prompt."""

    words: str
    lender: Lender


@dataclass(frozen=True)
class Library:
    """The better prompts, best first, and what may be lent of them to a text of this position.

    Attributes:
        known_placeholders: those that the campaign fills.
        vocabulary: words of the campaign's own prompts, lower case; only they come from another campaign.
    """

    lenders: tuple[Lender, ...]
    position: Position
    known_placeholders: frozenset[str]
    vocabulary: frozenset[str]

    def in_language(self, language: str) -> "Library":
        """The library without prompts in another language."""
        return replace(self, lenders=tuple(each for each in self.lenders if each.text.language in (language, UNKNOWN)))

    def lend_ask(self, text: str, *, with_link: bool) -> Lent | None:
        """The clear ask of the best prompt whose ask stands by itself, hurries nobody and is new to the text.

        Args:
            text: what it is to stand in.
            with_link: only one that has a link.
        """
        return self._first(text, lambda lender: _asks(lender, with_link=with_link), self.lenders)

    def lend_sentence(self, text: str, kinds: tuple[str, ...], wanted: Callable[[str], bool]) -> Lent | None:
        """A sentence of these kinds that is wanted, of the same campaign.

        Best of all from a version of the same step: nobody who is sent one is sent the other, and reads it twice.
        """
        own = sorted((lender for lender in self.lenders if lender.is_of_campaign), key=lambda each: not each.is_rival)

        def sentences(lender: Lender) -> Iterator[str]:
            for part in lender.parts:
                if part.kind in kinds and names_all_it_means(part.text) and wanted(part.text):
                    yield part.text

        return self._first(text, sentences, own)

    def lend_subject(self) -> Lent | None:
        """The calm subject of the best prompt at a comparable position of the same campaign."""
        comparable = [
            lender
            for lender in self.lenders
            if lender.is_of_campaign and (lender.is_rival or lender.position == self.position)
        ]
        return self._first("", lambda lender: filter(None, [lender.text.subject]), comparable)

    def _first(self, text: str, offers: Callable[[Lender], Iterable[str]], lenders: Iterable[Lender]) -> Lent | None:
        for lender in lenders:
            for words in offers(lender):
                is_sound = not (has_pressure(words) or has_jargon(words) or has_markup(words))
                is_sound = is_sound and bool(words_of(words)) and words.casefold() not in text.casefold()
                if is_sound and placeholders(words) <= self.known_placeholders and self._fits(words, lender):
                    return Lent(words, lender)
        return None

    def _fits(self, words: str, lender: Lender) -> bool:
        """Whether the words say nothing that only the lender's campaign is about."""
        return lender.is_of_campaign or words_of(words) <= self.vocabulary | _MEETING_WORDS


def words_of(text: str) -> frozenset[str]:
    """The words of a text without its placeholders, lower case."""
    return frozenset(word.lower() for word in _WORD.findall(re.sub(r"\{\{[^}]*\}\}", " ", straighten(text))))


# of asks for a call; they stand in texts about anything
_MEETING_WORDS = words_of(
    "a an and any are at be best book by calendar call can chat choose could day do does fifteen first five for free "
    "have here hour how i if in is it me minute minutes monday my next of on or our pick please quarter quick reply "
    "set shall short slot some speak suit suits talk ten the there this thursday friday through time times to today "
    "tomorrow tuesday up us we wednesday week what when which will with work works would yes you your"
)


def _asks(lender: Lender, *, with_link: bool) -> Iterator[str]:
    for group in reversed(group_asks(lender.parts)):
        asks = lender.parts[group.start : group.stop]
        ask = render(asks)[len(asks[0].gap) :]
        is_clear = any(part.is_clear_ask for part in asks)
        is_one_paragraph = "\n\n" not in ask
        if is_clear and is_one_paragraph and stands_alone(asks[0].text) and (has_link(ask) or not with_link):
            yield ask
