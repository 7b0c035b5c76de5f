"""The project as Kedro sees it: its pipelines, and the catalog of each environment."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from kedro.framework.project import configure_project, pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline

PROJECT = Path(__file__).parents[2]
ENVIRONMENTS = ("base", "prod")
SQL_SERVER = {"CORY_SQL_HOST": "db.example.org", "CORY_SQL_DATABASE": "cory", "CORY_SQL_USER": "reader"}


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


def small_world(leads: int = 1500, seed: int = 7) -> dict[str, Any]:
    """Parameters of a run that takes seconds: a small world, few trees."""
    return {"demo_world": {"leads": leads, "seed": seed}}


def run(folder: Path, pipeline: str = "full", env: str | None = None, **parameters: Any) -> None:
    """Run a pipeline in-process with its data in `folder`, which becomes the working directory."""
    folder.mkdir(parents=True, exist_ok=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        with session(folder, env, **parameters) as created:
            created.run(pipeline_names=[pipeline])
    finally:
        os.chdir(before)


def kedro_command(*words: str) -> list[str]:
    """The command line that runs the project outside its checkout."""
    return [sys.executable, "-m", "lead_conversion", f"--conf-source={PROJECT / 'conf'}", *words]
