import pandas as pd
import pytest
from configured import CLEAN
from entity_rows import CONTACT, EVENT, OUTCOME, PRIMARY_EVENT, STEP, key, rows

from lead_conversion.contracts import primary
from lead_conversion.pipelines.data_engineering.primary import (
    place_contacts_in_time,
    resolve_engagement_logs,
    resolve_outcomes,
)

LEAD = {"lead_key": "l", "is_opted_out_now": False}


def resolve(*events, contacts=(LEAD,)):
    out = resolve_engagement_logs(rows(EVENT, *events), rows(CONTACT, *contacts), rows(STEP, {}), CLEAN)
    return out["primary_engagement_logs"].to_pandas(), out["orphan_engagement_logs"].to_pandas()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"lead_key": "stranger"}, "orphan_lead"),
        ({"occurred_at": "2026-03-01T00:00:00"}, "before_contact_created"),
    ],
)
def test_event_that_belongs_to_nothing_is_set_aside_with_its_reason(fault, reason):
    kept, orphans = resolve({"event_key": "e", "lead_key": "l", **fault})
    assert kept.empty
    assert orphans["reason"].tolist() == [reason]


@pytest.mark.parametrize(("fault", "lost"), [({"step_id": 99}, "step_id"), ({"prompt_id": 999}, "prompt_id")])
def test_attempt_whose_step_or_prompt_is_gone_did_happen_and_is_kept_without_the_link(fault, lost):
    kept, orphans = resolve({"event_key": "e", "lead_key": "l", **fault})
    assert orphans.empty
    assert pd.isna(kept[lost].iloc[0])
    assert kept["link_was_mended"].tolist() == [True]


def test_event_from_just_before_its_lead_was_created_counts_as_of_the_creation():
    kept, orphans = resolve({"event_key": "e", "lead_key": "l", "occurred_at": "2026-03-31T12:00:00"})
    assert orphans.empty
    assert kept["occurred_at"].tolist() == [pd.Timestamp("2026-04-01")]
    assert kept["time_was_mended"].tolist() == [True]


def test_attempt_without_prompt_and_reply_without_step_are_kept():
    kept, orphans = resolve(
        {"event_key": "a", "lead_key": "l", "prompt_id": None},
        {
            "event_key": "m",
            "lead_key": "l",
            "direction": "inbound",
            "outcome": "replied",
            "campaign_id": None,
            "step_id": None,
            "prompt_id": None,
        },
    )
    assert kept["event_key"].tolist() == [key("a"), key("m")]
    assert orphans.empty


def test_outcome_of_a_stranger_is_set_aside():
    outcomes = rows(OUTCOME, {"outcome_key": "o1", "lead_key": "l"}, {"outcome_key": "o2", "lead_key": "stranger"})
    out = resolve_outcomes(outcomes, rows(CONTACT, LEAD))
    assert primary.outcomes.validate(out["primary_outcomes"]).to_pandas()["outcome_key"].tolist() == [key("o1")]
    assert out["orphan_outcomes"].to_pandas()["reason"].tolist() == ["orphan_lead"]


def place(*events, outcomes=()):
    placed = place_contacts_in_time(rows(CONTACT, LEAD), rows(PRIMARY_EVENT, *events), rows(OUTCOME, *outcomes))
    (row,) = primary.contacts.validate(placed).to_pandas().to_dict("records")
    return row


def test_skipped_step_starts_nothing():
    row = place(
        {"event_key": "a", "lead_key": "l", "outcome": "skipped", "occurred_at": "2026-05-01T08:00:00"},
        {"event_key": "b", "lead_key": "l", "occurred_at": "2026-05-01T10:00:00", "campaign_id": 2},
    )
    assert row["first_engaged_at"] == pd.Timestamp("2026-05-01T10:00:00")
    assert row["first_campaign_id"] == 2


def test_lead_that_writes_first_is_engaged_by_its_own_message():
    row = place({"event_key": "m", "lead_key": "l", "direction": "inbound", "outcome": "replied", "campaign_id": None})
    assert row["first_engaged_at"] == pd.Timestamp("2026-05-01T10:00:00")
    assert pd.isna(row["first_campaign_id"])


def test_lead_without_event_stays_without_first_engagement():
    assert pd.isna(place()["first_engaged_at"])


def test_first_of_two_opt_outs_counts():
    twice = [
        {
            "outcome_key": f"o{day}",
            "lead_key": "l",
            "outcome_type": "opted_out",
            "occurred_at": f"2026-05-0{day}T00:00:00",
        }
        for day in (4, 3)
    ]
    assert place({"event_key": "a", "lead_key": "l"}, outcomes=twice)["opted_out_at"] == pd.Timestamp("2026-05-03")
