"""Tests see no database, key or telemetry of the machine they run on."""

import os

import pytest
from hypothesis import settings

settings.register_profile("project", derandomize=True, deadline=None)
settings.load_profile("project")
os.environ["KEDRO_DISABLE_TELEMETRY"] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
FOREIGN = ("CORY_", "LEAD_CONVERSION_", "KEDRO_ENV", "KEDRO_DATASET_VALIDATION")


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch):
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
