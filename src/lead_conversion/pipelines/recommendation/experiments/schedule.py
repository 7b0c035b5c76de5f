"""Which tests disturb each other, and when each can run: side by side on other leads, or one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

SAME_STEP = "same step"
ORDER_OF_CAMPAIGN = "order of the same campaign"
SAME_LEADS = "same leads"


@dataclass(frozen=True)
class Place:
    """Where a test takes leads in.

    Args:
        campaign_id: whose leads.
        step_id: at which step; None where it is the campaign's order that is tested.
        leads: keys of the leads that met the place, each once.
    """

    campaign_id: int
    step_id: int | None
    leads: pd.Index


@dataclass(frozen=True)
class Conflict:
    """Why two tests do not run at the same time, and the share of the smaller one's leads that meet the other too."""

    other: str
    reason: str
    shared_leads: float


Weeks = tuple[int, int]


def find_conflicts(places: Mapping[str, Place], max_shared: float) -> dict[str, list[Conflict]]:
    """By test, the tests that it cannot run beside.

    Two tests at one step, or one of a campaign's order and one within it, always disturb each other. So do any two that
    many leads would be in at once: then what one arm does to a lead is counted for the other test too.

    Args:
        places: by test, in any order.
        max_shared: share of the smaller test's leads that may meet the other.
    """
    found: dict[str, list[Conflict]] = {name: [] for name in places}
    for one, other in combinations(places, 2):
        shared = _shared_leads(places[one].leads, places[other].leads)
        reason = reason_for_conflict(places[one], places[other]) or (SAME_LEADS if shared > max_shared else "")
        if reason:
            found[one].append(Conflict(other, reason, shared))
            found[other].append(Conflict(one, reason, shared))
    return found


def reason_for_conflict(one: Place, other: Place) -> str:
    """What of their places makes two tests disturb each other, whoever their leads are; empty where nothing does."""
    if one.campaign_id != other.campaign_id:
        return ""
    if None in (one.step_id, other.step_id):
        return ORDER_OF_CAMPAIGN
    return SAME_STEP if one.step_id == other.step_id else ""


def schedule_tests(
    weeks: Mapping[str, int], conflicts: Mapping[str, Sequence[Conflict]], running: Mapping[str, int]
) -> dict[str, Weeks]:
    """First and last week of each test, counted from 1: as early as the tests named before it allow.

    A test that would disturb another one waits until that one's last outcome is known, so that no lead is in two tests
    and what was found can be in place.

    Args:
        weeks: by test, most valuable first, how long it takes with all of its leads.
        conflicts: as from `find_conflicts`; tests that are in neither `weeks` nor `running` take no time.
        running: by test that runs already, how many weeks more it takes; they come first, beside each other, whatever
            `weeks` says of them.
    """
    placed: dict[str, Weeks] = {name: (1, left) for name, left in running.items()}
    for name, length in weeks.items():
        if name in running:
            continue
        busy = [placed[conflict.other] for conflict in conflicts[name] if conflict.other in placed]
        starts = sorted({1, *(end + 1 for _, end in busy)})
        first = next(start for start in starts if all(end < start or begin >= start + length for begin, end in busy))
        placed[name] = (first, first + length - 1)
    return placed


def _shared_leads(one: pd.Index, other: pd.Index) -> float:
    smaller = min(len(one), len(other))
    return len(one.intersection(other)) / smaller if smaller else 0.0
