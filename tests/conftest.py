"""Tests see no database, key or telemetry of the machine they run on."""

import gc
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Measuring coverage takes half as long again as what is measured: `no_cover` stands on tests that go over and over
    lines which others go over too. pytest-cov heeds it in the test itself, and this in what its fixtures do.
    """
    coverage = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if coverage is None or not item.get_closest_marker("no_cover"):
        return (yield)
    coverage.pause()
    try:
        return (yield)
    finally:
        coverage.resume()


def pytest_collection_finish():
    """Keep what is imported and collected out of the garbage collector's rounds: they were a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not any(item.path.is_relative_to(folder) for folder in FIRST))
