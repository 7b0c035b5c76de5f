"""Gives the files of a run their names when all of it has succeeded."""

import fcntl
import logging
from pathlib import Path
from typing import IO, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from lead_conversion.datasets.model_registry import ModelRegistryDataset
from lead_conversion.datasets.publication import REFUSED, forget_refused, publish, recover, set_aside
from lead_conversion.datasets.snapshot import SnapshotDataset
from lead_conversion.kernel.errors import AccessError
from lead_conversion.lifecycle.registry import ensure_store, log_artefacts

LOCK_NAME = ".run.lock"
KEPT_WITH_THE_RUN = ("07_model_output/", "08_reporting/")
log = logging.getLogger(__name__)


class PublicationHooks:
    """One run at a time writes into data/; what an interrupted one left is put right before the next."""

    def __init__(self) -> None:
        self._data_folder = Path("data")
        self._lock: IO[str] | None = None

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the project's data stand, and see to the registry before anything opens it."""
        mlflow = context.config_loader["mlflow"]
        ensure_store(mlflow["server"]["mlflow_tracking_uri"], mlflow["tracking"]["experiment"]["name"])
        self._data_folder = Path(context.project_path) / "data"

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Take the lock and finish or undo what an interrupted run left."""
        self._data_folder.mkdir(parents=True, exist_ok=True)
        lock = (self._data_folder / LOCK_NAME).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AccessError(
                "Another run is writing into this project's data folder; wait for it to end, then run again."
            ) from None
        self._lock = lock
        SnapshotDataset.saved.clear()
        recover(self._data_folder)
        forget_refused(self._data_folder)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Publish all or nothing; then register what was nominated, and keep what people read with the MLflow run."""
        published = publish(self._data_folder, run_params["run_id"])
        self._release()
        ModelRegistryDataset.register_waiting()
        log_artefacts(self._data_folder / name for name in published if name.startswith(KEPT_WITH_THE_RUN))

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Leave the last good state; of what this run staged keep only what tells why it was refused."""
        ModelRegistryDataset.waiting.clear()
        if self._lock is not None:
            kept = set_aside(self._data_folder)
            if kept:
                log.error("The run's figures and the rows that it refused: %s in data/%s/", ", ".join(kept), REFUSED)
            recover(self._data_folder)
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
