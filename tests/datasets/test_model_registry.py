import pytest
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.datasets import model_registry
from lead_conversion.datasets.model_registry import ChampionModelsDataset, ModelRegistryDataset
from lead_conversion.kernel.errors import AccessError, ConfigurationError


@pytest.fixture
def registered(monkeypatch):
    calls = []
    monkeypatch.setattr(model_registry, "register_model", lambda *words: calls.append(words) or "1")
    return calls


def test_each_nominated_model_waits_and_is_then_registered_under_its_target(registered):
    ModelRegistryDataset(prefix="lead").save({"t1": {"model": {"a": 1}, "lineage": {"snapshot_id": "s"}}})
    assert registered == []
    ModelRegistryDataset.register_waiting()
    ModelRegistryDataset.register_waiting()
    assert registered == [("lead_t1", {"a": 1}, {"snapshot_id": "s"}, None)]


def test_without_a_nominated_model_nothing_is_registered(registered):
    ModelRegistryDataset(prefix="lead").save({})
    ModelRegistryDataset.register_waiting()
    assert registered == []


def test_nominated_models_are_not_loaded_back():
    with pytest.raises(DatasetError) as caught:
        ModelRegistryDataset(prefix="lead").load()
    assert isinstance(find_refusal(caught.value), ConfigurationError)


def test_files_that_belong_to_a_model_are_registered_with_it(registered):
    nominated = {"model": {"a": 1}, "lineage": {}, "files": {"reference.parquet": b"PAR1"}}
    ModelRegistryDataset(prefix="lead").save({"t1": nominated})
    ModelRegistryDataset.register_waiting()
    assert registered == [("lead_t1", {"a": 1}, {}, {"reference.parquet": b"PAR1"})]


def test_no_run_makes_a_champion():
    with pytest.raises(DatasetError) as caught:
        ChampionModelsDataset(prefix="lead").save({"t1": {}})
    assert isinstance(find_refusal(caught.value), AccessError)
