import json

import numpy as np
import pandas as pd
import pytest
from drift_worlds import DRIFT, make_leads, outcomes

from lead_conversion.contracts import documents, model_output
from lead_conversion.lifecycle.drift.reference import REFERENCE_FILE, to_parquet
from lead_conversion.pipelines.modelling.scoring import score_active_leads
from lead_conversion.pipelines.modelling.training import train_models
from lead_conversion.pipelines.modelling.watching import (
    check_drift,
    extend_score_history,
    gather_references,
    sample_references,
)

AS_OF = pd.Timestamp("2026-09-01T06:00:00")
LEADS = 800


def scoring_run(as_of=AS_OF, seed=0, version="champion"):
    """What a run at this as-of hands to the watch: examples, features, scores, all of active leads of t1."""
    rows = make_leads(LEADS, seed)
    keys = [f"{seed:016x}{number:016x}" for number in range(LEADS)]
    hours = np.linspace(1, 160, LEADS)
    engaged = as_of - pd.to_timedelta(hours, unit="h")
    examples = pd.DataFrame(
        {
            "lead_key": keys,
            "target": "t1",
            "landmark_hours": hours,
            "landmark_at": as_of,
            "first_engaged_at": engaged,
            "label": pd.array([pd.NA] * LEADS, dtype="Int64"),
            "split": "scoring",
            "campaign_id": pd.array([1] * LEADS, dtype="Int64"),
        }
    )
    features = rows.drop(columns="probability").assign(
        lead_key=keys, landmark_hours=hours, is_scoring_row=True, landmark_at=as_of
    )
    scored = pd.DataFrame(
        {
            "lead_key": keys,
            "target": "t1",
            "scored_at": as_of.as_unit("us"),
            "probability": rows["probability"],
            "model_version": version,
        }
    )
    return examples, features, scored


def check(references, run, history=None, labels=None, as_of=AS_OF):
    examples, features, scored = run
    history = extend_score_history(pd.DataFrame(), scored, DRIFT) if history is None else history
    labels = labels_of([], as_of, []) if labels is None else labels
    moment = {"as_of": as_of.isoformat(), "snapshot_id": "s"}
    found = check_drift(references, examples, features, scored, history, labels, moment, DRIFT, seed=1)
    return documents.drift.validate(found)


def labels_of(keys, ended_at, state):
    frame = pd.DataFrame({"lead_key": keys, "target": "t1", "window_end_at": ended_at, "state": state})
    return frame.astype({"lead_key": "str", "state": "str", "window_end_at": "datetime64[us]"})


def references_of(run, version="champion"):
    """The reference of a model that scored this run's leads as the run says."""
    examples, features, scored = run
    rows = examples.merge(features, on=["lead_key", "landmark_hours"]).merge(scored, on="lead_key")
    names = [name for name in make_leads(1) if name in rows]
    sample = rows[names].assign(target="t1", model_version=version, trained_at=scored["scored_at"].iloc[0])
    return model_output.references.validate(sample)


@pytest.fixture
def own(make_world, make_model, target, features, as_of):
    """A world, its own trained model, and the references of it."""
    world = make_world(1500)
    models = train_models(world.examples, world.feature_leads, {}, target, make_model("logistic"), 5, features=features)
    return world, models, sample_references(world.examples, world.feature_leads, models, as_of, DRIFT, seed=1)


def test_references_hold_what_the_model_read_and_said_and_no_key(own, as_of, target):
    world, models, references = own
    model_output.references.validate(references)
    active = world.examples[world.examples["split"] == "scoring"]
    assert len(references) == len(active)
    assert {"crm_score", "lead_source"} <= set(references)
    assert not {"lead_key", "first_engaged_at", "landmark_at"} & set(references)
    scored = score_active_leads(world.examples, world.feature_leads, models, {}, {}, as_of, target)
    assert sorted(references["probability"]) == pytest.approx(sorted(scored["probability"]))
    assert set(references["model_version"]) == set(scored["model_version"])


def test_samples_of_the_champions_are_gathered_as_they_were_registered(own):
    _world, _models, references = own
    champions = {"t1": {"files": {REFERENCE_FILE: to_parquet(references)}}, "t2": {"files": {}}}
    pd.testing.assert_frame_equal(gather_references(champions), references)
    assert gather_references({}).empty
    assert {"target", "model_version", "trained_at"} <= set(gather_references({}))


def test_references_are_the_same_for_any_order_of_rows(own, as_of):
    world, models, references = own
    shuffled = (world.examples.sample(frac=1, random_state=1), world.feature_leads.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(sample_references(*shuffled, models, as_of, DRIFT, seed=1), references)


def test_target_without_a_model_has_no_reference(own, as_of):
    world, *_rest = own
    none = {"t1": {"status": "not_enough_data", "models": {}, "chosen": "base_rate"}}
    assert sample_references(world.examples, world.feature_leads, none, as_of, DRIFT, seed=1).empty


def test_model_that_was_trained_in_the_run_itself_has_nothing_to_be_compared_with():
    run = scoring_run()
    found = check(references_of(run), run)["targets"]["t1"]
    assert (found["verdict"], found["trained_at"], found["checks"]) == ("steady", None, [])
    # True of a champion, too, that scores at the moment from which it was made.
    assert "nothing to compare with yet: the model that scored knows of no leads from an earlier" in found["message"]


def test_feature_that_only_the_champion_of_another_target_knows_says_nothing_of_this_one():
    week = pd.Timedelta(days=7)
    older = references_of(scoring_run(AS_OF - week, seed=1)).drop(columns="crm_score")
    newer = references_of(scoring_run(AS_OF - week, seed=3), version="newer").assign(target="t2")
    files = {name: {"files": {REFERENCE_FILE: to_parquet(one)}} for name, one in (("t1", older), ("t2", newer))}
    found = check(gather_references(files), scoring_run(seed=2))
    assert found["targets"]["t1"]["verdict"] == "steady"
    assert not [made for made in found["targets"]["t1"]["checks"] if "crm_score" in str(made)]


def test_leads_of_a_later_run_are_compared_with_those_of_the_training_run():
    week = pd.Timedelta(days=7)
    references = references_of(scoring_run(AS_OF - week, seed=1))
    steady = check(references, scoring_run(seed=2))
    assert steady["verdict"] == "steady"
    assert steady["targets"]["t1"]["trained_at"] == "2026-08-25T06:00:00"
    examples, features, scored = scoring_run(seed=2)
    changed = features.assign(site_visits_30d=features["site_visits_30d"] + 2)
    assert check(references, (examples, changed, scored))["verdict"] == "act"


def test_small_change_at_another_hour_of_the_week_is_taken_for_the_clocks():
    day = pd.Timedelta(days=1)
    references = references_of(scoring_run(AS_OF - day, seed=1))
    examples, features, scored = scoring_run(seed=2)
    little = features.assign(n_outbound=features["n_outbound"] + (np.arange(LEADS) % 2))
    found = check(references, (examples, little, scored))["targets"]["t1"]
    assert (found["same_clock"], found["verdict"]) == (False, "steady")
    gone = features.assign(n_outbound=0.0)
    assert check(references, (examples, gone, scored))["verdict"] == "act"


def test_another_target_s_and_another_model_s_leads_are_no_reference():
    references = references_of(scoring_run(AS_OF - pd.Timedelta(days=7), seed=1))
    for other in (references.assign(target="t2"), references.assign(model_version="the one before")):
        assert check(other, scoring_run())["targets"]["t1"]["trained_at"] is None


def test_scores_are_held_against_what_came_true_once_windows_are_over():
    earlier = AS_OF - pd.Timedelta(days=14)
    *_rest, scored = scoring_run(earlier, seed=1)
    history = extend_score_history(extend_score_history(pd.DataFrame(), scored, DRIFT), scoring_run()[2], DRIFT)
    state = np.where(outcomes(scored["probability"], thinned=0.3)["label"] == 1, "positive", "negative")
    over = labels_of(scored["lead_key"], AS_OF - pd.Timedelta(days=3), state)
    references = references_of(scoring_run(AS_OF - pd.Timedelta(days=7), seed=1))
    found = check(references, scoring_run(), history, over)["targets"]["t1"]
    assert found["mature_leads"] == LEADS
    assert ("calibration in the large", "act") in {(item["subject"], item["verdict"]) for item in found["checks"]}
    not_over = over.assign(window_end_at=AS_OF + pd.Timedelta(hours=1), state="immature")
    assert check(references, scoring_run(), history, not_over)["targets"]["t1"]["mature_leads"] == 0


def test_what_another_model_promised_is_not_held_against_this_one():
    earlier = AS_OF - pd.Timedelta(days=14)
    *_rest, scored = scoring_run(earlier, seed=1, version="the one before")
    history = extend_score_history(scored, scoring_run()[2], DRIFT)
    over = labels_of(scored["lead_key"], AS_OF - pd.Timedelta(days=3), "negative")
    found = check(references_of(scoring_run()), scoring_run(), history, over)["targets"]["t1"]
    assert found["mature_leads"] == 0


def test_history_keeps_each_run_s_scores_and_a_second_run_from_one_moment_changes_nothing():
    first = scoring_run(AS_OF - pd.Timedelta(days=1), seed=1)[2]
    second = scoring_run(seed=2)[2]
    once = extend_score_history(extend_score_history(pd.DataFrame(), first, DRIFT), second, DRIFT)
    model_output.score_history.validate(once)
    assert len(once) == 2 * LEADS
    pd.testing.assert_frame_equal(extend_score_history(once, second, DRIFT), once)


def test_history_forgets_scores_whose_days_are_over():
    old = scoring_run(AS_OF - pd.Timedelta(days=DRIFT.history_days), seed=1)[2]
    kept = extend_score_history(old, scoring_run()[2], DRIFT)
    assert set(kept["scored_at"]) == {AS_OF}


@pytest.mark.parametrize("before", [pd.DataFrame(), scoring_run(AS_OF - pd.Timedelta(days=1))[2]])
def test_run_that_scores_nobody_leaves_the_history_as_it_was(before):
    nobody = scoring_run()[2].head(0)
    assert len(extend_score_history(before, nobody, DRIFT)) == len(before)


def test_run_without_active_leads_is_steady():
    examples, features, scored = (frame.head(0) for frame in scoring_run())
    found = check(references_of(scoring_run()), (examples, features, scored))
    assert (found["verdict"], found["targets"]) == ("steady", {})


def test_the_document_is_the_same_for_any_order_of_rows():
    references = references_of(scoring_run(AS_OF - pd.Timedelta(days=7), seed=1))
    run = scoring_run(seed=2)
    shuffled = tuple(frame.sample(frac=1, random_state=3) for frame in run)
    found, again = check(references, run), check(references, shuffled)
    assert json.dumps(found, sort_keys=True) == json.dumps(again, sort_keys=True)
