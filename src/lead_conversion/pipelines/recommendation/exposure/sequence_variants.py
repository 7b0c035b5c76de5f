"""In which order and after which wait each sequence variant of a campaign runs its steps."""

import math

import pandas as pd

OWN_VARIANT = "A"
SAME_WAIT_HOURS = 0.01
HOURS_A_YEAR = 365 * 24
PLANNED_WAIT_DTYPES = {
    "step_id": "Int64",
    "sequence_variant": "str",
    "variant_order": "float64",
    "variant_wait_hours": "float64",
}


def planned_waits(campaign_steps: pd.DataFrame) -> pd.DataFrame:
    """Each step's place and wait in each sequence variant: 'A' from the step itself.

    Returns:
        step_id, sequence_variant (unique together), variant_order, variant_wait_hours.
    """
    steps = campaign_steps.drop_duplicates("step_id").to_dict("records")
    own = [(step["step_id"], OWN_VARIANT, step["step_order"], step["wait_hours"]) for step in steps]
    others = [
        (step["step_id"], variant, order, wait)
        for step in steps
        for variant, order, wait in parse_variant_orders(step["variant_orders"])
    ]
    return (
        pd.DataFrame([*own, *others], columns=list(PLANNED_WAIT_DTYPES))
        .astype(PLANNED_WAIT_DTYPES)
        .drop_duplicates(["step_id", "sequence_variant"], ignore_index=True)
    )


def parse_variant_orders(text: object) -> list[tuple[str, float, float]]:
    """Variant, step order and wait hours from 'B:2:24.00;C:3:48.00'; entries of another form are skipped.

    People name the variants, so that a name can hold a colon.
    """
    if not isinstance(text, str):
        return []
    entries = (_parse_entry(entry) for entry in text.split(";"))
    return [entry for entry in entries if entry]


def _parse_entry(entry: str) -> tuple[str, float, float] | None:
    variant, *numbers = entry.rsplit(":", 2)
    try:
        order, wait = (float(number) for number in numbers)
    except ValueError:
        return None
    return (variant, order, wait) if variant and math.isfinite(order) and math.isfinite(wait) else None


def is_believable_wait(hours: pd.Series) -> pd.Series:
    """Whether a planned wait can have been meant: known, not negative and below a year."""
    return (hours >= 0) & (hours < HOURS_A_YEAR)


def has_own_wait(rows: pd.DataFrame) -> pd.Series:
    """Whether each row of the risk set waited as its sequence variant says."""
    return (rows["planned_wait_hours"] - rows["variant_wait_hours"]).abs() < SAME_WAIT_HOURS
