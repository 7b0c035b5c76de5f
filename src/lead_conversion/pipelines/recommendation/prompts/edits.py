"""The concrete edit of a prompt: documented changes, each made only where its reason is present."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import NamedTuple

from lead_conversion.language.sms import Segments, count_segments, spell_plainly
from lead_conversion.language.templates import (
    BOOKING_LINK,
    FIRST_NAME,
    Part,
    count_words,
    group_asks,
    has_jargon,
    has_link,
    has_pressure,
    names_company,
    names_reader,
    parse_template,
    placeholder_of,
    placeholders,
    render,
    text_features,
)
from lead_conversion.pipelines.recommendation.parameters import PromptEditParameters
from lead_conversion.pipelines.recommendation.prompts.evidence import Change, Evidence, TextFeatureEffects
from lead_conversion.pipelines.recommendation.prompts.lenders import UNKNOWN, Lender, Lent, Library
from lead_conversion.pipelines.recommendation.prompts.wording import (
    PromptText,
    can_go,
    has_broken_braces,
    has_markup,
    has_unpaired_braces,
    join,
    leans_back,
    may_insert,
    mend_placeholders,
    put,
    put_before,
    put_behind,
    without,
)

STANDARD_ASK = "Would you have ten minutes for a short call this week?"
LINK_TOLD = {"voice": " I will text you a link with free times: "}
LINK_SHOWN = " Pick a time here: "
SEGMENT_RULE = Evidence(
    "certain",
    "A text message is sent, and as a rule billed, by segments: 160 signs, or 153 each of several; 70 and 67 as soon "
    "as one sign is outside the 7-bit alphabet (3GPP TS 23.038).",
)
PLACEHOLDER_RULE = Evidence("certain", "What is not a placeholder of this campaign reaches the reader as it stands.")
SILENT_ON_STOPPING = Evidence(
    "certain", "It does not say how to stop, which the current text does: see whether channel and law ask for it."
)
LENGTH_RULE = Evidence("rule of the trade", "The limit of length is configured (recommendation.prompt_edits).")
# the lexicons and sentences of edits are English
ENGLISH = "en"
STATEMENTS = ("opening", "value", "proof", "closing")
ARGUMENTS = ("value", "proof")
_SALUTATION = re.compile(r"(?:hi|hey|hello|dear|good (?:morning|afternoon|evening|day))\b", re.IGNORECASE)


@dataclass(frozen=True)
class ExpectedEffect:
    """What a proposed text is expected to change in the chance of a booked call, as a probability.

    Attributes:
        effect: None where nothing of the kind was measured.
        is_measured: whether the proposed text itself was sent.
    """

    effect: float | None
    ci_low: float
    ci_high: float
    is_measured: bool
    words: str


@dataclass(frozen=True)
class PromptEdit:
    """A proposed text, and why each change was made.

    Attributes:
        version: the prompt whose text it is as a whole; None where nobody was sent this text.
    """

    current_text: str
    proposed: PromptText
    changes: tuple[Change, ...]
    version: str | None = None

    @property
    def is_whole_version(self) -> bool:
        """Whether it is the text of another version as it is."""
        return self.version is not None

    @property
    def proposed_text(self) -> str:
        """Subject and body as a reader of the report sees them."""
        return self.proposed.whole()

    def diff(self) -> str:
        """Unified diff from the current to the proposed text, with the whole message around it."""
        return diff_texts(self.current_text, self.proposed_text)


def diff_texts(current: str, proposed: str) -> str:
    """Unified diff between two texts, with the whole message around it."""
    before, after = current.splitlines(), proposed.splitlines()
    return "\n".join(unified_diff(before, after, "current", "proposed", lineterm="", n=len(before)))


class Length(NamedTuple):
    """How long a text is in the unit of its channel, and how long it may be."""

    amount: int
    unit: str
    limit: int


def measure(channel: str, body: str, limits: PromptEditParameters) -> Length:
    """The length of a body: segments of a text message, words of an e-mail or a call."""
    if channel == "sms":
        return Length(_segments(body, limits).segments, "segments", limits.sms_max_segments)
    limit = limits.email_max_words if channel == "email" else limits.voice_max_words
    return Length(count_words(body), "words", limit)


@dataclass(frozen=True)
class _Draft:
    channel: str
    subject: str | None
    parts: tuple[Part, ...]
    changes: tuple[Change, ...] = ()

    def changed(self, parts: tuple[Part, ...], *changes: Change) -> "_Draft":
        return replace(self, parts=parts, changes=(*self.changes, *changes))

    def body(self) -> str:
        return render(self.parts)

    def text(self) -> PromptText:
        return PromptText(self.channel, self.subject, self.body())


def edit_prompt(
    current: PromptText, library: Library, measured: TextFeatureEffects, limits: PromptEditParameters
) -> PromptEdit | None:
    """The current text with its weak parts changed; the best rival version where no part is weak.

    So too where each change was measured and may be worth nothing, and the rival is surely better. A change that the
    figures speak against is not made: where prompts with a feature did better, beyond chance, it stays. A text in
    another language than English is not reworded, nor one of HTML.

    Args:
        current: the version that does worse.
        library: the prompts that do better, which lend their words.
        measured: what goes with features of the texts of this campaign's channel.
        limits: lengths above which sentences are taken out.

    Returns:
        None where no part is weak and no better version of the step has a sound text in the language.
    """
    draft = _Draft(current.channel, current.subject, parse_template(current.body.rstrip()))
    draft = _mend_placeholders(draft, library.known_placeholders)
    draft = _spell_for_segments(draft, limits)
    is_english = current.language in (ENGLISH, UNKNOWN)
    library = library.in_language(ENGLISH if is_english else current.language)
    if is_english and not has_markup(current.body):
        editor = _Editor(library, measured, limits)
        # what leant on a sentence may have gone by the second time
        for step in editor.steps() * 2:
            draft = step(draft)
    draft = replace(draft, parts=join(draft.parts))
    proposed = draft.text()
    is_valid = bool(current.body.strip()) and not has_broken_braces(proposed.whole())
    rival = _find_best_rival(current, library)
    is_reworded = bool(draft.changes) and is_valid and proposed != current
    is_rival_surer = rival and rival.ci_low > measured.margin and all(map(_may_gain_nothing, draft.changes))
    if is_reworded and not is_rival_surer:
        return PromptEdit(current.whole(), proposed, draft.changes)
    return _take_whole_version(current, rival, measured) if rival else None


def expect_effect(edit: PromptEdit, gain: tuple[float, float, float]) -> ExpectedEffect:
    """What the edit as a whole may bring.

    Args:
        edit: the proposed text.
        gain: of the other versions of the step against the current one, once noise is taken off, with its interval.
    """
    effect, low, high = gain
    if edit.is_whole_version:
        words = "As measured: the other versions of the step against this one. The proposed one is one that did better."
        return ExpectedEffect(effect, low, high, is_measured=True, words=words)
    words = (
        "Not measured: nobody was sent this text. The interval reaches from no change, or from the lower end of what "
        "the other versions of the step gain as whole texts, to the upper end of it."
    )
    return ExpectedEffect(None, min(0.0, low), max(0.0, high), is_measured=False, words=words)


def _may_gain_nothing(change: Change) -> bool:
    """Whether what goes with the change was measured in this campaign, and is nothing as far as chance lets tell."""
    lower_ends = [each.ci_low or 0.0 for each in change.evidence if each.basis == "text feature"]
    return bool(lower_ends) and max(lower_ends) <= 0


def _find_best_rival(current: PromptText, library: Library) -> Lender | None:
    """The best other version of the step whose text can be sent as it is."""
    rivals = (
        lender
        for lender in library.lenders
        if lender.is_rival
        and lender.text.body.strip()
        and lender.text.whole() != current.whole()
        # a rival's other placeholders were sent as they are, but half of a pair fills nothing
        and not has_unpaired_braces(lender.text.whole())
    )
    return next(rivals, None)


def _take_whole_version(current: PromptText, rival: Lender, measured: TextFeatureEffects) -> PromptEdit:
    change = Change(
        "use the whole version",
        "message",
        None,
        None,
        f"use the text of the version that did better as it is (prompt {rival.prompt_id})",
        (rival.evidence(), *_reservations(current, rival.text, measured)),
    )
    return PromptEdit(current.whole(), rival.text, (change,), version=rival.prompt_id)


def _reservations(current: PromptText, version: PromptText, measured: TextFeatureEffects) -> Iterator[Evidence]:
    """What else is known of a version that did better: what it says less, and wording that goes with fewer calls."""
    if _has_notice(current) and not _has_notice(version):
        yield SILENT_ON_STOPPING
    for feature, is_there in text_features(version.subject, version.body).items():
        if is_there and measured.speaks_for(version.channel, feature, added=False):
            yield measured.evidence(version.channel, feature, added=True)


def _has_notice(text: PromptText) -> bool:
    """Whether a text says how to stop."""
    return any(part.kind == "notice" for part in parse_template(text.body))


def _mend_placeholders(draft: _Draft, known: frozenset[str]) -> _Draft:
    parts = tuple(replace(part, text=mend_placeholders(part.text, known)) for part in draft.parts)
    subject = mend_placeholders(draft.subject, known) if draft.subject else draft.subject
    if parts == draft.parts and subject == draft.subject:
        return draft
    before = [old.text for old, new in zip(draft.parts, parts, strict=True) if old != new]
    change = Change(
        "respell",
        "placeholder",
        " ".join(before) or draft.subject,
        None,
        "spell the placeholder as the campaign fills it",
        (PLACEHOLDER_RULE,),
    )
    # mended, a text may fall into other parts: "{{frist_name}}," was no greeting
    mended = join(parse_template(render(parts)))
    return replace(draft, subject=subject).changed(mended, change)


def _segments(body: str, limits: PromptEditParameters) -> Segments:
    return count_segments(body, limits.placeholder_characters, limits.other_placeholder_characters)


def _spell_for_segments(draft: _Draft, limits: PromptEditParameters) -> _Draft:
    """Curly quotes and dashes in plain signs, where that sends the message in fewer segments."""
    if draft.channel != "sms":
        return draft
    parts = tuple(replace(part, text=spell_plainly(part.text), gap=spell_plainly(part.gap)) for part in draft.parts)
    before, after = (_segments(render(each), limits) for each in (draft.parts, parts))
    if after.segments >= before.segments:
        return draft
    reason = f"plain quotes and dashes: {after.segments} instead of {before.segments} segments"
    return draft.changed(parts, Change("respell", "message", None, None, reason, (SEGMENT_RULE,)))


@dataclass(frozen=True)
class _Editor:
    """The changes of wording, in the order in which they are made."""

    library: Library
    measured: TextFeatureEffects
    limits: PromptEditParameters

    def steps(self) -> tuple[Callable[[_Draft], _Draft], ...]:
        return (
            self.take_out_pressure,
            self.take_out_jargon,
            self.replace_subject,
            self.greet_by_name,
            self.ask_clearly,
            self.ask_once,
            self.give_an_argument,
            self.shorten,
            self.add_what_goes_with_gains,
        )

    def evidence(self, draft: _Draft, feature: str, lent: Lent | None = None, *, added: bool) -> tuple[Evidence, ...]:
        own = self.measured.evidence(draft.channel, feature, added=added)
        return (own, lent.lender.evidence()) if lent else (own,)

    def take_out_pressure(self, draft: _Draft) -> _Draft:
        """Take out sentences that hurry the reader, and the shouting from those that stay."""
        if self.measured.speaks_against(draft.channel, "pressure", added=False):
            return draft
        draft = self._take_out(draft, has_pressure, "pressure", "take out wording that hurries the reader")
        calm = tuple(replace(part, text=re.sub(r"!{2,}", "!", part.text)) for part in draft.parts)
        if calm == draft.parts:
            return draft
        evidence = self.evidence(draft, "pressure", added=False)
        return draft.changed(calm, Change("respell", "message", None, None, "one exclamation mark is enough", evidence))

    def take_out_jargon(self, draft: _Draft) -> _Draft:
        """Take out sentences in the words of a brochure; one that the text needs gives way to a better prompt's."""
        if self.measured.speaks_against(draft.channel, "jargon", added=False):
            return draft
        return self._take_out(draft, has_jargon, "jargon", "take out wording of a brochure")

    def _take_out(self, draft: _Draft, is_meant: Callable[[str], bool], feature: str, reason: str) -> _Draft:
        gone: list[int] = []
        for index in reversed(range(len(draft.parts))):
            part = draft.parts[index]
            if part.kind in STATEMENTS and is_meant(part.text) and can_go(draft.parts, index, gone):
                gone.append(index)
        kept = without(draft.parts, gone)
        has_content = any(part.kind in (*STATEMENTS, "ask") for part in kept)
        if not gone or not (has_content or self._lend_argument(render(kept))):
            return draft
        evidence = self.evidence(draft, feature, added=False)
        changes = [
            Change("take out", draft.parts[index].kind, draft.parts[index].text, None, reason, evidence)
            for index in sorted(gone)
        ]
        return draft.changed(kept, *changes)

    def replace_subject(self, draft: _Draft) -> _Draft:
        """A calm subject where an e-mail has none, or one that presses."""
        is_missing = not (draft.subject or "").strip()
        if draft.channel != "email" or not (is_missing or has_pressure(draft.subject or "")):
            return draft
        lent = self.library.lend_subject()
        if lent is None:
            return draft
        reason = "an e-mail needs a subject" if is_missing else "take the calmer subject of a version that did better"
        own = (
            Evidence("rule of the trade", "Not measured here.")
            if is_missing
            else self.measured.evidence("email", "pressure", added=False)
        )
        change = Change(
            "add" if is_missing else "replace",
            "subject",
            None if is_missing else draft.subject,
            lent.words,
            reason,
            (own, lent.lender.evidence()),
        )
        return replace(draft.changed(draft.parts, change), subject=lent.words)

    def greet_by_name(self, draft: _Draft) -> _Draft:
        """Put the first name into the greeting where the text names nobody."""
        name = placeholder_of(FIRST_NAME, self.library.known_placeholders)
        if name is None or names_reader(draft.text().whole()):
            return draft
        if self.measured.speaks_against(draft.channel, "first_name", added=True):
            return draft
        head = draft.parts[0] if draft.parts else Part("opening", "")
        is_greeted = head.kind == "greeting"
        if is_greeted:
            greeting, behind = replace(head, text=_name_in(head.text, name)), draft.parts[1:]
        else:
            gap = "\n\n" if "\n" in draft.body().strip() else " "
            greeting, behind = Part("greeting", f"Hi {name},"), draft.parts
            behind = (replace(head, gap=gap), *behind[1:]) if behind else ()
        named = without((greeting, *behind), ())
        change = Change(
            "replace" if is_greeted else "add",
            "greeting",
            head.text if is_greeted else None,
            named[0].text,
            "greet by first name",
            self.evidence(draft, "first_name", added=True),
        )
        return draft.changed(named, change)

    def ask_clearly(self, draft: _Draft) -> _Draft:
        """Ask clearly where the text asks vaguely, hurriedly or not at all, in a better prompt's words if it can."""
        groups = group_asks(draft.parts)
        if any(self._is_good(draft, group) for group in groups):
            return draft
        if self.measured.speaks_against(draft.channel, "clear_ask", added=True):
            return draft
        linked = [group for group in groups if any(has_link(draft.parts[index].text) for index in group)]
        lent = self.library.lend_ask(draft.body(), with_link=bool(linked))
        ask = lent.words if lent else self._standard_ask(draft.channel)
        # the link of the ask that goes comes back with the new one
        replaceable = [group for group in linked or groups if can_go(draft.parts, group.stop - 1)]
        place = replaceable[-1] if replaceable else self._place_for_ask(draft.parts)
        before = render(draft.parts[place.start : place.stop]).strip() or None
        presses = any(has_pressure(draft.parts[index].text) for index in place)
        reason = ("a calm ask" if presses else "a clear ask in place of a vague one") if before else "add a clear ask"
        evidence = self.evidence(draft, "clear_ask", lent, added=True)
        if lent is None:
            standard = "The wording is the system's own: no better prompt has an ask that could stand here."
            evidence = (*evidence, Evidence("rule of the trade", standard))
        change = Change("replace" if before else "add", "ask", before, ask, reason, evidence)
        return draft.changed(put(draft.parts, place, Part("ask", ask)), change)

    def _is_good(self, draft: _Draft, group: range) -> bool:
        """Whether the ask is clear and, unless the figures speak for it, hurries nobody."""
        asks = [draft.parts[index] for index in group]
        may_press = self.measured.speaks_against(draft.channel, "pressure", added=False)
        return any(ask.is_clear_ask for ask in asks) and (may_press or not any(has_pressure(ask.text) for ask in asks))

    def _standard_ask(self, channel: str) -> str:
        link = placeholder_of(BOOKING_LINK, self.library.known_placeholders)
        return STANDARD_ASK + (LINK_TOLD.get(channel, LINK_SHOWN) + link if link else "")

    def _place_for_ask(self, parts: tuple[Part, ...]) -> range:
        """After the last sentence of the body, before closing, notice and signature."""
        body = [i for i, part in enumerate(parts) if part.kind in ("greeting", "opening", "value", "proof", "ask")]
        place = body[-1] + 1 if body else 0
        return range(place, place)

    def ask_once(self, draft: _Draft) -> _Draft:
        """Take out asks beside the last clear one, where nothing leans on them; a link is never lost."""
        if self.measured.speaks_against(draft.channel, "several_asks", added=False):
            return draft
        groups = group_asks(draft.parts)
        clear = [group for group in groups if self._is_good(draft, group)]
        spare = [
            group
            for group in groups
            if clear
            and group != clear[-1]
            and can_go(draft.parts, group.stop - 1)
            and not any(has_link(draft.parts[index].text) for index in group)
        ]
        if not spare:
            return draft
        evidence = self.evidence(draft, "several_asks", added=False)
        changes = [
            Change(
                "take out",
                "ask",
                render(draft.parts[group.start : group.stop]).strip(),
                None,
                "ask one thing only",
                evidence,
            )
            for group in spare
        ]
        return draft.changed(without(draft.parts, [index for group in spare for index in group]), *changes)

    def give_an_argument(self, draft: _Draft) -> _Draft:
        """A better prompt's argument for a text that has none left."""
        if any(part.kind in STATEMENTS for part in draft.parts):
            return draft
        lent = self._lend_argument(draft.body())
        if lent is None or not draft.parts:
            return draft
        greetings = [index for index, part in enumerate(draft.parts) if part.kind == "greeting"]
        new = Part("value", lent.words)
        parts = put_behind(draft.parts, greetings[-1], new) if greetings else put(draft.parts, range(0), new)
        rule = Evidence("rule of the trade", "A message that only asks gives no reason to answer; not measured here.")
        change = Change("add", "value", None, lent.words, "say what the call is about", (rule, lent.lender.evidence()))
        return draft.changed(parts, change)

    def _lend_argument(self, text: str) -> Lent | None:
        return self.library.lend_sentence(text, ARGUMENTS, lambda words: not placeholders(words))

    def shorten(self, draft: _Draft) -> _Draft:
        """Keep the arguments that fit the channel, in their order, and one in any case; all else stays."""
        parts = draft.parts
        now = measure(draft.channel, render(parts), self.limits)
        if now.amount <= now.limit or self.measured.speaks_against(draft.channel, "long", added=False):
            return draft
        removed = self._what_must_go(draft.channel, parts, now.limit)
        kept = without(parts, removed)
        after = measure(draft.channel, render(kept), self.limits)
        if after.amount >= now.amount:
            return draft
        rule = SEGMENT_RULE if draft.channel == "sms" else LENGTH_RULE
        change = Change(
            "shorten",
            "value",
            " ".join(parts[index].text for index in removed),
            None,
            f"shorten from {now.amount} to {after.amount} {after.unit}",
            (*self.evidence(draft, "long", added=False), rule),
        )
        return draft.changed(kept, change)

    def _what_must_go(self, channel: str, parts: tuple[Part, ...], limit: int) -> list[int]:
        """The arguments that have to go."""
        arguments = [index for index, part in enumerate(parts) if part.kind in ARGUMENTS]
        removed = [index for index in arguments if can_go(parts, index, arguments)]
        # what the message is about comes before words about the reader
        for index in sorted(removed, key=lambda i: bool(placeholders(parts[i].text))):
            without_it = [other for other in removed if other != index]
            fits = measure(channel, render(without(parts, without_it)), self.limits).amount <= limit
            if fits and (index - 1 not in without_it or not leans_back(parts[index].text)):
                removed = without_it
        for index in sorted(removed, reverse=True):
            if not can_go(parts, index, removed):
                removed.remove(index)
        if removed and removed == arguments:
            # an opening that announces something must not be all there is
            alone = [index for index in removed if not leans_back(parts[index].text)] or removed[:1]
            removed.remove(min(alone, key=lambda index: len(parts[index].text)))
        return removed

    def add_what_goes_with_gains(self, draft: _Draft) -> _Draft:
        """The company's name or others' results, where texts with them booked more and a better prompt has some."""
        wanted: tuple[tuple[str, tuple[str, ...], Callable[[str], bool], str], ...] = (
            ("proof", ("proof",), lambda words: not placeholders(words), "say what others got out of it"),
            ("company_named", ("opening", "value"), names_company, "name the company"),
        )
        for feature, kinds, is_wanted, reason in wanted:
            draft = self._add(draft, feature, kinds, is_wanted, reason)
        return draft

    def _add(
        self, draft: _Draft, feature: str, kinds: tuple[str, ...], is_wanted: Callable[[str], bool], reason: str
    ) -> _Draft:
        has_it = text_features(draft.subject, draft.body())[feature]
        asks = group_asks(draft.parts)
        if has_it or not asks or not asks[-1].start or not self.measured.speaks_for(draft.channel, feature, added=True):
            return draft
        lent = self.library.lend_sentence(draft.body(), kinds, is_wanted)
        if lent is None:
            return draft
        parts = self._put_statement(draft.parts, asks[-1].start, feature, Part("value", lent.words))
        if parts is None:
            return draft
        length = measure(draft.channel, render(parts), self.limits)
        if length.amount > length.limit:
            return draft
        evidence = self.evidence(draft, feature, lent, added=True)
        return draft.changed(parts, Change("add", kinds[-1], None, lent.words, reason, evidence))

    def _put_statement(self, parts: tuple[Part, ...], ask: int, feature: str, new: Part) -> tuple[Part, ...] | None:
        """Words about the reader lead to the ask; others' results close the arguments; None where neither can."""
        statements = [index for index in range(ask) if parts[index].kind in ("opening", *ARGUMENTS)]
        if statements and feature != "company_named" and may_insert(parts, statements[-1] + 1):
            return put_behind(parts, statements[-1], new)
        return put_before(parts, ask, new) if may_insert(parts, ask) else None


def _name_in(greeting: str, name: str) -> str:
    """The greeting with the first name: "Hello there!" becomes "Hello {{first_name}}!"."""
    found = _SALUTATION.match(greeting)
    salutation = found.group() if found else "Hi"
    sign = greeting.rstrip()[-1:]
    return f"{salutation} {name}{sign if sign in ',!.:' and sign else ','}"
