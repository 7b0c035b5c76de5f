"""Text without its personal values: each is replaced by the name of its kind, such as [email].

Structured values are found by their form (guard.structured_spans); names, companies and addresses only where they are
the known person's own (guard.known_person), for no form tells a name from a word. What stays and what it costs is
measured in tests/guard/test_scrubbing.py and told in docs/decisions/0013-scrubbing.md.
"""

import re

from lead_conversion.guard.folding import fold_letters
from lead_conversion.guard.known_person import KnownPerson, own_spans
from lead_conversion.guard.message_text import readable
from lead_conversion.guard.structured_spans import Span, shouted_email_spans, structured_spans

__all__ = ["KnownPerson", "scrub"]

CITY_BEHIND = re.compile(
    r",[ ]?(?:\d{4,5}[ ])?[A-Z\u00c0-\u00de][\w'-]+(?:[ -](?![A-Z]{1,2}\d)[A-Z\u00c0-\u00de][\w'-]+){0,2}"
)
POST_CODE_BEHIND = re.compile(r",?[ ](?:[A-Z]{2}[ ])?(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2})(?!\w)")
ENDS_WITH_POST_CODE = re.compile(r",[ ]?\d{5}$")
CITY_BEHIND_POST_CODE = re.compile(r"[ ][A-Z\u00c0-\u00de][\w'-]+(?:-[A-Z\u00c0-\u00de][\w'-]+)*")
LONGEST_POST_CODE = 7
PLACEHOLDER = re.compile(r"(\{\{[^{}\n]{1,80}\}\})")


def scrub(text: str, known: KnownPerson | None = None) -> str:
    """The text with every personal value that was found replaced by the name of its kind in brackets.

    A text in which nothing is found is given back as it is; in one in which something is, entities and mojibake are
    read as they were meant. {{placeholders}} stay.

    Args:
        text: a message or a template.
        known: the contact who wrote it, whose own names, company and place are removed wherever they stand.
    """
    if "{{" in text:
        pieces = PLACEHOLDER.split(text)
        return "".join(piece if place % 2 else _scrub_piece(piece, known) for place, piece in enumerate(pieces))
    return _scrub_piece(text, known)


def _scrub_piece(text: str, known: KnownPerson | None) -> str:
    meant = readable(text)
    folded = fold_letters(meant)
    spans = [*structured_spans(folded.text), *shouted_email_spans(meant, folded)]
    if known is not None:
        spans += own_spans(meant, folded, known)
    if not spans:
        return text
    places = [*folded.places, len(meant)]
    parts, done = [], 0
    for span in merged(spans):
        # Up to the next letter that is seen: the marks behind a value are a part of it.
        start, end = folded.places[span.start], places[span.end]
        if start < done:  # within an address that went on behind its street
            done = max(done, end)
            continue
        if span.kind == "address":
            end = _end_with_city(meant, end)
        parts += [meant[done:start], f"[{span.kind}]"]
        done = end
    return "".join([*parts, meant[done:]])


def _end_with_city(text: str, end: int) -> int:
    """Where an address ends: behind the city that a comma or a post code joins to it, and the post code behind that."""
    has_post_code = ENDS_WITH_POST_CODE.search(text, max(0, end - LONGEST_POST_CODE), end)
    city = (CITY_BEHIND_POST_CODE if has_post_code else CITY_BEHIND).match(text, end)
    end = city.end() if city else end
    post_code = POST_CODE_BEHIND.match(text, end)
    return post_code.end() if post_code else end


def merged(spans: list[Span]) -> list[Span]:
    """The spans in order, those that overlap joined into one of the kind of the first found."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, -each.end)):
        if joined and span.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            joined.append(span)
    return joined
