"""What changed between two texts, so that a reader sees it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

PassageKind = Literal["kept", "removed", "added"]
DiffKind = Literal["context", "removed", "added", "place"]
# From this share of common words on, the eye follows single words better than whole sentences.
TOUCHED_UP = 0.6


@dataclass(frozen=True)
class Passage:
    """A stretch of text that a proposal keeps, removes or adds."""

    kind: PassageKind
    text: str


def redline(current: str, proposed: str) -> tuple[Passage, ...]:
    """The proposal marked up against the current text, sentence by sentence; blanks and line breaks are kept.

    A sentence that is only touched up is marked word by word; one that is rewritten is shown whole, first the old,
    then the new, for words picked out of both read as neither.
    """
    return tuple(_passages(_sentences(current), _sentences(proposed), touch_up=True))


def _sentences(text: str) -> list[str]:
    return re.findall(r"\n+|[^\n]+?(?:[.!?]+[ \t]+|(?=\n|$))", text)


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\S+", text)


def _passages(before: list[str], after: list[str], *, touch_up: bool) -> Iterator[Passage]:
    for operation, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[i:j]), "".join(after[k:m])
        if operation == "equal":
            yield Passage("kept", old)
        elif touch_up and old and new and _similarity(old, new) >= TOUCHED_UP:
            yield from _passages(_words(old), _words(new), touch_up=False)
        else:
            if old:
                yield Passage("removed", old)
            if new:
                yield Passage("added", new)


def _similarity(old: str, new: str) -> float:
    """Share of words that both texts have in the same order."""
    return SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio()


@dataclass(frozen=True)
class DiffLine:
    """One line of a unified diff."""

    kind: DiffKind
    text: str


def diff_lines(diff: str) -> tuple[DiffLine, ...]:
    """A unified diff's lines by what they do; the file headings are places, not changes."""
    return tuple(DiffLine(_kind(line), line) for line in diff.splitlines())


def _kind(line: str) -> DiffKind:
    if line.startswith(("---", "+++", "@@")):
        return "place"
    if line.startswith("-"):
        return "removed"
    return "added" if line.startswith("+") else "context"
