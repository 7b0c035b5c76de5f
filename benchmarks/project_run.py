"""Runs of the project, each in a process and a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
SECRET = "the benchmark's own key, of no use elsewhere"


def run_project(folder: Path, *words: str, **environment: Path) -> None:
    """Run the project as configured, in a folder and under the benchmark's key; `environment` says what to read."""
    command = [sys.executable, "-m", "lead_conversion", f"--conf-source={PROJECT / 'conf'}", *words]
    variables = {name: str(value) for name, value in environment.items()}
    subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"LEAD_CONVERSION_PSEUDONYM_KEY": SECRET} | variables,
        check=True,
        capture_output=True,
    )
