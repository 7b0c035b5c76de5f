"""Where a text holds a person's own names, company, place and contact points, however they are spelled."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain, product

from lead_conversion.guard.folding import Folded, fold_letters
from lead_conversion.guard.scripts import CASELESS, UNSPACED, stands_alone
from lead_conversion.guard.structured_spans import Span


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """The values by which the source names a contact, as it spells them."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    city: str | None = None
    company: str | None = None

    def __repr__(self) -> str:
        return f"KnownPerson({len(fields(self))} values, not shown)"


# Own names that are frequent words too: removed where they are capitalised, introduced as a name, or alone on a line.
COMMON_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    al an as at be best bill by case chance day do early fast fine go good grand great green he hope if in is it just
    land late life little lo long low mark market may me might miles more much my no north of on open or page park
    place point poor price read rich ring self short small smart so south star still strong summer sun to true up us
    van wall way we west white will wise wood work works worth young
    alt bis dia flor gross jung klein kurz lang mai mar neu reich frei sol grand blanc petit rio
        """,
    )
)
LEGAL_FORM_BEHIND = re.compile(
    r"(?:[ ,]+(?:&[ ])?(?:ltd|limited|llc|inc|incorporated|corp|corporation|gmbh|ag|ug|kg|s\.?a\.?|s\.?a\.?s|sarl|s\.?l"
    r"|slu|srl|b\.?v|nv|plc|pty|co|company|ltda|lda|oy|as)\.?)+$"
)
# First words of a company that name no company by themselves.
COMMON_COMPANY_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    academy agency alpha american advanced best blue bright business capital center central centre city clear college
    community consulting creative data design digital east education energy europe european express first focus food
    future general global golden grand great green group health high home human impact industrial innovation institute
    international law learning life local logistics market media medical metro modern national natural network new next
    north northern office online open pacific partners people premier prime pro professional quality rapid real red
    river royal school science sky smart social software solutions south southern star strategic summit sun system
    systems team tech the top total trade training travel trust union united university urban value vision water web
    west western white world young
        """,
    )
)
DIGITS = re.compile(r"\d{3}")
LETTERS = re.compile(r"[^\W_]+")
BETWEEN_WORDS = re.compile(r"[\s\-_.]+")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"})
INTRODUCED = re.compile(
    r"(?:this is|i'm|im|i am|name(?:'s| is)?|call me|it's|its|from|ask for|hi|hello|hey|dear|soy|me llamo|nombre es"
    r"|je suis|m'appelle|ich bin|ich heisse|heise|hier ist|name ist|sou o|sou a|sou|me chamo|[-,(\"/&])[ ]*$"
)
INITIAL_BEFORE = re.compile(r"(?:^|(?<=[^\w']))([a-z])(?:\.[ ]?[a-z])?\.?[ ]?$")
SPACED_LETTERS = re.compile(r"\b\w[ .,\-_*/|~+\n\t]{1,3}(?:\w[ .,\-_*/|~+\n\t]{1,3})*\w\b")
# What stands behind a family name of one letter, which is a word by itself.
ARABIC_ARTICLE = "\u0627\u0644"
TITLES = ("先生", "女士", "小姐", "太太", "老师", "经理", "总", "さん", "様", "さま", "氏", "씨", "님")
ENDING_DIGITS = re.compile(
    r"(?:end(?:s|ing)?[ ](?:in|with|on)|last[ ](?:four|4|three|3)(?:[ ]digits?)?(?:[ ](?:are|is|:))?|\.{2,}"
    r"|\bx{2,}[ -]?|\*{2,}[ -]?)[ :]*(\d{3,4})(?!\w)"
)
DIGIT_RUN = re.compile(r"\d(?:[ .\-/()]{0,3}\d){6,}")
MIN_DISTINCTIVE = 5
MIN_PART_OF_A_NAME = 3
LONGEST_GIVEN_NAME = 2  # in Chinese and Korean, where a family name of one letter stands before it
MIN_PHONE_TAIL = 7
LAST_DIGITS = 3


def own_spans(text: str, folded: Folded, person: KnownPerson) -> list[Span]:
    """The person's own values in a text.

    Args:
        text: as written, for capital letters tell a name from a word.
        folded: the same text, folded.
        person: whose values are looked for.
    """
    spans = []
    looked_for = _looked_for(person)
    there = [(own, kind) for kind, spellings in looked_for for own in spellings if own in folded.text]
    for own, kind in there:
        start = folded.text.find(own)
        while start >= 0:
            end = start + len(own)
            if stands_alone(folded.text, start, end):
                first = _with_initial(folded.text, start, person) if kind == "name" else start
                if own not in COMMON_WORDS or first < start or _is_meant(text, folded, start, end):
                    spans.append(Span(first, _with_genitive(folded.text, end), kind))
            start = folded.text.find(own, end)
    spans += _spaced_spans(folded.text, looked_for)
    if DIGITS.search(folded.text):
        spans += _phone_spans(folded.text, person)
    return spans


def _looked_for(person: KnownPerson) -> list[tuple[str, tuple[str, ...]]]:
    """The kind of each own value, and its folded spellings."""
    values = (
        ("email", person.email),
        ("address", person.city),
        ("company", person.company),
        ("name", person.first_name),
        ("name", person.last_name),
    )
    spelled = [(kind, SPELLED_AS[kind](value)) for kind, value in values if value]
    if person.first_name and person.last_name:
        spelled.append(("name", _both_names(person.first_name, person.last_name)))
    return spelled


def _spellings(value: str) -> list[str]:
    """The value folded, and with umlauts written as two letters."""
    if value.isascii():
        return [value.strip().lower()]
    plain = unicodedata.normalize("NFC", value).strip()
    forms = [plain, plain.lower().translate(UMLAUTS)]
    if UNSPACED.search(plain):
        forms.append(unicodedata.normalize("NFD", plain))  # Korean syllables as their letters
    return list(dict.fromkeys(fold_letters(form).text.strip() for form in forms))


def _joined(spelling: str) -> list[str]:
    """The spelling, and its words with a blank, a dash, a line or nothing between them; apostrophes can be left out."""
    if spelling.isalpha():
        return [spelling]
    found = [" ".join(LETTERS.findall(spelling))]
    for written in (spelling, spelling.replace("'", "")):
        words = BETWEEN_WORDS.split(written)
        found += [written, *(between.join(words) for between in (" ", "-", "_", ""))]
    return found


# By value, not by person: names, cities and companies recur from person to person.
_remembered = lru_cache(maxsize=65_536)


@_remembered
def _name_spellings(name: str) -> tuple[str, ...]:
    found: list[str] = []
    for spelling in _spellings(name):
        found += _joined(spelling)
        words = [*BETWEEN_WORDS.split(spelling), *LETTERS.findall(spelling)]
        found += [word for word in words if len(word) >= MIN_PART_OF_A_NAME]
        if UNSPACED.match(spelling) and spelling.isalpha():
            found += _unspaced_forms(spelling)
        if spelling.startswith(ARABIC_ARTICLE):  # which is written in another way behind a preposition
            found += [spelling.removeprefix(ARABIC_ARTICLE)]
    return _distinct(found)


def _unspaced_forms(name: str) -> list[str]:
    """A family name of one letter with a title behind it; a name without the letter of the family before it."""
    return (
        [name + title for title in TITLES] if len(name) == 1 else [name[1:]] if len(name) > LONGEST_GIVEN_NAME else []
    )


@_remembered
def _both_names(first: str, last: str) -> tuple[str, ...]:
    """Both joined to one word; also with a blank where one of them is a word too: together they are but a name."""
    first, last = fold_letters(first).text.strip(), fold_letters(last).text.strip()
    if CASELESS.match(first) or CASELESS.match(last):
        return tuple(
            f"{one}{between}{other}"
            for one, other in ((last, first), (first, last))
            for between in ("", " ", ".", "-", ", ")
            if one and other
        )
    joined = _joined_names(first, last)
    if COMMON_WORDS.isdisjoint((first, last)):
        return joined
    return (f"{first} {last}", f"{last} {first}", f"{last}, {first}", *joined)


def _joined_names(first: str, last: str) -> tuple[str, ...]:
    """Both names as one word, as in @marialopez; of several parts, also the first of each."""
    if first.isalpha() and last.isalpha():
        return _two_as_one(first, last)
    firsts, lasts = LETTERS.findall(first), LETTERS.findall(last)
    if not (firsts and lasts):
        return ()
    pairs = product(("".join(firsts), firsts[0]), ("".join(lasts), lasts[0]))
    return tuple(dict.fromkeys(chain.from_iterable(_two_as_one(*pair) for pair in pairs)))


def _two_as_one(first: str, last: str) -> tuple[str, ...]:
    if len(first) + len(last) < MIN_DISTINCTIVE or COMMON_WORDS.issuperset((first, last)):
        return ()
    return (first + last, last + first)


@_remembered
def _company_spellings(company: str) -> tuple[str, ...]:
    found: list[str] = []
    for spelling in _spellings(company):
        bare = LEGAL_FORM_BEHIND.sub("", spelling)
        found += [spelling, *_joined(bare)]
        first = LETTERS.search(bare)
        if first and len(first.group()) >= MIN_DISTINCTIVE and first.group() not in COMMON_COMPANY_WORDS:
            found.append(first.group())
    return _distinct(found)


@_remembered
def _city_spellings(city: str) -> tuple[str, ...]:
    return _distinct([joined for spelling in _spellings(city) for joined in _joined(spelling)])


@_remembered
def _email_spellings(email: str) -> tuple[str, ...]:
    """The address, and its local part, which people use as a name elsewhere."""
    address = fold_letters(email.strip()).text
    local = address.split("@", 1)[0]
    return (address, local) if len(local) >= MIN_DISTINCTIVE else (address,)


SPELLED_AS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "email": _email_spellings,
    "address": _city_spellings,
    "company": _company_spellings,
    "name": _name_spellings,
}


def _distinct(spellings: list[str]) -> tuple[str, ...]:
    return tuple(spelling for spelling in dict.fromkeys(spellings) if len(spelling) > 1 or UNSPACED.fullmatch(spelling))


def _with_genitive(folded: str, end: int) -> int:
    return end + 1 if folded[end : end + 1] == "s" else end


def _with_initial(folded: str, start: int, person: KnownPerson) -> int:
    """Where the span begins: at the initials of the first name, where they stand before the last name."""
    before = INITIAL_BEFORE.search(folded, max(0, start - 6), start)
    if not before:
        return start
    return before.start(1) if before.group(1) == fold_letters(person.first_name or "").text[:1] else start


def _is_meant(text: str, folded: Folded, start: int, end: int) -> bool:
    """Whether a word that is a name too is meant as one: capitalised, introduced as a name, or alone on its line."""
    if text[folded.places[start]].isupper() or folded.text.startswith(("'s ", "'s\n"), end):
        return True
    before = folded.text[max(0, start - 16) : start]
    if INTRODUCED.search(before):
        return True
    behind = folded.text[end : end + 1]
    return (not before or before.rstrip(" ").endswith("\n")) and behind in {"", "\n"}


def _spaced_spans(folded: str, looked_for: list[tuple[str, tuple[str, ...]]]) -> list[Span]:
    spans = []
    for found in SPACED_LETTERS.finditer(folded):
        compact = "".join(letter for letter in found.group() if letter.isalnum())
        if any(_is_spaced(own, compact) for _, spellings in looked_for for own in spellings):
            spans.append(Span(found.start(), found.end(), "name"))
    return spans


def _is_spaced(own: str, compact: str) -> bool:
    """Whether letters that stand apart hold the value; a short value must be all of them: "a l" can be two initials."""
    if len(own) >= MIN_PART_OF_A_NAME or (len(own) > 1 and UNSPACED.match(own)):
        return own in compact
    return len(own) > 1 and own == compact


@_remembered
def _own_digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))


def _phone_spans(folded: str, person: KnownPerson) -> list[Span]:
    """The own number whole, without its codes, or told by its last digits."""
    digits = _own_digits(person.phone or "")
    if len(digits) < MIN_PHONE_TAIL:
        return []
    spans = [
        Span(found.start(), found.end(), "phone")
        for found in DIGIT_RUN.finditer(folded)
        if digits[-MIN_PHONE_TAIL:] in "".join(filter(str.isdigit, found.group()))
    ]
    if digits[-LAST_DIGITS:] not in folded:
        return spans
    ends = (found for found in ENDING_DIGITS.finditer(folded) if digits.endswith(found.group(1)))
    return spans + [Span(*found.span(1), "phone") for found in ends]
