import pandas as pd
import pytest
from configured import FEATURES, TARGETS
from entity_rows import AS_OF, OUTCOME, PRIMARY_CONTACT, rows

from lead_conversion.contracts import primary
from lead_conversion.pipelines.feature_engineering.labels import label_conversions, summarise_labels

ENGAGED = "2026-05-01T10:00:00"


def label(*outcomes, engaged=ENGAGED, others=()):
    """The label of lead `l` for t1, beside other leads."""
    contacts = rows(PRIMARY_CONTACT, {"lead_key": "l", "is_opted_out_now": False, "first_engaged_at": engaged}, *others)
    labels = label_conversions(contacts, rows(OUTCOME, *outcomes), AS_OF, TARGETS, FEATURES)
    frame = primary.labels.validate(labels).to_pandas()
    (row,) = frame[(frame["target"] == "t1") & frame["lead_key"].str.startswith("l")].to_dict("records")
    return row


def booked(at, name="o", lead="l"):
    return {"outcome_key": name, "lead_key": lead, "occurred_at": at}


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2026-05-01T11:00:00", "positive"),
        ("2026-05-08T09:59:59", "positive"),
        ("2026-05-08T10:00:00", "negative"),
        ("2026-05-20T00:00:00", "negative"),
    ],
)
def test_window_is_half_open(at, state):
    assert label(booked(at))["state"] == state


def test_lead_whose_window_is_not_over_is_immature_even_when_it_has_booked():
    row = label(booked("2026-05-29T12:00:00"), engaged="2026-05-29T10:00:00")
    assert row["state"] == "immature"
    assert row["outcome_at"] == pd.Timestamp("2026-05-29T12:00:00")


@pytest.mark.parametrize("at", ["2026-04-30T10:00:00", "2026-05-01T10:00:30"])
def test_booking_before_or_at_the_first_event_was_not_brought_about_by_it(at):
    row = label(booked(at), booked("2026-04-01T00:00:00", "other", "x"))
    assert (row["state"], row["reason"]) == ("excluded", "outcome_before_first_event")


def crowd(at, count, prefix, *, book_after_days=None):
    """Leads engaged at one moment, and their bookings."""
    engaged = [
        {"lead_key": f"{prefix}{number:03}x", "is_opted_out_now": False, "first_engaged_at": at}
        for number in range(count)
    ]
    if book_after_days is None:
        return engaged, []
    when = (pd.Timestamp(at) + pd.Timedelta(days=book_after_days)).isoformat()
    return engaged, [booked(when, f"o{lead['lead_key']}", lead["lead_key"]) for lead in engaged]


@pytest.mark.parametrize(("leads_before", "state"), [(30, "excluded"), (3, "negative")])
def test_leads_before_recording_began_are_left_truncated_only_when_many_outcomes_are_missing(leads_before, state):
    before, _none = crowd("2026-05-01T09:00:00", leads_before, "b")
    since, bookings = crowd("2026-05-15T00:00:00", 10, "s", book_after_days=1)
    row = label(*bookings, booked("2026-05-15T00:00:00", "first", "b000x"), others=[*before, *since])
    assert row["state"] == state
    assert row["reason"] == "left_truncated" if state == "excluded" else pd.isna(row["reason"])


def test_stray_early_outcome_does_not_hide_that_recording_began_late():
    before, _none = crowd("2026-05-01T09:00:00", 60, "b")
    since, bookings = crowd("2026-05-15T00:00:00", 60, "s", book_after_days=1)
    later, more = crowd("2026-05-17T00:00:00", 60, "t", book_after_days=1)
    stray = booked("2026-05-02T00:00:00", "stray", "b000x")
    assert label(stray, *bookings, *more, others=[*before, *since, *later])["reason"] == "left_truncated"


def test_lower_rate_of_earlier_leads_is_no_truncation():
    before, some = crowd("2026-05-01T09:00:00", 90, "b", book_after_days=1)
    since, bookings = crowd("2026-05-15T00:00:00", 90, "s", book_after_days=1)
    assert label(*some[:30], *bookings, others=[*before, *since])["state"] == "negative"


def test_target_that_nobody_reached_leaves_negatives_only():
    assert label()["state"] == "negative"


@pytest.mark.parametrize(("leads", "state"), [(999, "negative"), (1000, "excluded")])
def test_target_that_none_of_many_mature_leads_reached_counts_as_not_recorded(leads, state):
    others, _bookings = crowd("2026-05-01T09:00:00", leads - 1, "x")
    row = label(others=others)
    assert row["state"] == state
    assert row["reason"] == "not_recorded" if state == "excluded" else pd.isna(row["reason"])


def test_leads_whose_window_is_open_do_not_speak_for_a_target_that_is_not_recorded():
    others, _bookings = crowd("2026-05-31T00:00:00", 1000, "x")
    assert label(others=others)["state"] == "negative"


def test_single_outcome_shows_that_a_target_is_recorded():
    others, _bookings = crowd("2026-05-01T09:00:00", 1000, "x")
    assert label(booked("2026-05-30T00:00:00", lead="x000x"), others=others)["state"] == "negative"


def test_lead_without_engagement_has_no_label():
    contacts = rows(PRIMARY_CONTACT, {"lead_key": "l", "is_opted_out_now": False})
    labels = label_conversions(contacts, rows(OUTCOME), AS_OF, TARGETS, FEATURES)
    assert labels.count().execute() == 0


def test_summary_counts_states_and_reasons_of_each_target():
    contacts = rows(
        PRIMARY_CONTACT,
        {"lead_key": "a", "is_opted_out_now": False, "first_engaged_at": ENGAGED},
        {"lead_key": "b", "is_opted_out_now": False, "first_engaged_at": ENGAGED},
        {"lead_key": "c", "is_opted_out_now": False, "first_engaged_at": "2026-05-31T00:00:00"},
    )
    outcomes = rows(OUTCOME, booked("2026-05-02T00:00:00", "o1", "a"), booked(ENGAGED, "o2", "b"))
    summary = summarise_labels(label_conversions(contacts, outcomes, AS_OF, TARGETS, FEATURES))
    assert summary["t1"] == {
        "states": {"excluded": 1, "immature": 1, "positive": 1},
        "reasons": {"outcome_before_first_event": 1},
    }
