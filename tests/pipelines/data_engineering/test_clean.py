import pandas as pd
import pytest
from configured import CLEAN
from entity_rows import AS_OF, PRIMARY_EVENT, RAW_CONTACT, RAW_EVENT, RAW_OUTCOME, STEP, key, rows

from lead_conversion.contracts import intermediate
from lead_conversion.kernel.errors import DataError
from lead_conversion.pipelines.data_engineering.clean import (
    clean_campaign_steps,
    clean_contacts,
    clean_engagement_logs,
    clean_outcomes,
    summarise_quality,
)


def only(table):
    (row,) = table.to_pandas().to_dict("records")
    return row


def events(*given):
    return clean_engagement_logs(rows(RAW_EVENT, *given), AS_OF, CLEAN)


MESSAGE = {"event_key": "m", "lead_key": "l", "direction": "inbound", "outcome": "replied"}


@pytest.mark.parametrize(
    ("found", "standard"),
    [
        ("SMS", "sms"),
        ("Sms ", "sms"),
        ("text", "sms"),
        ("e-mail", "email"),
        ("Email", "email"),
        ("Phone", "voice"),
        ("call", "voice"),
    ],
)
def test_every_spelling_of_a_channel_is_one_word(found, standard):
    clean = events({"event_key": "e", "lead_key": "l", "channel": found})["clean_engagement_logs"]
    assert only(clean)["channel"] == standard


@pytest.mark.parametrize(
    ("found", "standard"), [("no-answer", "no_answer"), ("No Answer", "no_answer"), ("left_voicemail", "voicemail")]
)
def test_every_spelling_of_an_outcome_is_one_word(found, standard):
    clean = events({"event_key": "e", "lead_key": "l", "channel": "voice", "outcome": found})["clean_engagement_logs"]
    assert only(clean)["outcome"] == standard


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"lead_key": None}, "no_lead"),
        ({"channel": "pigeon"}, "unknown_channel"),
        ({"direction": "sideways"}, "unknown_direction"),
        ({"outcome": None}, "unknown_outcome"),
        ({"occurred_at": "2026-06-01T00:00:00", "logged_at": "2026-06-01T00:00:00"}, "at_or_after_as_of"),
    ],
)
def test_unusable_event_is_rejected_with_its_reason_and_kept(fault, reason):
    out = events({"event_key": "e", "lead_key": "l", **fault})
    assert out["clean_engagement_logs"].count().execute() == 0
    assert only(out["rejected_engagement_logs"])["reason"] == reason


def test_message_that_a_webhook_repeated_is_kept_once():
    message = {"event_key": "m", "lead_key": "l", "direction": "Inbound", "outcome": "replied"}
    out = events(message, message | {"logged_at": "2026-05-01T10:07:00"})
    assert out["clean_engagement_logs"].count().execute() == 1
    assert only(out["rejected_engagement_logs"])["reason"] == "repeated_event_id"


def test_attempt_imported_again_under_a_new_id_is_kept_once():
    attempt = {"event_key": "a1", "lead_key": "l"}
    out = events(attempt, attempt | {"event_key": "a2", "logged_at": "2026-05-03T00:00:31"})
    assert only(out["clean_engagement_logs"])["event_key"] == key("a1")
    assert only(out["rejected_engagement_logs"])["reason"] == "repeated_attempt"


def test_copy_of_a_row_that_is_refused_for_itself_is_kept():
    out = events(MESSAGE | {"channel": "fax"}, MESSAGE | {"logged_at": "2026-05-01T10:07:00"})
    assert out["clean_engagement_logs"].count().execute() == 1
    assert only(out["rejected_engagement_logs"])["reason"] == "unknown_channel"


@pytest.mark.parametrize("reverse", [False, True])
def test_same_copy_is_kept_whatever_order_rows_came_in(reverse):
    copies = [MESSAGE | {"reply_words": words} for words in (3, 5)]
    kept = only(events(*(copies[::-1] if reverse else copies))["clean_engagement_logs"])
    assert kept["reply_words"] == 3


def test_every_row_is_either_kept_or_rejected():
    holes = [{name: None} for name in ("event_key", "channel", "direction", "outcome", "occurred_at", "step_id")]
    given = [{"event_key": f"e{number}", "lead_key": "l", **hole} for number, hole in enumerate(holes)]
    out = events(*given, *given)
    assert sum(table.count().execute() for table in out.values()) == 2 * len(given)


def test_messages_without_id_are_told_apart_by_what_they_say():
    message = {"event_key": None, "lead_key": "l", "direction": "in", "outcome": "replied", "text_key": "t1"}
    out = events(message, message, message | {"text_key": "t2"})
    assert out["clean_engagement_logs"].count().execute() == 2
    assert out["rejected_engagement_logs"].count().execute() == 1


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"occurred_at": "2099-01-01T00:00:00"}, "2026-05-01T10:00:00"),
        ({"occurred_at": "1970-01-01T00:00:00"}, "2026-05-01T10:00:00"),
        ({"occurred_at": "2026-05-01T05:00:30"}, "2026-05-01T05:00:30"),
        ({"occurred_at": "2026-05-01T12:30:00"}, "2026-05-01T12:30:00"),
        ({"occurred_at": "2026-05-01T09:31:00"}, "2026-05-01T09:31:00"),
        ({"occurred_at": None}, "2026-05-01T10:00:00"),
        ({"occurred_at": "2026-12-01T10:00:00"}, "2026-05-01T10:00:00"),
        ({"occurred_at": "2026-05-01T09:31:00", "started_at": "2026-05-01T09:40:00"}, "2026-05-01T09:40:00"),
    ],
)
def test_broken_clock_is_mended_and_a_sound_one_believed(times, expected):
    clean = events({"event_key": "e", "lead_key": "l", **times})["clean_engagement_logs"]
    assert only(clean)["occurred_at"].isoformat() == expected


def test_attempt_planned_long_before_is_believed_and_says_that_nothing_was_mended():
    planned = {"occurred_at": "2026-05-20T10:03:00", "scheduled_at": "2026-05-20T10:00:00", "logged_at": "2026-02-01"}
    row = only(events({"event_key": "e", "lead_key": "l", **planned})["clean_engagement_logs"])
    assert (row["occurred_at"].isoformat(), row["time_was_mended"]) == ("2026-05-20T10:03:00", False)


def test_mended_time_says_so():
    row = only(events({"event_key": "e", "lead_key": "l", "occurred_at": None})["clean_engagement_logs"])
    assert row["time_was_mended"]


def test_call_of_a_month_and_wait_of_a_thousand_years_have_no_length():
    slip = {"channel": "voice", "duration_seconds": 2_600_000, "planned_wait_hours": 8_760_000.0}
    row = only(events({"event_key": "e", "lead_key": "l", **slip})["clean_engagement_logs"])
    assert pd.isna(row["duration_seconds"])
    assert pd.isna(row["planned_wait_hours"])


def test_reply_from_after_it_was_recorded_takes_the_time_of_the_record():
    reply = {
        "event_key": "m",
        "lead_key": "l",
        "direction": "inbound",
        "outcome": "replied",
        "occurred_at": "2026-05-01T10:20:00",
    }
    assert only(events(reply)["clean_engagement_logs"])["occurred_at"].isoformat() == "2026-05-01T10:00:00"


def test_clean_events_keep_their_contract():
    clean = events({"event_key": "e", "lead_key": "l"})["clean_engagement_logs"]
    assert intermediate.engagement_logs.validate(clean).count().execute() == 1


def test_contact_is_written_in_one_spelling_and_nonsense_becomes_unknown():
    raw = rows(
        RAW_CONTACT,
        {"lead_key": "l", "lead_source": " Paid Search ", "country": "de", "crm_score": 140.0, "site_visits_30d": -1},
    )
    clean = intermediate.contacts.validate(clean_contacts(raw)["clean_contacts"])
    row = only(clean)
    assert (row["lead_source"], row["country"], row["is_opted_out_now"]) == ("paid_search", "DE", False)
    assert pd.isna(row["crm_score"])
    assert pd.isna(row["site_visits_30d"])


def test_contact_that_stands_twice_is_kept_once():
    out = clean_contacts(rows(RAW_CONTACT, {"lead_key": "l"}, {"lead_key": "l", "created_at": "2026-04-02T00:00:00"}))
    assert only(out["clean_contacts"])["created_at"].isoformat() == "2026-04-01T00:00:00"
    assert only(out["rejected_contacts"])["reason"] == "repeated_contact_id"


def test_step_without_prompt_is_kept_and_unknown_channel_rejected():
    out = clean_campaign_steps(rows(STEP, {"prompt_id": None}, {"step_id": 12, "channel": "fax"}), AS_OF, CLEAN)
    assert intermediate.campaign_steps.validate(out["clean_campaign_steps"]).count().execute() == 1
    assert only(out["rejected_campaign_steps"])["reason"] == "unknown_channel"


def test_prompt_that_is_retired_after_the_as_of_was_live():
    raw = rows(STEP, {"prompt_retired_at": "2026-05-31"}, {"prompt_id": 112, "prompt_retired_at": "2026-06-01"})
    clean = clean_campaign_steps(raw, AS_OF, CLEAN)["clean_campaign_steps"].to_pandas()
    assert clean["prompt_retired_at"].isna().tolist() == [False, True]


def test_booking_voided_by_our_side_is_no_outcome():
    out = clean_outcomes(
        rows(
            RAW_OUTCOME,
            {"outcome_key": "b1", "lead_key": "l", "status": "Void"},
            {"outcome_key": "b2", "lead_key": "l"},
        ),
        AS_OF,
        CLEAN,
    )
    assert only(intermediate.outcomes.validate(out["clean_outcomes"]))["outcome_key"] == key("b2")
    assert only(out["rejected_outcomes"])["reason"] == "void_booking"


@pytest.mark.parametrize("at", ["1970-01-01", "2099-01-01", "2026-05-01T10:20:00", None])
def test_opt_out_with_a_broken_clock_counts_from_when_it_was_recorded(at):
    opt_out = {"outcome_key": "m", "lead_key": "l", "outcome_type": "opted_out", "occurred_at": at}
    clean = clean_outcomes(rows(RAW_OUTCOME, opt_out), AS_OF, CLEAN)["clean_outcomes"]
    assert only(clean)["occurred_at"].isoformat() == "2026-05-01T10:00:00"


@pytest.mark.parametrize("fault", [{"org_id": None}, {"campaign_name": None}])
def test_step_of_a_campaign_that_is_not_there_is_rejected(fault):
    out = clean_campaign_steps(rows(STEP, fault, {"step_id": 12}), AS_OF, CLEAN)
    assert only(out["rejected_campaign_steps"])["reason"] == "no_campaign"
    assert intermediate.campaign_steps.validate(out["clean_campaign_steps"]).count().execute() == 1


def test_step_before_the_first_is_rejected_and_half_a_country_unknown():
    out = clean_campaign_steps(rows(STEP, {"step_order": -1}), AS_OF, CLEAN)
    assert only(out["rejected_campaign_steps"])["reason"] == "no_position"
    assert pd.isna(
        only(clean_contacts(rows(RAW_CONTACT, {"lead_key": "l", "country": "D"}))["clean_contacts"])["country"]
    )


def quality(rows_read, rejected, orphans, kept=()):
    manifest = {"snapshot_id": "s", "entities": {"engagement_logs": {"rows": rows_read}}}
    refused = {"rejected_engagement_logs": rejected, "orphan_engagement_logs": orphans}
    tables = {
        name: rows({"reason": "string"}, *[{"reason": reason} for reason in found]) for name, found in refused.items()
    }
    return summarise_quality(manifest, rows(PRIMARY_EVENT, *kept), CLEAN, **tables)


def test_quality_counts_rows_read_kept_mended_and_refused_by_reason():
    kept = [
        {"event_key": "a", "time_was_mended": True},
        {"event_key": "b", "link_was_mended": True},
        {"event_key": "c"},
    ]
    found = quality(100, ["unknown_channel"], ["orphan_lead", "orphan_lead"], kept)
    assert found["entities"]["engagement_logs"] == {
        "rows_read": 100,
        "rows_clean": 97,
        "rows_rejected": 3,
        "reasons": {"unknown_channel": 1, "orphan_lead": 2},
    }
    assert {rule["rule"]: (rule["rows"], rule["share"]) for rule in found["rules"]} == {
        "time_was_mended": (1, 0.01),
        "link_was_mended": (1, 0.01),
    }


def test_run_stops_with_the_figures_when_too_much_had_to_be_refused():
    with pytest.raises(DataError, match=r"30% of the 10 rows of 'engagement_logs' had to be refused \(orphan_lead 3\)"):
        quality(10, [], ["orphan_lead"] * 3)


def test_copies_are_no_reason_to_stop():
    assert quality(10, ["repeated_event_id"] * 5, [])["entities"]["engagement_logs"]["rows_clean"] == 5
