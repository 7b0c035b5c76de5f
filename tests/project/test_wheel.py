import os
import subprocess
import sys
import zipfile

import pytest

from project import PROJECT


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that holds what the wheel holds."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def environment_of(installed):
    """Where the wheel is what Python finds, and nothing says how Kedro logs."""
    kept = {name: value for name, value in os.environ.items() if name != "KEDRO_LOGGING_CONFIG"}
    return kept | {"PYTHONPATH": str(installed)}


def test_wheel_holds_the_package_its_data_and_the_safe_configuration(installed):
    package = installed / "lead_conversion"
    for name in ("conf/base/parameters/config.yaml", "conf/base/source/contacts.sql", "reports/templates"):
        assert (package / name).exists(), name
    assert not list(package.glob("conf/local/*.key"))


def test_command_of_the_wheel_prints_nothing_but_its_answer(installed, tmp_path):
    code = (
        "from importlib.metadata import entry_points;"
        "(command,) = entry_points(group='console_scripts', name='lead-conversion');"
        "command.load()()"
    )
    answer = subprocess.check_output(
        [sys.executable, "-c", code, "experiments", "list"],
        cwd=tmp_path,
        env=environment_of(installed),
        text=True,
    )
    assert answer.startswith("No test is planned")


def test_wheel_runs_outside_the_checkout(installed, tmp_path):
    code = (
        "import runpy, lead_conversion, pathlib;"
        f"assert pathlib.Path(lead_conversion.__file__).is_relative_to({str(installed)!r});"
        "runpy.run_module('lead_conversion', run_name='__main__')"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code, "--pipeline=full", "--params=demo_world.leads=1500"],
        cwd=tmp_path,
        env=environment_of(installed),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr[-2000:]
    assert (tmp_path / "data/08_reporting/report.html").is_file()
    assert "write report" in outcome.stdout
    assert "INFO" not in outcome.stdout
