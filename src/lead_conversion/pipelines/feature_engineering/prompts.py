"""What each prompt says: features of its text, which was known before anything was sent."""

from collections.abc import Callable
from dataclasses import asdict
from typing import get_type_hints

import pandas as pd

from lead_conversion.kernel.windows import parse_moment
from lead_conversion.language.embeddings import (
    ANCHORS,
    EMBEDDED_LANGUAGES,
    EmbeddingModel,
    Encoder,
    liken_to_anchors,
    load_encoder,
)
from lead_conversion.language.prompts import PromptFeatures, describe_prompt, prose_of_prompt
from lead_conversion.pipelines.feature_engineering.parameters import FeatureParameters

# Whole numbers stay so, and a missing yes or no is missing.
DTYPES = {int: "int64", bool: "bool", bool | None: "boolean", float | None: "float64", str: "str"}
LIKENESSES = [f"prompt_like_{anchor}" for anchor in ANCHORS]
TYPES: dict[str, str] = {
    **{name: DTYPES[kind] for name, kind in get_type_hints(PromptFeatures).items()},
    **dict.fromkeys(LIKENESSES, "float64"),
}


def describe_prompts(
    primary_campaign_steps: pd.DataFrame,
    primary_as_of: dict[str, str],
    features: FeatureParameters,
    load: Callable[[EmbeddingModel], Encoder] = load_encoder,
) -> pd.DataFrame:
    """One row a prompt that had a text before the as-of, ordered by prompt_id; no rows where there are no prompts.

    What it is like is missing where no model is configured for it, or where the prompt is in a language it cannot read.

    Raises:
        ConfigurationError: a model is configured and not installed.
    """
    steps, as_of = primary_campaign_steps, parse_moment(primary_as_of["as_of"])
    is_written = steps["prompt_id"].notna() & steps["body"].notna() & ~(steps["prompt_created_at"] >= as_of)
    written = steps.loc[is_written, ["prompt_id", "prompt_created_at", "subject", "body"]]
    ordered = written.sort_values("prompt_id", kind="stable").drop_duplicates("prompt_id", ignore_index=True)
    texts = [
        (subject if isinstance(subject, str) else None, body)
        for subject, body in zip(ordered["subject"], ordered["body"], strict=True)
    ]
    described = pd.DataFrame([asdict(describe_prompt(*text)) for text in texts], columns=list(TYPES))
    whole = pd.concat([ordered[["prompt_id", "prompt_created_at"]], described], axis="columns")
    if features.embeddings is not None:
        whole = _with_likenesses(whole, texts, load(features.embeddings))
    return whole.astype({"prompt_id": "int64", "prompt_created_at": "datetime64[us]", **TYPES})


def _with_likenesses(described: pd.DataFrame, texts: list[tuple[str | None, str]], encode: Encoder) -> pd.DataFrame:
    """The same with what the prompts are like, of those that the model can read."""
    languages = described["prompt_language"]
    prose = pd.Series(
        [prose_of_prompt(*text, language) for text, language in zip(texts, languages, strict=True)],
        index=described.index,
        dtype="str",
    )
    is_read = languages.isin(EMBEDDED_LANGUAGES)
    likenesses = liken_to_anchors(prose[is_read].tolist(), encode)
    return described.assign(
        **pd.DataFrame(likenesses, columns=LIKENESSES, index=described.index[is_read]).reindex(described.index)
    )
