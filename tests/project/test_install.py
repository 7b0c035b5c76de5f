"""What `make install` asks of uv, and that the image's environment is built in the steps that its file names."""

import os
import re
import shutil
import subprocess

import pytest

from project import PROJECT

UV = """#!/bin/sh
echo "$*" >> asked
mkdir -p .venv/bin
printf '#!/bin/sh\\n' > .venv/bin/python
cp .venv/bin/python .venv/bin/kedro
chmod +x .venv/bin/*
"""


@pytest.fixture
def make(tmp_path):
    """Run make in a folder with the project's Makefile and a stand-in for uv; what uv was asked."""
    shutil.copy(PROJECT / "Makefile", tmp_path)
    (tmp_path / ".tools/bin").mkdir(parents=True)
    (tmp_path / ".tools/bin/uv").write_text(UV)
    (tmp_path / ".tools/bin/uv").chmod(0o755)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "uv.lock").touch()

    def ask(*words):
        (tmp_path / "asked").write_text("")
        without = {
            name: value for name, value in os.environ.items() if name not in {"EXTRAS", "MAKEFLAGS", "MAKELEVEL"}
        }
        subprocess.run(["make", *words], cwd=tmp_path, env=without, check=True, capture_output=True)
        return re.findall(r"--extra (\S+)|(?:^|\n)(sync)", (tmp_path / "asked").read_text())

    return ask


SYNC, SQLSERVER, OTHER = ("", "sync"), ("sqlserver", ""), ("other", "")


def test_an_extra_that_was_asked_for_once_is_installed_by_every_later_install(make, tmp_path):
    assert make("install") == [SYNC]
    assert make("install", "EXTRAS=sqlserver") == [SYNC, SQLSERVER]
    assert make("run") == make("install") == []
    os.utime(tmp_path / "uv.lock", (2**31, 2**31))
    assert make("run") == [SYNC, SQLSERVER]


def test_extras_may_be_several_and_be_taken_back(make):
    assert make("install", "EXTRAS=sqlserver other") == [SYNC, SQLSERVER, OTHER]
    assert make("install", "EXTRAS=sqlserver") == [SYNC, SQLSERVER]
    assert make("install", "EXTRAS=") == [SYNC]
    assert make("install") == []


def test_the_readme_installs_the_driver_by_make():
    readme = (PROJECT / "README.md").read_text()
    assert "make install EXTRAS=sqlserver" in readme
    assert ".tools/bin/uv" not in readme


def test_the_image_keeps_models_in_the_mounted_folder_and_gives_away_no_code():
    dockerfile = (PROJECT / "Dockerfile").read_text()
    (uri,) = re.findall(r"LEAD_CONVERSION_MLFLOW_URI=(\S+)", dockerfile)
    assert uri.startswith("sqlite:///data/")
    assert "LEAD_CONVERSION_MLFLOW_URI" in (PROJECT / "conf/base/mlflow.yml").read_text()
    (owned,) = re.findall(r"chown (?:-R )?cory ([^&\n]*)", dockerfile)
    assert owned.split() == ["data", "conf/local"]


def test_the_image_installs_dependencies_before_it_copies_the_code():
    dockerfile = (PROJECT / "Dockerfile").read_text()
    steps = ["COPY pyproject.toml uv.lock", "RUN sh docker/build.sh dependencies", "COPY . .", "build.sh project"]
    assert sorted(steps, key=dockerfile.index) == steps
