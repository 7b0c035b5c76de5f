"""Templates without personal values: what the team wrote stays, with its placeholders; what names a contact goes.

E-mail addresses, phone and card numbers and other values are told by their form (guard.scrubbing). A name, a city or a
company is told only by its being a contact's, which the source is asked; and as it can be a word too ('Grace period',
'Reading'), it goes only where it is used as a name:

- A first and a last name that stand together, in either order and any case, are a person. The words of a city or a
  company of several words go where the last of them is capitalised: 'Online Learning' can be a contact's company.
- One word of a name, a city or a company goes where it is capitalised and no common word. A word that the templates
  use in lower case elsewhere is common, and so are the words of placeholders and tools that everybody meets by.
- Scripts without capitals, some of which have no blanks either, cannot tell a name from a word: what is a contact's
  goes wherever it stands, of two letters or more.

What stays: a contact's name, city or company of one word in lower case, a city or company of several in lower case, one
that is a word of the language ('Grace'), one without the accents that the source spells, one whose parts run together
('DelaCruz'; 'MariaLopez' and 'ONeill' go), and a company's name that was shortened. A name, city or company that is
the team's own stays where it is among privacy.kept_names.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from lead_conversion.guard.folding import INVISIBLE, fold_letters
from lead_conversion.guard.message_text import readable
from lead_conversion.guard.scripts import ABJADS, CASELESS, CASELESS_RUNS, LONGEST_PROCLITIC, UNSPACED, stands_alone
from lead_conversion.guard.scrubbing import merged, scrub
from lead_conversion.guard.structured_spans import Span

NAME_MARK, PAGE_MARK = "[name]", "[url]"
# Words of every text, and those that open a sentence or stand in a title: each is somebody's name too.
COMMON_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    a about after again all also am an and any april are art as at august autumn be because been before best bill
    book brand bright business but by call can case chance chase christian coach college coming could course dawn
    day days dean dear december did do does each early even every faith field fields fine first follow for free
    french friday friend from future get give go good grace grand grant great green group had harmony has have he
    hello her here hi high hill him his holly hope house how if in into iris is it its january joy june just
    justice king lane last law learn learning light little long love low major march mark market may me mercy
    miles mills monday more most much my name new no noble north not november october of off offer on one only
    open or other our out over own page park partner pearl people place plan please power price prince quick rain
    ray read ready reply rich right rose ruby sage sales saturday save say school september sharp she short should
    sky small smart so some south spring star start step stone strong student success such summer sunday sunny
    sure sweet swift take teacher team tell test than thank thanks that the their them then there these they this
    those through thursday time to today too trip true tuesday under union university until up us van wade ward
    was way we wednesday week welcome well were west what when where which while white who why wild will winter
    wise with wood word work world worth would yes you young your
    bath best buffalo bury cork deal derby enterprise essen independence liberty mobile nice normal orange reading rest
    rugby sale sandwich split surprise wells
    calendly excel facebook google instagram linkedin meet microsoft outlook paypal skype stripe teams whatsapp youtube
    """,
    )
)
# Placeholders of these words are the team's; in any other a name could hide.
PLACEHOLDER_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    account adviser advisor agent appointment book booking business calendar call campaign city client company contact
    contacts country course custom customer date day default deadline email event field fields first form full greeting
    industry job last lead link location meeting month name offer opt org organisation organization out owner page phone
    product programme program region rep role sender sequence signature site start state step student team time title
    today tomorrow unsubscribe url user value values variant webinar week year zoom
    """,
    )
)
PLACEHOLDER = re.compile(r"\{\{\s*[A-Za-z]+(?:[_.][A-Za-z]+){0,4}\s*\}\}")
PAGE = re.compile(r"https?://[A-Za-z][A-Za-z.-]+(?:/[A-Za-z][A-Za-z/-]*)?(?=[).,;:!?\"']*(?:\s|$))")
SET_APART = re.compile(rf"\{{\{{[^{{}}]*\}}\}}|{PAGE.pattern}")
RUN_OF_BLANKS = re.compile(r"[^\S\n]{2,}")
WORD = re.compile(r"[^\W\d_]+")
TWO_NAMES = re.compile(r"([^\W\d_a-z][^\W\d_A-Z]+)([^\W\d_a-z][^\W\d_A-Z]+)")  # MariaLopez
LEFT_OUT = ((re.compile(r"\b([dlo])(?=[^\W\d_]{3})"), r"\1'"), (re.compile(r"(?<=[^\W\d_]{3})s\b"), "'s"))
ABBREVIATED = re.compile(r"\b(st|dr|mt)(?= )")
NAME_GAP = re.compile(r"[\s_.,'&\-]{1,3}")
WRITTEN_GAPS = frozenset({" ", "-", "'", " & ", ", ", ". ", "."})  # within a name, a city or a company
WRITTEN_CASELESS = frozenset({"page", "odd placeholder"})  # no case tells a name from a word in them
LONGEST_NAME = 5
MIN_NAME_CHARS = 2
MIN_JOINED_CHARS = 6  # of first and last name as one word, as in @marialopez
LONGEST_UNSPACED = 8  # letters of a name, city or company where nothing parts words


@dataclass(frozen=True)
class NamesInTemplates:
    """Which words of the templates name contacts, folded, their parts joined by blanks."""

    alone: frozenset[str]
    """Names of one word that are no common words."""
    joined: frozenset[str]
    """Names of several words: first and last name in either order, also as one word, or a name of several parts."""
    common: frozenset[str]
    """Words that the templates use as words; a name made of nothing else must be capitalised throughout."""
    titled: frozenset[str] = frozenset()
    """Cities, companies and family names of several words, none of them a name by itself; capitalised at the end."""
    caseless: frozenset[str] = frozenset()
    """Names in scripts without capitals, which go wherever they stand."""

    def __repr__(self) -> str:
        return f"NamesInTemplates({len(self.alone)} alone, {len(self.joined)} joined, {len(self.caseless)} caseless)"


NO_NAMES = NamesInTemplates(frozenset(), frozenset(), frozenset())


def names_in_templates(
    texts: Iterable[str | None], ask: Callable[[Collection[str]], frozenset[str]], kept_names: Iterable[str]
) -> NamesInTemplates:
    """The names of contacts among the words of all templates of a source.

    Args:
        texts: the templates.
        ask: which of these lower-cased words are a contact's first or last name, or 'first last'.
        kept_names: names that stay, such as the agent's own.
    """
    pieces = [piece for text in sorted({text for text in texts if text}) for piece in _pieces(text)]
    # Without values: an address such as zenobia@private.example does not make a common word of the name in it.
    plain = [_without_values(piece.text) for piece in pieces if piece.kind == "text"]
    tokenised = [list(_tokens(readable(text))) for text in plain]
    others = {token.word for piece in pieces if piece.kind in WRITTEN_CASELESS for token in _tokens(piece.text)}
    caseless = {run for piece in pieces for text in _visible(piece.text) for run in CASELESS_RUNS.findall(text)}
    asked = sorted(
        others.union(
            (spelling for tokens in tokenised for spelling in _spellings(tokens)),
            (spelling for run in sorted(caseless) for spelling in _caseless_spellings(run)),
        )
        - {""}
    )
    kept = {_plain(name) for name in kept_names}
    answers = ask(asked) if asked else frozenset()
    without_case = frozenset(
        form for name in answers if CASELESS.search(name) for form in _caseless_forms(fold_letters(name).text)
    ) - {fold_letters(name).text for name in kept_names}
    spelled = [name for name in answers if not CASELESS.search(name)]
    found = {_plain(name) for name in spelled}.union(_plain(name.replace("'", "")) for name in spelled) - kept
    several = {name for name in found if " " in name}
    people = {name for name in several if not found.isdisjoint(name.split())}
    joined = frozenset(form for name in people for turned in _turns(name) for form in _with_handle(turned)) - kept
    titled = frozenset(several - people)
    full_names = NamesInTemplates(frozenset(), joined, COMMON_WORDS, titled)
    common = COMMON_WORDS.union(
        PLACEHOLDER_WORDS,
        (
            token.word
            for tokens in tokenised
            for token, is_named in zip(tokens, _is_named(tokens, full_names), strict=True)
            if not token.is_capitalised and not is_named
        ),
    )
    alone = frozenset(name for name in found if " " not in name) - common
    return NamesInTemplates(alone, joined, frozenset(common), titled, without_case)


def scrub_template(text: str | None, names: NamesInTemplates) -> str | None:
    """The template with each personal value replaced by its kind, as in [email]; placeholders and plain links stay."""
    if not text:
        return text
    return "".join(_scrub_piece(piece, names) for piece in _pieces(text))


@dataclass(frozen=True)
class _Piece:
    """A part of a template: a placeholder, known or odd; a page that is the same for everybody; or other text."""

    kind: Literal["placeholder", "odd placeholder", "page", "text"]
    text: str


@dataclass(frozen=True)
class _Token:
    """A word of a template: its place, folded and as it is written, and what stands between it and the next."""

    start: int
    end: int
    word: str
    spelling: str
    gap: str

    @property
    def is_capitalised(self) -> bool:
        return self.spelling[0].isupper()


def _pieces(text: str) -> Iterator[_Piece]:
    done = 0
    for found in SET_APART.finditer(text):
        yield _Piece("text", text[done : found.start()])
        if found.group().startswith("http"):
            yield _Piece("page", found.group())
        else:
            is_known = PLACEHOLDER.fullmatch(found.group()) and PLACEHOLDER_WORDS.issuperset(
                WORD.findall(found.group().lower())
            )
            yield _Piece("placeholder" if is_known else "odd placeholder", found.group())
        done = found.end()
    yield _Piece("text", text[done:])


def _scrub_piece(piece: _Piece, names: NamesInTemplates) -> str:
    if piece.kind == "placeholder":
        return piece.text
    if piece.kind == "text":
        return _without_names(_without_caseless(_without_values(piece.text), names), names)
    tokens = list(_tokens(piece.text))
    names_somebody = (
        any(_is_named(tokens, names))
        or any(token.word in names.alone for token in tokens)
        or bool(_caseless_spans(fold_letters(piece.text).text, names))
    )
    if piece.kind == "page":
        return PAGE_MARK if names_somebody else piece.text
    return "{{" + (NAME_MARK if names_somebody else _without_values(piece.text[2:-2])) + "}}"


def _tokens(text: str) -> Iterator[_Token]:
    folded = fold_letters(text)
    words = list(WORD.finditer(folded.text))
    for word, following in [*pairwise(words), *((last, None) for last in words[-1:])]:
        start, end = folded.places[word.start()], folded.places[word.end() - 1] + 1
        gap = folded.text[word.end() : following.start()] if following else "\n\n\n\n"
        yield _Token(start, end, word.group(), text[start:end], gap)


def _without_values(text: str) -> str:
    """The text without what is told by its form; runs of blanks, which can hide one, stay where nothing is found."""
    single_spaced = RUN_OF_BLANKS.sub(" ", text)
    scrubbed = scrub(single_spaced)
    return text if scrubbed == single_spaced else scrubbed


def _without_names(text: str, names: NamesInTemplates) -> str:
    meant = readable(text)
    tokens = list(_tokens(meant))
    parts, done, name_goes_on = [], 0, False
    for token, is_named in zip(tokens, _is_named(tokens, names), strict=True):
        if is_named:
            parts += [] if name_goes_on else [meant[done : token.start], NAME_MARK]
            done = token.end
        name_goes_on = is_named and bool(NAME_GAP.fullmatch(token.gap))
    return "".join([*parts, meant[done:]]) if parts else text


def _without_caseless(text: str, names: NamesInTemplates) -> str:
    """The text without the names that stand in scripts which know no capitals."""
    meant = readable(text) if names.caseless else text
    folded = fold_letters(meant)
    parts, done = [], 0
    for span in _caseless_spans(folded.text, names):
        parts += [meant[done : folded.places[span.start]], NAME_MARK]
        done = folded.places[span.end - 1] + 1
    return "".join([*parts, meant[done:]]) if parts else text


def _caseless_spans(folded: str, names: NamesInTemplates) -> list[Span]:
    if not names.caseless or not CASELESS.search(folded):
        return []
    places = (found.span() for name in sorted(names.caseless) for found in re.finditer(re.escape(name), folded))
    return merged([Span(*place, "name") for place in places if stands_alone(folded, *place)])


def _visible(text: str) -> tuple[str, str]:
    """The text folded, and as it is spelt: folding takes marks away by which the source spells a name."""
    meant = readable(text)
    return fold_letters(meant).text, unicodedata.normalize("NFC", meant.translate(dict.fromkeys(INVISIBLE)))


def _caseless_spellings(run: str) -> Iterator[str]:
    """What the source is asked of a run in a script without capitals: its words, or all that it could hold."""
    words = run.split()
    for first in range(len(words)):
        for size in range(1, LONGEST_NAME + 1):
            yield " ".join(words[first : first + size])
    for word in words:
        yield from (word[size:] for size in range(1, LONGEST_PROCLITIC + 1) if ABJADS.match(word))
        yield from (
            word[start : start + size]
            for start in range(len(word) if UNSPACED.match(word) else 0)
            for size in range(1, LONGEST_UNSPACED + 1)
        )


def _caseless_forms(name: str) -> Iterator[str]:
    """The name if it is no mere letter; of two words, also in the other order and without the blank."""
    if len(name) > 1:
        yield name
    for turned in _turns(name) if " " in name else ():
        yield turned
        yield turned.replace(" ", "") if UNSPACED.match(name) else turned


def _is_named(tokens: list[_Token], names: NamesInTemplates) -> list[bool]:
    """Whether each word is part of a contact's name."""
    named = [token.word in names.joined or (token.word in names.alone and token.is_capitalised) for token in tokens]
    for first in range(len(tokens)):
        for run in _runs_from(tokens, first):
            name = " ".join(token.word for token in run)
            if name not in names.joined and not (name in names.titled and run[-1].is_capitalised):
                continue
            if all(token.is_capitalised for token in run) or not names.common.issuperset(token.word for token in run):
                named[first : first + len(run)] = [True] * len(run)
    return named


def _runs_from(tokens: list[_Token], first: int) -> Iterator[list[_Token]]:
    """Two to LONGEST_NAME words that stand together, from the first on."""
    for size in range(2, LONGEST_NAME + 1):
        run = tokens[first : first + size]
        if len(run) < size or not NAME_GAP.fullmatch(run[-2].gap):
            return
        yield run


def _spellings(tokens: list[_Token]) -> Iterator[str]:
    """What the source is asked: each word, and words that stand together as one name of several parts may."""
    for first, token in enumerate(tokens):
        if len(token.word) >= MIN_NAME_CHARS:
            yield from _as_spelled_in_full(token.spelling.lower())
            yield token.word
            two = TWO_NAMES.fullmatch(token.spelling)
            yield from map(str.lower, two.groups() if two else ())
        for run in _runs_from(tokens, first):
            if run[-1].is_capitalised:
                gaps = [each.gap for each in run[:-1]]
                if WRITTEN_GAPS.issuperset(gaps):
                    name = "".join(each.spelling.lower() + gap for each, gap in zip(run, [*gaps, ""], strict=True))
                    yield from _as_spelled_in_full(name)
                    if run[-1].gap.startswith("."):
                        yield f"{name}."


def _as_spelled_in_full(name: str) -> Iterator[str]:
    """The name, and with an apostrophe and a dot that were left out: 'st johns college' can be St. John's College."""
    yield name
    dotted = ABBREVIATED.sub(r"\1.", name)
    spellings = [dotted, *(pattern.sub(full, dotted) for pattern, full in LEFT_OUT)]
    yield from (spelling for spelling in spellings if spelling != name)


def _plain(name: str) -> str:
    return " ".join(WORD.findall(fold_letters(name).text))


def _with_handle(name: str) -> Iterator[str]:
    """The name, and as one word where that is no word of a text: 'Good Will' is called like one."""
    yield name
    as_one_word = name.replace(" ", "")
    if len(as_one_word) >= MIN_JOINED_CHARS and not COMMON_WORDS.issuperset(name.split()):
        yield as_one_word


def _turns(name: str) -> Iterator[str]:
    """The words of a name in each order that begins elsewhere: 'ana lee' and 'lee ana'."""
    words = name.split()
    for first in range(len(words)):
        yield " ".join(words[first:] + words[:first])
