"""Deletes scrubbed text whose days are over, before anything else of a run."""

import logging
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog

from lead_conversion.datasets.publication import publish
from lead_conversion.datasets.scrubbed_texts import ScrubbedTextsDataset
from lead_conversion.datasets.staging import read_log
from lead_conversion.guard.privacy import PrivacyParameters

DATASET = "scrubbed_replies"
log = logging.getLogger(__name__)


class RetentionHooks:
    """What has expired is gone when a run starts, whichever pipeline runs and however the run ends."""

    def __init__(self) -> None:
        self._data_folder = Path("data")

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the project's data stand."""
        self._data_folder = Path(context.project_path) / "data"

    # Last: by then the run has the lock on the data folder, and an interrupted publication is finished.
    @hook_impl(trylast=True)
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: DataCatalog) -> None:
        """Delete the replies that have expired, or all where text is no longer asked for."""
        dataset = catalog.get(DATASET)
        if not isinstance(dataset, ScrubbedTextsDataset):
            return
        # Typed only where a node of the run asks for it.
        privacy = catalog.load("params:privacy")
        keeps_text = PrivacyParameters.model_validate(privacy).keep_scrubbed_text
        deleted = dataset.stage_without_expired(keeps_text=keeps_text)
        if deleted:
            publish(self._data_folder, read_log(self._data_folder).get("run_id") or run_params["run_id"])
            why = "whose days are over" if keeps_text else "for privacy.keep_scrubbed_text is off"
            log.warning("Deleted %s scrubbed replies, %s", f"{deleted:,}", why)
