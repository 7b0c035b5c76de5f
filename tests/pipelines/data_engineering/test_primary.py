import pandas as pd
import pytest
from configured import CLEAN
from entity_rows import CONTACT, EVENT, OUTCOME, PRIMARY_EVENT, SHIFT, STEP, key, rows

from lead_conversion.contracts import primary
from lead_conversion.pipelines.data_engineering.primary import (
    place_contacts_in_time,
    resolve_engagement_logs,
    resolve_outcomes,
)

LEAD = {"lead_key": "l", "is_opted_out_now": False}


def touched(table):
    """What was mended and what was noted of the one row."""
    ((mended, noted),) = table[["mended", "noted"]].astype(object).where(table.notna(), None).to_numpy()
    return mended, noted


def resolve(*events, contacts=(LEAD,), shifts=()):
    tables = (rows(EVENT, *events), rows(CONTACT, *contacts), rows(STEP, {}), rows(SHIFT, *shifts))
    out = resolve_engagement_logs(*tables, CLEAN)
    return out["primary_engagement_logs"].to_pandas(), out["orphan_engagement_logs"].to_pandas()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"lead_key": "stranger"}, "orphan_lead"),
        ({"occurred_at": "2026-03-01T00:00:00"}, "event_before_contact"),
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
    assert kept["mended"].tolist() == [f"unknown_{lost.removesuffix('_id')}"]


def test_event_from_just_before_its_lead_was_created_counts_as_of_the_creation():
    kept, orphans = resolve({"event_key": "e", "lead_key": "l", "occurred_at": "2026-03-31T12:00:00"})
    assert orphans.empty
    assert kept["occurred_at"].tolist() == [pd.Timestamp("2026-04-01")]
    assert kept["mended"].tolist() == ["event_before_contact"]


def test_rules_of_both_layers_stand_together_in_order():
    kept, _orphans = resolve(
        {"event_key": "e", "lead_key": "l", "step_id": 99, "mended": "channel_spelling,out_of_range,zz"}
    )
    assert kept["mended"].tolist() == ["channel_spelling,out_of_range,unknown_step,zz"]


SHIFTED = {"event_key": "e", "shift_seconds": -4 * 3600, "log_odds": 9.0, "is_local_time": True}


def test_local_time_becomes_utc():
    kept, _orphans = resolve({"event_key": "e", "lead_key": "l", "logged_at": "2026-05-02T02:30:00"}, shifts=[SHIFTED])
    assert kept["occurred_at"].tolist() == [pd.Timestamp("2026-05-01T14:00:00")]
    assert kept["mended"].tolist() == ["local_time_as_utc"]


@pytest.mark.parametrize(
    ("shift", "logged_at"),
    [(SHIFTED | {"is_local_time": False}, "2026-05-02T02:30:00"), (SHIFTED, "2026-05-01T13:59:59")],
)
def test_time_that_may_be_local_is_noted_where_the_evidence_is_weak_or_the_record_speaks_against_it(shift, logged_at):
    kept, _orphans = resolve({"event_key": "e", "lead_key": "l", "logged_at": logged_at}, shifts=[shift])
    assert kept["occurred_at"].tolist() == [pd.Timestamp("2026-05-01T10:00:00")]
    assert touched(kept) == (None, "maybe_local_time")


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        ({"channel": "email"}, "step_edited_in_place"),
        ({"planned_wait_hours": 24.0}, None),
        ({"planned_wait_hours": 48.0}, "other_wait_than_step"),
        ({"planned_wait_hours": 48.0, "sequence_variant": "B"}, None),
    ],
)
def test_attempt_that_is_not_as_its_step_is_now_is_noted(found, rule):
    kept, _orphans = resolve({"event_key": "e", "lead_key": "l", "sequence_variant": "A", **found})
    assert touched(kept) == (None, rule)


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


FIRST_EVENT = {"event_key": "e", "lead_key": "l"}


def test_outcome_of_a_stranger_is_set_aside():
    outcomes = rows(OUTCOME, {"outcome_key": "o1", "lead_key": "l"}, {"outcome_key": "o2", "lead_key": "stranger"})
    out = resolve_outcomes(outcomes, rows(CONTACT, LEAD), rows(PRIMARY_EVENT, FIRST_EVENT))
    assert primary.outcomes.validate(out["primary_outcomes"]).to_pandas()["outcome_key"].tolist() == [key("o1")]
    assert out["orphan_outcomes"].to_pandas()["reason"].tolist() == ["orphan_lead"]


@pytest.mark.parametrize(
    ("at", "rule"), [("2026-05-01T09:59:59", "outcome_before_first_event"), ("2026-05-01T10:00:00", None)]
)
def test_outcome_from_before_the_first_event_is_noted(at, rule):
    outcomes = rows(OUTCOME, {"outcome_key": "o", "lead_key": "l", "occurred_at": at})
    out = resolve_outcomes(outcomes, rows(CONTACT, LEAD), rows(PRIMARY_EVENT, FIRST_EVENT))
    assert touched(out["primary_outcomes"].to_pandas()) == (None, rule)


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


def test_engagement_is_known_once_the_first_event_is_recorded():
    row = place(
        {"event_key": "a", "lead_key": "l", "occurred_at": "2026-05-01T10:00:00", "logged_at": "2026-05-03T10:00:00"},
        {"event_key": "b", "lead_key": "l", "occurred_at": "2026-05-02T10:00:00", "logged_at": "2026-05-02T10:00:00"},
    )
    assert row["first_engaged_at"] == pd.Timestamp("2026-05-01T10:00:00")
    assert row["engagement_logged_at"] == pd.Timestamp("2026-05-03T10:00:00")


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
