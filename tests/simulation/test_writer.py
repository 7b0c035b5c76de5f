import duckdb
import pytest

from lead_conversion.simulation import WorldSpec, personal_values, spec, truth_path_of, write_world
from lead_conversion.simulation import people as people_module

TABLES = (
    "SELECT table_catalog, table_schema || '.' || table_name FROM information_schema.tables "
    "WHERE table_type = 'BASE TABLE' ORDER BY ALL"
)


@pytest.fixture(autouse=True)
def _short_batches(monkeypatch):
    monkeypatch.setattr(spec, "LEADS_A_BATCH", 120)
    monkeypatch.setattr(people_module, "LEADS_A_BATCH", 120)


def rows_of(path):
    with duckdb.connect(path, read_only=True) as connection:
        tables = [table for _, table in connection.execute(TABLES).fetchall()]
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def write(folder, **knobs):
    folder.mkdir(exist_ok=True)
    path = folder / "a.duckdb"
    return write_world(
        WorldSpec(**{"leads": 230, "days": 90, "campaigns": 2, "steps": 5} | knobs), path, truth_path_of(path)
    )


def test_the_same_spec_writes_the_same_rows_in_the_same_order(tmp_path):
    one, two = write(tmp_path / "one"), write(tmp_path / "two")
    assert rows_of(one.path) == rows_of(two.path)
    first, second = rows_of(one.truth_path), rows_of(two.truth_path)
    assert {t: repr(r) for t, r in first.items()} == {t: repr(r) for t, r in second.items()}


def test_another_seed_is_another_world(tmp_path):
    one, two = write(tmp_path / "one"), write(tmp_path / "two", seed=8)
    assert rows_of(one.path)["education.contacts"] != rows_of(two.path)["education.contacts"]


def test_the_summary_counts_what_is_there(tmp_path):
    summary = write(tmp_path)
    assert dict(summary.rows) == {table: len(rows) for table, rows in rows_of(summary.path).items()}


def test_ids_are_unique_across_batches(tmp_path):
    summary = write(tmp_path)
    with duckdb.connect(summary.path, read_only=True) as connection:
        for table, key in (
            ("contacts", "contact_id"),
            ("campaign_enrollments", "enrollment_id"),
            ("campaign_activities", "activity_id"),
            ("booking_appointments", "appointment_id"),
            ("contact_status_history", "status_id"),
        ):
            doubles = f"SELECT count(*) - count(DISTINCT {key}) FROM education.{table}"
            assert connection.execute(doubles).fetchone() == (0,)


def test_progress_tells_the_batches(tmp_path):
    told = []
    path = tmp_path / "a.duckdb"
    write_world(
        WorldSpec(leads=300, days=60, campaigns=2, steps=4), path, truth_path_of(path), lambda *done: told.append(done)
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


class PowerCutError(Exception):
    """Stands for the power going off."""


def test_a_killed_run_leaves_no_world_and_the_next_one_clears_up(tmp_path):
    path = tmp_path / "a.duckdb"

    def kill(_done, _all):
        raise PowerCutError

    with pytest.raises(PowerCutError):
        write_world(WorldSpec(leads=300, days=60, campaigns=2, steps=4), path, truth_path_of(path), kill)
    assert not path.exists()
    assert not truth_path_of(path).exists()
    left_over = tmp_path / "a.duckdb.unfinished.tmp"
    left_over.mkdir()
    (left_over / "block").touch()

    write_world(WorldSpec(leads=120, days=60, campaigns=2), path, truth_path_of(path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.duckdb", "a.truth.duckdb"]


def test_a_killed_run_leaves_the_world_of_before_as_it_was(tmp_path):
    before = write(tmp_path)
    rows = rows_of(before.path)

    def kill(_done, _all):
        raise PowerCutError

    with pytest.raises(PowerCutError):
        write_world(WorldSpec(leads=300, seed=9, campaigns=2), before.path, before.truth_path, kill)
    assert rows_of(before.path) == rows


def test_a_team_that_has_just_begun_has_a_world_too(tmp_path):
    summary = write(tmp_path, leads=26)
    assert summary.rows["education.contacts"] >= 26
    assert summary.rows["education.campaign_activities"] > 26


def test_a_world_of_one_campaign_and_few_steps_can_be_written(tmp_path):
    summary = write(tmp_path, leads=120, campaigns=1, steps=3)
    assert summary.rows["education.campaigns"] == 1


def test_outbound_messages_are_the_prompts_with_the_leads_own_details(clean_world):
    bodies = clean_world.ask(
        "SELECT count(*), count(*) FILTER (m.body LIKE '%' || c.first_name || '%'), "
        "count(*) FILTER (m.body LIKE '%{%') "
        "FROM dbo.Education_Cory_Communication_Log AS m JOIN education.contacts AS c USING (ghl_contact_id) "
        "WHERE m.direction = 'outbound'"
    )
    total, named, unfilled = bodies[0]
    assert total == named > 1000
    assert unfilled == 0


def test_rates_are_those_of_an_agency_that_does_well(clean_world):
    shares = clean_world.ask_truth(
        "SELECT avg(reached_t1::INT), avg(reached_t2::INT), avg(reached_t3::INT) FROM leads WHERE landmark_hours = 0"
    )[0]
    assert 0.09 < shares[0] < 0.18
    assert 0.05 < shares[1] < 0.11
    assert 0.03 < shares[2] < 0.08


def test_the_database_shows_the_outcomes_that_the_truth_tells(clean_world):
    mature = clean_world.summary.spec.end
    booked = clean_world.ask(
        "WITH f AS (SELECT e.contact_id, min(coalesce(a.completed_at, a.created_at)) AS t FROM "
        "education.campaign_activities AS a JOIN education.campaign_enrollments AS e USING (enrollment_id) "
        "WHERE a.outcome <> 'skipped' GROUP BY 1) "
        "SELECT contact_id FROM f JOIN education.booking_appointments AS b USING (contact_id) "
        f"WHERE b.created_at < f.t + INTERVAL 7 DAY AND f.t < TIMESTAMP '{mature}' - INTERVAL 8 DAY "
    )
    told = clean_world.ask_truth(
        f"SELECT contact_id FROM leads WHERE landmark_hours = 0 AND reached_t1 AND landmark_at < TIMESTAMP '{mature}' "
        "- INTERVAL 8 DAY"
    )
    # Those who wrote in before anything was sent were engaged earlier than their first activity.
    assert len(set(booked) ^ set(told)) <= 0.03 * len(told)


def test_the_worlds_own_personal_values_can_be_listed(clean_world):
    values = set(personal_values(clean_world.path))
    email, phone, name = clean_world.ask(
        "SELECT email, phone, first_name || ' ' || last_name FROM education.contacts "
        "WHERE email IS NOT NULL AND phone IS NOT NULL LIMIT 1"
    )[0]
    assert {email, phone, name} <= values


def test_world_without_effects_is_written_though_a_lead_booked_that_nobody_wrote_to(tmp_path):
    world = WorldSpec(leads=240, seed=4, days=60, null_world=True, fault_rate=10)
    path = tmp_path / "world.duckdb"
    write_world(world, path, truth_path_of(path))
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM education.booking_appointments").fetchone()[0] > 0
