"""What is said of a proposed wording: what it may bring, and what a language model made of it."""

from collections.abc import Mapping
from typing import Any

from lead_conversion.reports import formats


def sentence(text: str) -> str:
    """The words as a sentence: a capital first, a full stop last."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def edit_words(expected: Mapping[str, Any]) -> str:
    """What a proposed text may bring: its figure if it was measured, else how far a gain may reach."""
    low, high = expected["ci_low"], expected["ci_high"]
    if expected["effect"] is None:
        return f"between {formats.points(low)} and {formats.points(high)}. {expected['words']}"
    return f"{formats.interval(expected['effect'], low, high, formats.points)}. {expected['words']}"


def machine_words(written: Mapping[str, Any]) -> str:
    """What became of the wording that a language model was asked for."""
    if written["status"] == "proposed":
        return (
            f"Written by the language model {written['model']}; placeholders, length, parts and claims were checked, "
            "the wording was read by nobody. The test compares the wording proposed above."
        )
    was = "gave an answer that was refused" if written["status"] == "refused" else "was not heard"
    why = "; ".join(written["why"])
    return f"The language model {written['model']} {was}: {why}. The wording proposed above stands."
