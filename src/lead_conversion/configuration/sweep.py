"""What Hydra's multirun makes of a command line: one job for each combination of the values that are swept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf

from lead_conversion.configuration.loader import HydraConfigLoader, option_of, require_known
from lead_conversion.kernel.errors import ConfigurationError


@dataclass(frozen=True)
class Job:
    """One combination: its overrides, which of them are swept, and the parameters that they compose to."""

    overrides: tuple[str, ...]
    swept: tuple[str, ...]
    parameters: dict[str, Any]


def split_jobs(
    loader: HydraConfigLoader,
    words: Sequence[str],
    require_allowed: Callable[[str, bool], None] = lambda _key, _is_swept: None,
) -> list[Job]:
    """The jobs of a sweep in Hydra's order (the last override varies fastest), each composed: nothing has run yet.

    Args:
        loader: composes in its environment.
        words: Hydra's overrides: `seed=1,2`, `seed=range(1,4)`, `model=glob(l*)`, `model.lightgbm.num_leaves=7,15`.
        require_allowed: refuses a key that the caller does not take, given whether it is swept.

    Raises:
        ConfigurationError: an override that is no override, a group, option or key that is not there (the nearest name
            is suggested), or a combination that does not compose.
    """
    defaults = loader.compose()
    with loader.hydra():
        parsed = [_parse(word) for word in words]
        for override in parsed:
            _require_plain(override)
            _require_there(loader, override, defaults)
            require_allowed(override.key_or_group, override.is_sweep_override())
        (combinations,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    swept = {override.key_or_group for override in parsed if override.is_sweep_override()}
    return [
        Job(
            tuple(combination),
            tuple(override for override in combination if override.partition("=")[0] in swept),
            loader.compose(combination),
        )
        for combination in combinations
    ]


def _parse(word: str) -> Override:
    try:
        (override,) = OverridesParser.create(GlobalHydra.instance().config_loader()).parse_overrides([word])
    except HydraException as error:
        raise ConfigurationError(
            f"'{word}': expected KEY=VALUE or GROUP=OPTION, or several values to try, as in KEY=1,2,3, KEY=range(1,4) "
            "or GROUP=glob(*)."
        ) from error
    return override


def _require_plain(override: Override) -> None:
    if override.is_sweep_override() and not override.is_discrete_sweep():
        raise ConfigurationError(
            f"'{override.input_line}': expected values that can be counted, such as 1,2,3 or range(1,4); an interval "
            "has no end of them."
        )
    if override.is_add() or override.is_force_add() or override.is_delete() or override.package is not None:
        raise ConfigurationError(
            f"'{override.input_line}': expected KEY=VALUE or GROUP=OPTION. What is not in the configuration cannot be "
            "added, nor taken out of it."
        )


def _require_there(loader: HydraConfigLoader, override: Override, defaults: dict[str, Any]) -> None:
    key = override.key_or_group
    if key in loader.groups:
        is_swept = override.is_sweep_override()
        for option in override.sweep_string_iterator() if is_swept else [override.get_value_element_as_str()]:
            option_of(loader.groups[key], option)
        return
    *path, name = key.split(".")
    nested: dict[str, Any] = {name: None}
    for part in reversed(path):
        nested = {part: nested}
    require_known(OmegaConf.create(defaults), nested)
