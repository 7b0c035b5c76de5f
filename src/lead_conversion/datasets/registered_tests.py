"""The registered tests on leads, as the experiment log has them: those that came to a verdict, and those that run."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.kernel.errors import AccessError
from lead_conversion.kernel.windows import parse_moment
from lead_conversion.lifecycle.experiment_log import ExperimentLog, TestStanding, read_trusted_standings


class _RegisteredTests(AbstractDataset[NoReturn, list[dict[str, Any]]]):
    """Reads the log as the command line does.

    Args:
        filepath: the experiment log.
        access_log: keeps the anchor of its last line.
        metadata: Kedro's.
    """

    def __init__(self, filepath: str, access_log: str, metadata: dict[str, Any] | None = None) -> None:
        self._log, self._access_log = ExperimentLog(Path(filepath)), Path(access_log)
        self.metadata = metadata

    def _standings(self) -> list[TestStanding]:
        """In the order of their registration; none where no test was ever registered.

        Raises:
            DataError: the log is not as it was written.
        """
        return list(read_trusted_standings(self._log, self._access_log).values())

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refused.

        Raises:
            AccessError: always; `lead-conversion experiments` writes the log.
        """
        raise AccessError("The experiment log is written by `lead-conversion experiments` only.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._log.path), "access_log": str(self._access_log)}


class DecidedTests(_RegisteredTests):
    """Each test that a look has decided, and each that was stopped, as it was registered: what came of it.

    `until` is the as-of of its last analysis. `result` is that analysis, with the information at the `earlier_looks`;
    none of a test that was stopped because chance did not fill its arms, or by a guardrail, for it tells no effect. A
    test that still runs is not told, or every run would be a look at it; nor one that a person ended without a verdict.
    """

    def load(self) -> list[dict[str, Any]]:
        """The decided and the stopped tests.

        Raises:
            DataError: the log is not as it was written.
        """
        return [
            {
                "test": standing.test.model_dump(mode="json"),
                "until": last["as_of"],
                "result": None if standing.was_stopped else last,
                "earlier_looks": [*standing.looks_before(parse_moment(last["as_of"]))],
            }
            for standing in self._standings()
            if standing.was_stopped or (standing.decided and not standing.ended)
            for last in [standing.analyses[-1]["result"]]
        ]


class RunningTests(_RegisteredTests):
    """Each test that is neither decided nor ended, as it was registered: whose leads are taken.

    With the information at its `looks`, and whether it `was_stopped`, because chance did not fill its arms, and only
    not ended.
    """

    def load(self) -> list[dict[str, Any]]:
        """The tests that run.

        Raises:
            DataError: the log is not as it was written.
        """
        return [
            {
                "test": standing.test.model_dump(mode="json"),
                "looks": [*standing.looks_before(None)],
                "was_stopped": standing.was_stopped,
            }
            for standing in self._standings()
            if standing.is_running
        ]
