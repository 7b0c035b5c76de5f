"""Where a text holds e-mail addresses, links, account, card and phone numbers, dates of birth and street addresses.

All patterns read folded text (guard.folding). A kind is looked for only where a cheap sign of it stands in the text;
what a pattern finds is checked where a check exists: mod 97 for accounts (ISO 13616), Luhn for cards (ISO/IEC 7812-1),
the numbering plans for phones. What is found is blanked before the next kind is looked for, so nothing is found twice.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import phonenumbers

from lead_conversion.guard.folding import Folded


class Span(NamedTuple):
    """A personal value: where it begins, where it ends (exclusive), what it is."""

    start: int
    end: int
    kind: str


BLANKED = "\0"


def _any_in(signs: str) -> Callable[[str], bool]:
    """Whether one of the signs, which are parted by bars, stands in a text."""
    each = tuple(signs.split("|"))

    def holds(folded: str) -> bool:
        for sign in each:  # noqa: SIM110 - any() over a generator takes twice as long, for every message
            if sign in folded:
                return True
        return False

    return holds


def structured_spans(folded: str) -> list[Span]:
    """The structured personal values of a folded text; none overlaps another."""
    found: list[Span] = []
    finders = FINDERS if DIGIT.search(folded) else FINDERS_WITHOUT_DIGITS
    for find, may_hold in finders:
        if may_hold(folded):
            for span in [*find(folded)]:
                found.append(span)
                folded = f"{folded[: span.start]}{BLANKED * (span.end - span.start)}{folded[span.end :]}"
    return found


# --- E-mail ------------------------------------------------------------------------------------------------------

AT_SIGN = re.compile(
    r"(?P<mark>@|%40|(?P<bracketed>[\[({<][ ]?(?:at|arroba)[ ]?[\])}>])|[\[({<][ ]?[a@][ ]?[\])}>]|[_*#-]at[_*#-])"
    r"[ ]{0,2}|[ ](?:at|arroba|chez|klammeraffe)[ ]"
)
AT_SIGNS = "@| at |at)|at]|%40|_at_|-at-|*at*|#at#|arroba| chez |at}|at>|at )|at ]|(a)|[a]|klammera"
_DOT_WORDS = "dot|punto|ponto|point|punkt"
_BRACKETED_DOT = rf"[\[({{<][ ]?(?:{_DOT_WORDS}|\.)[ ]?[\])}}>]"
_DOT_MARK = rf"(?:\.|{_BRACKETED_DOT}|[_*#-](?:{_DOT_WORDS})[_*#-])"
_DOT_WORD = rf"[ ](?:{_DOT_WORDS})[ ]"
_ANY_DOT = rf"(?:[ ]?{_DOT_MARK}[ ]?|{_DOT_WORD})"
# A dot that nobody writes at the end of a sentence: in brackets, spelled out, or behind a blank.
_SPELLED_DOT = rf"(?:{_DOT_WORD}|[ ]?{_BRACKETED_DOT}[ ]?|[_*#-](?:{_DOT_WORDS})[_*#-]|[ ]\.[ ]?)"
# Endings of domains that people write after a blank or a spelled dot.
_ENDING = (
    r"(?:com|org|net|edu|gov|info|biz|io|co|app|dev|ai|uk|fr|es|de|pt|br|mx|ar|us|ca|eu|ch|nl|pl|ie|au|in|it|me|be|at"
    r"|example|invalid|test|online|site|xyz|tech|school|academy|cloud|mail)(?!\w)"
)
# Countries' endings that are words of the five languages: "at work so".
_WORD_ENDINGS = frozenset(
    re.findall(
        r"\w+",
        """
    ad ai al am as at au be by de do er es et ga id il im in is it je ki la li lu ma me ml mo mr ms mu my na ne ni no nu
    om pa pe pm ps re sa se sh si so st th to tv us va ve vi ye
        """,
    )
)
_COUNTRIES = "|".join(sorted({region.lower() for region in phonenumbers.SUPPORTED_REGIONS} - _WORD_ENDINGS))
_WORD_ENDING = rf"(?:{'|'.join(sorted(_WORD_ENDINGS))})(?=[ ]*(?:$|[.,;:!?)/\n]|slash))"
# Endings that a spelled dot can stand before in a sentence without brackets or capitals.
_SPELLED_ENDING = (
    rf"(?:{_ENDING}|{_WORD_ENDING}|(?:{_COUNTRIES}|pro|name|mobi|jobs|travel|museum|coop|aero|agency|africa|asia|berlin|blog|center|chat"
    r"|church|cloud|club|coach|codes|college|community|company|consulting|courses|deals|degree|dental|design|digital|direct"
    r"|directory|education|email|energy|engineer|engineering|enterprises|estate|events|exchange|expert|finance|fitness"
    r"|foundation|fun|fund|gallery|games|gmbh|graphics|global|group|guide|guru|health|help|host|house|industries|info|ink"
    r"|institute|international|kids|land|law|lawyer|legal|life|link|live|llc|london|ltd|management|marketing|mba|media"
    r"|money|network|news|ngo|ninja|nyc|one|ong|paris|partners|photo|photography|photos|pics|plus|press|productions"
    r"|properties|pub|realtor|rocks|run|schule|science|security|services|shop|show|social|software|solutions|space|store"
    r"|studio|study|style|support|swiss|systems|team|technology|theater|today|tools|top|tours|town|toys|training"
    r"|translations|tube|university|ventures|video|vip|watch|web|website|wiki|win|work|works|world|yoga|zone)(?!\w))"
)
# What stands before the sign: back to a blank, but for the blanks around a spelled dot.
LOCAL_PART = re.compile(
    rf"(?:mailto:)?[\w+%'](?:[\w.+%'-]|[\[({{][ ]?(?:{_DOT_WORDS}|\.)[ ]?[\])}}]|[*#](?:{_DOT_WORDS})[*#]"
    rf"|{_DOT_WORD}(?=\w)){{0,63}}[ ]{{0,2}}$"
)
SPELLED_DOT = re.compile(rf"[\[({{]|[ ](?:{_DOT_WORDS})[ ]")
PLAIN_DOMAIN = re.compile(rf"[\w-]+(?:{_DOT_MARK}[\w-]+)+|\[\d{{1,3}}(?:\.\d{{1,3}}){{3}}\]")
# Behind an "at" in brackets, which is no word of a sentence, a provider needs no ending; these words are no provider.
DOMAIN_WITHOUT_ENDING = re.compile(
    r"(?!(?:the|an?|my|your|our|his|her|this|that|any|all|least|most|last|first|once|noon|night|home|work|school|one|some"
    r"|el|la|las|los|mi|su|un|una)\b)[a-z][\w-]+"
)
# With blanks within, a domain must end as domains do, or the words behind it would be taken for its parts.
LOOSE_DOMAIN = re.compile(
    rf"[\w-]+(?:{_ANY_DOT}[\w-]+){{0,4}}?(?:{_ANY_DOT}|[ ]?,[ ]?){_ENDING}(?:{_ANY_DOT}{_ENDING})?"
)
SPELLED_DOMAIN = re.compile(
    rf"[\w-]+(?:(?:{_DOT_MARK}|{_DOT_WORD})[\w-]+){{0,4}}?{_DOT_WORD}{_SPELLED_ENDING}(?:{_DOT_WORD}{_SPELLED_ENDING})?"
)
DOTTED_DOMAIN = re.compile(
    rf"[\w-]+(?:\.[\w-]+){{0,4}}?\.(?:{_ENDING}|(?:{_COUNTRIES})(?!\w))(?:\.(?:{_ENDING}|(?:{_COUNTRIES})(?!\w)))?"
)
# Where sign or dot cannot be words of a sentence, whatever stands behind the dots is a part of the domain.
SURE_DOMAIN = re.compile(rf"[\w-]+(?:(?:{_SPELLED_DOT}|\.)[\w-]+){{0,4}}{_SPELLED_DOT}[a-z][\w-]+")
BRACKETED_DOMAIN = re.compile(
    rf"[\w-]+(?:(?:{_SPELLED_DOT}|\.)[\w-]+){{0,4}}?[ ]?{_BRACKETED_DOT}[ ]?[a-z][\w-]+(?:{_SPELLED_DOT}[a-z][\w-]+)*"
)
SHOUTED_DOMAIN = re.compile(rf"[\w-]+(?:(?:{_DOT_MARK}|{_DOT_WORD})[\w-]+){{0,4}}{_DOT_WORD}[a-z][\w-]+")
SHOUTED_SIGNS = (" AT ", " ARROBA ", " CHEZ ", " KLAMMERAFFE ")
# Words after which "at example.com" says where a page is, not who reads mail there.
BEFORE_A_SITE = re.compile(
    r"(?:^|[^\w.])(?:us|me|it|is|are|them|look|find|available|more|info|page|site|website|online|here|see|order|register"
    r"|up|found|out|courses?|works?|working|looking|book|form|links?|shop|located|that|this|one|read|visit|live|prices?"
    r"|job|team|people)$"
)
LONGEST_LOCAL = 72
SPACED_HEAD = re.compile(r"(?:(?<!\w)[\w.+-][ ]){2,}[\w.+-]?[ ]?$")
SPACED_DOMAIN = re.compile(r"(?:[ ]?[\w.-](?!\w)){3,}")


def email_spans(folded: str) -> Iterator[Span]:
    """E-mail addresses, also where the at sign and the dots are spelled out or the letters stand apart."""
    done = 0
    for sign in AT_SIGN.finditer(folded):
        head = folded[max(done, sign.start() - LONGEST_LOCAL) : sign.start()]
        local, domain = _parts_of_an_address(folded, sign, head)
        if local and domain:
            yield Span(sign.start() - len(head) + local.start(), domain.end(), "email")
            done = domain.end()


def shouted_email_spans(text: str, folded: Folded) -> Iterator[Span]:
    """E-mail addresses whose sign and dots are words in capitals, as nobody writes these words in a sentence.

    Args:
        text: as written, for folding takes the capitals away.
        folded: the same text, folded.
    """
    if not any(sign in text for sign in SHOUTED_SIGNS):
        return
    for sign in AT_SIGN.finditer(folded.text):
        domain = SHOUTED_DOMAIN.match(folded.text, sign.end())
        begin = max(0, sign.start() - LONGEST_LOCAL)
        local = LOCAL_PART.search(folded.text[begin : sign.start()])
        if domain and local and _written(text, folded, sign.start(), domain.end()).isupper():
            yield Span(begin + local.start(), domain.end(), "email")


def _local_part(head: str) -> re.Match[str] | None:
    """What stands before the sign, which goes on before a blank only where a dot is spelled out."""
    last_blank = -1 if SPELLED_DOT.search(head) else max(map(head.rstrip(" ").rfind, " \n"))
    return LOCAL_PART.search(head, last_blank + 1)


def _written(text: str, folded: Folded, start: int, end: int) -> str:
    return text[folded.places[start] : folded.places[end - 1] + 1]


def _parts_of_an_address(
    folded: str, sign: re.Match[str], head: str
) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    if not sign["mark"]:
        # A mere word "at": the domain must show that it is one.
        domain = SPELLED_DOMAIN.match(folded, sign.end())
        if domain is None:
            domain = BRACKETED_DOMAIN.match(folded, sign.end()) or DOTTED_DOMAIN.match(folded, sign.end())
        domain = None if domain and BEFORE_A_SITE.search(head) else domain
        return (_local_part(head) if domain else None), domain
    spaced = SPACED_HEAD.search(head) if " " in head[-3:-1] else None
    if spaced:
        return spaced, SPACED_DOMAIN.match(folded, sign.end())
    domains = (pattern.match(folded, sign.end()) for pattern in (PLAIN_DOMAIN, LOOSE_DOMAIN, SURE_DOMAIN))
    domain = max(filter(None, domains), key=re.Match.end, default=None)
    if domain is None and sign["bracketed"]:
        domain = DOMAIN_WITHOUT_ENDING.match(folded, sign.end())
    return _local_part(head), domain


# --- Links -------------------------------------------------------------------------------------------------------

# Without the endings that are words: "it works.in" lacks a blank and is no link.
PLAIN_ENDINGS = "com|org|net|edu|gov|info|biz|io|co|app|dev|ai|uk|fr|de|pt|br|mx|ca|eu|ch|nl|pl|ie|au|example|invalid"
_PLAIN_ENDING = rf"(?:{PLAIN_ENDINGS})(?!\w)"
_PATH = r"(?:[/?#][^\s<>\"]*)?"
_DOT_BRACKET = rf"[ ]?[\[(][ ]?(?:{_DOT_WORDS}|\.)[ ]?[\])][ ]?"
# Up to the next blank, and over dots in brackets: whatever else is bracketed or quoted there is a part of the link.
_REST_OF_LINK = rf"(?:[^\s<>\"\[(]|{_DOT_BRACKET}|[\[(])+"
LINK = re.compile(
    rf"(?<!\w)(?:(?:h(?:tt|xx)ps?|ftp) ?\[?:\]? ?/ ?/ ?{_REST_OF_LINK}|www ?\. ?{_REST_OF_LINK}"
    rf"|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.{_PLAIN_ENDING}{_PATH})"
)
BEHIND_A_LINK = ".,;:!?)]}'"
LINK_SIGN = re.compile(rf"\.(?:{PLAIN_ENDINGS})")
# "estoy a punto de llegar", "le point de vue", "o ponto de partida": a dot behind such a word is none of an address.
_NO_NAME_OF_A_SITE = r"(?!(?:a|al|el|un|ese|este|ce|le|au|du|bon|o|ao|um|esse|der|ein|dieser|am)[ ])"
SPELLED_LINK = re.compile(
    rf"(?<!\w){_NO_NAME_OF_A_SITE}[a-z0-9-]+(?:(?:{_DOT_BRACKET}[a-z0-9-]+)+{_PATH}"
    rf"|(?:{_DOT_WORD}[a-z0-9-]+)*?{_DOT_WORD}{_ENDING}(?:{_DOT_WORD}{_ENDING})?(?:(?:[ ]slash[ ]|/)[\w-]+)*)"
)
SPELLED_LINK_SIGNS = " dot | punto | ponto | point | punkt |.]|.)|dot]|dot)"


def _may_hold_link(folded: str) -> bool:
    return "//" in folded or "/ /" in folded or "www" in folded or LINK_SIGN.search(folded) is not None


def link_spans(folded: str) -> Iterator[Span]:
    """Addresses of the web, with or without a scheme."""
    for found in LINK.finditer(folded):
        yield Span(found.start(), found.start() + len(found.group().rstrip(BEHIND_A_LINK)), "url")


def spelled_link_spans(folded: str) -> Iterator[Span]:
    """Addresses of the web whose dots are put in brackets or spelled out."""
    for found in SPELLED_LINK.finditer(folded):
        yield Span(found.start(), found.start() + len(found.group().rstrip(BEHIND_A_LINK)), "url")


# --- Accounts, cards, phones -------------------------------------------------------------------------------------

# [0-9] where every message is searched: folded digits are no others, and \d takes a third longer.
LONG_RUN = re.compile(r"[0-9](?:[ \t.\-/_()*|]{0,5}[0-9oli]){6}")
ACCOUNT = re.compile(r"(?<!\w)[a-z][ .-]?[a-z][ .-]?\d[ .-]?\d(?:[ .-]{0,2}[a-z0-9]){11,30}(?!\w)")
# ISO 13616 registry: how long an account number of the country is.
IBAN_LENGTHS = {
    country.lower(): int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18
    FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 LV21 MC27
    MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29
    XK20
        """,
    )
}
# Digits with little between them; an o, l or i right behind a digit stands for one.
NUMBER = re.compile(r"(?<![\w@#])\+?\(?\d(?:[ \t.\-/_()*|]{0,5}(?:\d|(?<=\d)[oli]{1,4}(?![a-z]))){6,}(?!\w)")
# What stands in a NUMBER, as its digits: by table, for each is looked at in many windows.
DIGITS_ALONE = str.maketrans("oli", "011", " \t.-/_()*|+")
DIGIT = re.compile(r"\d")
PHONE_WORD = re.compile(
    r"(?:phone|cell|mobile|tel|telephone|telefon\w*|telefono|telefone|whats ?app|wsp|call|ring|text|sms|reach|number|nr"
    r"|fax|dial|line|movil|celular|llam\w*|portable|appel\w*|joindre|joignable|numero|handy|rufnummer|nummer|erreich\w*"
    r"|ruf\w*|anrufen|lig\w*|zap)\b"
)
ID_WORD = re.compile(
    r"(?:order|invoice|ticket|ref|reference|case|booking|tracking|student|customer|client|policy|contract|account|id"
    r"|serial|isbn|issn|sku|article|item|version|build|po|pedido|factura|referencia|commande|facture|dossier|bestell\w*"
    r"|rechnung\w*|vorgang\w*|auftrag\w*|kundennummer|fatura|protocolo|eur|usd|gbp|[€$£])"
    r"[ .:#-]{0,3}(?:(?:no|nr|num|number|numero|n)[ .:#]{0,2})?(?:is |ist |es |est )?$"
)
DATE = re.compile(
    r"(?:19|20)\d\d[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|[12]\d|3[01])(?!\d|[-/.]\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)?\d\d(?!\d|[-/.]\d)"
)
NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?\(?[2-9]\d\d\)?[ .-]{1,3}[2-9]\d\d[ .-]{1,3}\d{4}")
BRITISH_MOBILE = re.compile(r"07\d{3}[ .-]?\d{3}[ .-]?\d{3}")
# Where a number without a country code can be of: by its length, and whether it begins with the 0 of the trunk line.
TRUNK_REGIONS = {9: ("DE",), 10: ("FR", "GB", "DE", "NL", "AU"), 11: ("GB", "DE"), 12: ("DE",)}
REGIONS = {9: ("ES", "PT"), 10: ("US", "MX", "BR"), 11: ("US", "BR")}
PART = re.compile(r"\S+")
MAX_PARTS = 19  # a card of the most digits, each standing alone
# Who issues cards, by their first digits, and how long the numbers are (ISO/IEC 7812-1: industry identifiers 3 to 6).
CARD = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|(?:5[06-8]|6\d)\d{10,17}"
)
GROUP_OF_A_CARD = re.compile(r"[,;\n][ \t\n]{0,2}[0-9]{4,6}(?![0-9])")
GROUPED_CARD = re.compile(r"(?<!\w)\d{4}(?:[ \t]{0,2}[,;\n][ \t\n]{0,2}\d{4,6}){2,3}(?!\w)")
MIN_CARD_DIGITS, PHONE_LENGTHS = 12, range(7, 16)
# What is said of a number, on its line and since the number before it.
CUT = re.compile(r"[\d\n]")
REACH, LONGEST_ID_WORD = 40, 24


def account_spans(folded: str) -> Iterator[Span]:
    """International bank account numbers."""
    found = ACCOUNT.search(folded)
    while found:
        end = _account_end(found.group())
        if end:
            yield Span(found.start(), found.start() + end, "iban")
        found = ACCOUNT.search(folded, found.start() + (end or 1))


def _account_end(text: str) -> int:
    """Where the account number at the head of the text ends; 0 where it is none."""
    places = [place for place, letter in enumerate(text) if letter.isalnum()]
    compact = "".join(text[place] for place in places)
    length = IBAN_LENGTHS.get(compact[:2], 0)
    # Words behind "de 12" pass the check once in 97 times; an account is mostly digits.
    if not length or len(compact) < length or 2 * sum(map(str.isdigit, compact[:length])) < length:
        return 0
    moved = compact[4:length] + compact[:4]
    is_account = int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1
    return places[length - 1] + 1 if is_account else 0


def grouped_card_spans(folded: str) -> Iterator[Span]:
    """Card numbers whose groups are parted by commas or stand on lines of their own."""
    for found in GROUPED_CARD.finditer(folded):
        if _is_card_number("".join(filter(str.isdigit, found.group()))):
            yield Span(found.start(), found.end(), "card")


def number_spans(folded: str) -> Iterator[Span]:
    """Card and phone numbers, with any blanks, dots or dashes between their digits."""
    for found in NUMBER.finditer(folded):
        yield from _spans_of_number(folded, found.start(), found.end())


def _spans_of_number(folded: str, start: int, end: int) -> Iterator[Span]:
    """What the parts of a run of digits are, alone or together: cards first, then phones in what they leave."""
    parts = [part.span() for part in PART.finditer(folded, start, end)]
    done = 0
    cards = [*_windows(folded, parts, _is_card)] if CARD.search(_digits_of(folded[start:end])) else []
    for first, last in [*cards, (len(parts), len(parts))]:
        between = parts[done:first]
        for begin, stop in _windows(folded, between, _is_phone):
            yield Span(between[begin][0], between[stop][1], "phone")
        if first < len(parts):
            yield Span(parts[first][0], parts[last][1], "card")
        done = last + 1


def _windows(
    folded: str, parts: list[tuple[int, int]], holds: Callable[[str, int, int], bool]
) -> Iterator[tuple[int, int]]:
    """First and last of the neighbouring parts that together are what is looked for, the longest from the left."""
    first = 0
    while first < len(parts):
        for last in range(min(len(parts), first + MAX_PARTS) - 1, first - 1, -1):
            if holds(folded, parts[first][0], parts[last][1]):
                yield first, last
                first = last
                break
        first += 1


def _digits_of(text: str) -> str:
    return text.translate(DIGITS_ALONE)


def _is_card(folded: str, start: int, end: int) -> bool:
    if end - start < MIN_CARD_DIGITS:
        return False
    return _is_card_number(_digits_of(folded[start:end]))


def _is_card_number(digits: str) -> bool:
    return CARD.fullmatch(digits) is not None and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_phone(folded: str, start: int, end: int) -> bool:
    """Whether digits are a phone's: by their form, by what is said before them, or as a numbering plan issues them."""
    text = folded[start:end]
    digits = _digits_of(text)
    if len(digits) not in PHONE_LENGTHS:
        return False
    if text.lstrip("(").startswith("+") or NORTH_AMERICAN.fullmatch(text) or BRITISH_MOBILE.fullmatch(text):
        return True
    said = CUT.split(folded[max(0, start - REACH) : start])[-1]
    if DATE.match(text) or ID_WORD.search(said[-LONGEST_ID_WORD:]):
        return False
    return bool(PHONE_WORD.search(said)) or _is_issued(digits)


def _is_issued(digits: str) -> bool:
    """Whether a numbering plan gives out such numbers: VALID, for any number of the right length is POSSIBLE."""
    if digits.startswith("00"):
        return _is_possible_abroad(digits[2:])
    trunk = digits.startswith("0")
    regions = (TRUNK_REGIONS if trunk else REGIONS).get(len(digits), ())
    return any(_issued_in(region).fullmatch(digits, int(trunk)) for region in regions)


def _is_possible_abroad(digits: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}", None))
    except phonenumbers.NumberParseException:
        return False


@cache
def _issued_in(region: str) -> re.Pattern[str]:
    """The national numbers that are VALID in a region, of whatever use: the library's own patterns, tried at once."""
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    uses = (plan.fixed_line, plan.mobile, plan.toll_free, plan.voip, plan.personal_number)
    patterns = (use.national_number_pattern for use in uses if use)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns if pattern))


_DIGIT_WORDS = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"
    "|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve"
    "|un|une|deux|trois|quatre|cinq|sept|huit|neuf"
    "|null|eins|zwei|zwo|drei|vier|funf|sechs|sieben|acht|neun"
    "|um|dois|duas|quatro|sete|oito|nove|meia"
)
SPELLED_NUMBER = re.compile(rf"(?<!\w)(?:\+?\(?(?:{_DIGIT_WORDS}|\d{{1,4}})(?:[ ,.()-]+|(?!\w))){{4,}}")
MIN_DIGIT_WORDS = 3  # where other digits stand in figures: "un", "six" and "a 10, 15, 20" are no number
DIGITS_OR_WORD = re.compile(r"\w+")
MIN_PHONE_DIGITS = 7
DIGIT_WORDS = frozenset(_DIGIT_WORDS.split("|"))


def _holds_digit_words(folded: str) -> bool:
    return not DIGIT_WORDS.isdisjoint(folded.replace("-", " ").split())


def spelled_number_spans(folded: str) -> Iterator[Span]:
    """Phone numbers of which some or all digits are written as words: seven or more in a row."""
    for found in SPELLED_NUMBER.finditer(folded):
        said = found.group()
        parts = DIGITS_OR_WORD.findall(said)
        words = sum(part.isalpha() for part in parts)
        figures = sum(map(str.isdigit, said))
        if len(parts) >= MIN_PHONE_DIGITS or (words >= MIN_DIGIT_WORDS and words + figures >= MIN_PHONE_DIGITS):
            yield Span(found.start(), found.start() + len(said.rstrip(" ,.(-")), "phone")


# --- Dates of birth ----------------------------------------------------------------------------------------------

_MONTH = (
    r"(?:jan(?:uary|uar|vier|eiro)?|ene(?:ro)?|feb(?:ruary|ruar|rero)?|fev(?:rier|ereiro)?|mar(?:ch|s|zo|co|z)?|maerz"
    r"|apr(?:il)?|avr(?:il)?|abr(?:il)?|may|mayo|mai|maio|june?|juni|juin|junio|junho|july?|juli|juillet|julio|julho"
    r"|aug(?:ust)?|aout|ago(?:sto)?|sep(?:t(?:ember|embre)?|tiembre)?|set(?:embro)?|oct(?:ober|obre|ubre)?|okt(?:ober)?"
    r"|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|dec(?:ember|embre)?|dez(?:ember|embro)?|dic(?:iembre)?)\.?"
)
_SEP = r"[ ]?[-/.][ ]?"
_DAY, _MONTH_NUMBER = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_ORDINAL = r"(?:st|nd|rd|th|er|\.|o|a)?"
# Years that people who write were born in. A full date after them is one of a meeting or a course; one of two digits
# is a birth's only where it would lie decades ahead, or stands beside a word of birth.
LAST_BIRTH_YEAR = 2010
_BIRTH_YEAR = r"(?:19[2-9]\d|200\d|2010)"
_SHORT_BIRTH_YEAR = r"'?(?:4[5-9]|[5-9]\d)"
_YOUNG = r"(?:0[1-9]|[12]\d|3[01])[-/.](?:0[1-9]|1[0-2])[-/.]0\d"
_OLD_OR_NEW = r"(?:19|20)\d\d"
_ANY_YEAR = r"(?:(?:19|20)\d\d|'?\d\d)"
_ROMAN_MONTH = r"(?:i{1,3}|iv|vi{0,3}|ix|xi{0,2})"
_NUMERIC = rf"(?:{_DAY}{_SEP}(?:{_MONTH_NUMBER}|{_ROMAN_MONTH})|{_MONTH_NUMBER}{_SEP}{_DAY}){_SEP}"
_WORDED = (
    rf"(?:{_DAY}{_ORDINAL}[ -]?(?:(?:of|de|del)[ ])?{_MONTH}[ ,-]{{0,2}}(?:(?:de|del|do)[ ])?"
    rf"|{_MONTH}[ ]{_DAY}{_ORDINAL},?[ ])"
)


def _dates(years: str) -> str:
    return rf"(?:(?:{_NUMERIC}|{_WORDED}){years}|{years}{_SEP}{_MONTH_NUMBER}{_SEP}{_DAY})(?!\w|{_SEP}\d)"


# With the years of _BIRTH_YEAR in no group of their own, the search for it takes a third less.
OLD_YEAR = re.compile(rf"(?:19[2-9]\d|20(?:0\d|10)|[-/.][ ]?(?:{_SHORT_BIRTH_YEAR}|0\d))(?!\d)")
OLD_DATE = re.compile(rf"(?<![\w.-])(?:{_dates(_BIRTH_YEAR)}|{_NUMERIC}{_SHORT_BIRTH_YEAR}|{_YOUNG})(?!\w|{_SEP}\d)")
ANY_DATE = re.compile(
    rf"(?<!\w)(?:{_dates(_ANY_YEAR)}|{_DAY}{_ORDINAL}[ ](?:(?:of|de)[ ])?{_MONTH}(?!\w)|{_MONTH}[ ]{_DAY}(?!\w)"
    rf"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){_OLD_OR_NEW}(?!\w)|{_OLD_OR_NEW}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\w))"
)
BIRTH_WORD = re.compile(
    r"(?<!\w)(?:born|birth\w*|b-?day|d\.?o\.?b|nacid\w|naci|nacimiento|cumple\w*|nee?|naissance|anniversaire|geboren\w*|geb"
    r"|geburts\w*|nasc\w*|aniversario)(?!\w)"
)
BIRTH_SIGNS = "born|birth|day|dob|d.o.b|nac|cumple|ne |nee|naiss|anniv|geb|nasc|aniv"
BIRTH_REACH = 40


def old_date_spans(folded: str) -> Iterator[Span]:
    """Full dates of a year in which those who write were born."""
    for found in OLD_DATE.finditer(folded):
        yield Span(found.start(), found.end(), "date_of_birth")


def birth_spans(folded: str) -> Iterator[Span]:
    """The date that stands behind a word of birth."""
    for word in BIRTH_WORD.finditer(folded):
        blanked = folded.find(BLANKED, word.end(), word.end() + BIRTH_REACH)
        found = ANY_DATE.search(folded, word.end(), blanked if blanked >= 0 else word.end() + BIRTH_REACH)
        if found:
            yield Span(found.start(), found.end(), "date_of_birth")


# --- Street addresses --------------------------------------------------------------------------------------------

# Words that stand between a count and "way" or "place" where no street is meant.
_NO_STREET = (
    r"(?!(?:in|on|a|an|the|of|is|at|to|and|or|for|by|one|per|from|more|other|min\w*|hours?|days?|weeks?|years?|people"
    r"|point)\b)"
)
NUMBER_BEFORE_STREET = re.compile(
    r"(?<!\w)\d{1,4}(?:[ ]?(?:bis|ter))?,?[ ](?:rue|avenue|av\.|boulevard|bd|place|chemin|allee|impasse|quai|route)[ ]"
    r"(?:(?:de|du|des|la|le|les)[ ]|[dl]')*[\w'-]+(?:[ -](?!\d)[\w'-]+)?"
    rf"|(?<![\w.,])\d{{1,5}}[a-z]?,?[ ](?:[nsew]\.?[ ])?(?:{_NO_STREET}[a-z][a-z'.-]*[ ]){{1,3}}"
    r"(?:street|str?|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|court|terrace|square|parkway|pkwy|highway"
    r"|crescent|close|place|way)\b\.?(?:,?[ ](?:apt|apartment|suite|ste|unit|flat|floor)\.?[ ]?#?\w{1,5})?"
)
STREETS = (
    " st|road| rd| ave|lane| ln| drive| boulevard| blvd| bd | court| terrace| square| pkwy| parkway| highway"
    "| crescent| close| place| way| rue | av. | chemin | allee | impasse | quai | route "
)
GERMAN_STREETS = "strasse|strase|str.|weg|platz|allee|gasse|ring|ufer|damm"
GERMAN_STREET = re.compile(
    r"(?<![\w-])(?:[a-z-]{3,}(?:strasse|strase|str\.|weg|platz|allee|gasse|ring|ufer|damm)"
    r"|[a-z-]{3,}[ ](?:strasse|strase|str\.|allee|platz))[ ]?\d{1,4}[ ]?[a-z]?(?!\w)"
)
ROMANCE_STREETS = "calle|c/|avenida|av.|avda|plaza|paseo|carrera|rua|travessa|praca|alameda"
ROMANCE_STREET = re.compile(
    r"(?<!\w)(?:calle|c/|avenida|av\.|avda\.?|plaza|paseo|carrera|rua|travessa|praca|alameda)[ ]?"
    r"(?:(?:de|del|la|las|los|el|do|da|dos|das)[ ])*[\w'.-]+(?:[ ](?!n\b)[a-z'.-]+){0,3},?[ ](?:n[o.]{0,2}[ ]?)?\d{1,5}"
)
POST_BOXES = "box|postf|apartad|apdo| postal"
POST_BOX = re.compile(
    r"(?<!\w)(?:(?:p[. ]{0,2}o[. ]{0,2}|post(?:[ ]?office)?[ ])box|postfach|apartado(?:[ ](?:de[ ]correos|postal))?"
    r"|apdo\.?|boite[ ]postale|caixa[ ]postal)[ :]{0,2}(?:n[o.]{0,2}[ ]?|\#[ ]?)?\d{1,7}(?:[ ]\d\d){0,2}(?!\w)"
)
POST_CODE_BEHIND = re.compile(r",?[ \n]*(?:[a-z]{2}[ ])?(?:\d{5}(?:-\d{3,4})?|[a-z]{1,2}\d[a-z\d]?[ ]\d[a-z]{2})(?!\w)")


def _address_finder(street: re.Pattern[str]) -> Callable[[str], Iterator[Span]]:
    def find(folded: str) -> Iterator[Span]:
        for found in street.finditer(folded):
            behind = POST_CODE_BEHIND.match(folded, found.end())
            yield Span(found.start(), behind.end() if behind else found.end(), "address")

    return find


# In this order: an address holds a link, an account a phone, and a date could be a part of a phone.
FINDERS: tuple[tuple[Callable[[str], Iterator[Span]], Callable[[str], object]], ...] = (
    (email_spans, _any_in(AT_SIGNS)),
    (link_spans, _may_hold_link),
    (spelled_link_spans, _any_in(SPELLED_LINK_SIGNS)),
    (account_spans, LONG_RUN.search),
    (old_date_spans, OLD_YEAR.search),
    (birth_spans, _any_in(BIRTH_SIGNS)),
    (grouped_card_spans, GROUP_OF_A_CARD.search),
    (number_spans, LONG_RUN.search),
    (spelled_number_spans, _holds_digit_words),
    (_address_finder(NUMBER_BEFORE_STREET), _any_in(STREETS)),
    (_address_finder(GERMAN_STREET), _any_in(GERMAN_STREETS)),
    (_address_finder(ROMANCE_STREET), _any_in(ROMANCE_STREETS)),
    (_address_finder(POST_BOX), _any_in(POST_BOXES)),
)
FINDERS_WITHOUT_DIGITS = tuple(
    finder for finder in FINDERS if finder[0] in {email_spans, link_spans, spelled_link_spans, spelled_number_spans}
)
