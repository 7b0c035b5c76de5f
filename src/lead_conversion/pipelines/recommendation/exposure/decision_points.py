"""Which steps send leads on to another one by their decision point, and so have to be mended where that one goes."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd


def steps_sent_to(campaign_steps: pd.DataFrame) -> dict[int, list[int]]:
    """By step_id, the places of the steps of its campaign whose decision point names its place, in order.

    What is no JSON, and what a decision point says in words ("next"), names no step.
    """
    steps = campaign_steps.drop_duplicates("step_id").dropna(subset="campaign_id").to_dict("records")
    places: dict[tuple[int, int], list[int]] = {}
    for step in steps:
        places.setdefault((int(step["campaign_id"]), int(step["step_order"])), []).append(int(step["step_id"]))
    found: dict[int, set[int]] = {}
    for step in steps:
        for goal in _goals(step["decision_point"]):
            for step_id in places.get((int(step["campaign_id"]), goal), []):
                found.setdefault(step_id, set()).add(int(step["step_order"]))
    return {step_id: sorted(senders) for step_id, senders in found.items()}


def _goals(decision_point: object) -> Iterator[int]:
    """The places that a decision point names."""
    try:
        found = json.loads(decision_point) if isinstance(decision_point, str) else None
    except json.JSONDecodeError:
        return
    yield from _numbers_behind_goto(found)


def _numbers_behind_goto(found: Any) -> Iterator[int]:
    branches = list(found.items()) if isinstance(found, dict) else []
    for key, value in branches:
        if key == "goto" and str(value).isdecimal():
            yield int(value)
    for value in found if isinstance(found, list) else [value for _, value in branches]:
        yield from _numbers_behind_goto(value)
