"""The changes as a whole: what each costs to make, which can be made side by side, and which exclude each other."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from lead_conversion.reports.formats import plural

# From the least to the most work.
EFFORTS = {
    "skip_step": "small: one step is switched off",
    "change_wait": "small: one wait is set anew",
    "edit_prompt": "small: one text is written anew",
    "change_order": "medium: the steps of a campaign change places",
}
EFFORT_RANK = {change: rank for rank, change in enumerate(EFFORTS)}
ONE_STEP = "both change the same step"
ANOTHER_ORDER = "the other order has waits of its own, and what a step does in this one need not hold there"


def find_exclusions(recommendations: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """By recommendation, those that cannot be made beside it, each with the reason."""
    found: dict[str, list[dict[str, str]]] = {each["id"]: [] for each in recommendations}
    for one, other in combinations(recommendations, 2):
        reason = _reason(one, other)
        if reason:
            found[one["id"]].append({"id": other["id"], "reason": reason})
            found[other["id"]].append({"id": one["id"], "reason": reason})
    return found


def choose_together(
    recommendations: Sequence[Mapping[str, Any]], exclusions: Mapping[str, Sequence[Mapping[str, str]]]
) -> list[str]:
    """The recommendations that can all be made, best first: each that none before it excludes."""
    chosen: list[str] = []
    for each in recommendations:
        if not {other["id"] for other in exclusions[each["id"]]} & set(chosen):
            chosen.append(each["id"])
    return chosen


def describe_portfolio(
    recommendations: Sequence[Mapping[str, Any]], exclusions: Mapping[str, Sequence[Mapping[str, str]]]
) -> dict[str, Any]:
    """What goes together, in ids and in a sentence."""
    together = choose_together(recommendations, exclusions)
    left_out = [each["id"] for each in recommendations if each["id"] not in together]
    if not recommendations:
        sentence = ""
    elif not left_out:
        sentence = (
            f"All {plural(len(together), 'change')} can be made side by side: none excludes another."
            if len(together) > 1
            else "There is one change, and so nothing that it would exclude."
        )
    else:
        sentence = (
            f"{plural(len(together), 'change')} can be made side by side; {', '.join(left_out)} "
            f"{'excludes' if len(left_out) == 1 else 'exclude'} one of them."
        )
    return {"together": together, "excluded": left_out, "sentence": sentence}


def _reason(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    if one["campaign_id"] != other["campaign_id"]:
        return ""
    if one["step_id"] is not None and one["step_id"] == other["step_id"]:
        return ONE_STEP
    changes = {one["change"], other["change"]}
    if changes == {"change_order"} or ("change_order" in changes and changes & {"skip_step", "change_wait"}):
        return ANOTHER_ORDER
    return ""
