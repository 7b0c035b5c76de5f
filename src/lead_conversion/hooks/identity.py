"""Says which code, configuration and environment a run is made of."""

import json
import platform
import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from pydantic import BaseModel

from lead_conversion import __version__
from lead_conversion.guard.roles import current_user
from lead_conversion.lifecycle.registry import log_parameters

DATASET = "run_identity"
PACKAGES = (
    "duckdb",
    "ibis-framework",
    "kedro",
    "lightgbm",
    "mlflow",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "sqlglot",
)


class IdentityHooks:
    """Offers the identity of the run to the catalog as `run_identity`, the only place with the time of the run."""

    def __init__(self) -> None:
        self._project_path = Path()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the project stands."""
        self._project_path = Path(context.project_path)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: DataCatalog) -> None:
        """Add the identity to the catalog, and the parameters to the MLflow run one by one."""
        parameters = _plain(catalog.load("parameters"))
        log_parameters(parameters)
        text = json.dumps(parameters, sort_keys=True)
        catalog.save(
            DATASET,
            {
                "code": {"version": __version__, **git_state(self._project_path)},
                "config": {"parameters": parameters, "sha256": sha256(text.encode()).hexdigest()},
                "environment": {
                    "python": platform.python_version(),
                    "platform": platform.platform(),
                    "packages": {package: version(package) for package in PACKAGES},
                },
                "run": {
                    "run_id": run_params["run_id"],
                    "pipeline": ", ".join(run_params["pipeline_names"] or ["full"]),
                    "environment": run_params["env"],
                    "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
                    # Whoever started a run does not approve its models.
                    "started_by": current_user(),
                },
            },
        )


def git_state(folder: Path) -> dict[str, Any]:
    """Commit and whether the tree differs from it; nulls outside a checkout."""

    def ask(*words: str) -> str | None:
        try:
            answer = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603, S607 - fixed words
        except (OSError, subprocess.SubprocessError):
            return None
        return answer.stdout.strip()

    commit = ask("rev-parse", "HEAD")
    return {"git_commit": commit, "dirty": bool(ask("status", "--porcelain")) if commit else None}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
