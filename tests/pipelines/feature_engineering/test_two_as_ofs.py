"""What a run found of a landmark, a later run of the same database finds again: from raw rows to features."""

from datetime import timedelta

import duckdb
import pandas as pd
import pytest
from configured import FEATURES as PARAMETERS
from configured import TARGETS
from engineered_worlds import primary_entities

from lead_conversion.contracts.features import FEATURES
from lead_conversion.pipelines.feature_engineering.features import compute_features
from lead_conversion.pipelines.feature_engineering.landmarks import place_landmarks
from lead_conversion.pipelines.feature_engineering.prompts import describe_prompts
from lead_conversion.pipelines.feature_engineering.rates import measure_rates
from lead_conversion.simulation import WorldSpec, truth_path_of, write_world

pytestmark = pytest.mark.no_cover
LANDMARK = ["lead_key", "landmark_hours", "landmark_at"]
SPEC = WorldSpec(seed=5, leads=1200, days=115, end="2026-05-15")
LATER = SPEC.end - timedelta(hours=36)
EARLIER = LATER - timedelta(days=25, hours=11)  # at night, before the day's imports are recorded
EDITED = EARLIER + timedelta(days=1)


def features_as_of(database, moment):
    """Features by landmark, and the attempts whose time an import is known to have written in local time."""
    tables, as_of = primary_entities(database, moment), {"snapshot_id": "s", "as_of": moment.isoformat()}
    connection = tables["primary_contacts"].get_backend()

    def keep(name, table):
        return connection.create_table(name, table)

    contacts, events = tables["primary_contacts"], tables["primary_engagement_logs"]
    steps = tables["clean_campaign_steps"]
    outcomes = tables["primary_outcomes"]
    landmarks = keep("landmarks", place_landmarks(contacts, as_of, TARGETS))
    rates = keep("rates", measure_rates(tables["labels"], contacts, events, outcomes, TARGETS, PARAMETERS))
    prompts = keep("prompts", describe_prompts(steps.to_pandas(), as_of, PARAMETERS))
    slices = compute_features(landmarks, contacts, events, outcomes, steps, prompts, rates, TARGETS, PARAMETERS)
    features = pd.concat([piece.to_pandas() for piece in slices])
    features = features[~features["is_scoring_row"]].set_index(LANDMARK)[[feature.name for feature in FEATURES]]
    shifts = tables["clean_shifts"].to_pandas()
    known = events.select("event_key", "lead_key", "occurred_at", "logged_at").to_pandas()
    return features, known.merge(shifts.loc[shifts["is_local_time"], ["event_key"]], on="event_key"), known


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    path = tmp_path_factory.mktemp("two_as_ofs") / "agency.duckdb"
    write_world(SPEC, path, truth_path_of(path))
    # Some steps are edited in place between the two runs, which moves the time at which they were made.
    with duckdb.connect(path) as database:
        database.execute("UPDATE education.campaign_steps SET created_at = ? WHERE step_id % 4 = 0", [EDITED])
    return features_as_of(path, EARLIER), features_as_of(path, LATER)


def test_later_run_finds_the_same_features_at_the_landmarks_of_the_earlier_one(runs):
    (earlier, earlier_shifts, _), (later, later_shifts, _) = runs
    # At 0 h a lead stands as it came in, before anybody knew of it.
    is_known = (later.index.get_level_values("landmark_hours") > 0) | later.index.isin(earlier.index)
    later = later[is_known & (later.index.get_level_values("landmark_at") <= EARLIER)]
    # More batches of an import tell better which were in local time: the only thing of the past that may be mended.
    shifts = pd.concat([earlier_shifts, later_shifts[later_shifts["logged_at"] < EARLIER]])
    leads = shifts.drop_duplicates("event_key", keep=False)["lead_key"].unique()
    assert len(leads) < 0.01 * earlier.index.get_level_values("lead_key").nunique()
    expected, found = (
        frame[~frame.index.get_level_values("lead_key").isin(leads)].sort_index() for frame in (earlier, later)
    )
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert len(expected) > 10_000


def test_some_events_had_happened_and_were_not_recorded_yet_at_the_earlier_run(runs):
    (*_, events) = runs[1]
    assert ((events["occurred_at"] < EARLIER) & (events["logged_at"] >= EARLIER)).any()
