"""A message as its writer meant it, and the writer's own words in it: what was wrong with the rest is named."""

import html
import re
from typing import NamedTuple

import ftfy
from bs4 import BeautifulSoup, Tag

# What a person writes to an agent is short; the rest of a longer text is pasted or quoted.
MAX_CHARS_READ = 4_000
MIN_CHARS_OF_LONG = 1_500


class ReadMessage(NamedTuple):
    """The words of the writer, and the names of what was wrong with the message, sorted."""

    own_words: str
    faults: tuple[str, ...]


def read_message(text: str) -> ReadMessage:
    """The writer's own words: without markup, mojibake, invisible characters, quoted threads, sign-offs, signatures.

    The faults are among emoji, html (markup or entities), invisible, long (more than MIN_CHARS_OF_LONG characters),
    mojibake and quoted_thread. Emoji stay: people say much with them.
    """
    faults = {"long"} if len(text) > MIN_CHARS_OF_LONG else set()
    own = text[:MAX_CHARS_READ].replace("\r\n", "\n").replace("\r", "\n")
    if not own.isascii():
        own = _with_letters_as_meant(own, faults)
    if "<" in own and MARKUP.search(own):
        faults.add("html")
        own = _without_markup(own, faults)
    if "&" in own and ENTITY.search(own):
        faults.add("html")
        own = unescape(own).translate(INVISIBLE)
    own = _without_quoted_thread(own, faults)
    own = SIGN_OFF.sub("", own)
    return ReadMessage(BLANKS.sub(" ", own).strip(), tuple(sorted(faults)))


def own_words(text: str) -> str:
    """The writer's own words in a message; see read_message."""
    return read_message(text).own_words


# --- Letters as they were meant ----------------------------------------------------------------------------------

ENTITY = re.compile(r"&(?:#\d{2,7}|#x[0-9a-f]{2,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
ENCODED_TWICE = 2
# UTF-8 that was read as Windows-1252: a leading byte, then what the bytes behind it become. Whether it is that in the
# words around it is for ftfy to judge.
MOJIBAKE_SIGN = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u02c6\u02dc\u2013-\u2122\ufffd]")
LOST_LETTER = "\ufffd"
EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]")
INVISIBLE = dict.fromkeys(
    [0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
# A joiner behind a picture joins it to the next.
STRAY = re.compile(f"(?<![\\ufe0f\U0001f000-\U0001faff\\u2600-\\u27bf])[{''.join(map(chr, INVISIBLE))}]")


def readable(text: str) -> str:
    """The text with its entities and its mojibake read as they were meant."""
    if "&" in text and ENTITY.search(text):
        text = unescape(text)
    if not text.isascii() and MOJIBAKE_SIGN.search(text):
        text = ftfy.fix_encoding(text)
    return text


def unescape(text: str) -> str:
    """The text with its entities read, also where they were escaped once more on their way."""
    for _ in range(ENCODED_TWICE):
        text = html.unescape(text)
    return text


def _with_letters_as_meant(text: str, faults: set[str]) -> str:
    if MOJIBAKE_SIGN.search(text):
        fixed = ftfy.fix_encoding(text)
        if fixed != text or LOST_LETTER in text:
            faults.add("mojibake")
        text = fixed
    if EMOJI.search(text):
        faults.add("emoji")
    if STRAY.search(text):
        faults.add("invisible")
    return text.translate(INVISIBLE)


# --- Markup ------------------------------------------------------------------------------------------------------

# The names of HTML's elements: "<dana@x.org>" in a quoted thread is none.
MARKUP = re.compile(
    r"<!--|<!doctype|</?(?:a|abbr|b|blockquote|body|br|center|dd|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|li|link|meta|o:p|ol|p|pre"
    r"|script|small|span|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
QUOTING_CLASS = re.compile("gmail_quote|yahoo_quoted")
QUOTED_BELOW_ID = "divRplyFwdMsg"
NOT_TEXT = ("style", "script", "head")
ENDS_A_LINE = ("br", "p", "div", "li", "tr")


def _without_markup(text: str, faults: set[str]) -> str:
    soup = BeautifulSoup(text, "html.parser")
    for element in soup(NOT_TEXT):
        element.decompose()
    below = soup.find(id=QUOTED_BELOW_ID)
    quoting = [*soup("blockquote"), *soup(class_=QUOTING_CLASS)]
    if isinstance(below, Tag):
        quoting += [below, *below.find_next_siblings()]
    for element in quoting:
        faults.add("quoted_thread")
        element.extract()
    for element in soup(ENDS_A_LINE):
        element.append("\n")
    return soup.get_text().translate(INVISIBLE)


# --- Threads -----------------------------------------------------------------------------------------------------

# "On Mon, 5 Jan 2026 at 15:04, Dana <dana@x.org> wrote:" on a line of its own; within a line, where a gateway has put
# the mail on one line, only with a number in it: people write "on Monday she wrote: ..." too.
WROTE = r"\b(?:wrote|schrieb|a écrit|escribió|escribio|escreveu|ha scritto|schreef)\b[^\n:]{0,80}:[ \t]*"
REPLY_HEADER = re.compile(
    rf"(?:^(?:on|am|le|el|em|il|op)\s[^\n]{{0,160}}?(?:\n[^\n]{{0,80}}?)?"
    rf"|(?<=\s)(?:on|am|le|el|em|il|op)\s[^\n]{{0,30}}\d[^\n]{{0,160}}?){WROTE}",
    re.IGNORECASE | re.MULTILINE,
)
SIGN_OFF = re.compile(
    r"\n[ \t]*(?:(?:many |best |kind |warm )?(?:thanks|thank you|regards|wishes|cheers)|best|sincerely"
    r"|saludos|atentamente"
    r"|(?:bien )?cordialement|(?:viele |beste |liebe )?gr[uü](?:ß|ss)e?|abraços?|atenciosamente)[ \t]*[,.!]?[ \t]*"
    r"(?:\n[^\n]{0,60}){0,5}\s*\Z",
    re.IGNORECASE,
)
BELOW = re.compile(
    r"^[ \t]*(?:(?P<thread>-{2,}[ \t]*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete"
    r" nachricht|message d'origine|message original|mensaje original|mensaje reenviado|mensagem original)[ \t]*-{2,}"
    r"|_{8,}[ \t]*$"
    r"|(?:from|von|de)[ \t]*:[^\n]*\n[ \t]*(?:sent|gesendet|envoyé|enviado|date|datum|fecha|to|an|para|à)[ \t]*:)"
    r"|(?P<signature>--[ \t]*$"
    r"|sent from my |get outlook for |von meinem .{2,20} gesendet"
    r"|enviado desde mi |envoyé de(?:puis)? mon |enviado do meu )).*",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
BLANKS = re.compile(r"\s+")


def _without_quoted_thread(text: str, faults: set[str]) -> str:
    header = REPLY_HEADER.search(text) if ":" in text else None
    if header:
        faults.add("quoted_thread")
        below = text[header.end() :]
        # Marked lines are dropped one by one, so an answer written below them is kept.
        text = text[: header.start()] + (below if below.lstrip().startswith(">") else "")
    found = BELOW.search(text)
    if found:
        faults.update({"quoted_thread"} if found["thread"] else ())
        text = text[: found.start()]
    if ">" in text:
        text, lines = QUOTED_LINE.subn("", text)
        faults.update({"quoted_thread"} if lines else ())
    return text.rstrip()
