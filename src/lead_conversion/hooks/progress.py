"""Says what a run is doing, how long each stage took, and where to look when it is done."""

import logging
import time
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

log = logging.getLogger(__name__)


class ProgressHooks:
    """One line a node, a summary at the end."""

    def __init__(self) -> None:
        self._total = 0
        self._done = 0
        self._run_started = 0.0
        self._node_started = 0.0
        self._unsaved: set[str] = set()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Say what is about to run."""
        self._total = len(pipeline.nodes)
        self._done = 0
        self._run_started = time.monotonic()
        names = ", ".join(run_params["pipeline_names"] or ["full"])
        log.info("Running %s: %d steps", names, self._total)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say which node begins."""
        self._node_started = time.monotonic()
        self._unsaved = set(node.outputs)
        log.info("[%2d/%d] %s …", self._done + 1, self._total, node.name.replace("_", " "))

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Say what the node made and how long it took, once all is written: lazy tables compute on saving."""
        self._unsaved.discard(dataset_name)
        if not self._unsaved:
            self._done += 1
            names = ", ".join(name.split("@")[0] for name in node.outputs)
            log.info("        %5.1f s → %s", time.monotonic() - self._node_started, names)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, run_result: dict[str, Any]) -> None:
        """Say how long it took and where to look."""
        log.info("Done in %.0f s.", time.monotonic() - self._run_started)
        if "report" in run_result:
            log.info(
                "Read data/08_reporting/report.html; scored leads and recommendations stand in data/07_model_output/"
            )

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Say that the last good state stands."""
        log.error("Stopped after %d of %d steps; what was published before stays as it was.", self._done, self._total)
