"""The model registry in the catalog: saving nominates; what is nominated is registered once the run is published."""

import logging
from typing import Any, ClassVar, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.lifecycle.registry import register_model

log = logging.getLogger(__name__)


class ModelRegistryDataset(AbstractDataset[dict[str, dict[str, Any]], NoReturn]):
    """Nominates models as challengers, each under `<prefix>_<target>`.

    What is saved is a dict by target of {"model", "lineage"}; an empty dict nominates nothing. A run that is killed or
    refused before it is published leaves the registry as it was.
    """

    waiting: ClassVar[dict[str, dict[str, Any]]] = {}

    def __init__(self, prefix: str, metadata: dict[str, Any] | None = None) -> None:
        self._prefix = prefix
        self.metadata = metadata

    def save(self, data: dict[str, dict[str, Any]]) -> None:
        """Hold each model with its lineage until the run is published."""
        ModelRegistryDataset.waiting = {f"{self._prefix}_{target}": nominated for target, nominated in data.items()}
        if not data:
            log.info("No model passed its gate: nothing will be registered")

    @classmethod
    def register_waiting(cls) -> None:
        """Register what was nominated; called when the run's files have their names."""
        for name, nominated in cls.waiting.items():
            version = register_model(name, nominated["model"], nominated["lineage"])
            log.info("Version %s of %s is the challenger; a person may promote it", version, name)
        cls.waiting = {}

    def load(self) -> NoReturn:
        """Refused.

        Raises:
            ConfigurationError: always; a champion is loaded by its alias, not from here.
        """
        raise ConfigurationError("Nominated models are not loaded back; the registry holds them.")

    def _describe(self) -> dict[str, Any]:
        return {"prefix": self._prefix}
