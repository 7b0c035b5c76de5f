"""Invented messages in which every personal value's place is known: the measure of the scrubber.

Nothing here is drawn from the scrubber: values are made by the rules of those who issue them (check digits, numbering
plans) or drawn from lists, then spelled as people spell them. There are two sets of sentences and names: 'a' may be
looked at while the scrubber is written, 'b' only measures it. No value is anybody's but by chance.
"""

import html
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

STRUCTURED = ("email", "phone", "card", "iban", "url", "date_of_birth")
OWN = ("own_name", "own_company", "own_address")
THIRD_PARTY = "other_name"
ALL = (*STRUCTURED, *OWN, THIRD_PARTY)
SETS = yaml.safe_load(Path(__file__).with_name("message_sentences.yaml").read_text(encoding="utf-8"))
SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Contact:
    """The person who writes, as the database names them."""

    first_name: str
    last_name: str
    email: str
    phone: str
    city: str
    company: str
    street: str


@dataclass(frozen=True)
class PlantedSpan:
    """Where a personal value stands in a message, and whether it was spelled to deceive or by accident."""

    kind: str
    start: int
    end: int
    meant: str
    is_obfuscated: bool


@dataclass(frozen=True)
class Message:
    """A text, its writer, and its personal values; `is_garbled` where an import has spoiled its letters."""

    text: str
    writer: Contact
    spans: tuple[PlantedSpan, ...]
    is_garbled: bool = False

    def pieces_without(self, kinds: tuple[str, ...]) -> list[str]:
        """What stands between the personal values of these kinds."""
        inner = (place for span in self.spans if span.kind in kinds for place in (span.start, span.end))
        places = [0, *inner, len(self.text)]
        return [self.text[start:end] for start, end in zip(places[::2], places[1::2], strict=True)]


def make_corpus(messages: int, seed: int, of: str) -> list[Message]:
    """Messages of set 'a' or 'b': two in three hold a personal value."""
    rng = random.Random(f"{of}-{seed}")
    return [_message(rng, of) for _ in range(messages)]


def _message(rng: random.Random, of: str) -> Message:
    language = rng.choices(("en", "es", "fr", "de", "pt"), (60, 10, 10, 10, 10))[0]
    writer = _contact(rng, of, language)
    sentences = [rng.choice(SETS[of]["clean"][language]) for _ in range(rng.choice((1, 1, 2, 3)))]
    if rng.random() < 0.67:
        held = [rng.choice(SETS[of]["sentences"][language]) for _ in range(rng.choice((1, 1, 1, 2)))]
        sentences = held if rng.random() < 0.3 else [*sentences, *held]
        rng.shuffle(sentences)
    register = rng.random()
    text = " ".join(sentences)
    if register < 0.25:  # an e-mail with its signature
        text = f"{text}\n\n{rng.choice(('Thanks,', 'Best regards', 'Saludos,', 'Viele Grüße'))}\n{{own_full}}"
        text += rng.choice(("", "\n{own_company}", "\n{phone}", "\n{email}\n{phone}", "\n{own_company}\n{own_address}"))
    elif register < 0.35:  # a quoted thread
        text = f"{text}\n\n{rng.choice(SETS[of]['threads'])}"
    lower = register > 0.75  # typed with one thumb
    message = _fill(text.lower() if lower else text, writer, rng, of, lower=lower)
    return _garbled(message) if rng.random() < 0.05 else message


def _fill(text: str, writer: Contact, rng: random.Random, of: str, *, lower: bool) -> Message:
    pieces: list[str] = []
    spans: list[PlantedSpan] = []
    done = length = 0
    for slot in SLOT.finditer(text):
        kind, value, is_obfuscated = VALUES[slot.group(1)](rng, writer, of)
        value = value.lower() if lower and not is_obfuscated else value
        clean = text[done : slot.start()]
        start = length + len(clean)
        spans.append(PlantedSpan(kind, start, start + len(value), value, is_obfuscated))
        pieces += [clean, value]
        done, length = slot.end(), start + len(value)
    return Message("".join([*pieces, text[done:]]), writer, tuple(spans))


def _garbled(message: Message) -> Message:
    """The message as a wrong import leaves it: UTF-8 read as Windows-1252, where that can be."""
    apostrophes = message.text.replace("'", "\u2019")
    pieces, spans, length, done = [], [], 0, 0
    try:
        for span in message.spans:
            clean, value = _misread(apostrophes[done : span.start]), _misread(apostrophes[span.start : span.end])
            start = length + len(clean)
            spans.append(PlantedSpan(span.kind, start, start + len(value), span.meant, value != span.meant))
            pieces += [clean, value]
            done, length = span.end, start + len(value)
        pieces.append(_misread(apostrophes[done:]))
    except UnicodeError:
        return message
    return Message("".join(pieces), message.writer, tuple(spans), is_garbled=True)


def _misread(text: str) -> str:
    return text.encode("utf-8").decode("cp1252")


# --- People ------------------------------------------------------------------------------------------------------


def _contact(rng: random.Random, of: str, language: str) -> Contact:
    names = SETS[of]["names"]
    first = rng.choice(names["first"][language])
    last = rng.choice(names["last"][language])
    city = rng.choice(names["city"][language])
    return Contact(
        first_name=first,
        last_name=last,
        email=_address(rng, of, first, last),
        phone=_digits_of_phone(rng)[1],
        city=city,
        company=rng.choice(names["company"]),
        street=rng.choice(names["street"][language]).format(number=rng.randint(1, 399)),
    )


def _plain(name: str) -> str:
    for accented, letter in zip("áàâãäéèêíïóôõöúüñçøßłő", "aaaaaeeeiioooouuncoslo", strict=True):
        name = name.replace(accented, letter)
    return re.sub(r"[^a-z]", "", name.lower())


def _address(rng: random.Random, of: str, first: str, last: str) -> str:
    local = rng.choice(("{f}.{l}", "{f}{l}", "{i}{l}", "{f}_{l}", "{l}.{f}", "{f}{n}", "{f}+crm", "{i}.{l}{n}"))
    local = local.format(f=_plain(first), l=_plain(last), i=_plain(first)[0], n=rng.randint(1, 99))
    return f"{local}@{rng.choice(SETS[of]['names']['domain'])}"


def _own_name(rng: random.Random, writer: Contact, _: str) -> tuple[str, str, bool]:
    first, last = writer.first_name, writer.last_name
    spelled = rng.choice(
        ("{f}", "{f}", "{f} {l}", "{f} {l}", "{l}", "{i}. {l}", "{i} {l}", "{l}, {f}", "{F} {L}", "{f} {L}")
    )
    value = spelled.format(f=first, l=last, i=first[0], F=first.upper(), L=last.upper())
    if rng.random() < 0.1:
        return "own_name", _without_accents(value), True
    if rng.random() < 0.04 and len(_plain(last)) > 3:
        return "own_name", " ".join(last), True
    return "own_name", value, False


def _without_accents(text: str) -> str:
    return "".join(letter if letter.isascii() else _plain(letter) or letter for letter in text)


def _own_full(_rng: random.Random, writer: Contact, _: str) -> tuple[str, str, bool]:
    return "own_name", f"{writer.first_name} {writer.last_name}", False


def _own_company(rng: random.Random, writer: Contact, _: str) -> tuple[str, str, bool]:
    words = writer.company.split()
    short = (
        " ".join(words[:-1])
        if words[-1].rstrip(".") in {"Ltd", "LLC", "GmbH", "SL", "SARL", "Lda", "Inc"}
        else writer.company
    )
    return "own_company", rng.choice((writer.company, short, short, short.upper(), short.replace(" ", "-"))), False


def _own_address(rng: random.Random, writer: Contact, _: str) -> tuple[str, str, bool]:
    return (
        "own_address",
        rng.choice((writer.city, writer.city, f"{writer.street}, {writer.city}", writer.street)),
        False,
    )


def _other_name(rng: random.Random, _: Contact, of: str) -> tuple[str, str, bool]:
    first, last = rng.choice(SETS[of]["names"]["other_first"]), rng.choice(SETS[of]["names"]["other_last"])
    return THIRD_PARTY, rng.choice((first, f"{first} {last}")), False


# --- Structured values -------------------------------------------------------------------------------------------


def _email(rng: random.Random, writer: Contact, of: str) -> tuple[str, str, bool]:
    names = SETS[of]["names"]
    other = _address(rng, of, rng.choice(names["other_first"]), rng.choice(names["other_last"]))
    address = writer.email if rng.random() < 0.4 else other
    if rng.random() < 0.6:
        return "email", rng.choice((address, address, address.upper(), f"mailto:{address}")), False
    local, domain = address.split("@")
    spelled = rng.choice(OBFUSCATED_ADDRESSES)
    return "email", spelled(local, domain), True


def _words(text: str, dot: str) -> str:
    return text.replace(".", dot)


OBFUSCATED_ADDRESSES: tuple[Callable[[str, str], str], ...] = (
    lambda local, domain: f"{local} (at) {_words(domain, ' (dot) ')}",
    lambda local, domain: f"{_words(local, ' dot ')} at {_words(domain, ' dot ')}",
    lambda local, domain: f"{local}[at]{_words(domain, '[dot]')}",
    lambda local, domain: f"{local}(at){domain}",
    lambda local, domain: f"{local} AT {_words(domain, ' DOT ')}",
    lambda local, domain: f"{local} @ {_words(domain, ' . ')}",
    lambda local, domain: f"{local} arroba {_words(domain, ' punto ')}",
    lambda local, domain: " ".join(f"{local}@{domain}"),
    lambda local, domain: f"{local}\uff20{domain}",
    lambda local, domain: f"{local}&#64;{_words(domain, '&#46;')}",
    lambda local, domain: f"{local[:2]}\u200b{local[2:]}@{domain[:3]}\u200b{domain[3:]}",
    lambda local, domain: _full_width(f"{local}@{domain}"),
    lambda local, domain: f"{local}_at_{_words(domain, '_dot_')}",
)


def _full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _digits_of_phone(rng: random.Random) -> tuple[str, str]:
    """A number's national digits and one of its usual spellings."""

    def d(number: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(number))

    area = rng.choice(("212", "415", "617", "312", "512", "303", "206", "404"))
    lasts = d(2)
    plans = (
        (
            f"{area}55501{lasts}",
            (
                "({0}) {1}-{2}",
                "{0}-{1}-{2}",
                "{0}.{1}.{2}",
                "+1 {0} {1} {2}",
                "{0}{1}{2}",
                "1-{0}-{1}-{2}",
                "{0} {1} {2}",
                "+1{0}{1}{2}",
                "({0}){1}-{2}",
            ),
            (3, 3, 4),
        ),
        (f"07911{d(6)}", ("{0} {1}", "{0}{1}", "+44 7911 {1}", "0044 7911 {1}"), (5, 6)),
        (f"02079460{d(3)}", ("{0} {1} {2}", "+44 (0)20 {1} {2}", "({0}) {1} {2}"), (3, 4, 4)),
        (
            f"6{rng.choice('1234')}{d(7)}",
            ("{0} {1} {2} {3}", "{0}{1}{2}{3}", "+34 {0} {1} {2} {3}", "{0}-{1}-{2}-{3}"),
            (3, 2, 2, 2),
        ),
        (
            f"06{rng.choice('1234')}{d(7)}",
            ("{0} {1} {2} {3} {4}", "{0}.{1}.{2}.{3}.{4}", "{0}{1}{2}{3}{4}", "{0}-{1}-{2}-{3}-{4}"),
            (2, 2, 2, 2, 2),
        ),
        (f"0151{rng.choice('12345')}{d(7)}", ("{0} {1}", "{0}/{1}", "{0}-{1}", "+49 151 {1}", "{0}{1}"), (4, 8)),
        (f"030{rng.choice('23456')}{d(6)}", ("{0} {1}", "({0}) {1}", "+49 30 {1}"), (3, 7)),
        (f"91{rng.choice('0123')}{d(6)}", ("{0} {1} {2}", "+351 {0} {1} {2}", "{0}{1}{2}"), (3, 3, 3)),
        (f"119{rng.choice('6789')}{d(7)}", ("({0}) {1}-{2}", "+55 {0} {1}-{2}", "{0} {1}-{2}"), (2, 5, 4)),
    )
    digits, spellings, sizes = rng.choices(plans, (8, 1, 1, 1, 1, 1, 1, 1, 1))[0]
    groups, done = [], 0
    for size in sizes:
        groups.append(digits[done : done + size])
        done += size
    return digits, rng.choice(spellings).format(*groups)


DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _phone(rng: random.Random, writer: Contact, _: str) -> tuple[str, str, bool]:
    digits, spelled = _digits_of_phone(rng)
    spelled = writer.phone if rng.random() < 0.4 else spelled
    if rng.random() < 0.7:
        return "phone", spelled, False
    return "phone", rng.choice(OBFUSCATED_NUMBERS)(spelled, digits), True


OBFUSCATED_NUMBERS: tuple[Callable[[str, str], str], ...] = (
    lambda _, digits: " ".join(DIGIT_WORDS[int(digit)] for digit in digits),
    lambda _, digits: "-".join(DIGIT_WORDS[int(digit)] for digit in digits),
    lambda _, digits: " ".join(digits),
    lambda _, digits: ".".join(digits),
    lambda spelled, _: _full_width(spelled),
    lambda spelled, _: spelled[:4] + "\u200b" + spelled[4:],
    lambda spelled, _: spelled.replace("-", " - ").replace(" ", "\u00a0"),
    lambda spelled, _: "".join(f"&#{ord(letter)};" if letter.isdigit() else letter for letter in spelled),
    lambda spelled, _: spelled.replace("-", "\u2013").replace(" ", "\u2009"),
    lambda _, digits: f"{digits[:3]} ... {digits[3:6]} ... {digits[6:]}",
)


def _check_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _card(rng: random.Random, _writer: Contact, _: str) -> tuple[str, str, bool]:
    head, length = rng.choice((("4", 16), ("4", 16), ("51", 16), ("55", 16), ("37", 15), ("6011", 16)))
    body = head + "".join(rng.choice("0123456789") for _ in range(length - 1 - len(head)))
    digits = body + _check_digit(body)
    cuts = (4, 10) if length == 15 else (4, 8, 12)
    groups = [digits[start:end] for start, end in zip((0, *cuts), (*cuts, length), strict=True)]
    if rng.random() < 0.7:
        return "card", rng.choice((" ", " ", "-", "")).join(groups), False
    return "card", rng.choice(OBFUSCATED_NUMBERS[2:6])(" ".join(groups), digits), True


def _iban(rng: random.Random, _writer: Contact, _: str) -> tuple[str, str, bool]:
    country, shape = rng.choice(
        (("DE", "18d"), ("ES", "20d"), ("GB", "4l14d"), ("NL", "4l10d"), ("FR", "20d1l2d"), ("PT", "21d"))
    )
    body = "".join(
        "".join(rng.choice("0123456789" if what == "d" else "ABCDEFGHKLMNPRST") for _ in range(int(count)))
        for count, what in re.findall(r"(\d+)([dl])", shape)
    )
    number = int("".join(str(int(letter, 36)) for letter in f"{body}{country}00"))
    compact = f"{country}{98 - number % 97:02d}{body}"
    grouped = " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))
    if rng.random() < 0.7:
        return "iban", rng.choice((grouped, compact)), False
    return (
        "iban",
        rng.choice(
            (
                grouped.lower(),
                grouped.replace(" ", "-"),
                _full_width(compact),
                grouped.replace(" ", "."),
                grouped.replace(" ", "\u00a0"),
                " ".join(compact),
            )
        ),
        True,
    )


def _url(rng: random.Random, _writer: Contact, of: str) -> tuple[str, str, bool]:
    site = rng.choice(SETS[of]["names"]["domain"])
    person = _plain(rng.choice(SETS[of]["names"]["other_first"]))
    if rng.random() < 0.7:
        return (
            "url",
            rng.choice(
                (
                    f"https://{site}/team/{person}",
                    f"http://www.{site}/?id={rng.randint(1, 9999)}",
                    f"www.{site}",
                    f"linkedin.com/in/{person}-{rng.randint(10, 99)}",
                    f"https://{site}",
                    f"{site}/{person}",
                )
            ),
            False,
        )
    return (
        "url",
        rng.choice(
            (
                f"hxxps://{site}/{person}",
                site.replace(".", "[.]") + f"/{person}",
                site.replace(".", " dot "),
                f"https : // {site}/{person}",
                _full_width(f"https://{site}/{person}"),
                f"HTTPS://{site.upper()}",
                f"https://{site}&#47;{person}",
                f"www . {site}",
                site.replace(".", " (dot) "),
            )
        ),
        True,
    )


MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}


def _date_of_birth(rng: random.Random, _writer: Contact, _: str) -> tuple[str, str, bool]:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1945, 2006)
    names = {language: text.split()[month - 1] for language, text in MONTHS.items()}
    plain = rng.choice(
        (
            f"{day:02d}/{month:02d}/{year}",
            f"{month}/{day}/{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day}.{month}.{year}",
            f"{day} {names['en']} {year}",
            f"{names['en']} {day}, {year}",
            f"{names['en'][:3]} {day} {year}",
            f"{day}. {names['de']} {year}",
            f"{day} de {names['es']} de {year}",
            f"{day} {names['fr']} {year}",
            f"{day} de {names['pt']} de {year}",
            f"{day}-{names['en'][:3]}-{year}",
            f"{day}{'th' if 3 < day < 21 else 'st'} of {names['en']} {year}",
        )
    )
    if rng.random() < 0.75:
        return "date_of_birth", plain, False
    return (
        "date_of_birth",
        rng.choice(
            (
                _full_width(plain),
                f"{day:02d} / {month:02d} / {year}",
                f"{day:02d}.{month:02d}.{year % 100:02d}",
                plain[:3] + "\u200b" + plain[3:],
                plain.replace(" ", "\u00a0"),
            )
        ),
        True,
    )


VALUES: dict[str, Callable[[random.Random, Contact, str], tuple[str, str, bool]]] = {
    "email": _email,
    "phone": _phone,
    "card": _card,
    "iban": _iban,
    "url": _url,
    "date_of_birth": _date_of_birth,
    "own_name": _own_name,
    "own_full": _own_full,
    "own_company": _own_company,
    "own_address": _own_address,
    "other_name": _other_name,
}

# --- The measure -------------------------------------------------------------------------------------------------

MARK = re.compile(r"\[(?:email|phone|card|iban|url|date_of_birth|address|name|company)\]")
TELLING = 4  # letters or digits in a row


@dataclass(frozen=True)
class Measure:
    """Shares of personal values of which nothing telling was left, by kind, and of clean words lost."""

    recall: dict[str, float]
    found_of: dict[str, tuple[int, int]]
    clean_words_lost: float
    left: tuple[tuple[str, str, str], ...]


def measure(corpus: list[Message], scrub_message: Callable[[Message], str]) -> Measure:
    """How much a scrubber finds and spoils, judged by its output alone."""
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    words = lost = 0
    left = []
    for message in corpus:
        scrubbed = scrub_message(message)
        kept, clean = _compact(MARK.split(scrubbed)), _compact(message.pieces_without(ALL))
        may_stay = _compact(message.pieces_without((*STRUCTURED, *OWN)))
        for span in message.spans:
            value = message.text[span.start : span.end]
            planted[span.kind] += 1
            allowed = clean if span.kind == THIRD_PARTY else may_stay
            if _is_gone(value, kept, allowed) and _is_gone(span.meant, kept, allowed):
                found[span.kind] += 1
            else:
                left.append((span.kind, value, scrubbed))
        if not message.is_garbled:
            wanted = Counter(_words_of(" ".join(message.pieces_without(ALL))))
            words += wanted.total()
            lost += (wanted - Counter(_words_of(MARK.sub(" ", scrubbed)))).total()
    return Measure(
        {kind: found[kind] / planted[kind] for kind in planted},
        {kind: (found[kind], planted[kind]) for kind in planted},
        lost / words,
        tuple(left),
    )


def _is_gone(value: str, kept: str, clean: str) -> bool:
    """Whether no four letters or digits in a row are left of a value, beyond those that clean words hold."""
    compact = _compact([value])
    size = min(TELLING, len(compact))
    windows = {compact[start : start + size] for start in range(len(compact) - size + 1)}
    return all(kept.count(window) <= clean.count(window) for window in windows)


def _compact(pieces: list[str]) -> str:
    meant = (unicodedata.normalize("NFKC", html.unescape(piece)).lower() for piece in pieces)
    return "\0".join(re.sub(r"[\W_]+", "", piece) for piece in meant)


def _words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())
