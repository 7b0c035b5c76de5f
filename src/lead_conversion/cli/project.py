"""The project in the current folder, as a command other than `kedro run` needs it: configuration, and single datasets.

But for `publish`, no session, hook or registry is started and nothing is written.
"""

import os
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import click
from kedro.config import MissingConfigException
from kedro.io import CatalogConfigResolver, DataCatalog

from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.guard.access_log import AccessLog
from lead_conversion.guard.roles import AccessRules, read_rules
from lead_conversion.kernel.errors import ConfigurationError, suggest
from lead_conversion.settings import CONFIG_LOADER_ARGS

CARRIED = Path(__file__).parents[1] / "conf"


def conf_folder() -> Path:
    """The configuration that counts here: ./conf, or where there is none the one that the package carries.

    Raises:
        ConfigurationError: neither is there.
    """
    # A run can make conf/local for a key of its own: a configuration is a folder with a base.
    folder = next((folder for folder in (Path("conf").absolute(), CARRIED) if (folder / "base").is_dir()), None)
    if folder is None:
        raise ConfigurationError(
            "No configuration: expected a folder conf/base in the current folder, found none. Change to the project's "
            "folder and ask again."
        )
    return folder


def configuration_of(env: str | None) -> HydraConfigLoader:
    """The configuration of an environment; without a name that of KEDRO_ENV or of `local`, as `kedro run` has it.

    Raises:
        ConfigurationError: no such environment.
    """
    return HydraConfigLoader(conf_folder(), env or os.environ.get("KEDRO_ENV") or None, **CONFIG_LOADER_ARGS)


def read_configuration(env: str | None, kind: str) -> dict[str, Any]:
    """One kind of an environment's configuration (catalog, globals, access …), as plain values.

    Within a command it is read once: a catalog takes a third of a second.

    Raises:
        ConfigurationError: no such environment, or its parameters do not compose.
        MissingConfigException: no file of that kind.
    """
    command = click.get_current_context(silent=True)
    known: dict[object, dict[str, Any]] = {} if command is None else command.meta.setdefault(__name__, {})
    place = (conf_folder(), env, kind)
    if place not in known:
        known[place] = configuration_of(env)[kind]
    return deepcopy(known[place])


def parameters_of(env: str | None) -> dict[str, Any]:
    """The composed parameters of an environment, as plain values.

    Raises:
        ConfigurationError: no such environment, or its parameters do not compose.
    """
    return read_configuration(env, "parameters")


def catalog_of(env: str | None, *names: str) -> DataCatalog:
    """A catalog of the named entries only, as `kedro run` in this folder would have them.

    Raises:
        ConfigurationError: no such environment, or an entry that its catalog does not have.
    """
    entries, credentials = read_configuration(env, "catalog"), _credentials(env)
    resolver = CatalogConfigResolver(entries, credentials, DataCatalog.default_runtime_patterns)
    for name in names:
        if name not in entries and resolver.match_dataset_pattern(name) is None:
            raise ConfigurationError(
                f"The catalog of environment '{environment_of(configuration_of(env))}' has no entry '{name}'."
                + (suggest(name, entries) or " Declare it in <environment>/catalog/*.yml.")
            )
    chosen = {name: entries[name] if name in entries else resolver.resolve_pattern(name) for name in names}
    return DataCatalog.from_config(chosen, credentials)


def filepath_of(env: str | None, name: str) -> Path:
    """Where a dataset of the catalog stands.

    Raises:
        ConfigurationError: no such environment.
    """
    return Path(read_configuration(env, "catalog")[name]["filepath"])


def publish(env: str | None, *pipelines: str, to_nodes: tuple[str, ...] = ()) -> None:
    """Run pipelines up to some nodes, or whole, as `kedro run` would: what they make is published."""
    from kedro.framework.project import configure_project  # noqa: PLC0415  slow, and few commands run pipelines
    from kedro.framework.session import KedroSession  # noqa: PLC0415

    configure_project("lead_conversion")
    with KedroSession.create(Path.cwd(), env=env, conf_source=str(conf_folder())) as session:
        cast("KedroSession", session).run(pipeline_names=list(pipelines), to_nodes=list(to_nodes))


def access_rules_of(env: str | None) -> AccessRules:
    """Who may do what in an environment.

    Raises:
        ConfigurationError: no such environment, no access.yml, or one that is not valid.
    """
    try:
        return read_rules(read_configuration(env, "access"))
    except MissingConfigException as error:
        raise ConfigurationError(
            f"Nobody may do anything that needs a role: {conf_folder()} has no base/access.yml. Take the one that the "
            "package carries and name the members."
        ) from error


def access_log_of(env: str | None) -> AccessLog:
    """The log that the sources of an environment write to as well.

    Raises:
        ConfigurationError: no such environment.
    """
    return AccessLog(Path(read_configuration(env, "globals")["access_log"]))


def environment_of(configuration: HydraConfigLoader) -> str:
    """The environment's name."""
    return configuration.env or configuration.default_run_env


def _credentials(env: str | None) -> dict[str, Any]:
    try:
        return read_configuration(env, "credentials")
    except MissingConfigException:
        return {}
