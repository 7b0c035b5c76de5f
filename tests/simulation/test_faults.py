from datetime import UTC
from zoneinfo import ZoneInfo

import duckdb
import pytest

from lead_conversion.simulation import WorldSpec, faults, truth_path_of, write_world
from lead_conversion.simulation.faults import SHARES

KEYS = {
    "education.contacts": "contact_id",
    "education.campaign_activities": "activity_id",
    "education.booking_appointments": "appointment_id",
    "dbo.Education_Cory_Communication_Log": "message_id",
    "education.campaign_steps": "step_id",
    "education.prompt_templates": "prompt_id",
    "education.campaigns": "campaign_id",
}
ACTIVITIES = "education.campaign_activities"
MESSAGES = "dbo.Education_Cory_Communication_Log"
LOG = "dbo.Education_Cory_Communication_Log"
# What a row with the fault shows, as a condition on the table's columns.
ENROLLMENTS = "(SELECT enrollment_id FROM education.campaign_enrollments)"
WITH_PROMPT = "(SELECT step_id FROM education.prompt_templates)"
OUTCOMES = (
    "sent", "delivered", "opened", "clicked", "failed", "bounced", "skipped", "connected", "voicemail", "no_answer",
)  # fmt: skip
SIGNS = {
    "missing_message_id": (MESSAGES, "message_id IS NULL"),
    "unknown_enrollment": (ACTIVITIES, f"enrollment_id NOT IN {ENROLLMENTS}"),
    "unknown_step": (ACTIVITIES, "step_id NOT IN (SELECT step_id FROM education.campaign_steps)"),
    "unknown_prompt": (ACTIVITIES, "prompt_id NOT IN (SELECT prompt_id FROM education.prompt_templates)"),
    "completed_before_started": (ACTIVITIES, "completed_at < call_started_at"),
    "timestamp_in_1970": (MESSAGES, 'year("timestamp") = 1970'),
    "timestamp_in_2099": (MESSAGES, 'year("timestamp") = 2099'),
    "void_booking": ("education.booking_appointments", "status = 'void'"),
    "booking_by_ghl_contact_only": ("education.booking_appointments", "contact_id IS NULL"),
    "paused_campaign": ("education.campaigns", "status = 'paused'"),
    "retired_prompt": ("education.prompt_templates", "retired_at IS NOT NULL"),
    "step_without_prompt": ("education.campaign_steps", f"step_id NOT IN {WITH_PROMPT}"),
    "outcome_spelling": (ACTIVITIES, f"outcome NOT IN {OUTCOMES}"),
    "direction_spelling": (MESSAGES, "direction NOT IN ('inbound', 'outbound')"),
    "mojibake": (MESSAGES, "regexp_matches(body, 'â€|Ã|Â')"),
    "html_entities": (MESSAGES, "regexp_matches(body, '&(#39|amp|lt|gt|quot);')"),
    "zero_width": (MESSAGES, r"regexp_matches(body, '[\x{200b}\x{200d}\x{feff}]')"),
}


@pytest.mark.parametrize("fault", sorted(SIGNS))
def test_the_rows_that_show_a_fault_are_those_of_the_ledger(small_world, fault):
    table, sign = SIGNS[fault]
    shown = {row for (row,) in small_world.ask(f"SELECT rowid FROM {table} WHERE {sign}")}
    told = {
        row
        for (row,) in small_world.ask_truth(
            f"SELECT row_number FROM faults WHERE fault = '{fault}' AND table_name = '{table}'"
        )
    }
    repeats = {
        row
        for (row,) in small_world.ask_truth(
            "SELECT row_number FROM faults WHERE fault IN ('repeated_message_id', 'reimported_activity', "
            f"'same_person_twice') AND table_name = '{table}'"
        )
    }
    assert told
    assert shown - repeats == told - repeats
    assert len(shown - told) <= len(repeats)


def test_every_fault_that_is_known_of_the_source_is_planted(small_world):
    planted = {fault for (fault,) in small_world.ask_truth("SELECT DISTINCT fault FROM faults")}
    drift = {"step_edited_in_place", "repeated_step_order", "step_without_prompt", "retired_prompt", "paused_campaign"}
    assert planted == set(SHARES) | drift


def test_the_ledger_names_each_row_by_its_id_and_its_place(small_world):
    for table, key in KEYS.items():
        rows = dict(small_world.ask(f"SELECT rowid, CAST({key} AS VARCHAR) FROM {table}"))
        told = small_world.ask_truth(f"SELECT row_number, row_id FROM faults WHERE table_name = '{table}'")
        assert told
        assert all(rows[place] == name for place, name in told)


def test_a_repeated_message_differs_in_nothing_but_when_it_was_logged(small_world):
    repeats = small_world.ask(
        f"SELECT count(*), count(DISTINCT body), count(DISTINCT created_at) FROM {LOG} "
        "WHERE message_id IS NOT NULL GROUP BY message_id HAVING count(*) > 1"
    )
    assert len(repeats) > 10
    assert all(row == (2, 1, 2) for row in repeats)


def test_a_reimported_activity_has_a_new_id_and_the_same_enrollment_step_and_time(small_world):
    told = small_world.ask_truth("SELECT count(*) FROM faults WHERE fault = 'reimported_activity'")[0][0]
    twice = small_world.ask(
        f"SELECT count(*) - count(DISTINCT (enrollment_id, step_id, completed_at)) FROM {ACTIVITIES} "
        "WHERE completed_at IS NOT NULL"
    )[0][0]
    ids = small_world.ask(f"SELECT count(*) - count(DISTINCT activity_id) FROM {ACTIVITIES}")[0][0]
    assert told == twice > 10
    assert ids == 0


def test_a_person_who_is_there_twice_shares_an_address_up_to_case_blanks_and_form(small_world):
    told = small_world.ask_truth("SELECT row_id FROM faults WHERE fault = 'same_person_twice'")
    for (contact,) in told:
        shared = small_world.ask(
            "SELECT count(*) FROM education.contacts AS a JOIN education.contacts AS b ON a.contact_id <> b.contact_id "
            "AND (lower(trim(a.email)) = lower(trim(b.email)) OR right(regexp_replace(a.phone, '\\D', '', 'g'), 10) "
            f"= right(regexp_replace(b.phone, '\\D', '', 'g'), 10)) WHERE a.contact_id = {contact}"
        )[0][0]
        assert shared >= 1


def test_a_shifted_import_is_off_by_whole_hours_and_was_logged_at_night(small_world):
    rows = small_world.ask_truth("SELECT row_number FROM faults WHERE fault = 'local_time_as_utc'")
    places = ",".join(str(place) for (place,) in rows)
    logged = small_world.ask(
        f"SELECT DISTINCT strftime(created_at, '%H:%M:%S') FROM {ACTIVITIES} WHERE rowid IN ({places})"
    )
    assert logged == [("02:30:00",)]


def test_agent_writes_by_day_at_the_leads_place_and_a_shifted_import_has_that_hour_as_if_it_were_utc(small_world):
    told = small_world.ask_truth("SELECT row_number FROM faults WHERE fault = 'local_time_as_utc'")
    shifted = {place for (place,) in told}
    rows = small_world.ask(
        f"SELECT a.rowid, a.scheduled_at, c.timezone FROM {ACTIVITIES} AS a "
        "JOIN education.campaign_enrollments USING (enrollment_id) JOIN education.contacts AS c USING (contact_id)"
    )
    copies = small_world.ask_truth("SELECT row_number FROM faults WHERE fault = 'reimported_activity'")
    rows = [row for row in rows if (row[0],) not in copies]
    hours = {True: [], False: []}
    for place, at, zone in rows:
        is_shifted = place in shifted
        local = at if is_shifted else at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        hours[is_shifted].append(local.hour)
    for found in hours.values():
        assert {min(found), max(found)} == {8, 19}


def test_a_booking_always_has_one_of_the_two_ids(small_world):
    assert small_world.ask(
        "SELECT count(*) FROM education.booking_appointments WHERE contact_id IS NULL AND ghl_contact_id IS NULL"
    ) == [(0,)]


def test_nothing_was_logged_after_the_end(small_world):
    end = small_world.summary.spec.end
    for table in (ACTIVITIES, MESSAGES, "education.contacts", "education.booking_appointments"):
        assert small_world.ask(f"SELECT max(created_at) FROM {table}")[0][0] < end


def test_a_world_without_faults_has_none(clean_world):
    assert clean_world.ask_truth("SELECT count(*) FROM faults") == [(0,)]
    assert clean_world.ask(
        f'SELECT count(*) FROM {LOG} WHERE message_id IS NULL OR "timestamp" > created_at '
        "OR direction NOT IN ('inbound', 'outbound') OR channel NOT IN ('sms', 'email', 'voice')"
    ) == [(0,)]
    assert clean_world.ask(f"SELECT count(*) - count(DISTINCT message_id) FROM {LOG}") == [(0,)]
    assert clean_world.ask(
        f"SELECT count(*) FROM {ACTIVITIES} AS a ANTI JOIN education.campaign_enrollments AS e USING (enrollment_id)"
    ) == [(0,)]


OF_TEXTS = ("mojibake", "html_entities", "zero_width", "emoji", "long_thread")


def test_how_many_texts_can_be_garbled_moves_no_other_fault(tmp_path, monkeypatch):
    ledgers = []
    for letter in ("'", "e"):
        monkeypatch.setattr(faults, "_MANGLED", letter)
        path = tmp_path / f"{letter}.duckdb"
        write_world(WorldSpec(leads=200, days=90, campaigns=2, steps=5), path, truth_path_of(path))
        with duckdb.connect(truth_path_of(path), read_only=True) as truth:
            ledgers.append(truth.execute("SELECT * FROM faults").fetchall())
    of_texts, others = (
        [[row for row in ledger if (row[0] in OF_TEXTS) is is_text] for ledger in ledgers] for is_text in (True, False)
    )
    assert of_texts[0] != of_texts[1]
    assert others[0] == others[1]
