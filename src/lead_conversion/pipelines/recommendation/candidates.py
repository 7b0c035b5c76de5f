"""What can be done instead of an element of a campaign: the kind of change, its name, and who stands ready."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

CHANGES = {
    "prompt": "edit_prompt",
    "step": "skip_step",
    "wait": "change_wait",
    "order": "change_order",
}


def identify(element: Mapping[Any, Any]) -> str:
    """prompt-17, step-4, wait-4-48h, order-2-B: the same in every run over the same elements."""
    identity = f"{element['element_type']}-{element['element_id']}"
    if element["element_type"] in ("wait", "order"):
        identity += f"-{alternative_of(element).replace(' ', '')}"
    return identity


def sides_of(element: Mapping[Any, Any]) -> tuple[str, str]:
    """The element as it stands and its alternative: '24 h' and '48 h' of '24 h - 48 h'."""
    current, _, alternative = str(element["contrast"]).partition(" - ")
    return current, alternative


def alternative_of(element: Mapping[Any, Any]) -> str:
    """What the element is compared with."""
    return sides_of(element)[1]


def place_of(element: Mapping[Any, Any]) -> str:
    """Where an element would be changed; two tests of one place at the same time would disturb each other."""
    step_id = element["step_id"]
    return f"order {element['element_id']}" if pd.isna(step_id) else f"step {int(step_id)}"


def places_of(elements: pd.DataFrame) -> pd.Series:
    """The place of each element."""
    return pd.Series([place_of(each) for each in elements.to_dict("records")], index=elements.index, dtype="str")


def find_live_rivals(prompt: Mapping[Any, Any], effects: pd.DataFrame) -> pd.DataFrame:
    """The other versions of a prompt's step that leads are still sent."""
    is_rival: pd.Series = (effects["element_type"] == "prompt") & (effects["step_id"] == prompt["step_id"])
    is_rival &= (effects["element_id"] != prompt["element_id"]) & (effects["exposed_leads_month"] > 0)
    return effects.loc[is_rival]


def has_harmless_alternative(element: Mapping[Any, Any], effects: pd.DataFrame) -> bool:
    """Whether there is something to change to that makes no more leads leave.

    For a prompt that is one of the step's versions that leads are still sent; where there is none, a new wording, of
    which only the versions that were retired can tell.
    """
    if element["element_type"] == "prompt":
        rivals = find_live_rivals(element, effects)
        if len(rivals):
            return bool((rivals["guardrails_worse"] == "").any())
    return not element["guardrails_better"]
