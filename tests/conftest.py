"""Tests see no database, key or telemetry of the machine they run on."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("project", derandomize=True, deadline=None)
settings.load_profile("project")
os.environ["KEDRO_DISABLE_TELEMETRY"] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# Whole runs: on several workers the longest must not start last.
FIRST = tuple(Path(__file__).parent / name for name in ("project", "live"))
FOREIGN = ("CORY_", "LEAD_CONVERSION_", "KEDRO_ENV", "KEDRO_DATASET_VALIDATION")


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch):
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not any(item.path.is_relative_to(folder) for folder in FIRST))
