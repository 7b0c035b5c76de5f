"""The log of promotions and rollbacks; the hash of the last line about each model is kept with it in the registry."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from lead_conversion.lifecycle import chained_log
from lead_conversion.lifecycle.chained_log import Anchor, ChainedLog, find_broken_link

EVERY_MODEL = "*"
KEYS = frozenset({"model", "state"})


class PromotionLog(ChainedLog):
    """Who made which model the champion, when and why."""

    name: ClassVar[str] = "promotion log"
    busy: ClassVar[str] = "changing a champion"


def find_tampering(lines: Sequence[bytes], anchors: Mapping[str, str]) -> tuple[str, ...]:
    """What shows that the log is not as it was written; nothing where it is.

    Args:
        lines: the log's lines.
        anchors: by model, its anchor as the registry keeps it; an empty text where it keeps none.
    """
    entries = [read_line(line) for line in lines]
    broken = find_broken_link(lines, entries)
    if broken:
        return (broken,)
    faults = []
    for model, text in sorted(anchors.items()):
        anchor = Anchor.parse(text)
        place = anchor.line if anchor else 0
        if text and not (anchor and anchor.is_held_by(lines)):
            faults.append(
                f"line {text.partition(' ')[0]} about {model}, which the registry knows, is missing: the end was cut "
                "or replaced"
            )
        # Killed between line and anchor, a change leaves one; nobody appends a second before the first is anchored.
        elif sum(entry["model"] in {model, EVERY_MODEL} for entry in entries[place:]) > 1:
            faults.append(f"lines about {model} follow line {place}, the last one that the registry knows")
    return tuple(faults)


def champion_by_log(lines: Sequence[bytes], model: str) -> tuple[str | None, bool]:
    """The champion's version as the log has it, and whether the last change of it is known to be finished."""
    champion, is_finished = None, True
    for entry in map(read_line, lines):
        if entry.get("model") == EVERY_MODEL:
            champion, is_finished = entry["champions"].get(model), True
        elif entry.get("model") == model:
            is_finished = entry["state"] != "asked"
            if entry["state"] == "done":
                champion = entry["version"]
    return champion, is_finished


def read_line(line: bytes) -> dict[str, Any]:
    """What one line says; empty where it is no line of this log."""
    return chained_log.read_line(line, KEYS)
