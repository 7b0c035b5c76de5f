"""The features and rates of a random world against the same from scratch, in plain Python."""

import math
from dataclasses import asdict

import pandas as pd
import pytest
from feature_reference import Reference
from feature_worlds import Engine, random_world

from lead_conversion.contracts.features import FEATURES

pytestmark = pytest.mark.no_cover
LEADS = 500
# Summed from points in whole millionths; a point can be rounded the other way.
ROUNDED = {"engagement_score": 1e-6, "engagement_score_now": 1e-6, "engagement_trend": 1e-6}


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture(scope="module")
def world():
    return random_world(20_260_601, LEADS)


@pytest.fixture(scope="module")
def found(engine, world):
    return engine.features(world)


@pytest.fixture(scope="module")
def reference(engine, world, found):
    assert len(found) > LEADS
    labels = engine.read("labels").astype(object)
    return Reference(asdict(world) | {"labels": labels.where(labels.notna(), None).to_dict("records")})


@pytest.fixture(scope="module")
def expected(found, reference):
    moments = zip(found["lead_key"], found["landmark_at"], strict=True)
    return pd.DataFrame([reference.features(lead_key, at.to_pydatetime()) for lead_key, at in moments], dtype=object)


def test_reference_knows_every_feature_of_the_dictionary_and_no_other(expected):
    assert sorted(expected.columns) == sorted(feature.name for feature in FEATURES)


@pytest.mark.parametrize("name", [feature.name for feature in FEATURES])
def test_feature_is_what_the_reference_finds(found, expected, name):
    pairs = zip(found["lead_key"], found["landmark_hours"], expected[name], found[name], strict=True)
    wrong = [
        f"{name} of {lead_key} at {hours:g} h: expected {ours!r}, found {theirs!r}"
        for lead_key, hours, ours, theirs in pairs
        if not is_same(ours, theirs, ROUNDED.get(name, 1e-9))
    ]
    assert not wrong, f"{len(wrong)} of {len(found)} differ, among them\n" + "\n".join(wrong[:5])


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_world_exercises_the_feature(found, feature):
    values = found[feature.name]
    assert len(values.dropna().unique()) > 1
    can_be_missing = not feature.missing.startswith("never")
    is_missing = values.isin({"none", "unknown"}) if feature.kind == "categorical" else values.isna()
    assert is_missing.any() == can_be_missing


def test_labels_of_every_state_stand_behind_the_rates(reference):
    assert {label["state"] for label in reference.labels} == {"positive", "negative", "immature", "excluded"}


def test_rates_are_what_the_reference_finds_at_each_of_their_changes(engine, found, reference):
    assert not found.empty
    rates = engine.read("rates").sort_values(["kind", "name", "known_from_at"])
    moments = [moment.to_pydatetime() for moment in rates["known_from_at"]]
    known = list(zip(rates["kind"], rates["name"], moments, strict=True))
    assert known == reference.changes()
    expected = [reference.rate(*each) for each in known]
    assert rates["tried"].tolist() == [tried for tried, _reached, _rate in expected]
    assert rates["reached"].tolist() == [reached for _tried, reached, _rate in expected]
    assert rates["rate"].tolist() == pytest.approx([rate for _tried, _reached, rate in expected], rel=1e-12)


def is_same(expected, found, tolerance):
    """Whether both are missing, the same word, or numbers as close as the tolerance."""
    if expected is None or pd.isna(found):
        return expected is None and pd.isna(found)
    if isinstance(expected, str):
        return expected == found
    return math.isclose(expected, found, rel_tol=tolerance, abs_tol=tolerance)
