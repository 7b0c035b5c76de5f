"""What each prompt says: features of its text, which was known before anything was sent."""

from dataclasses import asdict
from typing import get_type_hints

import pandas as pd

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.language.prompts import PromptFeatures, describe_prompt

# Whole numbers stay so, and a missing yes or no is missing.
DTYPES = {int: "int64", bool: "bool", bool | None: "boolean", float | None: "float64", str: "str"}
TYPES: dict[str, str] = {name: DTYPES[kind] for name, kind in get_type_hints(PromptFeatures).items()}


def describe_prompts(primary_campaign_steps: pd.DataFrame, primary_as_of: dict[str, str]) -> pd.DataFrame:
    """One row a prompt that had a text before the as-of, ordered by prompt_id; no rows where there are no prompts."""
    steps, as_of = primary_campaign_steps, parse_moment(primary_as_of["as_of"])
    is_written = steps["prompt_id"].notna() & steps["body"].notna() & ~(steps["prompt_created_at"] >= as_of)
    written = steps.loc[is_written, ["prompt_id", "prompt_created_at", "subject", "body"]]
    ordered = written.sort_values("prompt_id", kind="stable").drop_duplicates("prompt_id")
    described = [
        {
            "prompt_id": int(prompt_id),
            "prompt_created_at": created_at,
            **asdict(describe_prompt(subject if isinstance(subject, str) else None, body)),
        }
        for prompt_id, created_at, subject, body in ordered.itertuples(index=False)
    ]
    types = {"prompt_id": "int64", "prompt_created_at": "datetime64[us]", **TYPES}
    return pd.DataFrame(described, columns=list(types)).astype(types)
