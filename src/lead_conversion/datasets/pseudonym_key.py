"""The key of the pseudonyms in the catalog: from the environment or conf/local, else made for an embedded database."""

import logging
import os
import secrets
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.datasets.agent_cory import given_path
from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.simulation import truth_path_of

KEY_VARIABLE = "LEAD_CONVERSION_PSEUDONYM_KEY"
# Everyone in the demo world is invented, so its key may be known: two clones then agree byte for byte.
DEMO_KEY = "the demo world's own key: everyone in it is invented"
log = logging.getLogger(__name__)


class PseudonymKeyDataset(AbstractDataset[NoReturn, PseudonymKey]):
    """The secret that turns ids into pseudonyms; it is never written anywhere but to conf/local.

    Args:
        filepath: where a key is kept that was made here, readable by its owner only.
        demo: the embedded demo's `filepath`; it is known as simulated by the truth file beside it.
        makes_missing: whether a missing key may be made. True for embedded databases, False for real ones.
    """

    def __init__(
        self, filepath: str, demo: dict[str, str], *, makes_missing: bool, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(filepath)
        self._demo_database = Path(demo["filepath"])
        self._makes_missing = makes_missing
        self.metadata = metadata

    def load(self) -> PseudonymKey:
        """The key.

        Raises:
            ConfigurationError: there is none and none may be made, or it is too short.
        """
        given = os.environ.get(KEY_VARIABLE)
        if given:
            return PseudonymKey(given)
        if self._path.is_file():
            return PseudonymKey(self._path.read_text(encoding="utf-8").strip())
        if not self._makes_missing:
            raise ConfigurationError(
                f"No pseudonym key: set {KEY_VARIABLE} to a secret of 16 characters or more (for example of "
                "`openssl rand -hex 32`), the same for every run, or lead keys change between runs."
            )
        if given_path() is None and self._is_simulated():
            log.warning("Using the demo world's own pseudonym key. Set %s before you read real people.", KEY_VARIABLE)
            return PseudonymKey(DEMO_KEY)
        return self._make()

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refused.

        Raises:
            AccessError: always.
        """
        raise AccessError("The pseudonym key is never saved by a pipeline.")

    def _is_simulated(self) -> bool:
        return truth_path_of(self._demo_database).is_file()

    def _make(self) -> PseudonymKey:
        key = secrets.token_hex(32)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(key)
        log.warning(
            "Made a pseudonym key in %s/%s; keep it, or set %s.", self._path.parent.name, self._path.name, KEY_VARIABLE
        )
        return PseudonymKey(key)

    def _describe(self) -> dict[str, Any]:
        return {"from": f"{KEY_VARIABLE} or conf/local"}

    def _exists(self) -> bool:
        return bool(os.environ.get(KEY_VARIABLE)) or self._path.is_file()
