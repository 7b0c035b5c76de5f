from typing import Any

import pandas as pd
import pytest
from lineages import TARGET, lineage

from lead_conversion.kernel.targets import Targets
from lead_conversion.lifecycle.drift.reference import REFERENCE_FILE, from_parquet
from lead_conversion.pipelines.modelling.estimators import name_version
from lead_conversion.pipelines.modelling.nomination import nominate_models

MANIFEST = {"snapshot_id": "s1", "as_of": "2026-09-01T00:00:00", "entities": {"contacts": {"sha256": "0f"}}}
TRAINED = {"t1": {"chosen": "logistic", "features": [{"name": "crm_score"}]}}
RECORDED = lineage()
IDENTITY = {
    "code": RECORDED["code"],
    "config": {"sha256": "1e", "parameters": {"seed": 1}},
    "environment": RECORDED["environment"],
    "run": RECORDED["run"],
}

RECIPE = RECORDED["feature_recipe"]
REFERENCES = pd.DataFrame({"target": ["t1", "t2"], "probability": [0.25, 0.5]})


def nominate(**changes: Any) -> dict[str, dict[str, Any]]:
    found = {**RECORDED["evaluation"], "gate": {"passed": True, "conditions": []}, **changes}
    targets = Targets(root={"t1": TARGET})
    return nominate_models(TRAINED, {"targets": {"t1": found}}, MANIFEST, IDENTITY, REFERENCES, RECIPE, targets)


def test_model_that_passed_is_nominated_with_all_that_it_is_made_of() -> None:
    nominated = nominate()["t1"]
    assert nominated["model"] == TRAINED["t1"]
    found = nominated["lineage"]
    assert found.keys() == RECORDED.keys()
    assert (found["snapshot_id"], found["snapshot_sha256"]) == ("s1", {"contacts": "0f"})
    assert (found["code"], found["environment"]) == (IDENTITY["code"], IDENTITY["environment"])
    assert found["config_sha256"] == "1e"
    assert found["run"]["started_by"] == "scheduler"
    assert found["features"] == ["crm_score"]
    assert found["metrics"]["pr_auc"] == 0.31
    assert found["model_version"] == name_version(TRAINED["t1"])
    assert found["feature_recipe"] == RECIPE
    assert found["target_definition"] == {"outcome": "call_booked", "window_days": 7}


def test_sample_that_drift_is_judged_against_goes_with_the_model() -> None:
    sample = from_parquet(nominate()["t1"]["files"][REFERENCE_FILE])
    assert sample.to_dict("records") == [{"target": "t1", "probability": 0.25}]


def test_lineage_says_when_the_last_outcome_that_it_learned_from_was_known() -> None:
    assert nominate()["t1"]["lineage"]["learned_until"] == "2026-05-08T00:00:00"


def test_lineage_names_the_champion_that_the_gate_compared_with() -> None:
    compared = nominate(champion={"status": "compared", "version": "4"})
    assert compared["t1"]["lineage"]["champion"] == {"version": "4"}


@pytest.mark.parametrize(
    "changes",
    [{"gate": {"passed": False}}, {"gate": {"passed": "yes"}}, {"gate": {}}, {"status": "not_enough_data"}],
    ids=["failed", "no_verdict", "missing", "not_enough_data"],
)
def test_model_without_a_passed_gate_is_not_nominated(changes: dict[str, Any]) -> None:
    assert nominate(**changes) == {}
