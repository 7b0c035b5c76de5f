"""What CI does before the checks: ODBC is installed where that is possible, and nothing depends on it."""

import os
import shutil
import subprocess

import pytest

from project import PROJECT

ROOT, SOMEBODY = "echo 0", "echo 1000"
INSTALL = "install -y --no-install-recommends unixodbc libsqliteodbc"
SKIPPED = "The ODBC tests will be skipped"


@pytest.fixture
def ci(tmp_path):
    """Run CI among stand-ins for the programs that it calls; what they were asked, and what CI says."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci/run", tmp_path / ".ci/run")

    def ask(is_there, user, apt):
        programs = {
            "ldconfig": 'if [ -e there ]; then echo "libodbc.so.2 (libc6)"; fi',
            "odbcinst": "[ -e there ]",
            "id": user,
            "make": 'echo "make $*" >> asked',
            "apt-get": f'echo "$*" >> asked; {apt}',
        }
        (tmp_path / "bin").mkdir()
        for name, does in programs.items():
            (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
            (tmp_path / "bin" / name).chmod(0o755)
        if is_there:
            (tmp_path / "there").touch()
        path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
        outcome = subprocess.run(
            [tmp_path / ".ci/run"], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
        )
        assert outcome.returncode == 0, outcome.stderr
        return (tmp_path / "asked").read_text(), outcome.stdout

    return ask


def test_odbc_that_is_there_is_not_installed_again(ci):
    asked, said = ci(is_there=True, user=ROOT, apt="exit 1")
    assert (asked.splitlines(), said) == (["make lint", "make test"], "")


def test_root_installs_it_even_with_an_old_list_of_packages_and_quietly(ci):
    asked, said = ci(
        is_there=False, user=ROOT, apt='case "$*" in *update*) exit 100;; *) touch there; echo noise;; esac'
    )
    assert INSTALL in asked
    assert (asked.splitlines()[-2:], said) == (["make lint", "make test"], "")


@pytest.mark.parametrize(("user", "apt"), [(ROOT, "exit 100"), (SOMEBODY, "touch there")])
def test_where_it_cannot_be_installed_ci_says_what_is_skipped_and_goes_on(ci, user, apt):
    asked, said = ci(is_there=False, user=user, apt=apt)
    assert (INSTALL in asked) == (user == ROOT)
    assert asked.splitlines()[-2:] == ["make lint", "make test"]
    assert SKIPPED in said
