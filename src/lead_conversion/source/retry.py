"""Asking a source again when it broke off."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from lead_conversion.kernel.errors import BrokenOffError, TimedOutError

LONGEST_WAIT_SECONDS = 300.0
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retry:
    """How often a question is asked, and how long before the second time; each further wait is twice the last."""

    attempts: int = 5
    wait_seconds: float = 2.0

    def ask(self, what: str, question: Callable[[], Answer], *, again_when_timed_out: bool = True) -> Answer:
        """The answer to a question that is asked anew, from its beginning, each time the source breaks off.

        Args:
            what: the name of the question in the log: entity and slice.
            question: must leave nothing of an attempt that broke off.
            again_when_timed_out: whether a statement that took too long is worth the same time once more.

        Raises:
            BrokenOffError: the last attempt broke off too.
            TimedOutError: it took too long, and is not asked again when it did.
        """

        def warn(state: RetryCallState) -> None:
            wait = state.next_action.sleep if state.next_action else 0.0
            log.warning(
                "%s broke off at attempt %d of %d; beginning it anew in %.0f s",
                what, state.attempt_number, self.attempts, wait,
            )  # fmt: skip

        never_again = () if again_when_timed_out else TimedOutError
        attempts = Retrying(
            retry=retry_if_exception_type(BrokenOffError) & retry_if_not_exception_type(never_again),
            stop=stop_after_attempt(self.attempts),
            wait=wait_exponential(multiplier=self.wait_seconds, max=LONGEST_WAIT_SECONDS),
            before_sleep=warn,
            reraise=True,
        )
        return attempts(question)
