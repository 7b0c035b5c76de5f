import importlib.util
import json
from pathlib import Path

import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError

from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.reporting import create_pipeline
from lead_conversion.pipelines.reporting.nodes import compile_run_manifest, draw_effects
from lead_conversion.pipelines.reporting.parameters import ReportingParameters

ROOT = Path(__file__).parents[3]
OUTPUTS = {
    "calibration_figure",
    "lift_figure",
    "effects_figure",
    "report",
    "model_card",
    "recommendations_page",
    "run_manifest",
}


@pytest.fixture(scope="module")
def sample_run():
    spec = importlib.util.spec_from_file_location("sample_run", ROOT / "tests" / "reports" / "sample_run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sample", ["sample_inputs", "empty_inputs"])
def test_the_pipeline_writes_every_output_from_what_the_catalog_holds(sample, sample_run):
    inputs = getattr(sample_run, sample)()
    inputs["params:target"] = Targets.model_validate(inputs["params:target"])
    inputs["params:reporting"] = ReportingParameters(**inputs["params:reporting"])
    assert create_pipeline().inputs() == set(inputs)
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in inputs.items()})
    written = {name: dataset.load() for name, dataset in SequentialRunner().run(create_pipeline(), catalog).items()}
    assert set(written) == OUTPUTS
    assert written["report"].startswith("<!DOCTYPE html>")
    assert written["model_card"].startswith("# Model card")
    json.dumps(written["run_manifest"])


def test_nodes_are_named_after_their_functions():
    assert all(node.name == node.func.__name__ for node in create_pipeline().nodes)


def test_the_manifest_joins_the_run_with_the_data_that_it_read():
    identity = {"code": {"version": "1"}, "config": {}, "environment": {}, "run": {"run_id": "r"}}
    manifest = compile_run_manifest(identity, {"snapshot_id": "s"})
    assert manifest == {**identity, "data": {"snapshot_id": "s"}}
    assert "data" not in identity


def test_no_more_effects_are_drawn_than_configured(sample_run):
    reporting = ReportingParameters(leads_shown=1, features_shown=1, effects_shown=4)
    figure = draw_effects(sample_run.sample_inputs()["effects"], reporting)
    assert sum(len(trace.x) for trace in figure.data) == 4


def test_the_configured_defaults_are_valid():
    text = (ROOT / "conf" / "base" / "parameters" / "reporting" / "default.yaml").read_text(encoding="utf-8")
    assert ReportingParameters.model_validate(yaml.safe_load(text)).leads_shown > 0


@pytest.mark.parametrize("knobs", [{"leads_shown": 0}, {"leeds_shown": 3}])
def test_wrong_knobs_are_refused(knobs):
    with pytest.raises(ValidationError):
        ReportingParameters(**{"leads_shown": 1, "features_shown": 1, "effects_shown": 1, **knobs})
