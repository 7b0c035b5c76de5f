import re

import pytest
from kedro.io import MemoryDataset

from lead_conversion.contracts.gate import DocumentGate, Gate
from lead_conversion.datasets.staging import Staged
from project import ENVIRONMENTS, SQL_SERVER, registered, session

PICTURE = ("source", "raw", "intermediate", "primary", "feature", "model_input", "models", "model_output", "reporting")
LAYERS = ("raw", "clean", "rejected", "orphan", "primary", "feature", "model_input")
# Names that architecture fixes for others to build on, and what is not data of a layer.
OTHER_NAMES = {
    "backtest",
    "agent_cory", "pseudonym_key", "data_quality", "label_summary", "recommendation_risk_set", "trained_models",
    "recommendation_sequences",
    "nominated_models", "holdout_predictions", "evaluation", "evaluation_metrics", "scored_leads",
    "leakage_audit", "feature_attribution", "feature_dependence", "effects", "recommendations", "experiment_plan",
    "run_identity",
    "run_manifest",
    "calibration_figure", "lift_figure", "effects_figure", "report", "model_card", "recommendations_page",
    "scrubbed_replies", "champion_models", "champion_references", "references", "score_history",
    "score_history_before", "drift", "decided_tests", "running_tests", "draft_recommendations", "prompt_rewrites",
    "step_outcomes",
}  # fmt: skip
# Persisted without a gate: pages and pictures are for people, and are looked at by tests of their own.
UNGATED = {"report", "model_card", "recommendations_page", "calibration_figure", "lift_figure", "effects_figure"}
# In memory by intent.
IN_MEMORY = {
    "raw_contacts",
    "raw_campaign_steps",
    "raw_engagement_logs",
    "raw_outcomes",
    "run_identity",
    "champion_references",
    "draft_recommendations",
    "step_outcomes",
}


@pytest.fixture(params=ENVIRONMENTS, scope="module")
def catalog(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        for name, value in SQL_SERVER.items():
            patched.setenv(name, value)
        with session(tmp_path_factory.mktemp(request.param), env=request.param) as created:
            yield created.load_context().catalog


def used():
    return {name for name in registered()["full"].datasets() if not name.startswith(("params:", "parameters"))}


def test_every_dataset_of_a_pipeline_resolves_to_a_declared_entry(catalog):
    resolver = catalog.config_resolver
    undeclared = [name for name in used() if name not in catalog and resolver.match_dataset_pattern(name) is None]
    assert undeclared == []


def test_nothing_becomes_an_in_memory_dataset_by_a_typo(catalog):
    in_memory = {name for name in used() if isinstance(catalog.get(name), MemoryDataset)}
    assert in_memory == IN_MEMORY


def test_no_catalog_entry_is_unused(catalog):
    declared = {name for name in [*catalog] if not name.startswith(("params:", "parameters"))}
    assert declared <= used()


def test_every_persisted_dataset_is_gated_by_a_contract_of_the_project(catalog):
    for name in used():
        written = isinstance(catalog.get(name), Staged) and name in registered()["full"].all_outputs()
        if not written or name in UNGATED:
            continue
        spec = catalog.validator_specs.get(name)
        assert spec is not None, f"{name} has no validator"
        module, attribute = spec.class_path.rsplit(".", 1)
        gate = getattr(__import__(module, fromlist=[attribute]), attribute)
        assert isinstance(gate, Gate | DocumentGate)
        assert "save" in spec.on


def test_dataset_names_begin_with_their_layer():
    for name in used():
        plain = name.split("@")[0]
        assert plain in OTHER_NAMES or plain.startswith(LAYERS), plain
        assert re.fullmatch(r"[a-z_]+", plain)


def layer(catalog, name):
    """The layer of a dataset in the picture; kedro-mlflow's own datasets cannot have one."""
    metadata = getattr(catalog.get(name), "metadata", None)
    return metadata["kedro-viz"]["layer"] if metadata else None


def test_every_dataset_stands_in_a_layer_of_the_picture(catalog):
    without = {name for name in used() if layer(catalog, name) not in PICTURE}
    assert without <= {"evaluation_metrics"}


def test_data_flow_down_the_layers_of_the_picture_only(catalog):
    for node in registered()["full"].nodes:
        inputs = [layer(catalog, name) for name in node.inputs if name in used()]
        outputs = [layer(catalog, name) for name in node.outputs]
        highest = max((PICTURE.index(found) for found in inputs if found), default=0)
        assert all(PICTURE.index(found) >= highest for found in outputs if found), node.name
