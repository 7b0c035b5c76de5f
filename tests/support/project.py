"""The project as Kedro sees it: its pipelines, and the catalog of each environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from kedro.framework.project import configure_project, pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline

PROJECT = Path(__file__).parents[2]
ENVIRONMENTS = ("base", "prod", "olist")
SQL_SERVER = {"CORY_SQL_HOST": "db.example.org", "CORY_SQL_DATABASE": "cory", "CORY_SQL_USER": "reader"}

# Runs of seconds: few leads, each model made about once. What whole runs show depends on no model being a good one; one
# whole run with nothing changed but the leads is tests/project/test_wheel.py's.
QUICK_MODELS = (
    "evaluation.backtest_origins=0,evaluation.resamples=50,evaluation.attribution_leads=200,model.rehearsals=1,"
    "model.explanation.bootstrap_models=2,features.replay.moments=1,"
    "recommendation.effects.assignment_penalties=[30],recommendation.value_model.rounds=20"
)
QUICK = f"demo_world.leads=1500,{QUICK_MODELS}"


@cache
def registered() -> dict[str, Pipeline]:
    """Every registered pipeline by name."""
    configure_project("lead_conversion")
    return dict(pipelines)


@contextmanager
def session(folder: Path, env: str | None = None, **parameters: Any) -> Iterator[KedroSession]:
    """A session whose data stand in `folder` and whose configuration is the project's."""
    configure_project("lead_conversion")
    pipelines.set_requested(None)
    with KedroSession.create(
        project_path=folder, env=env, conf_source=str(PROJECT / "conf"), runtime_params=parameters
    ) as created:
        yield created


def run(folder: Path, *words: str, database: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run the project in a process of its own, with `folder` as the working directory; what it says.

    In one process MLflow would go on writing into the first folder's database.
    """
    variables = os.environ | ({"CORY_DUCKDB_PATH": str(database)} if database else {}) | dict(environment or {})
    outcome = subprocess.run(
        kedro_command(*words), cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout[-1000:] + outcome.stderr[-3000:]
    return outcome.stdout


def kedro_command(*words: str) -> list[str]:
    """The command line that runs the project outside its checkout."""
    return [sys.executable, "-m", "lead_conversion", f"--conf-source={PROJECT / 'conf'}", *words]
