import pytest
from configured import CLEAN, PARAMETERS

from lead_conversion.guard.privacy import PrivacyParameters
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.data_engineering.parameters import SourceParameters
from lead_conversion.pipelines.data_engineering.texts import scrub_replies

MANIFEST = {"as_of": "2026-06-01T00:00:00", "org_id": 5, "rows_of_no_organisation": "left out"}
DATABASE = object()


def scrubbed(keeps_text, **manifest):
    privacy = PARAMETERS["privacy"] | {"keep_scrubbed_text": keeps_text, "scrubbed_text_days": 9}
    return scrub_replies(
        agent_cory=DATABASE,
        pseudonym_key=PseudonymKey("k" * 32),
        raw_manifest=MANIFEST | manifest,
        source=SourceParameters.model_validate(PARAMETERS["source"]),
        privacy=PrivacyParameters.model_validate(privacy),
        clean=CLEAN,
    )


def test_the_source_is_out_of_reach_where_no_text_is_asked_for():
    assert scrubbed(keeps_text=False).source is None


def test_replies_are_those_of_the_snapshot():
    replies = scrubbed(keeps_text=True)
    assert replies.source is DATABASE
    assert (replies.as_of, replies.org_id, replies.days) == (parse_moment("2026-06-01"), 5, 9)
    assert replies.channels["e-mail"] == "email"


@pytest.mark.parametrize("read", ["read"])
def test_where_all_rows_were_read_all_replies_are(read):
    assert scrubbed(keeps_text=True, rows_of_no_organisation=read).org_id is None


def test_text_is_not_kept_by_default():
    assert PARAMETERS["privacy"]["keep_scrubbed_text"] is False
