"""The model registry in the catalog.

Saving nominates, and what is nominated is registered once the run is published; loading gives the champions.
"""

import logging
from typing import Any, ClassVar, NoReturn

from kedro.io import AbstractDataset

from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.lifecycle.registry import load_champions, register_model

log = logging.getLogger(__name__)


class ModelRegistryDataset(AbstractDataset[dict[str, dict[str, Any]], NoReturn]):
    """Nominates models as challengers, each under `<prefix>_<target>`.

    What is saved is a dict by target of {"model", "lineage"} and, where more files belong to a model, "files": their
    bytes by name. An empty dict nominates nothing. A run that is killed or refused before it is published leaves the
    registry as it was.
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
            version = register_model(name, nominated["model"], nominated["lineage"], nominated.get("files"))
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


class ChampionModelsDataset(AbstractDataset[NoReturn, dict[str, dict[str, Any]]]):
    """The champions: by target the model that the alias `champion` of `<prefix>_<target>` points to, and no other.

    A dict by target of {"version", "model", "lineage", "files"}; a target without a champion is absent. Each file's
    sha256 is verified before the file is parsed, and nothing is unpickled: models are JSON with LightGBM's text inside.
    """

    def __init__(self, prefix: str, metadata: dict[str, Any] | None = None) -> None:
        self._prefix = prefix
        self.metadata = metadata

    def load(self) -> dict[str, dict[str, Any]]:
        """The champions as they are now.

        Raises:
            DataError: a champion's files are not those that were registered.
        """
        champions = load_champions(self._prefix)
        for target, champion in champions.items():
            log.info("The champion of %s is version %s", target, champion["version"])
        return champions

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refused.

        Raises:
            AccessError: always; a person makes a champion.
        """
        raise AccessError("A champion is not saved by a run: a person makes it, with `lead-conversion model promote`.")

    def _describe(self) -> dict[str, Any]:
        return {"prefix": self._prefix}
