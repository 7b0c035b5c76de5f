import logging

from kedro.io import DataCatalog, MemoryDataset

from lead_conversion.hooks import IdentityHooks, identity


def test_identity_fills_the_entry_that_the_catalog_declares(monkeypatch, caplog):
    monkeypatch.setattr(identity, "log_parameters", lambda _parameters: None)
    catalog = DataCatalog({"parameters": MemoryDataset({"seed": 7}), identity.DATASET: MemoryDataset()})
    with caplog.at_level(logging.WARNING):
        IdentityHooks().before_pipeline_run({"run_id": "r", "pipeline_names": None, "env": None}, catalog)
    assert catalog.load(identity.DATASET)["config"]["parameters"] == {"seed": 7}
    # Kedro says so where an entry is replaced, as the first line of every run.
    assert caplog.messages == []
