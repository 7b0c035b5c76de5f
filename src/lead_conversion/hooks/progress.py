"""Says what a run is doing, how long each stage took, what came out, and where to look when it is done."""

import logging
import time
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

log = logging.getLogger(__name__)


class ProgressHooks:
    """Two lines a node, a summary at the end."""

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
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Say how long it took, what came out in a line each, and where to look."""
        log.info("Done in %.0f s.", time.monotonic() - self._run_started)
        made = pipeline.all_outputs()
        if "evaluation" in made:
            for name, result in catalog.load("evaluation")["targets"].items():
                log.info("  %s: %s", name, _verdict(result))
        if "recommendations" in made:
            log.info("  %s", catalog.load("recommendations")["message"])
        if "report" in made:
            log.info("Open data/08_reporting/report.html. Scores, effects and recommendations: data/07_model_output/")

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Say that the last good state stands."""
        log.error("Stopped after %d of %d steps; what was published before stays as it was.", self._done, self._total)


def _verdict(result: dict[str, Any]) -> str:
    """A target's outcome in a line."""
    if result["status"] != "evaluated":
        return str(result["message"])
    pr_auc = result["models"][result["chosen_model"]]["pr_auc"]["value"]
    verdict = "gate passed" if result["gate"]["passed"] else "gate not passed"
    return f"{verdict}; {result['chosen_model']}, PR-AUC {pr_auc:.3f} on the holdout"
