import importlib.util
from pathlib import Path

import pytest

from lead_conversion.kernel.targets import Targets
from lead_conversion.reports.sections import RunResults

# Tests are no package (importmode=importlib), so the sample is loaded by its path.
_spec = importlib.util.spec_from_file_location("sample_run", Path(__file__).with_name("sample_run.py"))
sample_run = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample_run)


def as_results(inputs):
    named = {
        name: value for name, value in inputs.items() if name != "primary_as_of" and not name.startswith("params:")
    }
    return RunResults(
        **inputs["primary_as_of"],
        **named,
        targets=Targets.model_validate(inputs["params:target"]),
        **inputs["params:reporting"],
    )


@pytest.fixture(scope="session")
def full_inputs():
    return sample_run.sample_inputs()


@pytest.fixture(scope="session")
def empty_inputs():
    return sample_run.empty_inputs()


@pytest.fixture(scope="session")
def full_run(full_inputs):
    return as_results(full_inputs)


@pytest.fixture(scope="session")
def empty_run(empty_inputs):
    return as_results(empty_inputs)
