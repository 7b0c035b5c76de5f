"""Tells a web service that a model calls for action: verdict and figures, no lead."""

import logging
from collections.abc import Mapping
from typing import Any

from lead_conversion.lifecycle.posting import PostError, post_json

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 1.0
TIMEOUT_SECONDS = 10.0
CHECKS_TOLD = 10
log = logging.getLogger(__name__)


def describe_alert(drift: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an alert: by target that calls for action its verdict, advice and figures."""
    told = ("kind", "subject", "sentence", "before", "now", "figure", "limit", "verdict", "remedy")
    acting = {name: target for name, target in drift["targets"].items() if target["verdict"] == "act"}
    return {
        "verdict": drift["verdict"],
        "as_of": drift["as_of"],
        "snapshot_id": drift["snapshot_id"],
        "targets": {
            name: {
                **{key: target[key] for key in ("verdict", "message", "advice", "model_version", "scored_leads")},
                "checks": [
                    {key: check[key] for key in told} for check in target["checks"] if check["verdict"] != "steady"
                ][:CHECKS_TOLD],
            }
            for name, target in acting.items()
        },
    }


def send_alert(url: str, body: Mapping[str, Any], first_wait_seconds: float = FIRST_WAIT_SECONDS) -> bool:
    """Whether a web service took the body, as JSON by POST; asked again while it is not there or overloaded.

    A failure is logged and nothing else: no run fails for it. The address is not logged, for it may hold a secret.
    """
    try:
        post_json(
            url,
            body,
            service="webhook",
            attempts=ATTEMPTS,
            first_wait_seconds=first_wait_seconds,
            timeout_seconds=TIMEOUT_SECONDS,
        )
    except PostError as error:
        log.error("The alert was not sent: %s. The run's results stand.", error)  # noqa: TRY400 - the trace says no more
        return False
    log.info("The alert was sent to the webhook")
    return True
