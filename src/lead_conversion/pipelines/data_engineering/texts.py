"""The text of replies, where somebody asked for it: scrubbed, and only for days."""

from typing import Any

from lead_conversion.guard.privacy import PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters, SourceParameters
from lead_conversion.source.protocol import Source
from lead_conversion.source.replies import ScrubbedReplies
from lead_conversion.source.retry import Retry


def scrub_replies(
    agent_cory: Source,
    pseudonym_key: PseudonymKey,
    raw_manifest: dict[str, Any],
    source: SourceParameters,
    privacy: PrivacyParameters,
    clean: CleanParameters,
) -> ScrubbedReplies:
    """The scrubbed replies of the snapshot's as-of and organisation that still live; none where none was asked for."""
    reads_one = raw_manifest["rows_of_no_organisation"] == "left out"
    return ScrubbedReplies(
        source=agent_cory if privacy.keep_scrubbed_text else None,
        key=pseudonym_key,
        as_of=parse_moment(raw_manifest["as_of"]),
        org_id=raw_manifest["org_id"] if reads_one else None,
        days=privacy.scrubbed_text_days,
        channels={spelling: channel for channel, all_of in clean.channel_spellings.items() for spelling in all_of},
        retry=Retry(source.retry_attempts, source.retry_wait_seconds),
    )
