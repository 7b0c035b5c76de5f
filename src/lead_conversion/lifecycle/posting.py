"""Sends JSON to a web service, and asks again while it is not there or overloaded."""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

LONGEST_ANSWER_BYTES = 1_000_000
log = logging.getLogger(__name__)


class PostError(Exception):
    """A body that no service took; the words tell why and hold no address, which may be a secret."""


def post_json(
    url: str,
    body: Mapping[str, Any],
    *,
    service: str,
    attempts: int,
    first_wait_seconds: float,
    timeout_seconds: float,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """What a web service answered to a body that was posted as JSON; redirects are not followed.

    Args:
        url: http or https; it is never logged.
        body: what is sent.
        service: what it is called in words and in the log, such as "webhook".
        attempts: how often it is asked in all.
        first_wait_seconds: before it is asked again; each further wait is twice as long.
        timeout_seconds: how long an answer may take.
        headers: sent beside the content's type.

    Raises:
        PostError: it refused the body, or was not there however often it was asked.
    """
    # urllib would open a file as well.
    if urlsplit(url).scheme not in {"http", "https"}:
        raise PostError(f"its {service} must begin with https:// or http://")
    content = json.dumps(body, sort_keys=True, allow_nan=False).encode()
    given = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, content, given, method="POST")  # noqa: S310 - see above

    def say_failure(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("The %s %s; asking again", service, _reason(error, timeout_seconds))

    asking = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential(multiplier=first_wait_seconds),
        retry=retry_if_exception(_may_pass),
        before_sleep=say_failure,
        reraise=True,
    )
    try:
        answer: bytes = asking(_post, request, timeout_seconds)
    except (OSError, ValueError) as error:
        # the cause's own words hold the address
        raise PostError(f"the {service} {_reason(error, timeout_seconds)}") from None
    return answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is sent elsewhere would become a GET there, without a body."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Not followed."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _post(request: urllib.request.Request, timeout_seconds: float) -> bytes:
    with _OPENER.open(request, timeout=timeout_seconds) as response:
        answer: bytes = response.read(LONGEST_ANSWER_BYTES)
    return answer


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == HTTPStatus.TOO_MANY_REQUESTS
    return isinstance(error, OSError)


def _reason(error: BaseException | None, timeout_seconds: float) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code}"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return f"did not answer within {timeout_seconds:.0f} s"
    return "cannot be reached"
