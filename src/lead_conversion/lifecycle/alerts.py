"""Tells a web service that a model calls for action: verdict and figures, no lead."""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

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
    # urllib would open a file as well.
    if urlsplit(url).scheme not in {"http", "https"}:
        log.error("The alert was not sent: its webhook must begin with https:// or http://")
        return False
    content = json.dumps(body, sort_keys=True, allow_nan=False).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method="POST")  # noqa: S310 - see above
    asking = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=first_wait_seconds),
        retry=retry_if_exception(_may_pass),
        before_sleep=_say_failure,
        reraise=True,
    )
    try:
        asking(_post, request)
    except (OSError, ValueError) as error:
        log.error("The alert was not sent: the webhook %s. The run's results stand.", _reason(error))  # noqa: TRY400 - the trace holds the address
        return False
    log.info("The alert was sent to the webhook")
    return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is sent elsewhere would become a GET there, without a body."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Not followed."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _post(request: urllib.request.Request) -> None:
    with _OPENER.open(request, timeout=TIMEOUT_SECONDS):
        pass


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == HTTPStatus.TOO_MANY_REQUESTS
    return isinstance(error, OSError)


def _say_failure(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("The webhook %s; asking again", _reason(error))


def _reason(error: BaseException | None) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code}"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return f"did not answer within {TIMEOUT_SECONDS:.0f} s"
    return "cannot be reached"
