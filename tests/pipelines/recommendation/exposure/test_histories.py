"""What was known of a lead when it met a step, and nothing that came later."""

import pandas as pd
import pytest

from lead_conversion.pipelines.recommendation.exposure.histories import HISTORY_DTYPES, describe_histories

MET = {
    "lead_key": "lead", "campaign_id": 1, "step_id": 11, "met_at": "2026-06-03", "enrolled_at": "2026-06-01",
    "is_skipped": False,
}  # fmt: skip


@pytest.fixture
def describe(make_logs, make_contacts):
    def run(*events, met=({},), contacts=None):
        frame = pd.DataFrame([MET | row for row in met])
        frame = frame.assign(**{name: frame[name].astype("datetime64[us]") for name in ("met_at", "enrolled_at")})
        found = describe_histories(
            frame, make_logs(*events), make_contacts("lead") if contacts is None else contacts, 24
        )
        assert set(found) == set(HISTORY_DTYPES)
        return found.astype(HISTORY_DTYPES)

    return run


def test_lead_of_whom_nothing_happened_yet_has_a_history(describe):
    row = describe().iloc[0]
    assert (row["last_outcome"], row["last_channel"], row["last_intent"], row["replies"]) == ("none", "none", "none", 0)
    assert row["hours_since_enrolled"] == 48
    assert pd.isna(row["hours_since_attempt"])


def test_event_at_the_moment_of_the_step_is_not_known_and_the_one_before_is(describe):
    at, before = {"occurred_at": "2026-06-03"}, {"occurred_at": "2026-06-02 23:00"}
    reply = {"direction": "inbound", "outcome": "replied", "reply_intent": "positive", "reply_words": 3}
    assert describe(at, at | reply).iloc[0][["last_channel", "replies"]].tolist() == ["none", 0]
    known = describe(before | {"outcome": "delivered"}, before | reply).iloc[0]
    assert known[["last_channel", "replies", "positive_replies", "last_intent"]].tolist() == ["sms", 1, 1, "positive"]
    assert known["hours_since_attempt"] == 1


@pytest.mark.parametrize(
    ("attempt", "known"),
    [
        ({"occurred_at": "2026-06-02", "outcome": "opened"}, "opened"),
        ({"occurred_at": "2026-06-02 00:00:01", "outcome": "opened"}, "unsettled"),
        ({"occurred_at": "2026-06-02 23:00", "outcome": "connected", "channel": "voice"}, "connected"),
        ({"occurred_at": "2026-06-02", "outcome": "skipped"}, "none"),
    ],
)
def test_what_became_of_the_last_attempt_is_known_once_the_source_writes_over_it_no_more(describe, attempt, known):
    row = describe(attempt).iloc[0]
    assert row["last_outcome"] == known
    assert row["last_result"] == ("none" if known == "none" else attempt["outcome"])


def test_of_two_attempts_at_one_moment_the_larger_key_came_last_in_any_order_of_rows(describe):
    at = {"occurred_at": "2026-06-01"}
    first, last = at | {"event_key": "a", "channel": "sms"}, at | {"event_key": "b", "channel": "email"}
    assert [describe(*order).iloc[0]["last_channel"] for order in ((first, last), (last, first))] == ["email", "email"]


def test_contact_by_which_a_lead_came_in_is_no_reply(describe):
    came_in = {"direction": "inbound", "outcome": "replied", "occurred_at": "2026-01-01"}
    assert describe(came_in).iloc[0]["replies"] == 0
    assert describe(came_in | {"reply_words": 3}).iloc[0]["replies"] == 1


def test_journey_so_far_counts_earlier_steps_of_the_campaign_only(describe):
    met = (
        {"step_id": 10, "met_at": "2026-06-01", "is_skipped": True},
        {"step_id": 90, "campaign_id": 9, "met_at": "2026-06-02"},
        {"step_id": 11, "met_at": "2026-06-03"},
    )
    found = describe(met=met)
    assert found["steps_met"].tolist() == [0, 0, 1]
    assert found["steps_skipped"].tolist() == [0, 0, 1]


def test_what_a_contact_lacks_is_unknown_and_an_address_is_there_or_not(describe, make_contacts):
    contact = make_contacts("lead").assign(industry=None, phone_key=None)
    row = describe(contacts=contact).iloc[0]
    assert (row["industry"], row["has_phone"], row["has_email"]) == ("unknown", False, True)
