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
from lead_conversion.language.prompts import PromptFeatures, describe_prompt, sentences_of_prompt
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
        sentences = [
            sentences_of_prompt(*text, language) if language in EMBEDDED_LANGUAGES else []
            for text, language in zip(texts, described["prompt_language"], strict=True)
        ]
        whole[LIKENESSES] = liken_to_anchors(sentences, load(features.embeddings))
    return whole.astype({"prompt_id": "int64", "prompt_created_at": "datetime64[us]", **TYPES})
