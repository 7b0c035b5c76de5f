"""One spelling for each mailbox and each phone line, so that their pseudonyms meet, and which of them name no person.

Choices:
- Gmail ignores dots and what follows a plus sign, so both go, for gmail.com and googlemail.com only. Other providers
  may deliver 'a.b' and 'ab' to two people; merging two people is worse than missing that two are one.
- An extension is part of the line: two people at one switchboard are not one person.
- What many type and nobody owns (test@test.com, 0000000000), what an office shares (info@) and what no numbering plan
  has is told here, before the pseudonym hides it. Such an address keeps its pseudonym, for somebody may be reached
  there, but it says nothing about who that is: nobody is merged by it.
- Two addresses in one field are of two people as often as of one: the first is kept, and nobody is merged by it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Literal, NamedTuple

import phonenumbers

from lead_conversion.guard.folding import INVISIBLE

GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
EMAIL = re.compile(r"(?P<local>[^@\s<>()\[\],;:?=|\"]+)@(?P<domain>[\w-]+(?:\.[\w-]+)+)")
QUOTES = "'`\u2018\u2019\u201c\u201d"
UNSEEN = dict.fromkeys(INVISIBLE)
# What is added to a known mailbox: test123, sales-1, info.de, sales-emea. Behind two letters it is a name: na.li.
BEHIND_A_KNOWN_MAILBOX = re.compile(r"(?<=[^\W\d_]{3})(?:[._-]?\d{1,6}|[._-](?:[a-z]{2}|amer|apac|emea|latam))$")
NOTE_BEHIND = re.compile(r"\s*[(\[][^\W\d_][^\d)\]]*[)\]]$")
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
    addresses = _mailboxes(text or "")
    if not addresses:
        return _unreadable(text)
    is_one_persons = len(addresses) == 1 and not (nobodys and _is_nobodys(addresses[0], _pattern(nobodys)))
    return ContactPoint(addresses[0], None if is_one_persons else "nobodys_address")


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


def _mailboxes(text: str) -> list[str]:
    """The mailboxes that the text names, each once."""
    folded = unicodedata.normalize("NFKC", text).translate(UNSEEN).casefold()
    found = (_mailbox(each["local"].lstrip(QUOTES), each["domain"]) for each in EMAIL.finditer(folded))
    return list(dict.fromkeys(mailbox for mailbox in found if not mailbox.startswith("@")))


def _mailbox(local: str, domain: str) -> str:
    if domain in GMAIL_DOMAINS:
        local, domain = local.split("+", 1)[0].replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _is_nobodys(mailbox: str, pattern: re.Pattern[str]) -> bool:
    """Whether a pattern matches the mailbox, with or without what was added to it, or it is called like its domain."""
    local, domain = mailbox.rsplit("@", 1)
    untagged = local.split("+", 1)[0] or local
    bare = BEHIND_A_KNOWN_MAILBOX.sub("", untagged)
    halves = untagged.split(".")
    heads = dict.fromkeys((local, untagged, bare, halves[0] if len(set(halves)) == 1 else bare))
    if not heads.keys().isdisjoint(domain.split(".")[:-1]):
        return True
    return any(pattern.fullmatch(f"{head}@{domain}") for head in heads)


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
    typed = NOTE_BEHIND.sub("", unicodedata.normalize("NFKC", text).translate(UNSEEN).strip())
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
