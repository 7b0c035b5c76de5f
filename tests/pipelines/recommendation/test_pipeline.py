"""The wiring, run as Kedro runs it."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError

from lead_conversion.pipelines.recommendation import create_pipeline
from lead_conversion.pipelines.recommendation.parameters import RecommendationParameters


def test_nodes_are_named_as_their_functions():
    assert [node.name for node in create_pipeline().nodes] == [
        "build_risk_sets",
        "learn_step_outcomes",
        "estimate_effects",
        "study_sequences",
        "recommend_changes",
        "request_rewrites",
        "add_rewrites",
        "plan_experiments",
    ]


def test_misspelt_knob_is_refused(parameters):
    with pytest.raises(ValidationError, match="horizont_days"):
        RecommendationParameters(**parameters.model_dump(), horizont_days=3)


def test_crm_without_campaigns_runs_through_and_says_so(
    make_logs, make_outcomes, make_steps, make_contacts, make_labels, targets, as_of, parameters
):
    inputs = {
        "primary_engagement_logs": make_logs(),
        "primary_outcomes": make_outcomes(),
        "primary_campaign_steps": make_steps(),
        "primary_contacts": make_contacts("a", "b"),
        "primary_labels": make_labels(),
        "primary_as_of": as_of,
        "decided_tests": [],
        "running_tests": [],
        "params:target": targets,
        "params:recommendation": parameters,
        "params:seed": 1,
    }
    wired = create_pipeline().inputs()
    catalog = DataCatalog({name: MemoryDataset(inputs[name.removesuffix("@pandas")]) for name in sorted(wired)})
    outputs = {
        name: SequentialRunner().run(create_pipeline().to_outputs(name), catalog)[name].load()
        for name in ("effects", "recommendations", "experiment_plan")
    }
    assert outputs["effects"].empty
    assert outputs["recommendations"]["status"] == "nothing_to_compare"
    assert outputs["experiment_plan"]["experiments"] == []
