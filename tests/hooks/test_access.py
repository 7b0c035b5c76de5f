import os
from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog

from lead_conversion.hooks import AccessHooks
from lead_conversion.kernel.errors import AccessError, ConfigurationError

SEQUENTIAL = {"runner": "<kedro.runner.sequential_runner.SequentialRunner object>", "project_path": "."}


def catalog(**validator):
    gate = {"class": "lead_conversion.contracts.documents.evaluation", **validator}
    return DataCatalog.from_config({"evaluation": {"type": "MemoryDataset", "validator": gate}})


def test_run_with_contracts_on_and_one_node_at_a_time_is_let_through():
    AccessHooks().before_pipeline_run(SEQUENTIAL, catalog())


def test_run_that_could_not_write_its_results_is_refused_before_it_begins(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK or path != tmp_path)
    with pytest.raises(AccessError, match="this account may not"):
        AccessHooks().before_pipeline_run(SEQUENTIAL | {"project_path": str(tmp_path)}, catalog())


@pytest.mark.parametrize("value", ["0", "false", "off"])
def test_switching_the_contracts_off_by_the_environment_is_refused(monkeypatch, value):
    monkeypatch.setenv("KEDRO_DATASET_VALIDATION", value)
    with pytest.raises(AccessError, match="KEDRO_DATASET_VALIDATION"):
        AccessHooks().before_pipeline_run(SEQUENTIAL, catalog())


@pytest.mark.parametrize("weakness", [{"severity": "warn"}, {"enabled": False}])
def test_contract_weakened_in_the_catalog_is_refused_by_name(weakness):
    with pytest.raises(AccessError, match="contract of evaluation"):
        AccessHooks().before_pipeline_run(SEQUENTIAL, catalog(**weakness))


def test_parallel_runner_is_refused_for_it_could_not_publish():
    with pytest.raises(ConfigurationError, match="not supported"):
        AccessHooks().before_pipeline_run(
            SEQUENTIAL | {"runner": "ParallelRunner"}, SimpleNamespace(validator_specs={})
        )
