from datetime import timedelta
from unittest.mock import Mock

import pytest
from agent_cory_rows import LOG, make_database, selects
from configured import CLEAN, PARAMETERS
from extractions import PRIVACY
from pydantic import ValidationError

from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import BrokenOffError, ConfigurationError, DataError
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.pipelines.data_engineering.extract import choose_organisations, extract_entities
from lead_conversion.pipelines.data_engineering.parameters import SourceParameters
from lead_conversion.source.duckdb_source import DuckDBSource

KEY = PseudonymKey("k" * 32)
TWO = {1: 5_000, 7: 20}
NEWEST = parse_moment("2026-05-02T10:30:15.250")


def configured(**changes):
    return SourceParameters.model_validate(PARAMETERS["source"] | {"retry_wait_seconds": 0} | changes)


def extract(source, **changes):
    return extract_entities(source, KEY, configured(**changes), PRIVACY, CLEAN)


def source_with(organisations):
    return Mock(organisations=Mock(return_value=organisations), newest_event_at=Mock(return_value=NEWEST))


def test_reading_looks_from_the_newest_event_less_the_allowance_in_whole_seconds():
    extraction = extract(source_with({1: 5}), late_allowance_hours=24)
    assert extraction.as_of == NEWEST.replace(microsecond=0) - timedelta(hours=24)


def test_moment_that_is_configured_needs_no_newest_event():
    source = source_with({1: 5})
    assert extract(source, as_of="2026-03-01T00:00:00").as_of == parse_moment("2026-03-01")
    source.newest_event_at.assert_not_called()


def test_only_organisation_is_read_with_the_rows_that_belong_to_none():
    extraction = extract(source_with({7: 20}))
    assert (extraction.organisations, extraction.org_id) == ((7,), None)


def test_several_organisations_are_refused_with_their_sizes_and_how_to_choose():
    with pytest.raises(ConfigurationError) as refusal:
        extract(source_with(TWO))
    for said in ("1 (5,000 contacts), 7 (20 contacts)", "source.org_id=1", "source.all_organisations=true"):
        assert said in str(refusal.value)


def test_chosen_organisation_is_read_without_the_rows_of_others_or_of_none():
    extraction = extract(source_with(TWO), org_id=7)
    assert (extraction.organisations, extraction.org_id) == ((7,), 7)


def test_all_organisations_are_read_together_where_that_is_asked_for():
    extraction = extract(source_with(TWO), all_organisations=True)
    assert (extraction.organisations, extraction.org_id) == ((1, 7), None)


def test_organisation_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(DataError, match=r"Organisation 3 .*1 \(5,000 contacts\), 7"):
        extract(source_with(TWO), org_id=3)


def test_database_without_contacts_is_refused():
    with pytest.raises(DataError, match="'contacts'"):
        choose_organisations({}, configured(org_id=3))


def test_one_organisation_and_all_of_them_cannot_both_be_asked_for():
    with pytest.raises(ValidationError, match="leave one of them out"):
        configured(org_id=7, all_organisations=True)


def test_source_that_breaks_off_at_the_first_question_is_asked_again():
    source = source_with(TWO)
    source.organisations.side_effect = [BrokenOffError("gone"), {1: 5}]
    source.newest_event_at.side_effect = [BrokenOffError("gone"), NEWEST]
    assert extract(source, retry_attempts=2).organisations == (1,)


def test_words_that_cleaning_understands_pass_the_source_door():
    labels = extract(source_with({1: 5})).labels
    assert {"text_message", "e_mail"} <= labels["channel"]
    assert "left_voicemail" in labels["outcome"]


def test_message_of_an_unknown_sender_is_read_with_the_only_organisation_and_with_no_other(tmp_path):
    rows = {
        "education.contacts": [{"contact_id": 1}],
        LOG: [{"message_id": "m1", "ghl_contact_id": "nobody"}],
    }
    alone = DuckDBSource(make_database(tmp_path / "one.duckdb", rows), selects())
    assert extract(alone, as_of="2026-06-01").content["engagement_logs"]["rows"] == 1
    rows["education.contacts"] = [*rows["education.contacts"], {"contact_id": 2, "org_id": 2}]
    apart = DuckDBSource(make_database(tmp_path / "two.duckdb", rows), selects())
    with pytest.raises(DataError, match="engagement_logs"):
        _ = extract(apart, as_of="2026-06-01", org_id=2).content
