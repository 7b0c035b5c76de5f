"""One spelling for each mailbox and each phone line, so that their pseudonyms meet, and which of them name no person.

Choices:
- Gmail ignores dots and what follows a plus sign, so both go, for gmail.com and googlemail.com only. Other providers
  may deliver 'a.b' and 'ab' to two people; merging two people is worse than missing that two are one.
- An extension is part of the line: two people at one switchboard are not one person.
- What many type and nobody owns (test@test.com, 0000000000), what an office shares (info@) and what no numbering plan
  has is told here, before the pseudonym hides it. Such an address keeps its pseudonym, for somebody may be reached
  there, but it says nothing about who that is: nobody is merged by it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Literal, NamedTuple

import phonenumbers

GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
EMAIL_SHAPE = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
NOT_DIGITS = re.compile(r"\D+")
EXTENSION = ";ext="  # RFC 3966
MIN_PHONE_DIGITS = 7

Fault = Literal["unreadable_address", "nobodys_address", "invalid_phone"]
NobodysAddresses = Mapping[str, Iterable[str]]
"""By reason, wildcard patterns of normalised addresses and numbers that are not one person's."""


class ContactPoint(NamedTuple):
    """An address or number in one spelling, and the rule by which it does not name a person; null where it does."""

    address: str | None
    fault: Fault | None


def read_email(text: str | None, nobodys: NobodysAddresses) -> ContactPoint:
    """The mailbox that an e-mail address names, and whether it is one person's."""
    address = normalise_email(text)
    if address is None:
        return _unreadable(text)
    return ContactPoint(address, "nobodys_address" if _pattern(nobodys).fullmatch(address) else None)


def read_phone(text: str | None, country: str | None, nobodys: NobodysAddresses) -> ContactPoint:
    """The line that a phone number names, and whether it is one person's.

    Args:
        text: the number as typed.
        country: ISO 3166-1 alpha-2 code of the person, for numbers without a country code.
        nobodys: what is no person's number, without its extension.
    """
    number, is_valid = _by_numbering_plan(text or "", (country or "").strip().upper() or None)
    if number is None:
        return _unreadable(text)
    if _pattern(nobodys).fullmatch(number.split(EXTENSION)[0]):
        return ContactPoint(number, "nobodys_address")
    return ContactPoint(number, None if is_valid else "invalid_phone")


def normalise_email(text: str | None) -> str | None:
    """The mailbox that an e-mail address names; null where the text holds none."""
    folded = unicodedata.normalize("NFKC", text or "").casefold().strip().removeprefix("mailto:")
    found = EMAIL_SHAPE.search(folded)
    if not found:
        return None
    local, domain = found.group().rstrip(".,;").rsplit("@", 1)
    if domain in GMAIL_DOMAINS:
        local, domain = local.split("+", 1)[0].replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else None


def normalise_phone(text: str | None, country: str | None) -> str | None:
    """The line in E.164 with its extension; bare digits where no numbering plan knows it; null where too short."""
    return read_phone(text, country, {}).address


def _unreadable(text: str | None) -> ContactPoint:
    return ContactPoint(None, "unreadable_address" if text and text.strip() else None)


def _pattern(nobodys: NobodysAddresses) -> re.Pattern[str]:
    return _compiled(tuple(pattern for patterns in nobodys.values() for pattern in patterns))


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """What any of the patterns matches; nothing where there is none."""
    return re.compile("|".join(translate(pattern.lower()) for pattern in patterns) or r"(?!)")


@lru_cache(maxsize=65_536)
def _by_numbering_plan(text: str, region: str | None) -> tuple[str | None, bool]:
    """The number in one spelling, and whether its numbering plan has such numbers."""
    typed = unicodedata.normalize("NFKC", text).strip()
    compact = PUNCTUATION.sub("", typed)
    # The text as typed first: '(0)' tells the numbering plan more than a bare 0. 00 stands for + in most countries.
    spellings = [f"+{compact[2:]}", typed] if compact.startswith("00") else [typed]
    for spelling in spellings:
        try:
            number = phonenumbers.parse(spelling, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            extension = f"{EXTENSION}{number.extension}" if number.extension else ""
            return written + extension, phonenumbers.is_valid_number(number)
    digits = NOT_DIGITS.sub("", typed)
    return (digits if len(digits) >= MIN_PHONE_DIGITS else None), False
