import pandas as pd
import pytest
from configured import CLEAN
from entity_rows import AS_OF, PERSON, RAW_CONTACT, RAW_EVENT, RAW_OUTCOME, RAW_STEP, key, rows

from lead_conversion.contracts import intermediate
from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.pipelines.data_engineering.clean import (
    clean_campaign_steps,
    clean_contacts,
    clean_engagement_logs,
    clean_outcomes,
)


def only(table):
    (row,) = table.to_pandas().to_dict("records")
    return row | {name: None for name in ("mended", "noted") if name in row and pd.isna(row[name])}


NOBODY_TWICE = rows(PERSON)


def events(*given, people=NOBODY_TWICE):
    return clean_engagement_logs(rows(RAW_EVENT, *given), people, AS_OF, CLEAN)


def event(**given):
    return only(events({"event_key": "e", "lead_key": "l", **given})["clean_engagement_logs"])


def of_each(clean, name, cases, **common):
    """What a column of the clean table says of each case; all cases in one run, a lead each."""
    given = [{"lead_key": f"l{number:02}", **common, **case} for number, case in enumerate(cases)]
    found = next(iter(clean(*given).values())).to_pandas().sort_values("lead_key")[name].astype(object)
    return found.where(found.notna(), None).tolist()


def contacts(*given, people=NOBODY_TWICE):
    return clean_contacts(rows(RAW_CONTACT, *given), people, AS_OF)


def outcomes(*given, people=NOBODY_TWICE):
    return clean_outcomes(rows(RAW_OUTCOME, *given), people, AS_OF, CLEAN)


def steps(*given):
    return clean_campaign_steps(rows(RAW_STEP, *given), AS_OF, CLEAN)


KNOWN = {
    "region": "TX", "country": "US", "timezone": "America/Chicago", "lead_source": "referral", "industry": "software",
    "seniority": "manager", "job_function": "sales", "company_size": "11-50", "crm_score": 50.0, "site_visits_30d": 2,
}  # fmt: skip
MESSAGE = {"event_key": "m", "lead_key": "l", "direction": "inbound", "outcome": "replied"}


CHANNELS = [
    ("SMS", "sms"),
    ("Sms ", "sms"),
    ("text", "sms"),
    ("e-mail", "email"),
    ("Email", "email"),
    ("Phone", "voice"),
    ("call", "voice"),
]


def test_enrolment_at_or_after_the_as_of_is_not_known_yet():
    cases = [{"enrolled_at": at, "enrolled_campaign_id": 3} for at in (AS_OF["as_of"], "2026-05-01T00:00:00")]
    assert of_each(contacts, "enrolled_campaign_id", cases) == [None, 3]
    assert of_each(contacts, "enrolled_variant", cases) == [None, "A"]


def test_every_spelling_of_a_channel_is_one_word():
    found, standard = zip(*CHANNELS, strict=True)
    assert of_each(events, "channel", [{"event_key": name, "channel": name} for name in found]) == list(standard)


OUTCOMES = [("no-answer", "no_answer"), ("No Answer", "no_answer"), ("left_voicemail", "voicemail")]


def test_every_spelling_of_an_outcome_is_one_word():
    found, standard = zip(*OUTCOMES, strict=True)
    cases = [{"event_key": name, "channel": "voice", "outcome": name} for name in found]
    assert of_each(events, "outcome", cases) == list(standard)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"lead_key": None}, "unknown_enrollment"),
        ({"lead_key": None, "direction": "in", "outcome": "replied"}, "unknown_ghl_contact"),
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
    assert only(out["rejected_engagement_logs"])["reason"] == "repeated_message_id"


def test_attempt_imported_again_under_a_new_id_is_kept_once():
    attempt = {"event_key": "a1", "lead_key": "l"}
    out = events(attempt, attempt | {"event_key": "a2", "logged_at": "2026-05-03T00:00:31"})
    assert only(out["clean_engagement_logs"])["event_key"] == key("a1")
    assert only(out["rejected_engagement_logs"])["reason"] == "reimported_activity"


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


CLOCKS = [
    ({"occurred_at": "2099-01-01T00:00:00"}, "2026-05-01T10:00:00"),
    ({"occurred_at": "1970-01-01T00:00:00"}, "2026-05-01T10:00:00"),
    ({"occurred_at": "2026-05-01T05:00:30"}, "2026-05-01T05:00:30"),
    ({"occurred_at": "2026-05-01T12:30:00"}, "2026-05-01T12:30:00"),
    ({"occurred_at": "2026-05-01T09:31:00"}, "2026-05-01T09:31:00"),
    ({"occurred_at": None}, "2026-05-01T10:00:00"),
    ({"occurred_at": "2026-12-01T10:00:00"}, "2026-05-01T10:00:00"),
    ({"occurred_at": "2026-05-01T09:31:00", "started_at": "2026-05-01T09:40:00"}, "2026-05-01T09:40:00"),
]


def test_broken_clock_is_mended_and_a_sound_one_believed():
    times, expected = zip(*CLOCKS, strict=True)
    cases = [{"event_key": f"e{number}x", **found} for number, found in enumerate(times)]
    assert [at.isoformat() for at in of_each(events, "occurred_at", cases)] == list(expected)


def test_attempt_planned_long_before_is_believed_and_says_that_nothing_was_mended():
    planned = {"occurred_at": "2026-05-20T10:03:00", "scheduled_at": "2026-05-20T10:00:00", "logged_at": "2026-02-01"}
    row = only(events({"event_key": "e", "lead_key": "l", **planned})["clean_engagement_logs"])
    assert (row["occurred_at"].isoformat(), row["mended"]) == ("2026-05-20T10:03:00", None)


MENDED = [
    ({"occurred_at": None}, "missing_time"),
    ({"occurred_at": "1970-01-01"}, "time_far_off"),
    ({"occurred_at": "2026-05-01T10:20:00", "direction": "in"}, "direction_spelling,time_after_recording"),
    ({"occurred_at": "2026-05-01T09:31:00", "started_at": "2026-05-01T09:40:00"}, "completed_before_started"),
    ({"event_key": None}, "missing_message_id"),
    ({"planned_wait_hours": -1.0}, "out_of_range"),
    ({"duration_seconds": 2_600_000}, "out_of_range"),
    ({"channel": "text", "outcome": "Delivered"}, "channel_spelling,outcome_spelling"),
    ({"reply_faults": "emoji,html,invisible"}, "reply_html,reply_invisible"),
    ({"reply_faults": "mojibake,quoted_thread"}, "reply_mojibake,reply_quoted_thread"),
    ({}, None),
]


def test_row_that_was_mended_names_the_rules_and_a_sound_one_none():
    faults, rules = zip(*MENDED, strict=True)
    cases = [{"event_key": f"e{number}x", **fault} for number, fault in enumerate(faults)]
    assert of_each(events, "mended", cases) == list(rules)


NOTED = [
    ({"logged_at": "2026-05-01T11:00:00"}, "recorded_late"),
    ({"logged_at": "2026-05-01T10:59:00"}, None),
    ({"reply_faults": "emoji,html,long"}, "reply_emoji,reply_long"),
]


def test_what_is_only_seen_is_noted_and_changes_nothing():
    found, rules = zip(*NOTED, strict=True)
    cases = [{"event_key": f"e{number}x", **seen} for number, seen in enumerate(found)]
    assert of_each(events, "noted", cases) == list(rules)
    assert of_each(events, "mended", [case for case in cases if "html" not in str(case)]) == [None, None]


def test_call_that_ended_before_it_began_ends_as_long_after_its_beginning_as_it_lasted():
    call = {"occurred_at": "2026-05-01T09:31:00", "started_at": "2026-05-01T09:40:00", "duration_seconds": 90}
    assert event(**call)["occurred_at"].isoformat() == "2026-05-01T09:41:30"


def test_attempt_from_long_before_its_enrolment_takes_the_time_for_which_it_was_scheduled():
    times = {"enrolled_at": "2026-04-30", "scheduled_at": "2026-05-01T09:58:00", "occurred_at": "2026-04-20"}
    row = event(**times)
    assert (row["occurred_at"].isoformat(), row["mended"]) == ("2026-05-01T09:58:00", "event_before_enrolment")
    unscheduled = event(**times | {"scheduled_at": None})
    assert (unscheduled["occurred_at"].isoformat(), unscheduled["mended"]) == ("2026-04-20T00:00:00", None)


SECOND_CONTACT = rows(PERSON, {"lead_key": "l", "person_key": "l"}, {"lead_key": "l2", "person_key": "l"})


def test_events_and_outcomes_of_a_second_contact_go_to_the_first():
    row = only(events({"event_key": "e", "lead_key": "l2"}, people=SECOND_CONTACT)["clean_engagement_logs"])
    assert (row["lead_key"], row["mended"]) == (key("l"), "same_person_twice")
    row = only(outcomes({"outcome_key": "o", "lead_key": "l2"}, people=SECOND_CONTACT)["clean_outcomes"])
    assert (row["lead_key"], row["mended"]) == (key("l"), "same_person_twice")


def test_attempt_that_was_imported_for_both_contacts_of_a_person_counts_once():
    attempt = {"event_key": "a1", "lead_key": "l"}
    again = {"event_key": "a2", "lead_key": "l2", "logged_at": "2026-05-03T00:00:31"}
    out = events(attempt, again, people=SECOND_CONTACT)
    assert only(out["clean_engagement_logs"])["event_key"] == key("a1")
    assert only(out["rejected_engagement_logs"])["reason"] == "reimported_activity"


def test_second_contact_of_a_person_is_rejected_and_its_attributes_are_not_taken_over():
    people = rows(
        PERSON,
        {"lead_key": "l", "person_key": "l", "is_opted_out_now": True, "has_shared_contact_point": False},
        {"lead_key": "l2", "person_key": "l", "is_opted_out_now": True, "has_shared_contact_point": False},
    )
    out = contacts(
        {"lead_key": "l", "opted_out": False},
        {"lead_key": "l2", "opted_out": True, "industry": "software", "created_at": "2026-04-09"},
        people=people,
    )
    row = only(intermediate.contacts.validate(out["clean_contacts"]))
    assert (row["lead_key"], row["is_opted_out_now"], row["mended"]) == (key("l"), True, "same_person_twice")
    assert pd.isna(row["industry"])
    copy = only(out["rejected_contacts"])
    assert (copy["lead_key"], copy["reason"]) == (key("l2"), "same_person_twice")


def test_contact_of_an_office_line_is_kept_and_noted():
    shared = {"lead_key": "l", "person_key": "l", "is_opted_out_now": False, "has_shared_contact_point": True}
    row = only(contacts({"lead_key": "l", **KNOWN}, people=rows(PERSON, shared))["clean_contacts"])
    assert row["noted"] == "shared_contact_point"


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
    raw = {"lead_key": "l", "lead_source": " Paid Search ", "country": "de", "crm_score": 140.0, "site_visits_30d": -1}
    row = only(intermediate.contacts.validate(contacts(raw)["clean_contacts"]))
    assert (row["lead_source"], row["country"], row["is_opted_out_now"]) == ("paid_search", "DE", False)
    assert pd.isna(row["crm_score"])
    assert pd.isna(row["site_visits_30d"])
    assert row["mended"] == "country_spelling,lead_source_spelling,out_of_range"


def test_contact_that_lacks_an_attribute_is_kept_as_it_is_and_noted():
    cases = [{**KNOWN, missing: None} for missing in KNOWN]
    assert of_each(contacts, "noted", cases) == ["missing_attribute"] * len(KNOWN)
    assert of_each(contacts, "mended", cases) == [None] * len(KNOWN)


def test_contact_of_which_all_is_known_in_the_standard_spelling_is_touched_by_no_rule():
    row = only(contacts({"lead_key": "l", **KNOWN})["clean_contacts"])
    assert (row["mended"], row["noted"]) == (None, None)


def test_contact_that_stands_twice_is_kept_once():
    out = contacts({"lead_key": "l"}, {"lead_key": "l", "created_at": "2026-04-02T00:00:00"})
    assert only(out["clean_contacts"])["created_at"].isoformat() == "2026-04-01T00:00:00"
    assert only(out["rejected_contacts"])["reason"] == "repeated_contact_id"


@pytest.mark.parametrize(
    ("fault", "reason"), [({"lead_key": None}, "no_contact_id"), ({"created_at": None}, "no_creation_time")]
)
def test_contact_that_cannot_be_told_or_placed_in_time_is_rejected(fault, reason):
    assert only(contacts({"lead_key": "l", **fault})["rejected_contacts"])["reason"] == reason


def test_step_without_prompt_is_kept_and_unknown_channel_rejected():
    out = steps({"prompt_id": None}, {"step_id": 12, "channel": "fax"})
    assert intermediate.campaign_steps.validate(out["clean_campaign_steps"]).count().execute() == 1
    assert only(out["rejected_campaign_steps"])["reason"] == "unknown_channel"


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        ({"prompt_id": None, "prompt_created_at": None}, "step_without_prompt"),
        ({"prompt_retired_at": "2026-05-01"}, "retired_prompt"),
        ({"campaign_status": "Paused"}, "paused_campaign"),
        ({"step_created_at": "2026-03-01"}, "step_edited_in_place"),
        ({}, None),
    ],
)
def test_drift_of_the_configuration_is_noted_and_changes_nothing(found, rule):
    row = only(steps(found)["clean_campaign_steps"])
    assert (row["mended"], row["noted"]) == (None, rule)


def test_both_steps_at_a_position_are_noted():
    both = steps({}, {"step_id": 12, "prompt_id": 121}, {"step_id": 13, "prompt_id": 131, "step_order": 2})
    noted = both["clean_campaign_steps"].to_pandas().set_index("step_id")["noted"].dropna()
    assert noted.to_dict() == {11: "repeated_step_order", 12: "repeated_step_order"}


def test_prompt_that_is_retired_after_the_as_of_was_live():
    out = steps({"prompt_retired_at": "2026-05-31"}, {"prompt_id": 112, "prompt_retired_at": "2026-06-01"})
    clean = out["clean_campaign_steps"].to_pandas()
    assert clean["prompt_retired_at"].isna().tolist() == [False, True]


def test_booking_voided_by_our_side_is_kept_as_what_it_was_and_is_no_booked_call():
    out = outcomes({"outcome_key": "b1", "lead_key": "l", "status": "Void"}, {"outcome_key": "b2", "lead_key": "l"})
    clean = intermediate.outcomes.validate(out["clean_outcomes"]).to_pandas().set_index("outcome_key")
    assert clean["outcome_type"].to_dict() == {key("b1"): "void_booking", key("b2"): "call_booked"}
    assert clean.loc[key("b1"), "noted"] == "void_booking"
    assert pd.isna(clean.loc[key("b2"), "noted"])
    assert out["rejected_outcomes"].to_pandas().empty


@pytest.mark.parametrize("at", ["1970-01-01", "2099-01-01", "2026-05-01T10:20:00", None])
def test_opt_out_with_a_broken_clock_counts_from_when_it_was_recorded(at):
    opt_out = {"outcome_key": "m", "lead_key": "l", "outcome_type": "opted_out", "occurred_at": at}
    assert only(outcomes(opt_out)["clean_outcomes"])["occurred_at"].isoformat() == "2026-05-01T10:00:00"


MENDED_OUTCOMES = [
    ({"occurred_at": None}, "missing_time"),
    ({"occurred_at": "1970-01-01"}, "time_far_off"),
    ({"occurred_at": "2026-05-01T10:20:00"}, "time_after_recording"),
    ({"outcome_key": None}, "missing_message_id"),
    ({}, None),
]


def test_outcome_that_was_mended_names_the_rule_and_a_sound_one_none():
    faults, rules = zip(*MENDED_OUTCOMES, strict=True)
    cases = [{"outcome_key": f"o{number}x", **fault} for number, fault in enumerate(faults)]
    assert of_each(outcomes, "mended", cases) == list(rules)


@pytest.mark.parametrize("fault", [{"org_id": None}, {"campaign_name": None}])
def test_step_of_a_campaign_that_is_not_there_is_rejected(fault):
    out = steps(fault, {"step_id": 12})
    assert only(out["rejected_campaign_steps"])["reason"] == "no_campaign"
    assert intermediate.campaign_steps.validate(out["clean_campaign_steps"]).count().execute() == 1


@pytest.mark.parametrize("fault", [{"campaign_created_at": None}, {"campaign_status": None}])
def test_step_of_a_campaign_of_which_something_is_unknown_is_kept(fault):
    clean = steps(fault)["clean_campaign_steps"]
    assert intermediate.campaign_steps.validate(clean).count().execute() == 1


SOUND = {
    "campaign_steps": (steps, RAW_STEP, {}),
    "engagement_logs": (events, RAW_EVENT, {"event_key": "e", "lead_key": "l"}),
    "outcomes": (outcomes, RAW_OUTCOME, {"outcome_key": "o", "lead_key": "l"}),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("entity", SOUND)
def test_row_is_refused_for_a_null_exactly_where_its_contract_says_so(entity):
    clean, schema, sound = SOUND[entity]
    refused = set()
    for column in (column for column in SOURCE_ENTITIES[entity].columns if column.nullable):
        name = f"{column.pseudonym}_key" if column.pseudonym else column.name
        if name in schema:
            kept = clean(sound | {name: None})[f"clean_{entity}"]
            refused |= set() if getattr(intermediate, entity).validate(kept).count().execute() else {column}
    assert refused == {column for column in SOURCE_ENTITIES[entity].columns if column.null_is_refused}


def test_step_before_the_first_is_rejected_and_half_a_country_unknown():
    out = steps({"step_order": -1})
    assert only(out["rejected_campaign_steps"])["reason"] == "no_position"
    assert pd.isna(only(contacts({"lead_key": "l", "country": "D"})["clean_contacts"])["country"])


FAULTY_ADDRESSES = [
    ({"email_key": "e", "email_fault": "nobodys_address"}, "noted", "nobodys_address"),
    ({"phone_key": "p", "phone_fault": "invalid_phone"}, "noted", "invalid_phone"),
    ({"phone_fault": "unreadable_address"}, "mended", "unreadable_address"),
    ({"email_key": "e", "phone_key": "p"}, "noted", None),
]


@pytest.mark.parametrize(("fault", "kind", "rule"), FAULTY_ADDRESSES)
def test_address_that_names_no_person_is_told_by_its_rule(fault, kind, rule):
    out = contacts({"lead_key": "l", **KNOWN, **fault})["clean_contacts"]
    assert only(intermediate.contacts.validate(out))[kind] == rule


def test_contact_can_still_be_reached_at_an_address_that_merges_nobody():
    row = only(contacts({"lead_key": "l", "email_key": "e", "email_fault": "nobodys_address"})["clean_contacts"])
    assert row["email_key"] == key("e")


@pytest.mark.parametrize("spelling", ["Call Booked", " call-booked", "CALL_BOOKED"])
def test_every_spelling_of_an_outcome_type_is_one_word(spelling):
    out = outcomes({"outcome_key": "o", "lead_key": "l", "outcome_type": spelling})
    row = only(intermediate.outcomes.validate(out["clean_outcomes"]))
    assert (row["outcome_type"], row["mended"]) == ("call_booked", "outcome_type_spelling")


def test_outcome_without_an_id_that_came_in_two_spellings_counts_once():
    spellings = [{"lead_key": "l", "outcome_type": spelling} for spelling in ("Opted Out", "opted_out")]
    out = outcomes(*spellings)
    assert only(out["clean_outcomes"])["outcome_type"] == "opted_out"
    assert only(out["rejected_outcomes"])["reason"] == "repeated_outcome_id"


@pytest.mark.parametrize("unknown", ["other:3fa9c12b", "", "won"])
def test_outcome_of_a_type_that_no_target_knows_is_rejected_by_name(unknown):
    out = outcomes({"outcome_key": "o", "lead_key": "l", "outcome_type": unknown})
    assert out["clean_outcomes"].count().to_pyarrow().as_py() == 0
    assert only(out["rejected_outcomes"])["reason"] == "unknown_outcome_type"
