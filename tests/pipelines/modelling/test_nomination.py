from typing import Any

import pytest

from lead_conversion.pipelines.modelling.nomination import nominate_models

MANIFEST = {
    "snapshot_id": "s1",
    "as_of": "2026-09-01T00:00:00",
    "code_version": "abc",
    "entities": {"contacts": {"sha256": "0f"}},
}


def _evaluation(**changes: Any) -> dict[str, Any]:
    found = {
        "status": "evaluated",
        "chosen_model": "logistic",
        "models": {"logistic": {"n": 10}},
        "gate": {"passed": True},
    }
    return {"targets": {"t1": found | changes}}


def test_model_that_passed_is_nominated_with_its_lineage() -> None:
    nominated = nominate_models({"t1": {"chosen": "logistic"}}, _evaluation(), MANIFEST)
    assert nominated["t1"]["model"] == {"chosen": "logistic"}
    assert nominated["t1"]["lineage"]["snapshot_sha256"] == {"contacts": "0f"}


@pytest.mark.parametrize(
    "changes",
    [{"gate": {"passed": False}}, {"gate": {"passed": "yes"}}, {"gate": {}}, {"status": "not_enough_data"}],
    ids=["failed", "no_verdict", "missing", "not_enough_data"],
)
def test_model_without_a_passed_gate_is_not_nominated(changes: dict[str, Any]) -> None:
    assert nominate_models({"t1": {}}, _evaluation(**changes), MANIFEST) == {}
