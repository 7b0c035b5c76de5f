"""What a message template is made of: its parts, its placeholders and the features of its text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lead_conversion.language.phrases import fold, is_asserted
from lead_conversion.language.readability import reading_ease

PartKind = Literal["greeting", "opening", "value", "proof", "ask", "closing", "notice", "signature"]

# Half a minute of speech, or three segments of a text message; an e-mail may be longer.
LONG_WORDS, LONG_EMAIL_WORDS = 75, 110
# Flesch 1949, The Art of Readable Writing: below 60 is "fairly difficult".
PLAIN_READING_EASE = 60
# {{first_name}}, or {{contact.first_name}}
PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
# What placeholders are filled with, as teams name it.
FIRST_NAME = re.compile(r"(?:first|given)_?name", re.IGNORECASE)
_COMPANY = re.compile(r"(?:company|organi[sz]ation|employer)(?:_?name)?", re.IGNORECASE)
BOOKING_LINK = re.compile(r"(?:book(?:ing)?|calendar|schedul(?:e|ing)|meeting)_?(?:link|url)", re.IGNORECASE)
_READER = re.compile(r"(?:(?:first|last|full|given|family|sur)_?)?name", re.IGNORECASE)
_DASHES = "\u2013\u2014-"
# What other tools fill, and what is left where a name was scrubbed: [name], %FIRST%, *|FNAME|*.
_BLANK = r"(?:\[[\w ]{2,20}\]|%\w{2,20}%|\*\|\w{2,20}\|\*)"
_NAME = rf"(?:{PLACEHOLDER.pattern}|{_BLANK}|(?i:there|all|again|friends?|team|everyone|folks|both)|[A-Z][\w'-]+)"
_GREETING = re.compile(
    rf"(?:(?i:dear)\b[^,:!?\n]{{1,40}}(?=[,:!])"
    rf"|(?i:hi|hey|hello|dear|good (?:morning|afternoon|evening|day))\b(?: {_NAME})*"
    rf"|\{{\{{\s*(?:\w+\.)*(?i:first_?name)\s*\}}\}}|{_BLANK})\s*(?:[,!?:.]+|[{_DASHES}]+(?=\s)|$)"
)
_INTRODUCTION = re.compile(
    r"^(?i:this is|it's|my name is|i'm|i am) (?:\{\{|[A-Z])"
    r"|\{\{\s*(?:\w+\.)*(?:agent|sender|adviser|advisor|rep)[\w.]*\s*\}\}"
)
_ABBREVIATIONS = ("Mr", "Ms", "Dr", "Mrs", "Prof", "St", "No", "Inc", "Ltd", "vs", "e.g", "i.e", "a.m", "p.m", "P.S")
_SENTENCE_END = re.compile(
    r"(?<=[.!?\u2026])"
    + "".join(rf"(?<!\b{re.escape(short)}\.)" for short in _ABBREVIATIONS)
    # the number of a list is no sentence
    + r"(?<!\n\d\.)(?<!\n\d\d\.)"
    + r"\s+(?=[\"'\u201c(]?[A-Z0-9{])|\n+"
)
_SIGN_OFF = re.compile(
    r"(?:best|best wishes|(?:kind|warm|best) regards|regards|(?:many )?thanks|thank you|cheers|sincerely|"
    r"(?:talk|speak) soon|all the best|warmly|(?:good)?bye(?: for now)?)\s*[,!.]?",
    re.IGNORECASE,
)
_SIGNED = re.compile(rf"[{_DASHES}]+\s*(?:{PLACEHOLDER.pattern}.*|[A-Z][\w'.]*(?: [A-Z][\w'.]*){{0,3}})$")
_LINK = re.compile(r"\{\{\s*[\w.]*(?:link|url|calendar)[\w.]*\s*\}\}|https?://|\[url\]", re.IGNORECASE)
_SHOUTING = re.compile(r"!{2,}|\b[A-Z]{4,}(?:\s+[A-Z]{2,})+\b")


def _any_of(*phrases: str, start: str = r"\b", end: str = r"\b") -> re.Pattern[str]:
    return re.compile(start + "(?:" + "|".join(phrases) + ")" + end, re.IGNORECASE)


_NOTICE = _any_of("opt[ -]?out", "unsubscribe", "(?:text|reply|send) stop")
_MEETING = _any_of(
    "call", "chat", "talk", "speak", "times?", "book", "slot", "works?", "suits?", "free", "minutes?", "mins?",
    "schedule", "connect", "meet", "open to", "available", "set up", "reserve",
)  # fmt: skip
_IMPERATIVE = _any_of(
    "book", "grab", "pick", "choose", "reply", "call", "schedule", "click", "tap", "reserve", "claim", "text",
    start="(?:please |just |simply )*",
)  # fmt: skip
_VAGUE = _any_of(
    "let (?:me|us) know",
    "feel free",
    "happy to (?:share|tell|answer|help|chat|talk)",
    "at some point",
    "whenever you",
    "if (?:it is|it's|that's) of interest",
    "if (?:you are|you're) interested",
    "any (?:thoughts|questions)",
    r"what do you (?:think|say)(?=\?)",
    r"(?:^(?:still )?interested|sounds? good|makes? sense|^thoughts|^ok(?:ay)?|^want (?:one|some|in))(?=\?)",
    "tell (?:me|us) (?:where|what|how|if|whether)",
    "wait(?:ing)? for your (?:answer|reply|response|decision)",
    "need (?:a|an|your) (?:yes|answer|reply|response|decision)",
    "when you (?:find|have) (?:the |a )?(?:time|moment)",
    "(?:know|see) where to find",
    # "suggested that I get in touch" tells why somebody writes
    "(?<!i )(?<!me to )(?<!wanted to )(?<!like to )get in touch",
    "give us a call",
)
# asks whether to go on speaking, not for a call
_COURTESY = _any_of("is (?:this|now|it) an? (?:good|bad|convenient) (?:time|moment)")
_PRESSURE = _any_of(
    "last chance",
    "final (?:notice|reminder|chance|call|places?|spots?|seats?)",
    "urgent(?:ly)?",
    "hurry",
    "asap",
    "(?:act|decide|sign up|respond) (?:now|fast|today|quickly|immediately)",
    "(?:price|fee|cost)s? (?:goes|go|is going|are going) up",
    r"(?:only|just) \w+ (?:places?|spots?|seats?|days?|hours?) (?:are |is )?(?:left|remain\w*)",
    "limited (?:time|spots?|places?|seats?)",
    "(?:ends?|closes?|expires?) (?:at midnight|tonight|today|tomorrow|soon)",
    "running out",
    "filling (?:up )?fast",
    "going fast",
    "before it's too late",
    "now or never",
    "once in a lifetime",
    "give your (?:place|spot|seat) away",
    "don't hear (?:back )?from you (?:by |before )?(?:today|tonight|tomorrow)",
)
_JARGON = _any_of(
    r"synerg\w+",
    "leverag(?:e|es|ed|ing)",
    "utili[sz](?:e|es|ed|ing)",
    r"(?:best|first)[ -]in[ -]class",
    "(?:cutting|bleeding)[ -]edge",
    "state[ -]of[ -]the[ -]art",
    "world[ -]class",
    r"game[ -]chang\w+",
    r"paradigm\w*",
    r"holistic\w*",
    "turn-?key",
    "seamless(?:ly)?",
    "touch base",
    "circle back",
    "low[ -]hanging fruit",
    "moves? the needle",
    "deep[ -]dives?",
    r"value[ -]add\w*",
    "mission[ -]critical",
    r"next[ -]gen(?:eration)?",
    "actionable insights?",
    r"thought leader\w*",
    "end[ -]to[ -]end solutions?",
    "scalable solutions?",
    "win[ -]win",
)
_OTHERS = (
    "(?:participants|customers|clients|teams|people|managers|companies|organi[sz]ations|employers|firms|students|"
    "members|users|colleagues)"
)
_FEW = "(?:one|two|three|four|five|six|seven|eight|nine|ten)"
_PROOF = _any_of(
    rf"(?:\d+|{_FEW}) (?:out of|of|in) (?:\d+|three|four|five|ten|every)",
    "(?:two thirds|three quarters|half|most) of (?:our|last|them)",
    r"\d+ ?(?:%|per ?cent) of",
    r"rated \d",
    "alumni",
    "(?:our|my) graduates",
    "testimonials?",
    "case stud(?:y|ies)",
    "success stor(?:y|ies)",
    rf"{_OTHERS}(?: [\w']+){{0,7}} (?:say|said|tell us|told (?:us|me)|c[ao]me (?:back|through)|stay(?:ed)? with us)",
    rf"\d[\d,.]* {_OTHERS} (?:have|went|use|trust|joined|chose|came)",
    rf"\d+ (?:different )?{_OTHERS}$",
    r"(?:has|have) (?:now |already )?(?:sent|finished|saved|cut)",
    r"(?:cut|halved|doubled) (?:its|their)",
    r"trains? all of (?:its|their)",
    r"many who had(?: [\w']+){1,6} told (?:us|me)",
)  # fmt: skip
_PRESSING_ORDER = _any_of("miss", "wait", "delay", "lose", start=r"(?:^|[.!?]\s+)don't ")
_LONGEST_SIGNATURE = 4


@dataclass(frozen=True)
class Part:
    """A sentence of a template, what it is there for, and the white space before it."""

    kind: PartKind
    text: str
    gap: str = ""

    @property
    def is_clear_ask(self) -> bool:
        """Whether it asks for one thing that the reader can do at once."""
        return self.kind == "ask" and not _VAGUE.search(straighten(self.text))


def straighten(text: str) -> str:
    """The text with plain apostrophes, as the patterns spell them; no character moves."""
    return text.replace("\u2019", "'")


def has_pressure(text: str) -> bool:
    """Whether the wording hurries the reader or shouts."""
    plain = straighten(text)
    orders_or_shouts = _PRESSING_ORDER.search(plain) or _SHOUTING.search(plain)
    return bool(orders_or_shouts) or is_asserted(fold(text), _PRESSURE)


def has_jargon(text: str) -> bool:
    """Whether the wording is that of a brochure rather than of a person."""
    return bool(_JARGON.search(straighten(text)))


def has_link(text: str) -> bool:
    """Whether the text holds a link."""
    return bool(_LINK.search(text))


def placeholders(text: str) -> frozenset[str]:
    """The names between double braces."""
    return frozenset(PLACEHOLDER.findall(text))


def placeholder_of(field: re.Pattern[str], names: Iterable[str]) -> str | None:
    """The first of the names that is of such a field, in braces: {{contact.first_name}} is of first_name."""
    found = next((name for name in sorted(names) if field.fullmatch(name.rpartition(".")[2])), None)
    return "{{" + found + "}}" if found else None


def names_reader(text: str) -> bool:
    """Whether the reader's name is put into the text."""
    return placeholder_of(_READER, placeholders(text)) is not None


def names_company(text: str) -> bool:
    """Whether the name of the reader's company is put into the text."""
    return placeholder_of(_COMPANY, placeholders(text)) is not None


def count_words(text: str) -> int:
    """Words, a placeholder counting as one."""
    return len(PLACEHOLDER.sub("x", text).split())


def render(parts: tuple[Part, ...]) -> str:
    """The text that the parts make up; of an unchanged parse, the original."""
    return "".join(part.gap + part.text for part in parts)


def parse_template(body: str) -> tuple[Part, ...]:
    """The sentences of a template with their purpose, in their order; no character is lost."""
    pieces = _split_sentences(body)
    if not pieces:
        return ()
    parts: list[Part] = []
    gap, first = pieces[0]
    greeting = _GREETING.match(straighten(first))
    if greeting:
        parts.append(Part("greeting", first[: len(greeting.group().rstrip())], gap))
        rest = first[len(parts[0].text) :]
        space = rest[: len(rest) - len(rest.lstrip())]
        pieces[:1] = [(space, rest[len(space) :])] if rest.strip() else []
    signature = _find_signature(pieces)
    kinds = _classify([text for _, text in pieces[:signature]], follows_greeting=bool(greeting))
    kinds += ["notice" if _NOTICE.search(text) else "signature" for _, text in pieces[signature:]]
    parts += [Part(kind, text, gap) for kind, (gap, text) in zip(kinds, pieces, strict=True)]
    return tuple(parts)


def group_asks(parts: tuple[Part, ...]) -> list[range]:
    """Where the text asks for something: neighbouring sentences are one ask."""
    groups: list[range] = []
    for index, part in enumerate(parts):
        if part.kind != "ask":
            continue
        if groups and groups[-1].stop == index:
            groups[-1] = range(groups[-1].start, index + 1)
        else:
            groups.append(range(index, index + 1))
    return groups


def text_features(subject: str | None, body: str) -> dict[str, bool]:
    """Whether each feature of a template's text is there; a text with a subject is an e-mail."""
    parts = parse_template(body)
    asks = [part for part in parts if part.kind == "ask"]
    whole = f"{subject or ''}\n{body}"
    return {
        "clear_ask": any(part.is_clear_ask for part in asks),
        "company_named": names_company(whole),
        "first_name": names_reader(whole),
        "hard_to_read": _is_hard_to_read(body),
        "jargon": has_jargon(whole),
        "link": has_link(body),
        "long": count_words(body) > (LONG_EMAIL_WORDS if subject else LONG_WORDS),
        "pressure": has_pressure(whole),
        "proof": any(part.kind == "proof" for part in parts),
        "question_as_ask": any("?" in part.text for part in asks),
        "several_asks": len(group_asks(parts)) > 1,
    }


def _is_hard_to_read(body: str) -> bool:
    """Whether Flesch's reading ease is below that of plain English; False where the text is too short to tell."""
    ease = reading_ease(PLACEHOLDER.sub(" ", body), "en")
    return ease is not None and ease < PLAIN_READING_EASE


def _split_sentences(body: str) -> list[tuple[str, str]]:
    """Pairs of (white space before, sentence); a new line ends a sentence too."""
    edges = [match.span() for match in _SENTENCE_END.finditer(body)]
    starts = [0, *(end for _, end in edges)]
    ends = [*(start for start, _ in edges), len(body)]
    pieces: list[tuple[str, str]] = []
    carried = ""
    before = 0
    for start, end in zip(starts, ends, strict=True):
        carried += body[before:start]
        sentence, before = body[start:end], end
        if sentence.strip():
            pieces.append((carried, sentence))
            carried = ""
        else:
            carried += sentence
    if carried and pieces:
        gap, text = pieces[-1]
        pieces[-1] = (gap, text + carried)
    return pieces


def _find_signature(pieces: list[tuple[str, str]]) -> int:
    """Where the signature begins: near the end, a sign-off, or a line that is only a name."""
    for index in range(max(len(pieces) - _LONGEST_SIGNATURE, 1), len(pieces)):
        text = straighten(pieces[index][1].strip())
        is_name_alone = bool(PLACEHOLDER.fullmatch(text)) and not has_link(text)
        if _SIGN_OFF.fullmatch(text) or _SIGNED.match(text) or is_name_alone:
            return index
    return len(pieces)


def _classify(sentences: list[str], *, follows_greeting: bool) -> list[PartKind]:
    kinds: list[PartKind] = [_classify_alone(text) for text in sentences]
    place = 0
    if follows_greeting and kinds and kinds[0] == "value" and _INTRODUCTION.search(straighten(sentences[0])):
        kinds[0], place = "greeting", 1
    last_ask = max((index for index, kind in enumerate(kinds) if kind == "ask"), default=len(kinds))
    for index in range(place, len(kinds)):
        if kinds[index] in ("value", "proof") and index == place:
            kinds[index] = "opening"
        elif kinds[index] == "value" and index > last_ask:
            kinds[index] = "closing"
    return kinds


def _asks_for_meeting(text: str) -> bool:
    return "?" in text and bool(_MEETING.search(text)) and not _COURTESY.search(text)


def _classify_alone(sentence: str) -> PartKind:
    text = straighten(sentence)
    if _NOTICE.search(text):
        return "notice"
    is_ask = has_link(text) or _IMPERATIVE.match(text) or _VAGUE.search(text) or _asks_for_meeting(text)
    if is_ask:
        return "ask"
    return "proof" if _PROOF.search(text.rstrip(".!")) else "value"
