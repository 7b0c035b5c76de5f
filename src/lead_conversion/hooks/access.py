"""Refuses runs that switch a safeguard off."""

import os
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog

from lead_conversion.kernel.errors import AccessError, ConfigurationError

SEQUENTIAL = "SequentialRunner"
KEDROS_DEFAULT = "None"


class AccessHooks:
    """Results can be written, data contracts stay on, and nodes run one after the other."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: DataCatalog) -> None:
        """Refuse before anything is read, and before MLflow, which knows no refusals, writes that a run began."""
        data_folder = Path(run_params["project_path"]) / "data"
        if not os.access(data_folder if data_folder.exists() else data_folder.parent, os.W_OK):
            raise AccessError(
                f"A run writes into {data_folder}, and this account may not. Run as the account that the folder "
                "belongs to, or have this one given the right to write there."
            )
        if os.environ.get("KEDRO_DATASET_VALIDATION", "1").strip().lower() not in {"", "1", "true", "on"}:
            raise AccessError(
                "KEDRO_DATASET_VALIDATION switches the data contracts off; unset it. A contract that is wrong is "
                "changed in contracts/, not switched off."
            )
        weak = [name for name, spec in catalog.validator_specs.items() if spec.severity != "error" or not spec.enabled]
        if weak:
            raise AccessError(
                f"The catalog weakens the contract of {', '.join(sorted(weak))}: expected severity 'error' and enabled."
            )
        runner = str(run_params["runner"])
        if SEQUENTIAL not in runner and runner != KEDROS_DEFAULT:
            raise ConfigurationError(
                f"Runner {runner} is not supported: nodes share one DuckDB connection and publish "
                f"together. Leave --runner out, or use {SEQUENTIAL}."
            )
