"""The tests on leads that came to a verdict, as the experiment log has them."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.kernel.errors import AccessError
from lead_conversion.lifecycle.experiment_log import ExperimentLog, read_trusted_standings


class DecidedTests(AbstractDataset[NoReturn, list[dict[str, Any]]]):
    """Each test that a look has decided: `test` as it was registered, `until` the as-of of that look.

    A test that still runs is not told, or every run would be a look at it; nor one that a person ended without a
    verdict. Where no test was ever registered there is none.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._log = ExperimentLog(Path(filepath))
        self.metadata = metadata

    def load(self) -> list[dict[str, Any]]:
        """The decided tests, in the order of their registration.

        Raises:
            DataError: the log is not as it was written.
        """
        return [
            {"test": standing.test.model_dump(mode="json"), "until": standing.decided["result"]["as_of"]}
            for standing in read_trusted_standings(self._log).values()
            if standing.decided and not standing.ended
        ]

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refused.

        Raises:
            AccessError: always; `lead-conversion experiments` writes the log.
        """
        raise AccessError("The experiment log is written by `lead-conversion experiments` only.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._log.path)}
