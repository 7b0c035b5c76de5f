"""Kedro's config loader, with `parameters` composed from Hydra's config groups.

`conf/base/parameters/config.yaml` names the groups and their defaults; each folder beside it is a group, each file in
it an option. An environment adds `conf/<env>/parameters/env/<env>.yaml`, which may pick other options and change
values. What a person passes with `--params` comes last: `model=logistic` picks an option, `model.num_leaves=15`
changes a value.
"""

import atexit
import codecs
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from kedro.config import OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lead_conversion.kernel.errors import ConfigurationError, suggest


class HydraConfigLoader(OmegaConfigLoader):
    """OmegaConfigLoader whose `parameters` are a Hydra composition.

    It also offers `${statement:<entity>}` to the catalog: the text of `source/<entity>.sql` of the environment, or of
    base where the environment has none.
    """

    def __init__(self, conf_source: str | Path, *args: Any, **kwargs: Any) -> None:
        super().__init__(_as_folder(Path(conf_source)), *args, **kwargs)
        _require_environment(Path(self.conf_source), self.env or self.default_run_env)
        OmegaConf.register_new_resolver("statement", self.statement, replace=True)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The merged configuration of one kind; `parameters` come from Hydra.

        Raises:
            ConfigurationError: a file is not saved as UTF-8; parameters do not compose.
        """
        self._require_utf8()
        if key == "parameters":
            return self._compose_parameters()
        return super().__getitem__(key)

    def _require_utf8(self) -> None:
        for environment in {self.base_env: None, self.env or self.default_run_env: None}:
            for path in sorted((Path(self.conf_source) / environment).rglob("*.y*ml")):
                _read_utf8(path)

    def _compose_parameters(self) -> dict[str, Any]:
        runtime = dict(self.runtime_params or {})
        groups = self.groups
        picked = [name for name in runtime if name in groups and isinstance(runtime[name], str | bool)]
        picks = [f"{name}={option_of(groups[name], _as_word(runtime.pop(name)))}" for name in picked]
        return self.compose(picks, runtime)

    @property
    def groups(self) -> dict[str, Path]:
        """The folders whose files are options, by the name of the group."""
        return {folder.name: folder for folder in self._primary.iterdir() if folder.is_dir()}

    @property
    def _primary(self) -> Path:
        return Path(self.conf_source) / self.base_env / "parameters"

    def compose(self, overrides: Sequence[str] = (), values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The parameters of the environment, with Hydra's overrides applied and then single values replaced.

        Raises:
            ConfigurationError: they do not compose, or a value's key is not there.
        """
        environment = self.env or self.default_run_env
        added = Path(self.conf_source) / environment / "parameters"
        has_own = (added / "env" / f"{environment}.yaml").is_file()
        own = [f"hydra.searchpath=[file://{added}]", f"+env={environment}"] if has_own else []
        with self.hydra():
            composed = compose("config", [*own, *overrides])
            require_known(composed, values or {})
            merged = OmegaConf.merge(composed, OmegaConf.create(dict(values or {})))
            return cast("dict[str, Any]", OmegaConf.to_container(merged, resolve=True))

    @contextmanager
    def hydra(self) -> Iterator[None]:
        """Hydra on the parameters' folder, with its refusals turned into ours.

        Raises:
            ConfigurationError: what is done meanwhile does not parse or compose.
        """
        try:
            with _restored_global_hydra(), initialize_config_dir(str(self._primary.resolve()), version_base="1.3"):
                yield
        except (HydraException, OmegaConfBaseException) as error:
            first_line = str(error).strip().splitlines()[0]
            raise ConfigurationError(
                f"Parameters of environment '{self.env or self.default_run_env}' do not compose: {first_line}. "
                f"They stand in {self._primary}; groups: {', '.join(sorted(self.groups))}."
            ) from error

    def statement(self, entity: str) -> str:
        """The text of an entity's SELECT.

        Raises:
            ConfigurationError: neither the environment nor base has one, or it is not saved as UTF-8.
        """
        for environment in (self.env or self.default_run_env, self.base_env):
            path = Path(self.conf_source) / environment / "source" / f"{entity}.sql"
            if path.is_file():
                return _read_utf8(path)
        raise ConfigurationError(
            f"No statement for '{entity}': expected {self.base_env}/source/{entity}.sql under {self.conf_source}."
        )


def _read_utf8(path: Path) -> str:
    """The text of a file in UTF-8, with or without the mark that some editors put before it."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:  # UTF-16 without a mark reads as UTF-8 with a null behind each letter
        return text
    raise ConfigurationError(
        f"{path}: expected a text saved as UTF-8, found {_encoding_by_its_look(content)}. Save it as UTF-8: in SQL "
        "Server Management Studio by File > Save As, the arrow beside Save, Save with Encoding, 'Unicode (UTF-8 "
        f"without signature)'; elsewhere by 'iconv -f UTF-16 -t UTF-8 {path.name} > utf8{path.suffix}'."
    )


def _encoding_by_its_look(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        return "UTF-16 ('Unicode' in Windows' words)"
    return "another encoding, such as Windows-1252 ('ANSI' in Windows' words)"


def _as_folder(conf_source: Path) -> Path:
    """The configuration as a folder; a packaged archive is unpacked, for Hydra reads folders only."""
    if not conf_source.is_file():
        return conf_source
    folder = Path(tempfile.mkdtemp(prefix="lead-conversion-conf-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(conf_source) as archive:
        archive.extractall(folder, filter="data")
    (inside,) = folder.iterdir()
    return inside


@contextmanager
def _restored_global_hydra() -> Iterator[None]:
    """Compose without disturbing a Hydra application that may be running around us (GlobalHydra is a singleton)."""
    around = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().clear()
        if around is not None:
            GlobalHydra.instance().initialize(around)


def _require_environment(conf_source: Path, environment: str) -> None:
    if environment and not (conf_source / environment).is_dir():
        there = sorted(folder.name for folder in conf_source.iterdir() if folder.is_dir())
        raise ConfigurationError(
            f"Unknown environment '{environment}': expected one of {', '.join(there)}.{suggest(environment, there)}"
        )


def _as_word(option: str | bool) -> str:
    """An option's name as it was written: Kedro reads `tuning=off` as YAML, where off is false."""
    return option if isinstance(option, str) else "on" if option else "off"


def option_of(group: Path, name: str) -> str:
    """The name of an option that the group has.

    Raises:
        ConfigurationError: it has none of that name; the nearest one is suggested.
    """
    options = sorted(path.stem for path in group.glob("*.yaml"))
    if name in options:
        return name
    raise ConfigurationError(
        f"Unknown option '{name}' for '{group.name}': expected one of {', '.join(options)}.{suggest(name, options)}"
    )


def require_known(composed: DictConfig, values: Mapping[str, Any], path: str = "") -> None:
    """Refuse a value for a key that the composition lacks, and a text where it has a number.

    Raises:
        ConfigurationError: such a key or text; the nearest key is suggested.
    """
    for name, value in values.items():
        known = [str(key) for key in composed]
        if name not in known:
            raise ConfigurationError(
                f"Unknown parameter '{path}{name}': expected one of {', '.join(known)}.{suggest(name, known)}"
            )
        default = composed[name]
        if isinstance(default, DictConfig) and isinstance(value, Mapping):
            require_known(default, value, f"{path}{name}.")
        elif isinstance(default, int | float) and isinstance(value, str):
            raise ConfigurationError(f"Parameter '{path}{name}': expected a number like {default}, found a text.")
