from dataclasses import replace
from typing import Any

import pytest
from lineages import lineage

from lead_conversion.lifecycle.promotion import Approval, RegisteredVersion, decide_promotion, decide_rollback

ADA = Approval(user="ada", by="Ada Lovelace", reason="Gate passed, card reviewed")


def version(number: str = "2", fault: str = "", before: str | None = None, **changes: Any) -> RegisteredVersion:
    return RegisteredVersion(number, {} if fault else lineage(**changes), fault, before)


def test_challenger_that_another_account_made_and_whose_gate_is_passed_becomes_the_champion():
    decision = decide_promotion(ADA, version(), champion=None)
    assert (decision.is_allowed, decision.version, decision.kind) == (True, "2", None)


def test_without_a_challenger_there_is_nothing_to_promote():
    decision = decide_promotion(ADA, None, champion="1")
    assert (decision.is_allowed, decision.kind) == (False, "data")
    assert "no challenger" in decision.reason


def test_account_that_started_the_run_does_not_approve_its_model():
    decision = decide_promotion(ADA, version(starter="ada"), champion=None)
    assert (decision.is_allowed, decision.kind) == (False, "access")
    assert "'ada' started the run" in decision.reason


@pytest.mark.parametrize("name", ["scheduler", " Scheduler ", "SCHEDULER"])
def test_name_of_the_account_that_started_the_run_does_not_approve_its_model(name):
    decision = decide_promotion(replace(ADA, by=name), version(), champion=None)
    assert (decision.is_allowed, decision.kind) == (False, "access")


@pytest.mark.parametrize("name", ["Ben Émile Okri", "okri, ben emile", "Ben-Emile OKRI"])
def test_full_name_of_the_account_that_started_the_run_does_not_approve_its_model_however_it_is_written(name):
    decision = decide_promotion(replace(ADA, by=name), version(), None, starter_names=["Ben Émile Okri"])
    assert (decision.is_allowed, decision.kind) == (False, "access")


def test_through_a_shared_account_the_given_name_alone_is_compared():
    shared = replace(ADA, user="scheduler", account_is_shared=True)
    assert decide_promotion(shared, version(), champion=None).is_allowed
    assert not decide_promotion(replace(shared, by="scheduler"), version(), champion=None).is_allowed


@pytest.mark.parametrize("run", [{}, None, {"started_by": ""}, {"started_by": None}])
def test_model_whose_lineage_does_not_say_who_started_the_run_is_approved_by_nobody(run):
    assert decide_promotion(ADA, version(run=run), champion=None).kind == "access"


PASSED = {"name": "lift_at_10", "passed": True}
FAILED = {"name": "brier_skill", "passed": False}


@pytest.mark.parametrize(
    ("gate", "named"),
    [
        (None, "no verdict"),
        ({}, "no verdict"),
        ({"passed": True}, "no verdict"),
        ({"passed": True, "conditions": []}, "no verdict"),
        ({"passed": True, "conditions": [PASSED, FAILED]}, "brier_skill"),
        ({"passed": True, "conditions": [{"name": "brier_skill", "passed": "yes"}]}, "brier_skill"),
        ({"passed": False, "conditions": [PASSED]}, "as a whole"),
    ],
)
def test_model_that_has_not_passed_every_condition_of_its_gate_is_approved_by_nobody(gate, named):
    decision = decide_promotion(ADA, version(gate=gate), champion=None)
    assert (decision.is_allowed, decision.kind) == (False, "access")
    assert named in decision.reason


def test_model_whose_files_are_not_the_registered_ones_is_refused():
    decision = decide_promotion(ADA, version(fault="The sha256 of model.json is not the recorded one."), champion=None)
    assert (decision.is_allowed, decision.kind) == (False, "data")
    assert "model.json" in decision.reason


def test_another_challenger_than_the_one_looked_at_is_refused():
    decision = decide_promotion(ADA, version("3"), champion=None, expected="2")
    assert (decision.is_allowed, decision.kind) == (False, "data")
    assert "found 3" in decision.reason
    assert decide_promotion(ADA, version("3"), champion=None, expected="3").is_allowed


def test_champion_is_not_promoted_again():
    assert decide_promotion(ADA, version("2"), champion="2").kind == "data"


@pytest.mark.parametrize(("compared", "allowed"), [("1", True), (None, False), ("0", False)])
def test_challenger_must_have_been_compared_with_the_champion_of_today(compared, allowed):
    decision = decide_promotion(ADA, version("2", champion=compared), champion="1")
    assert decision.is_allowed == allowed
    assert allowed or "was compared with" in decision.reason


def test_challenger_that_was_compared_with_a_champion_that_is_gone_may_become_the_champion():
    assert decide_promotion(ADA, version("2", champion="1"), champion=None).is_allowed


@pytest.mark.parametrize("words", [{"by": " "}, {"reason": ""}, {"reason": " - "}])
def test_change_without_a_name_or_a_reason_is_refused(words):
    asked = replace(ADA, **words)
    assert decide_promotion(asked, version(), champion=None).kind == "configuration"
    assert decide_rollback(asked, version("2", before="1"), version("1")).kind == "configuration"


def test_rollback_brings_the_champion_before_back():
    decision = decide_rollback(ADA, version("2", before="1"), version("1"))
    assert (decision.is_allowed, decision.version) == (True, "1")


def test_rollback_does_not_ask_who_started_the_run_for_both_were_approved_once():
    assert decide_rollback(ADA, version("2", before="1", starter="ada"), version("1", starter="ada")).is_allowed


def test_tampered_champion_can_be_rolled_back():
    assert decide_rollback(ADA, version("2", fault="It was changed.", before="1"), version("1")).is_allowed


@pytest.mark.parametrize(
    ("champion", "before", "named"),
    [
        (None, None, "nothing to roll back"),
        (version("2"), None, "--to-none"),
        (version("2", before="1"), version("1", fault="It was changed."), "It was changed. To have"),
    ],
    ids=["no_champion", "none_before", "tampered"],
)
def test_rollback_to_what_cannot_be_had_is_refused(champion, before, named):
    decision = decide_rollback(ADA, champion, before)
    assert (decision.is_allowed, decision.kind) == (False, "data")
    assert named in decision.reason


def test_champion_can_be_withdrawn_even_where_there_was_none_before():
    decision = decide_rollback(ADA, version("2"), None, to_none=True)
    assert (decision.is_allowed, decision.version) == (True, None)
