"""The concrete edit of a prompt: documented changes, each made only where its reason is present."""

import re
from dataclasses import dataclass, replace
from difflib import unified_diff

from lead_conversion.language.templates import (
    FIRST_NAME,
    Part,
    count_words,
    group_asks,
    has_link,
    has_pressure,
    parse_template,
    placeholders,
    render,
    straighten,
)
from lead_conversion.pipelines.recommendation.parameters import PromptEditParameters

STANDARD_ASK = "Would you have ten minutes for a short call this week?"
STANDARD_ASK_WITH_LINK = "Would you have ten minutes for a short call this week? Pick a time here: {{booking_link}}"
# a question that leans on the sentence before it does not stand in another text
_LEANS_ON_CONTEXT = re.compile(r"\b(?:that|this one|these|those|either|both|instead)\b", re.IGNORECASE)
_LEANS_BACK = re.compile(
    r"(?:if (?:so|not|yes|that)|that|this|these|those|it|they|then|so|but|or|and|either|because|otherwise)\b",
    re.IGNORECASE,
)
# first words that need no capital in the middle of a sentence
_PLAIN_STARTS = re.compile(
    r"(?:an?|and|are|as|at|can|could|did|do|have|how|if|in|it|it's|just|last|let's|like|many|most|my|no|not|of|on|one|"
    r"our|quick|still|thanks?|that|the|there|this|to|we|we're|we've|what|when|where|which|why|will|would|you|your|"
    r"you're)(?![\w'])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PromptText:
    """The text of one prompt version; only e-mails have a subject."""

    channel: str
    subject: str | None
    body: str

    def whole(self) -> str:
        """What a reader of the report sees: subject, where there is one, and body."""
        return f"Subject: {self.subject}\n\n{self.body}" if self.subject else self.body


@dataclass(frozen=True)
class PromptEdit:
    """A proposed text, and why each change was made."""

    current_text: str
    proposed_text: str
    reasons: tuple[str, ...]
    is_whole_version: bool = False

    def diff(self) -> str:
        """Unified diff from the current to the proposed text, with the whole message around it."""
        current, proposed = self.current_text.splitlines(), self.proposed_text.splitlines()
        lines = unified_diff(current, proposed, "current", "proposed", lineterm="", n=len(current))
        return "\n".join(lines)


@dataclass(frozen=True)
class _Draft:
    channel: str
    subject: str | None
    parts: tuple[Part, ...]
    reasons: tuple[str, ...] = ()

    def changed(self, parts: tuple[Part, ...], reason: str) -> "_Draft":
        return replace(self, parts=parts, reasons=(*self.reasons, reason))

    def whole(self) -> str:
        return PromptText(self.channel, self.subject, render(self.parts)).whole()


def edit_prompt(
    current: PromptText,
    better: PromptText,
    known_placeholders: frozenset[str],
    limits: PromptEditParameters,
) -> PromptEdit:
    """The current text with its weak parts changed; the better version where no part is weak.

    Args:
        current: the version that does worse.
        better: the version of the same step that did best; lends its ask and its subject where those of
            the current one are weak.
        known_placeholders: those that the campaign's prompts use; no other may appear.
        limits: lengths above which sentences are taken out.
    """
    draft = _Draft(current.channel, current.subject, parse_template(current.body))
    draft = _remove_pressure(draft)
    draft = _calm_subject(draft, better)
    draft = _greet_by_name(draft, known_placeholders)
    draft = _ask_clearly(draft, better, known_placeholders)
    draft = _ask_once(draft)
    draft = _shorten(draft, limits)
    is_valid = bool(current.body.strip()) and placeholders(draft.whole()) <= known_placeholders
    if draft.reasons and is_valid and draft.whole() != current.whole():
        return PromptEdit(current.whole(), draft.whole(), draft.reasons)
    reason = "use the text of the version that did better as it is"
    return PromptEdit(current.whole(), better.whole(), (reason,), is_whole_version=True)


def _remove_pressure(draft: _Draft) -> _Draft:
    """Take out sentences that hurry the reader, and the shouting from those that stay."""
    pressing = [
        index
        for index, part in enumerate(draft.parts)
        if has_pressure(part.text) and part.kind in ("opening", "value", "closing") and _can_go(draft.parts, index)
    ]
    kept = _without(draft.parts, pressing)
    if pressing and any(part.kind in ("opening", "value", "ask") for part in kept):
        draft = draft.changed(kept, "take out wording that hurries the reader")
    calm = tuple(replace(part, text=re.sub(r"!{2,}", "!", part.text)) for part in draft.parts)
    return draft if calm == draft.parts else draft.changed(calm, "one exclamation mark is enough")


def _calm_subject(draft: _Draft, better: PromptText) -> _Draft:
    if not draft.subject or not better.subject:
        return draft
    if has_pressure(better.subject) or not has_pressure(draft.subject):
        return draft
    calmer = draft.changed(draft.parts, "take the calmer subject of the version that did better")
    return replace(calmer, subject=better.subject)


def _greet_by_name(draft: _Draft, known_placeholders: frozenset[str]) -> _Draft:
    """Put the first name into the greeting where the text names nobody."""
    text = render(draft.parts)
    is_named = "first_name" in placeholders(text)
    if is_named or "first_name" not in known_placeholders or not draft.parts:
        return draft
    head, *rest = draft.parts
    if head.kind == "greeting":
        word = head.text.split()[0].strip(",.!:-\u2013\u2014")
        named = (replace(head, text=f"{word} {FIRST_NAME},"), *rest)
    else:
        is_letter = "\n" in text.strip()
        body = replace(
            head,
            gap="\n\n" if is_letter else " ",
            text=head.text if is_letter else _lower_first(head.text),
        )
        named = (Part("greeting", f"Hi {FIRST_NAME},"), body, *rest)
    return draft.changed(named, "greet by first name")


def _lower_first(text: str) -> str:
    """The sentence as it goes on after 'Hi {{first_name}},': names keep their capital."""
    return text[0].lower() + text[1:] if _PLAIN_STARTS.match(straighten(text)) else text


def _ask_clearly(draft: _Draft, better: PromptText, known_placeholders: frozenset[str]) -> _Draft:
    """Ask clearly where the text asks vaguely or not at all, in the better version's words if it has them."""
    groups = group_asks(draft.parts)
    if any(_is_clear(draft.parts, group) for group in groups):
        return draft
    has_calendar = "booking_link" in known_placeholders
    ask = _find_ask_to_lend(better) or (STANDARD_ASK_WITH_LINK if has_calendar else STANDARD_ASK)
    place = groups[-1] if groups else _place_for_ask(draft.parts)
    reason = "a clear ask in place of a vague one" if groups else "add a clear ask"
    return draft.changed(_put_ask(draft.parts, place, ask), reason)


def _find_ask_to_lend(better: PromptText) -> str | None:
    """The clear ask of the better version, if it stands by itself and hurries nobody."""
    parts = parse_template(better.body)
    for group in reversed(group_asks(parts)):
        asks = parts[group.start : group.stop]
        ask = render(_without_gap(asks))
        stands_alone = not _LEANS_ON_CONTEXT.search(asks[0].text)
        if _is_clear(parts, group) and stands_alone and not has_pressure(ask):
            return ask
    return None


def _is_clear(parts: tuple[Part, ...], group: range) -> bool:
    return any(parts[index].is_clear_ask for index in group)


def _without_gap(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return (replace(parts[0], gap=""), *parts[1:])


def _put_ask(parts: tuple[Part, ...], place: range, ask: str) -> tuple[Part, ...]:
    """The ask in place of the sentences at `place`, or before them where the range is empty."""
    between = "\n\n" if any("\n\n" in part.gap for part in parts) else " "
    gap = parts[place.start].gap if place else between
    new = Part("ask", ask, gap if place.start else "")
    return (*parts[: place.start], new, *parts[place.stop :])


def _place_for_ask(parts: tuple[Part, ...]) -> range:
    """After the last sentence of the body, before closing, notice and signature."""
    body = [i for i, part in enumerate(parts) if part.kind in ("greeting", "opening", "value")]
    place = body[-1] + 1 if body else 0
    return range(place, place)


def _ask_once(draft: _Draft) -> _Draft:
    """Take out asks beside the last clear one, where nothing leans on them; a link is never lost."""
    groups = group_asks(draft.parts)
    clear = [group for group in groups if _is_clear(draft.parts, group)]
    spare = [
        index
        for group in groups
        if clear and group != clear[-1] and _can_go(draft.parts, group.stop - 1)
        for index in group
        if not any(has_link(draft.parts[other].text) for other in group)
    ]
    return draft.changed(_without(draft.parts, spare), "ask one thing only") if spare else draft


def _shorten(draft: _Draft, limits: PromptEditParameters) -> _Draft:
    """Keep the arguments that fit the channel, in their order; all else stays."""
    measure, limit, unit = {
        "sms": (len, limits.sms_max_characters, "characters"),
        "email": (count_words, limits.email_max_words, "words"),
        "voice": (count_words, limits.voice_max_words, "words"),
    }[draft.channel]
    parts = draft.parts
    removed = [index for index, part in enumerate(parts) if part.kind == "value"]
    if measure(render(parts)) <= limit or not removed:
        return draft
    # what the message is about comes before words about the reader
    for index in sorted(removed, key=lambda i: bool(placeholders(parts[i].text))):
        without_it = [other for other in removed if other != index]
        fits = measure(render(_without(parts, without_it))) <= limit
        if fits and (index - 1 not in removed or not _LEANS_BACK.match(parts[index].text)):
            removed = without_it
    kept = _without(parts, removed)
    if kept == parts:
        return draft
    return draft.changed(kept, f"shorten from {measure(render(parts))} to {measure(render(kept))} {unit}")


def _can_go(parts: tuple[Part, ...], index: int) -> bool:
    """Whether the sentence after this one can stand without it."""
    return index + 1 == len(parts) or not _LEANS_BACK.match(parts[index + 1].text)


def _without(parts: tuple[Part, ...], removed: list[int]) -> tuple[Part, ...]:
    """The parts that stay, on their own lines where they began a paragraph, small after a comma."""
    kept: list[Part] = []
    widest = ""
    for index, part in enumerate(parts):
        widest = max(widest, part.gap, key=lambda gap: gap.count("\n"))
        if index in removed:
            continue
        gap = (widest or part.gap) if kept else ""
        moves_up = index - 1 in removed and bool(kept)
        goes_on = moves_up and kept[-1].text.endswith(",") and "\n" not in gap
        kept.append(replace(part, gap=gap, text=_lower_first(part.text) if goes_on else part.text))
        widest = ""
    return tuple(kept)
