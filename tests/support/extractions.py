"""Extractions for tests, configured as the project is."""

from itertools import chain
from typing import Any

from configured import CLEAN, PARAMETERS

from lead_conversion.guard.labels import known_labels
from lead_conversion.guard.privacy import PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.source.extraction import Extraction
from lead_conversion.source.protocol import Source
from lead_conversion.source.retry import Retry

AS_OF = parse_moment("2026-06-01")
PRIVACY = PrivacyParameters.model_validate(PARAMETERS["privacy"])
LABELS = known_labels(
    PRIVACY,
    {
        "channel": chain.from_iterable(CLEAN.channel_spellings.values()),
        "outcome": chain.from_iterable(CLEAN.outcome_spellings.values()),
    },
)
FACTS: dict[str, Any] = {
    "key": PseudonymKey("k" * 32),
    "as_of": AS_OF,
    "org_id": 1,
    "labels": LABELS,
    "privacy": PRIVACY,
    "organisations": (1,),
    "retry": Retry(attempts=3, wait_seconds=0),
}


def extraction_of(source: Source, **changes: Any) -> Extraction:
    """The reading of a source as of AS_OF, with these changes to it."""
    return Extraction(source=source, **FACTS | changes)
