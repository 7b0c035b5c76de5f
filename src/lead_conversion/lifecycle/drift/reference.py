"""The reference: the leads that were active when the model was trained, described as they would have been scored.

Training rows stand at fixed hours of a lead's life, scored ones at whatever age leads have at the as-of: two
populations that differ without any drift. So the reference is made of the active leads of the training run's own as-of.
"""

import io

import numpy as np
import pandas as pd

from lead_conversion.contracts.features import FEATURES, Feature
from lead_conversion.kernel.errors import DataError
from lead_conversion.lifecycle.drift.checks import Array

PROBABILITY = "probability"
REFERENCE_FILE = "reference.parquet"


def make_reference(
    rows: pd.DataFrame, probability: Array, reference_leads: int, seed: int, features: tuple[Feature, ...] = FEATURES
) -> pd.DataFrame:
    """At most `reference_leads` of the rows at random, with their features and probability and without their keys."""
    names = [feature.name for feature in features if feature.name in rows]
    sample = rows[names].assign(**{PROBABILITY: np.asarray(probability, dtype=float)})
    if len(sample) > reference_leads:
        sample = sample.sample(reference_leads, random_state=seed)
    # Sorted by what is kept, so that the order tells nothing of who the leads are.
    return sample.sort_values([PROBABILITY, *names], ignore_index=True)


def to_parquet(reference: pd.DataFrame) -> bytes:
    """The reference as the bytes of a Parquet file, the same for the same rows."""
    return bytes(reference.to_parquet(index=False, compression="zstd"))


def from_parquet(content: bytes) -> pd.DataFrame:
    """The reference in these bytes.

    Raises:
        DataError: they are no reference.
    """
    try:
        reference = pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError) as error:
        raise DataError(
            "The model's reference sample is no Parquet file. Register the model again: run 'training'."
        ) from error
    if PROBABILITY not in reference:
        raise DataError(
            f"The model's reference sample has no column '{PROBABILITY}'; it holds {', '.join(map(str, reference))}. "
            "Register the model again: run 'training'."
        )
    return reference
