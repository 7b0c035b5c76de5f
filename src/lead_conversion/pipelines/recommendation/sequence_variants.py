"""In which order and after which wait each sequence variant of a campaign runs its steps."""

import pandas as pd

OWN_VARIANT = "A"
SAME_WAIT_HOURS = 0.01
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
    """Variant, step order and wait hours from 'B:2:24.00;C:3:48.00'; empty where there is none."""
    if not isinstance(text, str) or not text:
        return []
    fields = (entry.split(":") for entry in text.split(";"))
    return [(variant, float(order), float(wait)) for variant, order, wait in fields]


def has_own_wait(rows: pd.DataFrame) -> pd.Series:
    """Whether each row of the risk set waited as its sequence variant says."""
    return (rows["planned_wait_hours"] - rows["variant_wait_hours"]).abs() < SAME_WAIT_HOURS
