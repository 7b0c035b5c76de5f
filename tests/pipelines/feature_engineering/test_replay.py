"""The replay finds features equal where they hold nothing of the future, and names those that do."""

from datetime import timedelta

import ibis
import pytest
from configured import FEATURES as PARAMETERS
from configured import TARGETS
from entity_rows import MOMENT, PRIMARY_CONTACT, key, rows
from feature_worlds import AS_OF, Engine, random_world
from ibis import _

from lead_conversion.contracts import documents
from lead_conversion.pipelines.feature_engineering import features as features_module
from lead_conversion.pipelines.feature_engineering import replay as replay_module
from lead_conversion.pipelines.feature_engineering.events import see_events
from lead_conversion.pipelines.feature_engineering.features import compute_features
from lead_conversion.pipelines.feature_engineering.rates import measure_rates
from lead_conversion.pipelines.feature_engineering.replay import cut_enrolments, replay_features

LEADS_A_MOMENT = 60


@pytest.fixture(scope="module")
def engine():
    """A world's tables, and its features."""
    engine = Engine(AS_OF)
    engine.features(random_world(11, leads=150))
    return engine


def replay(engine, features=None, leads=LEADS_A_MOMENT):
    tables = (engine.table(name) for name in ("landmarks", "contacts", "events", "steps", "outcomes", "prompts"))
    knobs = PARAMETERS.replay.model_copy(update={"moments": 2, "leads_a_moment": leads})
    features = engine.table("features") if features is None else features
    found = replay_features(features, *tables, TARGETS, PARAMETERS.model_copy(update={"replay": knobs}))
    documents.feature_replay.validate(found)
    return found


@pytest.fixture(scope="module")
def honest(engine):
    return replay(engine)


def test_features_that_hold_nothing_of_the_future_are_the_same_to_the_bit(honest):
    assert honest["differing"] == {}
    first, second = honest["moments"]
    assert first["moment"] < second["moment"]
    assert honest["landmarks"] == first["landmarks"] + second["landmarks"] > LEADS_A_MOMENT


def test_replayed_landmarks_have_histories_and_rates(engine, honest):
    last = ibis.literal(honest["moments"][-1]["moment"]).cast("timestamp(6)")
    near = engine.table("features").filter(_.landmark_at <= last, _.landmark_at > last - ibis.interval(days=3))
    found = near.to_pandas()
    assert (found["n_outbound"] > 0).any()
    assert found["campaign_rate"].notna().any()
    assert found["source_rate"].notna().any()


@pytest.mark.no_cover
def test_features_that_see_the_day_after_and_rates_known_before_windows_end_are_named(engine, monkeypatch):
    def see_a_day_ahead(landmarks, described, parameters):
        later = landmarks.mutate(landmark_at=_.landmark_at + ibis.interval(days=1))
        return see_events(later, described, parameters)

    def know_a_week_ahead(*given):
        week = ibis.interval(days=7)
        known = {name: _[name] - week for name in ("known_from_at", "known_until_at")}
        return measure_rates(*given).mutate(**known)

    monkeypatch.setattr(features_module, "see_events", see_a_day_ahead)
    monkeypatch.setattr(replay_module, "measure_rates", know_a_week_ahead)
    landmarks, contacts, events, steps, prompts, labels, outcomes = (
        engine.table(name) for name in ("landmarks", "contacts", "events", "steps", "prompts", "labels", "outcomes")
    )
    rates = know_a_week_ahead(labels, contacts, events, outcomes, TARGETS, PARAMETERS)
    (leaky,) = compute_features(landmarks, contacts, events, outcomes, steps, prompts, rates, TARGETS, PARAMETERS)
    named = replay(engine, ibis.memtable(leaky.to_pyarrow()))["differing"].keys()
    # No event of the lead's own moves the rate of its source, and no rate moves a count.
    assert {"n_outbound", "n_replies", "has_booked_call", "source_rate"} <= named
    assert not named & {"lead_source", "crm_score", "hours_since_engaged"}


def test_enrolment_at_the_landmark_or_after_it_is_not_there_in_the_replay():
    days = {"before": "2026-05-01", "at": "2026-05-02", "after": "2026-05-03"}
    enrolments = [
        {"lead_key": name, "enrolled_at": day, "enrolled_campaign_id": 3, "enrolled_variant": "B"}
        for name, day in days.items()
    ]
    described = [{"lead_key": name, "landmark_at": "2026-05-02"} for name in days]
    landmarks = rows({"lead_key": "string", "landmark_at": MOMENT}, *described)
    found = cut_enrolments(rows(PRIMARY_CONTACT, *enrolments), landmarks).to_pandas().set_index("lead_key")
    assert found.index.isin([key(name) for name in days]).all()
    kept = found[["enrolled_at", "enrolled_campaign_id", "enrolled_variant"]].notna()
    assert kept.all(axis=1).to_dict() == {key("before"): True, key("at"): False, key("after"): False}
    assert kept.any(axis=1).sum() == 1


def test_changed_value_and_missing_landmark_are_counted(engine, honest):
    last = ibis.literal(honest["moments"][-1]["moment"]).cast("timestamp(6)")
    features = engine.table("features")
    # A landmark a day on: by then the lead was known, so that it is among the last described.
    known = features.filter(_.landmark_at <= last, _.landmark_hours >= 24, ~_.is_scoring_row)
    leads = known.order_by(ibis.desc("landmark_at")).to_pandas()["lead_key"].unique()
    is_one, is_other = features.lead_key == leads[0], features.lead_key == leads[1]
    changed = features.mutate(n_clicked=ibis.ifelse(is_one, features.n_clicked + 1, features.n_clicked))
    found = replay(engine, changed.filter(~is_other))
    assert found["differing"]["n_clicked"] == 2
    assert found["differing"]["lead_source"] == 1
    assert len(found["differing"]) > 100


def test_nothing_to_replay_is_said_with_no_landmarks():
    engine = Engine(AS_OF - timedelta(days=400))
    engine.features(random_world(1, leads=3))
    assert replay(engine) == {"moments": [], "landmarks": 0, "differing": {}}
