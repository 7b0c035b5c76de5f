import json

import leakage as public
import numpy as np
import pandas as pd
import pytest

from lead_conversion.contracts import documents
from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.pipelines.modelling.leakage import audit_leakage
from lead_conversion.pipelines.modelling.parameters import AcceptedFeature

REPLAYED = {"moments": [], "landmarks": 500, "differing": {}}
TAGS = Feature("tags", "attribution", "categorical", "category", "What sales noted", "'none': nothing noted")
DURATION = Feature("duration", "interaction", "numeric", "seconds", "How long the last call was", "no call yet")
VISITS = Feature("visits", "attribution", "numeric", "visits", "Site visits", "not tracked")


@pytest.fixture
def honest(make_world, features):
    """A world in which three features tell who books, each a little; and its features."""

    def make(leads=3000, seed=0):
        world = make_world(leads, seed=seed)
        rng = np.random.default_rng(seed + 100)
        interest = (world.feature_leads["crm_score"] - 50) / 20
        world.feature_leads["crm_score"] += rng.normal(0, 40, len(interest))
        world.feature_leads["visits"] = rng.poisson(np.exp(0.4 * interest))
        world.feature_leads["open_share"] += 0.3 * interest
        return world, [*features, VISITS]

    return make


@pytest.fixture
def audit(target, make_model, leakage):
    def run(world, features, replay=REPLAYED, **changes):
        accepted = leakage.model_copy(update=changes)
        audited = audit_leakage(
            world.examples, world.feature_leads, replay, target, make_model(), accepted, features=features
        )
        documents.leakage_audit.validate(audited)
        return audited["targets"]["t1"]

    return run


def named(audited):
    return {suspect["feature"]: {reason["check"] for reason in suspect["reasons"]} for suspect in audited["suspects"]}


def won(world):
    return world.feature_leads["lead_key"].map(world.labels.set_index("lead_key")["state"] == "positive").to_numpy()


def plant_tags(world, share=0.9, seed=0):
    """What sales notes once the outcome is known: mostly of winners, one tag for each outcome."""
    rng, is_won = np.random.default_rng(seed), won(world)
    lost = np.where(rng.random(is_won.size) < 0.3, "ringing", "none")
    tags = np.where(is_won, np.where(rng.random(is_won.size) < share, "will revert", "none"), lost)
    world.feature_leads["tags"] = tags


def plant_duration(world, seed=0):
    """Known only after the call in which the lead decides: longer where it says yes, AUC about 0.82."""
    rng, is_won = np.random.default_rng(seed), won(world)
    world.feature_leads["duration"] = np.exp(rng.normal(5, 0.8, is_won.size) + 1.05 * is_won)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_named_in_an_honest_world(honest, audit, seed):
    audited = audit(*honest(seed=seed))
    assert (audited["suspects"], audited["open_suspects"]) == ([], 0)
    assert {figure["feature"] for figure in audited["features"]} >= {"crm_score", "lead_source", "visits"}


def test_tags_that_sales_fill_in_after_the_outcome_are_named(honest, audit):
    world, features = honest()
    plant_tags(world)
    assert named(audit(world, [*features, TAGS])) == {"tags": {"auc", "missing_auc", "winners_value"}}


def test_column_that_few_winners_and_no_others_have_is_named(honest, audit):
    world, features = honest()
    is_won = won(world)
    world.feature_leads["visits"] = np.where(is_won & (world.feature_leads["crm_score"] > 90), 1.0, np.nan)
    audited = audit(world, features)
    assert named(audited) == {"visits": {"winners_value"}}
    (suspect,) = audited["suspects"]
    assert "'any value'" in suspect["reasons"][0]["words"] or "'1'" in suspect["reasons"][0]["words"]


def test_gaps_of_losers_are_named(honest, audit):
    world, features = honest()
    rng, is_won = np.random.default_rng(0), won(world)
    gone = ~is_won & (rng.random(is_won.size) < 0.5)
    world.feature_leads.loc[gone, "visits"] = np.nan
    assert "missing_auc" in named(audit(world, features))["visits"]


@pytest.mark.parametrize(
    ("family", "reasons"), [("conversion", {}), ("timing", {"hours_since_stage": {"missing_auc"}})]
)
def test_earlier_stage_that_many_winners_came_through_is_no_suspect(honest, audit, family, reasons):
    world, features = honest()
    rng, is_won = np.random.default_rng(0), won(world)
    came = rng.random(is_won.size) < np.where(is_won, 0.55, 0.15)
    world.feature_leads["hours_since_stage"] = np.where(came, rng.exponential(50, is_won.size), np.nan)
    stage = Feature("hours_since_stage", family, "numeric", "hours", "Time since a call was booked", "none yet")
    assert named(audit(world, [*features, stage])) == reasons


def test_duration_that_no_other_feature_makes_up_for_is_named(honest, audit):
    world, features = honest()
    plant_duration(world)
    audited = audit(world, [*features, DURATION])
    assert named(audited) == {"duration": {"added_auc"}}
    auc = next(figure["auc"] for figure in audited["features"] if figure["feature"] == "duration")
    assert auc["value"] == pytest.approx(0.82, abs=0.03)


def test_neither_a_second_leak_nor_the_same_in_minutes_hides_a_duration(honest, audit):
    world, features = honest()
    plant_tags(world)
    plant_duration(world)
    world.feature_leads["visits"] = world.feature_leads["duration"] / 60
    assert named(audit(world, [*features, TAGS, DURATION])).keys() == {"tags", "duration", "visits"}


def test_strong_feature_that_others_make_up_for_is_not_named(honest, audit):
    world, features = honest()
    plant_duration(world)
    rng = np.random.default_rng(9)
    # The same known through three others, each with its own noise: so are real things known.
    hidden = np.log(world.feature_leads["duration"])
    others = [Feature(f"o{n}", "attribution", "numeric", "points", "Other", "never missing") for n in range(3)]
    for other in others:
        world.feature_leads[other.name] = hidden + rng.normal(0, 0.3, len(hidden))
    assert named(audit(world, [*features, DURATION, *others])) == {}


def test_feature_that_no_lead_has_tells_nothing_and_is_not_named(honest, audit):
    world, features = honest()
    world.feature_leads["visits"] = np.nan
    audited = audit(world, features)
    (figure,) = (figure for figure in audited["features"] if figure["feature"] == "visits")
    assert figure["auc"]["value"] == figure["missing_auc"]["value"] == 0.5
    assert named(audited) == {}


def test_accepted_suspect_is_listed_with_its_reason_and_no_longer_counts(honest, audit):
    world, features = honest()
    plant_duration(world)
    reason = "the call before the landmark, not the one that decides"
    audited = audit(world, [*features, DURATION], accepted=(AcceptedFeature(feature="duration", reason=reason),))
    (suspect,) = audited["suspects"]
    assert (suspect["feature"], suspect["accepted"], audited["open_suspects"]) == ("duration", reason, 0)


def test_feature_that_the_replay_does_not_give_is_named_and_cannot_be_accepted(honest, audit):
    world, features = honest()
    accepted = (AcceptedFeature(feature="n_replies", reason="somebody says that it is fine"),)
    audited = audit(world, features, REPLAYED | {"differing": {"n_replies": 3}}, accepted=accepted)
    assert named(audited) == {"n_replies": {"replay"}}
    assert audited["open_suspects"] == 1


def test_accepted_name_that_is_no_feature_is_refused(honest, audit):
    world, features = honest(leads=300)
    with pytest.raises(ConfigurationError, match=r"leakage\.accepted asks for feature 'crm_scores'.*'crm_score'"):
        audit(world, features, accepted=(AcceptedFeature(feature="crm_scores", reason="a reason long enough"),))


def test_holdout_is_not_looked_at(honest, audit):
    world, features = honest()
    expected = audit(world, features)
    held = set(world.examples.loc[world.examples["split"] == "holdout", "lead_key"])
    is_held = world.feature_leads["lead_key"].isin(held)
    world.feature_leads.loc[is_held, "visits"] = won(world)[is_held].astype(float)
    assert audit(world, features) == expected


@pytest.mark.parametrize("replay", [REPLAYED, REPLAYED | {"landmarks": 0}], ids=["few_winners", "nothing_replayed"])
def test_what_cannot_be_judged_has_no_figure(honest, audit, replay):
    audited = audit(*honest(leads=60 if replay is REPLAYED else 3000), replay)
    assert audited["open_suspects"] is None
    assert audited["message"].startswith("Not judged")


def test_audit_is_json_and_the_same_for_any_order_of_its_inputs(honest, audit):
    world, features = honest()
    plant_duration(world)
    expected = json.dumps(audit(world, [*features, DURATION]), allow_nan=False)
    shuffled = type(world)(
        world.labels,
        world.contacts,
        world.feature_leads.sample(frac=1, random_state=1),
        world.examples.sample(frac=1, random_state=2),
    )
    assert json.dumps(audit(shuffled, [*features, DURATION])) == expected


@pytest.mark.skipif(
    not public.BANK.is_file(),
    reason="Bank marketing is not there: set CORY_BANK_FOLDER to a folder with UCI's bank-additional-full.csv.gz",
)
@pytest.mark.no_cover
@pytest.mark.parametrize("period", [slice(20_000), slice(-20_000, None)], ids=["first", "last"])
def test_bank_marketing_with_duration_in_names_duration_and_nothing_without(period):
    bank = public.read_bank()[period]
    assert named(public.audit_table(bank)).keys() == {"duration"}
    assert named(public.audit_table(bank.drop(columns="duration"))) == {}


@pytest.mark.skipif(
    not public.OLIST_LEADS.is_file(),
    reason="Olist's files are not there: set CORY_OLIST_FOLDER to a folder with Kaggle's marketing-funnel-olist",
)
def test_olist_names_the_columns_of_the_deal_and_none_of_the_lead():
    olist = public.read_olist()
    found = named(public.audit_table(olist)).keys()
    assert found == {
        "business_segment", "lead_type", "lead_behaviour_profile", "business_type", "declared_monthly_revenue"
    }  # fmt: skip
    assert pd.Index(["landing_page_id", "origin"]).isin(olist.columns).all()
