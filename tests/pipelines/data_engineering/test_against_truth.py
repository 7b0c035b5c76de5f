"""Entities, rejects and labels of simulated worlds, compared with what was planted in them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from engineered_worlds import KEY, primary_entities
from ibis.expr.types import Table

from lead_conversion.contracts import intermediate, primary
from lead_conversion.guard.pseudonyms import pseudonymise
from lead_conversion.simulation import WorldSpec, truth_path_of, write_world
from lead_conversion.simulation.faults import SHARES

pytestmark = pytest.mark.no_cover
# In one the clocks stand still, in one they are put forward, in one they are set back.
# A small world does not hold every rare fault: these do.
WORLDS = {
    "winter": {"seed": 8, "end": "2026-03-01"},
    "spring": {"seed": 5, "end": "2026-05-15"},
    "autumn": {"seed": 11, "end": "2026-11-20"},
}
SIZE = {"leads": 1200, "days": 115}
MANY, PRACTICALLY_NONE = 3.0, 1e-9  # at a rate of 0 the campaigns would not drift either, and so be another world
LAST_HOURS = timedelta(hours=36)  # of a world that are not read: what comes late, comes then
ACTIVITIES = "education.campaign_activities"
MESSAGES = "dbo.Education_Cory_Communication_Log"
BOOKINGS = "education.booking_appointments"
CONTACTS = "education.contacts"

# The rules that find each fault. A fault of an attempt or message can be found by the first rule that is looked at.
RULES = {
    "repeated_message_id": {"repeated_message_id"},
    "missing_message_id": {"missing_message_id"},
    "reimported_activity": {"reimported_activity"},
    "unknown_enrollment": {"unknown_enrollment"},
    "unknown_step": {"unknown_step"},
    "unknown_prompt": {"unknown_prompt"},
    # What no id and an unknown id show is the same: a message of no lead.
    "unknown_ghl_contact": {"unknown_ghl_contact"},
    "missing_ghl_contact": {"unknown_ghl_contact"},
    "channel_spelling": {"channel_spelling"},
    "outcome_spelling": {"outcome_spelling"},
    "direction_spelling": {"direction_spelling"},
    "completed_before_started": {"completed_before_started"},
    "timestamp_after_created": {"time_after_recording"},
    "timestamp_in_1970": {"time_far_off"},
    "timestamp_in_2099": {"time_far_off"},
    "event_before_contact": {"event_before_enrolment", "time_far_off"},
    "local_time_as_utc": {"local_time_as_utc", "maybe_local_time"},
    "mojibake": {"reply_mojibake"},
    "html_entities": {"reply_html"},
    "zero_width": {"reply_invisible"},
    "emoji": {"reply_emoji"},
    "long_thread": {"reply_quoted_thread"},
}
# Imports are judged by what is likely; any other fault is found where it is.
SHARE_FOUND = {"local_time_as_utc": 0.95}
# Found elsewhere than in a row of the events; each has a test of its own below.
ELSEWHERE = {
    "arrives_late", "booking_before_first_event", "booking_by_ghl_contact_only", "industry_spelling",
    "lead_source_spelling", "same_person_twice", "void_booking",
}  # fmt: skip
# A row that one of these rules refused is not looked at by the rules of the primary layer.
REFUSING = {"repeated_message_id", "reimported_activity", "unknown_enrollment", "unknown_ghl_contact"}
REFUSED_FAULTS = {fault for fault, rules in RULES.items() if rules & REFUSING}


def keys(ids, prefix, kind):
    """The pseudonyms of a table's ids as they leave the source door."""
    named = [None if pd.isna(found) else f"{prefix}{found}" for found in ids]
    return pseudonymise(pa.array(named, pa.string()), kind, KEY).to_pylist()


@dataclass(frozen=True)
class Engineered:
    """A world that went through the nodes: the raw rows, the tables, and what is known of the planted faults."""

    path: Path
    as_of: datetime
    lazy: dict[str, Table]
    tables: dict[str, pd.DataFrame]

    def ask(self, question):
        with duckdb.connect(str(self.path), read_only=True) as database:
            database.execute(f"ATTACH '{truth_path_of(self.path)}' AS truth (READ_ONLY)")
            return database.execute(question).df()

    def told(self, table, columns):
        """The ledger's rows of a table, with columns of the rows that it names."""
        return self.ask(
            f"SELECT f.fault, {columns} FROM truth.faults AS f JOIN {table} AS t ON t.rowid = f.row_number "
            f"WHERE f.table_name = '{table}'"
        )

    def touched(self, entity, names):
        """The rows of an entity in every table where they can end, with all rules that touched them."""
        found = [
            self.tables[name]
            for name in (f"primary_{entity}", f"rejected_{entity}", f"orphan_{entity}")
            if name in self.tables
        ]
        rows = pd.concat([table.reindex(columns=[*names, "reason", "mended", "noted"]) for table in found])
        joined = rows["reason"].fillna("") + "," + rows["mended"].fillna("") + "," + rows["noted"].fillna("")
        return rows.assign(rules=joined.str.split(",").map(set)).reset_index(drop=True)

    @cached_property
    def events(self):
        return self.touched("engagement_logs", ["event_key", "logged_at", "direction"])

    @cached_property
    def faulty_events(self):
        """The ledger's rows of events that were known at the as-of, with the rules that touched them."""
        attempts = self.told(ACTIVITIES, "t.activity_id AS id, t.created_at AS logged_at")
        attempts["event_key"] = keys(attempts["id"], "a:", "event")
        messages = self.told(MESSAGES, "t.message_id AS id, t.created_at AS logged_at, t.direction")
        # An outbound message repeats an activity and is not read.
        messages = messages[messages["direction"].str.strip().str.lower().str.startswith("in")]
        messages["event_key"] = keys(messages["id"], "m:", "event")
        told = pd.concat([attempts, messages])[["fault", "event_key", "logged_at"]]
        return self.located(told[told["logged_at"] < self.as_of])

    def located(self, told):
        """Events by the key of their id and the moment of their record, with the rules that touched them."""
        named = told.dropna(subset="event_key").merge(self.events, how="left", on=["event_key", "logged_at"])
        # What came without an id has a key that is made of it, so it is found by the moment of its record.
        unnamed = self.events[self.events["rules"].map(lambda rules: "missing_message_id" in rules)]
        return pd.concat([named, told[told["event_key"].isna()].drop(columns="event_key").merge(unnamed, how="left")])


def engineer(folder, **knobs):
    """A world on disk, read and put through every node up to the labels."""
    spec = WorldSpec(**(SIZE | knobs))
    moment = spec.end - LAST_HOURS
    path = folder / "agency.duckdb"
    write_world(spec, path, truth_path_of(path))
    tables = primary_entities(path, moment)
    return Engineered(path, moment, tables, {name: table.to_pandas() for name, table in tables.items()})


GATES = {
    "clean_people": intermediate.people,
    "clean_contacts": intermediate.contacts,
    "clean_campaign_steps": intermediate.campaign_steps,
    "clean_engagement_logs": intermediate.engagement_logs,
    "clean_shifts": intermediate.shifts,
    "clean_outcomes": intermediate.outcomes,
    "primary_contacts": primary.contacts,
    "primary_engagement_logs": primary.engagement_logs,
    "primary_outcomes": primary.outcomes,
}


@pytest.fixture(scope="module", params=sorted(WORLDS))
def world(request):
    return WORLDS[request.param]


@pytest.fixture(scope="module")
def faulty(world, tmp_path_factory):
    return engineer(tmp_path_factory.mktemp("faulty"), **world, fault_rate=MANY)


@pytest.fixture(scope="module")
def sound(world, tmp_path_factory):
    """The same world, but for the faults."""
    return engineer(tmp_path_factory.mktemp("sound"), **world, fault_rate=PRACTICALLY_NONE)


def test_tables_of_a_faulty_world_keep_their_contracts(faulty):
    for name, gate in GATES.items():
        assert gate.validate(faulty.lazy[name]).count().execute() > 0


def test_every_fault_that_can_be_planted_has_a_rule_or_a_test_of_its_own():
    assert set(RULES) | ELSEWHERE == set(SHARES)
    assert not set(RULES) & ELSEWHERE


@pytest.mark.parametrize("fault", sorted(RULES))
def test_every_planted_fault_of_an_event_is_found_by_its_rule(faulty, fault):
    told = faulty.faulty_events[faulty.faulty_events["fault"] == fault]
    assert len(told)
    is_found = told["rules"].map(lambda rules: bool(rules & (RULES[fault] | REFUSING)))
    assert is_found.mean() >= SHARE_FOUND.get(fault, 1.0)
    by_its_own_rule = told["rules"].map(lambda rules: bool(rules & RULES[fault]))
    # The others stand in a row that is refused for another fault, or in a copy.
    assert by_its_own_rule.mean() > 0.75


def test_local_times_are_mended_and_no_sound_time_is(faulty):
    is_told = faulty.events["event_key"].isin(
        faulty.faulty_events.loc[faulty.faulty_events["fault"] == "local_time_as_utc", "event_key"]
    )
    is_mended = faulty.events["rules"].map(lambda rules: "local_time_as_utc" in rules)
    is_kept = faulty.events["reason"].isna()
    assert is_mended[is_told & is_kept].mean() > 0.9
    assert not is_mended[~is_told].any()


def test_no_clean_event_is_rejected_and_every_refusal_has_its_planted_fault(faulty):
    refused = faulty.events[faulty.events["reason"].notna()]
    told = faulty.faulty_events[faulty.faulty_events["fault"].isin(REFUSED_FAULTS)]
    planted = set(zip(told["event_key"], told["logged_at"], strict=True))
    # A lead without the outreach tool's id in the CRM: its messages are nobody's, fault or no fault.
    nobodys = faulty.ask(
        f"SELECT message_id, created_at AS logged_at FROM {MESSAGES} WHERE ghl_contact_id IS NULL "
        f"AND lower(trim(direction)) LIKE 'in%' AND created_at < TIMESTAMP '{faulty.as_of}'"
    )
    nobodys = faulty.located(nobodys.assign(event_key=keys(nobodys["message_id"], "m:", "event")))
    planted |= set(zip(nobodys["event_key"], nobodys["logged_at"], strict=True))
    assert len(refused)
    assert set(zip(refused["event_key"], refused["logged_at"], strict=True)) <= planted


@pytest.mark.parametrize(
    ("rule", "faults"),
    [
        ("repeated_message_id", {"repeated_message_id"}),
        ("reimported_activity", {"reimported_activity"}),
        ("unknown_enrollment", {"unknown_enrollment"}),
        ("missing_message_id", {"missing_message_id"}),
        ("completed_before_started", {"completed_before_started"}),
        ("time_after_recording", {"timestamp_after_created"}),
        ("time_far_off", {"timestamp_in_1970", "timestamp_in_2099"}),
        ("event_before_enrolment", {"event_before_contact"}),
        ("unknown_step", {"unknown_step"}),
        ("unknown_prompt", {"unknown_prompt"}),
        ("local_time_as_utc", {"local_time_as_utc"}),
        ("channel_spelling", {"channel_spelling"}),
        ("outcome_spelling", {"outcome_spelling"}),
        ("direction_spelling", {"direction_spelling"}),
    ],
)
def test_a_rule_counts_the_rows_of_its_fault_and_no_others(faulty, rule, faults):
    told = faulty.faulty_events[faulty.faulty_events["fault"].isin(faults)]
    told = set(told.loc[told["rules"].map(lambda rules: rule in rules), "event_key"])
    copies = faulty.events["reason"].isin(("repeated_message_id", "reimported_activity"))
    named = faulty.events[faulty.events["rules"].map(lambda rules: rule in rules)]
    # A copy repeats the faults of its row; the ledger has them once.
    own = named if rule in {"repeated_message_id", "reimported_activity"} else named[~copies.loc[named.index]]
    again = set(faulty.faulty_events.loc[faulty.faulty_events["fault"].isin(REFUSED_FAULTS), "event_key"])
    assert told <= set(named["event_key"])
    assert set(own["event_key"]) - told <= again
    assert len(own) >= len(told) - len(again)


def test_rows_that_arrive_late_are_left_for_the_next_snapshot(faulty):
    late = faulty.told(ACTIVITIES, "t.activity_id AS id")
    late = keys(late.loc[late["fault"] == "arrives_late", "id"], "a:", "event")
    assert late
    assert not faulty.tables["raw_engagement_logs"]["event_key"].isin(late).any()


def test_second_contacts_of_a_person_are_rejected_and_no_other_contact(faulty):
    told = faulty.told(CONTACTS, "t.contact_id AS id, t.created_at")
    told = told[(told["fault"] == "same_person_twice") & (told["created_at"] < faulty.as_of)]
    rejected = faulty.tables["rejected_contacts"]
    assert set(rejected["lead_key"]) == set(keys(told["id"], "", "lead"))
    assert rejected["reason"].eq("same_person_twice").all()


@pytest.mark.parametrize("column", ["industry", "lead_source"])
def test_every_other_spelling_of_an_attribute_is_mended_and_counted(faulty, sound, column):
    rule = f"{column}_spelling"
    told = faulty.told(CONTACTS, "t.contact_id AS id")
    told = set(keys(told.loc[told["fault"] == rule, "id"], "", "lead"))
    contacts = faulty.tables["primary_contacts"]
    is_named = contacts["mended"].fillna("").str.split(",").map(lambda names: rule in names)
    assert set(contacts.loc[is_named, "lead_key"]) == told & set(contacts["lead_key"])
    right = sound.tables["primary_contacts"].set_index("lead_key")[column]
    assert contacts.set_index("lead_key")[column].equals(right)


def test_void_bookings_are_told_from_calls_booked_and_no_outcome_is_rejected_but_of_nobody(faulty):
    rejected, clean = faulty.tables["rejected_outcomes"], faulty.tables["clean_outcomes"]
    told = faulty.told(BOOKINGS, "t.appointment_id AS id, t.created_at")
    void = told[(told["fault"] == "void_booking") & (told["created_at"] < faulty.as_of)]
    found = set(clean.loc[clean["outcome_type"] == "void_booking", "outcome_key"])
    assert found == set(keys(void["id"], "b:", "outcome")) - set(rejected["outcome_key"])
    assert set(rejected["reason"]) <= {"no_lead", "repeated_outcome_id"}


def test_booking_from_before_the_first_event_is_noted_and_no_other(faulty):
    told = faulty.told(BOOKINGS, "t.appointment_id AS id, t.created_at")
    told = told[(told["fault"] == "booking_before_first_event") & (told["created_at"] < faulty.as_of)]
    outcomes = faulty.tables["primary_outcomes"]
    early = outcomes.loc[outcomes["noted"].eq("outcome_before_first_event"), "outcome_key"]
    # A lead whose events were all lost with their enrolment or sender has no first event to be before.
    has_events = outcomes["lead_key"].isin(faulty.tables["primary_engagement_logs"]["lead_key"])
    planted = set(keys(told["id"], "b:", "outcome"))
    judged = planted & set(outcomes.loc[has_events, "outcome_key"])
    assert len(judged) > 0.9 * len(planted)
    assert judged <= set(early)
    # A lead whose first event was lost with its enrolment begins later than it did.
    assert len(early) <= len(told) + 2


def test_booking_under_the_outreach_id_only_is_its_leads_by_the_select(faulty, sound):
    told = faulty.told(BOOKINGS, "t.appointment_id AS id")
    told = set(keys(told.loc[told["fault"] == "booking_by_ghl_contact_only", "id"], "b:", "outcome"))
    found = faulty.tables["primary_outcomes"].set_index("outcome_key")["lead_key"]
    right = sound.tables["primary_outcomes"].set_index("outcome_key")["lead_key"]
    both = sorted(told & set(found.index) & set(right.index))
    assert both
    assert found[both].equals(right[both])


@pytest.mark.parametrize(
    ("fault", "table", "column"),
    [
        ("repeated_step_order", "education.campaign_steps", "step_id"),
        ("step_edited_in_place", "education.campaign_steps", "step_id"),
        ("step_without_prompt", "education.campaign_steps", "step_id"),
        ("retired_prompt", "education.prompt_templates", "prompt_id"),
        ("paused_campaign", "education.campaigns", "campaign_id"),
    ],
)
def test_drift_of_the_configuration_is_noted_where_it_was_planted(faulty, fault, table, column):
    known = "t.created_at < TIMESTAMP '{0}'" if fault != "retired_prompt" else "t.retired_at < TIMESTAMP '{0}'"
    told = faulty.told(table, f"t.{column} AS id, {known.format(faulty.as_of)} AS is_known")
    steps = faulty.tables["clean_campaign_steps"]
    noted = steps[steps["noted"].fillna("").str.split(",").map(lambda names: fault in names)]
    planted = set(told.loc[(told["fault"] == fault) & told["is_known"], "id"])
    assert planted
    assert planted <= set(noted[column])
    if fault == "repeated_step_order":  # both steps of a position are noted; the ledger names the one that moved
        assert noted["step_id"].nunique() == 2 * len(planted)
    else:
        assert set(noted[column]) == planted
    assert faulty.tables["rejected_campaign_steps"].empty


def test_world_without_faults_is_not_touched(sound):
    mended = sound.tables["primary_engagement_logs"]["mended"].dropna()
    assert set(mended) <= {"reply_quoted_thread"}  # people quote what they answer
    assert sound.tables["primary_contacts"]["mended"].isna().all()
    assert sound.tables["primary_outcomes"]["mended"].isna().all()
    assert sound.tables["rejected_contacts"].empty
    assert set(sound.tables["rejected_engagement_logs"]["reason"]) <= {"unknown_ghl_contact"}
    assert set(sound.tables["rejected_outcomes"]["reason"]) <= {"no_lead"}
    assert sound.tables["orphan_engagement_logs"].empty


SAME_WHATEVER_WAS_MENDED = [
    "lead_key", "org_id", "campaign_id", "sequence_variant", "enrolled_at", "channel", "direction", "outcome",
    "planned_wait_hours", "duration_seconds", "tags",
]  # fmt: skip


def test_entities_are_those_of_the_world_without_faults(faulty, sound):
    for name, key, columns in (
        ("primary_engagement_logs", "event_key", SAME_WHATEVER_WAS_MENDED),
        ("primary_outcomes", "outcome_key", ["lead_key", "outcome_type"]),
        ("primary_contacts", "lead_key", ["industry", "country", "seniority", "created_at", "crm_score"]),
    ):
        found, right = (world.tables[name].set_index(key) for world in (faulty, sound))
        both = found.index.intersection(right.index)
        assert len(both) > 0.98 * len(right)
        pd.testing.assert_frame_equal(found.loc[both, columns], right.loc[both, columns])
    assert set(faulty.tables["primary_contacts"]["lead_key"]) == set(sound.tables["primary_contacts"]["lead_key"])


def test_times_are_those_of_the_world_without_faults(faulty, sound):
    found, right = (world.tables["primary_engagement_logs"].set_index("event_key") for world in (faulty, sound))
    both = found.index.intersection(right.index)
    found, right = found.loc[both], right.loc[both]
    gap = (found["occurred_at"] - right["occurred_at"]).abs()
    is_sure = ~found["noted"].fillna("").str.contains("maybe_local_time")
    assert (gap[found["mended"].isna() & is_sure] == pd.Timedelta(0)).all()
    assert (gap[found["mended"].fillna("").str.contains("local_time|completed_before")] == pd.Timedelta(0)).all()
    # A mended time is the record's or the schedule's: minutes away, or hours where the record came late.
    assert (gap[is_sure] <= pd.Timedelta(hours=10)).all()
    assert (gap[is_sure] > pd.Timedelta(minutes=5)).sum() < 0.001 * len(gap)


def test_labels_are_those_of_the_world_without_faults_but_for_lost_firsts_and_early_bookings(faulty, sound):
    joined = sound.tables["labels"].merge(
        faulty.tables["labels"], on=["lead_key", "target"], how="outer", suffixes=("", "_found")
    )
    differs = joined[joined["state"].ne(joined["state_found"])]
    early = differs["reason_found"].eq("outcome_before_first_event")
    # A lead whose first event went with its enrolment or its sender begins later, or not at all.
    begins_later = differs["first_engaged_at_found"].isna() | (
        differs["first_engaged_at_found"] > differs["first_engaged_at"] + pd.Timedelta(minutes=5)
    )
    assert (early | begins_later).all()
    assert len(differs) < 0.01 * len(joined)
    # The window of a lead that begins later reaches further; no other lead gains a conversion.
    gained = differs["state"].eq("negative") & differs["state_found"].eq("positive")
    assert not (gained & ~begins_later).any()
