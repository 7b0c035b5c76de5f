"""The model registry in the catalog: saving registers what passed its gate."""

import logging
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.lifecycle.registry import register_model

log = logging.getLogger(__name__)


class ModelRegistryDataset(AbstractDataset[dict[str, dict[str, Any]], NoReturn]):
    """Registers models as challengers, each under `<prefix>_<target>`.

    What is saved is a dict by target of {"model", "lineage"}; an empty dict registers nothing.
    """

    def __init__(self, prefix: str, metadata: dict[str, Any] | None = None) -> None:
        self._prefix = prefix
        self.metadata = metadata

    def save(self, data: dict[str, dict[str, Any]]) -> None:
        """Register each model with its lineage."""
        for target, nominated in data.items():
            name = f"{self._prefix}_{target}"
            version = register_model(name, nominated["model"], nominated["lineage"])
            log.info("Registered %s version %s as challenger; a person may promote it", name, version)
        if not data:
            log.info("No model passed its gate: nothing is registered")

    def load(self) -> NoReturn:
        """Refused.

        Raises:
            ConfigurationError: always; a champion is loaded by its alias, not from here.
        """
        raise ConfigurationError("Nominated models are not loaded back; the registry holds them.")

    def _describe(self) -> dict[str, Any]:
        return {"prefix": self._prefix}
