"""Says that a model calls for action, once everything is published: log, webhook, and an exit code of its own."""

import logging
import os

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from lead_conversion.kernel.errors import DriftAlert
from lead_conversion.lifecycle.alerts import describe_alert, send_alert

DATASET, REPORT = "drift", "report"
# By reference: an address of a webhook is often its password as well.
WEBHOOK = "LEAD_CONVERSION_ALERT_WEBHOOK"
log = logging.getLogger(__name__)


class AlertHooks:
    """The last word of a run that watched its models."""

    # Last, and registered last: by now the results are published and summed up, and stay whatever happens here.
    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Raise where the verdict is `act`; say what is to be watched, and where no report says it, that all is well.

        Raises:
            DriftAlert: a model calls for action. The run's results are published all the same.
        """
        made = pipeline.all_outputs()
        if DATASET not in made:
            return
        drift = catalog.load(DATASET)
        for name, target in drift["targets"].items():
            if target["verdict"] != "steady":
                log.warning("%s: %s. %s %s", name, target["verdict"], target["message"], target["advice"])
            elif REPORT not in made:
                log.info("  %s: steady. %s", name, target["message"])
        if drift["verdict"] != "act":
            return
        if url := os.environ.get(WEBHOOK, "").strip():
            send_alert(url, describe_alert(drift))
        acting = [name for name, target in drift["targets"].items() if target["verdict"] == "act"]
        in_report = "'Is it still right' in data/08_reporting/report.html or at " if REPORT in made else ""
        raise DriftAlert(
            f"The results are published, but the model of {', '.join(acting)} calls for action: "
            f"{drift['targets'][acting[0]]['advice']} Look at {in_report}data/07_model_output/drift.json."
        )
