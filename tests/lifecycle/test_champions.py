from typing import Any

import pytest
from lineages import RECIPE, TARGET, lineage

from lead_conversion.contracts.features import Feature
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.kernel.targets import Targets
from lead_conversion.lifecycle.champions import fault_of, learned_until, require_champions, unseen_from

TARGETS = Targets(root={"t1": TARGET, "t2": TARGET})
SCORE = Feature("crm_score", "attribution", "numeric", "points of 100", "The CRM's own score", "not scored")
REPLIES = Feature("n_replies", "interaction", "numeric", "events", "Replies received", "never missing")


def champion(*features: Feature, **changes: Any) -> dict[str, Any]:
    read = [
        {"name": feature.name, "kind": feature.kind, "unit": feature.unit} for feature in features or (SCORE, REPLIES)
    ]
    return {"version": "3", "model": {"features": read}, "lineage": lineage(**changes), "files": {}}


def test_champion_of_the_features_and_the_target_of_today_can_score():
    assert fault_of(champion(), TARGET, RECIPE, [SCORE, REPLIES]) == ""


def test_feature_that_the_champion_does_not_read_may_have_come_in():
    assert fault_of(champion(SCORE), TARGET, RECIPE, [SCORE, REPLIES]) == ""


def test_champion_that_reads_a_feature_that_is_gone_cannot_score():
    assert "does not have: n_replies" in fault_of(champion(), TARGET, RECIPE, [SCORE])


@pytest.mark.parametrize("change", [{"kind": "categorical"}, {"unit": "share"}])
def test_champion_that_reads_a_feature_that_means_something_else_cannot_score(change):
    changed = Feature(**{**vars(REPLIES), **change})
    assert "something else by now: n_replies" in fault_of(champion(), TARGET, RECIPE, [SCORE, changed])


def test_champion_of_features_made_in_another_way_cannot_score_and_the_settings_are_named():
    now = {**RECIPE, "embeddings": "all-minilm-l6-v2", "engagement": {"half_life_hours": 24}}
    assert fault_of(champion(), TARGET, now, [SCORE, REPLIES]) == (
        "its features were made with features.embeddings=None, features.engagement.half_life_hours=72, and are made "
        "with features.embeddings=all-minilm-l6-v2, features.engagement.half_life_hours=24 now"
    )


def test_champion_from_before_recipes_were_kept_can_score():
    old = champion()
    del old["lineage"]["feature_recipe"]
    assert fault_of(old, TARGET, RECIPE, [SCORE, REPLIES]) == ""


@pytest.mark.parametrize("change", [{"window_days": 14}, {"outcome": "qualified"}])
def test_champion_of_a_target_that_meant_something_else_cannot_score(change):
    fault = fault_of(champion(), TARGET.model_copy(update=change), RECIPE, [SCORE, REPLIES])
    assert "call_booked within 7 days" in fault


def test_champion_whose_lineage_does_not_say_what_it_predicts_cannot_score():
    assert "what is not recorded" in fault_of(champion(target_definition=None), TARGET, RECIPE, [SCORE, REPLIES])


def test_every_target_needs_a_champion_and_the_command_that_does_without_is_named():
    with pytest.raises(AccessError, match=r"No champion for t2: .*--params target=t1"):
        require_champions({"t1": champion()}, TARGETS, RECIPE, [SCORE, REPLIES])
    both = {"t1": champion(), "t2": champion(), "t3": champion()}
    assert require_champions(both, TARGETS, RECIPE, [SCORE, REPLIES]).keys() == {"t1", "t2"}


def test_champion_that_cannot_score_is_refused_with_the_code_that_made_it():
    champions = {"t1": champion(), "t2": champion()}
    with pytest.raises(ConfigurationError, match=r"champion of t1, version 3, .* n_replies.*commit c0ffee"):
        require_champions(champions, TARGETS, RECIPE, [SCORE])


def test_model_has_learned_until_the_window_of_its_last_training_lead_was_over():
    split = {
        "train": {"to": "2026-03-01T00:00:00"},
        "calibration": {"to": "2026-04-01T12:00:00"},
        "holdout": {"to": "2026-09-01T00:00:00"},
    }
    assert learned_until(split, 7) == "2026-04-08T12:00:00"
    assert learned_until(split | {"calibration": {"to": None}}, 7) == "2026-03-08T00:00:00"


def test_lineage_that_does_not_say_until_when_a_champion_learned_says_nothing_of_what_it_has_seen():
    assert unseen_from(champion(learned_until=None)) is None
    assert str(unseen_from(champion())) == "2026-05-08 00:00:00"
