"""Features know nothing of what comes at or after their landmark, nor of how the rows were stored."""

from copy import deepcopy
from datetime import timedelta

import pandas as pd
import pytest
from agent_cory_rows import LOG, make_database, selects
from configured import CLEAN, TARGETS
from configured import FEATURES as PARAMETERS
from entity_rows import RAW_CONTACT, key, rows
from feature_worlds import (
    AS_OF,
    Draw,
    Engine,
    World,
    random_contact,
    random_event,
    random_outcome,
    random_prompt,
    random_world,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lead_conversion.contracts import feature_layer
from lead_conversion.contracts.features import FEATURES
from lead_conversion.contracts.source_entities import SOURCE_ENTITIES
from lead_conversion.pipelines.data_engineering.clean import clean_contacts
from lead_conversion.pipelines.data_engineering.people import find_people
from lead_conversion.source.duckdb_source import DuckDBSource

WORLD = random_world(4, leads=60)
ENGAGED = {lead["lead_key"]: lead["first_engaged_at"] for lead in WORLD.contacts if lead["first_engaged_at"]}
SETTLING = timedelta(hours=PARAMETERS.settling_hours)
_NAME, FIRST = next(iter(TARGETS.items()))


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture(scope="module")
def found(engine):
    return engine.features(WORLD)


def is_later(row, cut):
    return row["occurred_at"] >= cut or row["logged_at"] >= cut


def later_moments(draw, cut, engaged_at):
    """When something of an engaged lead happened and was recorded, of which at least one is at or after the cut."""
    start = max(cut, engaged_at)
    later = draw.one((start, start + timedelta(hours=draw.whole(0, 150))))
    if draw.chance(0.3):
        return {"occurred_at": later, "logged_at": cut - timedelta(hours=1)}  # as by a clock that was wrong
    happened = draw.one((later, cut - timedelta(seconds=1), engaged_at))
    return {"occurred_at": max(happened, engaged_at), "logged_at": later}


def change_later(entity, draw, cut, random_row):
    """Everything about a row but its key and lead may change, and its times to other later ones."""

    def change(row):
        keys = {name: row[name] for name in row if name.endswith("_key")}
        moments = later_moments(draw, cut, ENGAGED.get(row["lead_key"], cut))
        return random_row(draw, row["lead_key"], "x", cut) | keys | moments

    return [change(row) if is_later(row, cut) and draw.chance(0.7) else row for row in entity]


def add_later(entity, draw, cut, random_row):
    hours = [timedelta(hours=hours) for hours in TARGETS.landmarks_hours]
    described = [lead for lead, engaged_at in ENGAGED.items() if cut - engaged_at in hours]
    leads = [draw.one(sorted(ENGAGED)) for _ in range(draw.whole(5, 30))] + described * 5
    return entity + [
        random_row(draw, lead_key, f"new{number}", cut) | later_moments(draw, cut, ENGAGED[lead_key])
        for number, lead_key in enumerate(leads)
    ]


def delete_later(entity, draw, cut):
    return [row for row in entity if not is_later(row, cut) or draw.chance(0.5)]


def change_events(world, draw, cut):
    return replaced(world, events=change_later(world.events, draw, cut, random_event))


def add_events(world, draw, cut):
    return replaced(world, events=add_later(world.events, draw, cut, random_event))


def delete_events(world, draw, cut):
    return replaced(world, events=delete_later(world.events, draw, cut))


def change_outcomes(world, draw, cut):
    return replaced(world, outcomes=change_later(world.outcomes, draw, cut, random_outcome))


def add_outcomes(world, draw, cut):
    return replaced(world, outcomes=add_later(world.outcomes, draw, cut, random_outcome))


def delete_outcomes(world, draw, cut):
    return replaced(world, outcomes=delete_later(world.outcomes, draw, cut))


def change_unsettled(world, draw, cut):
    """What becomes of attempts that are not settled yet, as the source changes it in place."""
    events = deepcopy(world.events)
    for event in events:
        is_call = event["channel"] == "voice"
        settled_at = event["occurred_at"] + (timedelta(seconds=event["duration_seconds"] or 0) if is_call else SETTLING)
        is_attempt = event["direction"] == "outbound" and event["outcome"] != "skipped"
        if is_attempt and (settled_at >= cut if is_call else settled_at > cut):
            event["outcome"] = draw.one(("connected", "voicemail", "no_answer") if is_call else ("clicked", "failed"))
    return replaced(world, events=events)


def change_enrolments(world, draw, cut):
    """Those who were not enrolled yet may be, later."""

    def enrol(contact):
        later = {"enrolled_at": cut + timedelta(hours=draw.whole(0, 90)), "enrolled_campaign_id": draw.whole(1, 4)}
        return contact | later | {"enrolled_variant": draw.one(("A", "B"))}

    def was_enrolled(contact):
        return contact["enrolled_at"] is not None and contact["enrolled_at"] < cut

    return replaced(world, contacts=[lead if was_enrolled(lead) else enrol(lead) for lead in world.contacts])


def write_prompts(world, draw, cut):
    """Prompts that there were attempts with and no text of are written, later."""
    written = {prompt["prompt_id"] for prompt in world.prompts}
    unwritten = sorted({event["prompt_id"] for event in world.events} - written - {None})
    later = {"prompt_created_at": cut + timedelta(hours=draw.whole(0, 90))}
    return replaced(world, prompts=world.prompts + [random_prompt(draw, each) | later for each in unwritten])


CHANGES = (
    change_events, add_events, delete_events, change_outcomes, add_outcomes, delete_outcomes, change_unsettled,
    change_enrolments, write_prompts,
)  # fmt: skip


def replaced(world, **entities):
    return World(**vars(world) | entities)


def assert_same(found, expected):
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True), check_exact=True)


@pytest.mark.no_cover
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    landmark=st.floats(0, 1),
    seed=st.integers(0, 10_000),
    changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=len(CHANGES), unique=True),
)
def test_nothing_at_or_after_a_landmark_changes_a_feature_there_or_earlier_of_any_lead(
    engine, found, landmark, seed, changes
):
    landmarks = found["landmark_at"].sort_values(ignore_index=True)
    cut = landmarks[int(landmark * (len(landmarks) - 1))].to_pydatetime()
    world = WORLD
    for change in changes:
        world = change(world, Draw(seed), cut)
    changed = engine.features(world)
    assert_same(changed[changed["landmark_at"] <= cut], found[found["landmark_at"] <= cut])


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_of_these_changes_does_change_features_after_the_landmark(engine, found, change):
    cut = found["landmark_at"].sort_values().iloc[len(found) // 2].to_pydatetime()
    changed = engine.features(change(WORLD, Draw(2), cut))
    assert not changed[changed["landmark_at"] > cut].equals(found[found["landmark_at"] > cut])


def test_own_outcome_changes_no_rate_nor_anything_else_of_a_lead_but_that_it_was_reached(engine, found):
    milestones = ["has_booked_call", "hours_since_booked"]
    # Leads late enough for rates to be known, and described after the end of their own window.
    is_over = found["landmark_hours"] > FIRST.window_hours + 24
    leads = found.loc[is_over & found["source_rate"].notna() & found["campaign_rate"].notna(), "lead_key"].unique()
    assert len(leads) > 3
    for lead_key in leads[:4]:
        others = [outcome for outcome in WORLD.outcomes if outcome["lead_key"] != lead_key]
        booked_at = ENGAGED[lead_key] + timedelta(hours=2)
        own = {"outcome_key": key("own"), "lead_key": lead_key, "outcome_type": FIRST.outcome}
        own |= {"occurred_at": booked_at, "logged_at": booked_at}
        booked, not_booked = (
            engine.features(replaced(WORLD, outcomes=outcomes)) for outcomes in ([*others, own], others)
        )
        is_own = found["lead_key"] == lead_key
        assert_same(booked[is_own].drop(columns=milestones), not_booked[is_own].drop(columns=milestones))
        assert booked.loc[is_own, "has_booked_call"].sum() > 0
        assert not booked.equals(not_booked)


@pytest.mark.no_cover
def test_neither_the_order_of_rows_nor_the_number_of_threads_changes_a_bit():
    world = random_world(5, leads=250)
    expected = Engine(threads=1).features(world)
    threaded = Engine(threads=4)
    # Tables of this size would otherwise be one thread's work.
    threaded.database.raw_sql("PRAGMA verify_parallelism")
    draw = Draw(6)
    shuffled = World(**{name: draw.shuffled(entity) for name, entity in vars(world).items()})
    assert_same(threaded.features(shuffled), expected)


def test_lead_without_event_before_the_landmark_has_defined_features(engine):
    draw, engaged_at = Draw(7), AS_OF - timedelta(days=3)
    contact = random_contact(draw, key("l"), engaged_at, engaged_at)
    late = random_event(draw, key("l"), "e", AS_OF) | {"occurred_at": AS_OF, "logged_at": AS_OF}
    found = engine.features(World(contacts=[contact], events=[late]))
    list(feature_layer.leads.validate([engine.table("features")]))
    assert found["landmark_hours"].tolist() == [0, 1, 24, 72, 72]
    for feature in FEATURES:
        if feature.unit in {"events", "steps"}:
            assert found[feature.name].eq(0).all(), feature.name
        if feature.missing.startswith(("never", "'")):
            assert found[feature.name].notna().all(), feature.name


def test_state_of_now_changes_no_feature(engine, found):
    contacts = [
        contact | {"is_opted_out_now": not contact["is_opted_out_now"], "opted_out_at": AS_OF - timedelta(days=90)}
        for contact in WORLD.contacts
    ]
    assert_same(engine.features(replaced(WORLD, contacts=contacts)), found)


def test_state_of_now_at_the_source_is_read_as_opted_out_and_nothing_else(tmp_path):
    before = entities_of_source(tmp_path / "before.duckdb")
    after = entities_of_source(
        tmp_path / "after.duckdb", qualification_status="customer", opted_out=True, updated_at="2026-05-01"
    )
    changed = [
        (entity, name)
        for entity in SOURCE_ENTITIES
        for name in before[entity].columns
        if not before[entity][name].equals(after[entity][name])
    ]
    assert changed == [("contacts", "opted_out")]


def entities_of_source(path, **now):
    tables = {
        "education.contacts": [{"contact_id": 1, "ghl_contact_id": "g1", **now}],
        "education.campaigns": [{"campaign_id": 1}],
        "education.campaign_steps": [{"step_id": 1}],
        "education.prompt_templates": [{"prompt_id": 1}],
        "education.campaign_enrollments": [{"enrollment_id": 1}],
        "education.campaign_activities": [{"activity_id": 5, "step_id": 1, "prompt_id": 1}],
        LOG: [{"message_id": "m", "ghl_contact_id": "g1", "body": "Yes"}],
        "education.booking_appointments": [{"appointment_id": 1, "contact_id": 1}],
        "education.contact_status_history": [{"status_id": 1, "new_status": "qualified"}],
    }
    source = DuckDBSource(make_database(path, tables), selects())
    read = {entity: [batch.to_pandas() for batch in source.stream(entity, AS_OF, None)] for entity in SOURCE_ENTITIES}
    assert all(frame.size for frames in read.values() for frame in frames)
    return {entity: pd.concat(frames) for entity, frames in read.items()}


def test_opt_out_of_now_stays_in_its_own_column_when_contacts_are_cleaned():
    contacts = [{"lead_key": name, "email_key": "e", "opted_out": False} for name in "ab"]
    then = rows(RAW_CONTACT, *contacts)
    now = rows(RAW_CONTACT, contacts[0], contacts[1] | {"opted_out": True})
    before, after = (
        clean_contacts(raw, find_people(raw, CLEAN), {"as_of": AS_OF.isoformat()})["clean_contacts"].to_pandas()
        for raw in (then, now)
    )
    assert (before["is_opted_out_now"].tolist(), after["is_opted_out_now"].tolist()) == ([False], [True])
    of_now = ["is_opted_out_now", "mended"]
    assert_same(after.drop(columns=of_now), before.drop(columns=of_now))
