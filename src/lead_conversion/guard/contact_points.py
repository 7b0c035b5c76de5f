"""One spelling for each mailbox and each phone line, so that their pseudonyms meet.

Choices:
- Gmail ignores dots and what follows a plus sign, so both go, for gmail.com and googlemail.com only. Other providers
  may deliver 'a.b' and 'ab' to two people; merging two people is worse than missing that two are one.
- What is no address or number at all ('n/a', 'none') becomes null: a pseudonym would make one person of all of them.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
EMAIL_SHAPE = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
# Country code and digits, with nothing that only the numbering plan can judge: a 0 near the head may be a trunk prefix.
PLAIN_E164 = re.compile(r"\+[1-9][1-9]{2}\d{5,12}")
PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
NOT_DIGITS = re.compile(r"\D+")
MIN_PHONE_DIGITS = 7


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


def normalise_phone(text: str, country: str | None) -> str | None:
    """The line that a phone number names, in E.164; bare digits where no numbering plan knows it; null where too short.

    Args:
        text: the number as typed.
        country: ISO 3166-1 alpha-2 code of the person, for numbers without a country code.
    """
    compact = PUNCTUATION.sub("", unicodedata.normalize("NFKC", text))
    compact = f"+{compact[2:]}" if compact.startswith("00") else compact
    if PLAIN_E164.fullmatch(compact):
        return compact
    # The text as typed: '(0)' tells the numbering plan more than a bare 0.
    return _by_numbering_plan(text.strip(), (country or "").strip().upper() or None)


@lru_cache(maxsize=65_536)
def _by_numbering_plan(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    digits = NOT_DIGITS.sub("", text)
    return digits if len(digits) >= MIN_PHONE_DIGITS else None
