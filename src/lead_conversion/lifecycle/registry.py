"""The one door to the model registry (MLflow)."""

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from lead_conversion.kernel.errors import DataError, SourceError
from lead_conversion.lifecycle.promotion import RegisteredVersion

# A bar for every file that is loaded would stand among the answers of commands.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

CHALLENGER = "challenger"
CHAMPION = "champion"
HASH_TAG = "sha256/"
BEFORE_TAG = "champion_before"
ANCHOR_TAG = "promotion_log"
MODEL_FILE = "model.json"
LINEAGE_FILE = "lineage.json"
SQLITE = "sqlite:///"
COMPARISON = "comparison"
MOST_PARAMETERS_AT_ONCE = 100
RunEnd = Literal["FINISHED", "FAILED", "KILLED"]


def register_model(
    name: str, model: Mapping[str, Any], lineage: Mapping[str, Any], files: Mapping[str, bytes] | None = None
) -> str:
    """The registry's version number of a model that passed its gate; the alias `challenger` points to it.

    A model that is the challenger or the champion already, to the byte, is not registered again.

    What is registered is a folder: the model as JSON (trees as LightGBM's own text inside), its lineage, and what else
    belongs to it. The lineage holds the sha256 of every other file, the version's tags that of every file. Nothing is
    pickled.
    """
    import mlflow  # noqa: PLC0415 - two seconds, and most commands never register

    client = mlflow.MlflowClient()
    content = {MODEL_FILE: json.dumps(model, sort_keys=True).encode(), **(files or {})}
    digests = {file: sha256(data).hexdigest() for file, data in content.items()}
    for alias in (CHALLENGER, CHAMPION):
        known = _version_of(client, name, alias)
        if known is not None and known.tags.get(f"{HASH_TAG}{MODEL_FILE}") == digests[MODEL_FILE]:
            return str(known.version)
    content[LINEAGE_FILE] = json.dumps({**lineage, "files": digests}, indent=1, sort_keys=True).encode()
    digests[LINEAGE_FILE] = sha256(content[LINEAGE_FILE]).hexdigest()
    run = mlflow.active_run() or mlflow.start_run()
    # Named by content too: what a version points to is never written over.
    place = f"{name}/{digests[MODEL_FILE][:12]}"
    with tempfile.TemporaryDirectory() as folder:
        for file, data in content.items():
            (Path(folder) / file).write_bytes(data)
        mlflow.log_artifacts(folder, artifact_path=place)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    version = client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/{place}",
        run_id=run.info.run_id,
        tags={
            **{f"{HASH_TAG}{file}": digest for file, digest in digests.items()},
            **{key: str(value) for key, value in lineage.items() if isinstance(value, str)},
        },
    )
    client.set_registered_model_alias(name, CHALLENGER, version.version)
    return str(version.version)


@dataclass(frozen=True)
class Standing:
    """A registered model: its versions' tags by number, oldest first, and which of them the aliases point to.

    `anchor` is where the promotion log stood when a champion of it was last changed; empty where none was.
    """

    name: str
    versions: Mapping[str, Mapping[str, str]]
    champion: str | None
    challenger: str | None
    anchor: str


def open_registry(uri: str) -> None:
    """Use the registry at an address, outside a run of Kedro.

    Raises:
        SourceError: there is none yet.
    """
    path = Path(uri.removeprefix(SQLITE))
    if uri.startswith(SQLITE) and not path.is_file():
        raise SourceError(
            f"There is no model registry yet: expected {path} in {Path.cwd()}. Run the pipeline 'training', or change "
            "to the project's folder."
        )
    import mlflow  # noqa: PLC0415 - see above

    mlflow.set_tracking_uri(uri)


def read_standings(prefix: str) -> dict[str, Standing]:
    """By target, how the registered models `<prefix>_<target>` stand."""
    import mlflow  # noqa: PLC0415 - see above

    client = mlflow.MlflowClient()
    found = {}
    for model in client.search_registered_models(f"name LIKE '{prefix}%'", max_results=1000):
        beginning, _, target = model.name.rpartition("_")
        if beginning == prefix:
            versions = client.search_model_versions(f"name = '{model.name}'", max_results=10_000)
            ordered = sorted(versions, key=lambda version: int(version.version))
            aliases = {alias: str(number) for alias, number in model.aliases.items()}
            found[target] = Standing(
                model.name,
                {str(version.version): version.tags for version in ordered},
                aliases.get(CHAMPION),
                aliases.get(CHALLENGER),
                model.tags.get(ANCHOR_TAG, ""),
            )
    return dict(sorted(found.items()))


def load_version(name: str, number: str) -> dict[str, bytes]:
    """The files of a registered version by name, each as it was registered.

    Raises:
        DataError: a file is missing, or its sha256 is not the one that was recorded.
    """
    import mlflow  # noqa: PLC0415 - see above
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see above

    version = mlflow.MlflowClient().get_model_version(name, number)
    recorded = {tag.removeprefix(HASH_TAG): digest for tag, digest in version.tags.items() if tag.startswith(HASH_TAG)}
    with tempfile.TemporaryDirectory() as folder:
        try:
            fetched = Path(mlflow.artifacts.download_artifacts(version.source, dst_path=folder))
            files = {file: (fetched / file).read_bytes() for file in recorded}
        except (OSError, MlflowException) as error:
            raise DataError(_say_untrusted(name, number, "files of it are missing")) from error
    changed = [file for file, data in files.items() if sha256(data).hexdigest() != recorded[file]]
    if changed or not {MODEL_FILE, LINEAGE_FILE} <= files.keys():
        what = f"the sha256 of {', '.join(changed)} is not the recorded one" if changed else "no sha256 was recorded"
        raise DataError(_say_untrusted(name, number, what))
    named = json.loads(files[LINEAGE_FILE])["files"]
    if named != {file: digest for file, digest in recorded.items() if file != LINEAGE_FILE}:
        raise DataError(_say_untrusted(name, number, "its tags name other files than its lineage"))
    return files


def load_lineage(name: str, number: str) -> dict[str, Any]:
    """Where a registered version comes from, once all of its files are known to be those that were registered.

    Raises:
        DataError: they are not.
    """
    lineage: dict[str, Any] = json.loads(load_version(name, number)[LINEAGE_FILE])
    return lineage


def describe_version(standing: Standing, number: str) -> RegisteredVersion:
    """A version with its lineage, or with what is wrong with its files."""
    if number not in standing.versions:
        return RegisteredVersion(number, {}, _say_untrusted(standing.name, number, "it was deleted from the registry"))
    before = standing.versions[number].get(BEFORE_TAG) or None
    try:
        return RegisteredVersion(number, load_lineage(standing.name, number), "", before)
    except DataError as error:
        return RegisteredVersion(number, {}, str(error), before)


def load_champions(prefix: str) -> dict[str, dict[str, Any]]:
    """By target, the champion: its version, model and lineage, and the files that belong to it.

    Raises:
        DataError: a champion's files are not those that were registered.
    """
    champions = {}
    for target, standing in read_standings(prefix).items():
        if standing.champion is not None:
            files = load_version(standing.name, standing.champion)
            champions[target] = {
                "version": standing.champion,
                "model": json.loads(files.pop(MODEL_FILE)),
                "lineage": json.loads(files.pop(LINEAGE_FILE)),
                "files": files,
            }
    return champions


def crown(standing: Standing, number: str) -> None:
    """Make the challenger the champion; which version it replaces is noted with it first."""
    import mlflow  # noqa: PLC0415 - see above

    client = mlflow.MlflowClient()
    client.set_model_version_tag(standing.name, number, BEFORE_TAG, standing.champion or "")
    client.set_registered_model_alias(standing.name, CHAMPION, number)
    client.delete_registered_model_alias(standing.name, CHALLENGER)


def restore(standing: Standing, number: str | None) -> None:
    """Make an earlier champion the champion again, or nobody."""
    import mlflow  # noqa: PLC0415 - see above

    client = mlflow.MlflowClient()
    if number is None:
        client.delete_registered_model_alias(standing.name, CHAMPION)
    else:
        client.set_registered_model_alias(standing.name, CHAMPION, number)


def anchor(name: str, place: str) -> None:
    """Keep with a registered model where the promotion log stands."""
    import mlflow  # noqa: PLC0415 - see above

    mlflow.MlflowClient().set_registered_model_tag(name, ANCHOR_TAG, place)


def ensure_store(uri: str, experiment: str) -> None:
    """Make the registry's SQLite database where it is missing, under another name first, with the experiment.

    MLflow makes its tables one by one; killed meanwhile, it leaves a database that it can neither use nor finish. An
    experiment that it made itself would keep its files in the working folder, wherever the database stands.
    """
    path = Path(uri.removeprefix(SQLITE))
    if not uri.startswith(SQLITE) or path.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415 - see above

    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=f".{path.name}.") as folder:
        made = Path(folder) / path.name
        store = SqlAlchemyStore(f"{SQLITE}{made}", str(path.absolute().parent / "mlruns"))  # type: ignore[no-untyped-call]
        store.create_experiment(experiment)  # type: ignore[no-untyped-call]
        store.engine.dispose()
        with contextlib.suppress(FileExistsError):  # another run was faster
            os.link(made, path)


def _version_of(client: Any, name: str, alias: str) -> Any:
    """The registered version that an alias points to, or None."""
    if not client.search_registered_models(f"name = '{name}'"):
        return None
    aliases = client.get_registered_model(name).aliases
    return client.get_model_version(name, aliases[alias]) if alias in aliases else None


def _say_untrusted(name: str, number: str, what: str) -> str:
    return (
        f"Version {number} of {name} is not what was registered: {what}. It is not loaded. Bring the champion before "
        "back with `lead-conversion model rollback`, or restore the registry's files from a backup."
    )


def log_artefacts(paths: Iterable[Path]) -> None:
    """Keep copies of files with the active MLflow run, where there is one."""
    import mlflow  # noqa: PLC0415 - see above

    if mlflow.active_run() is not None:
        for path in paths:
            mlflow.log_artifact(str(path), artifact_path=path.parent.name)


def log_parameters(parameters: Mapping[str, Any]) -> None:
    """Keep nested parameters with the active MLflow run, where there is one, as `group.name`."""
    import mlflow  # noqa: PLC0415 - see above

    if mlflow.active_run() is not None:
        flat = pd.json_normalize(dict(parameters)).iloc[0]
        mlflow.log_params({str(name): value for name, value in flat.items()})


class ExperimentRuns:
    """One parent run and a child for each job, in MLflow; nothing is registered and no alias moves.

    Works by ids, not by the active run, so that it neither meets nor leaves a run of the process.
    """

    def __init__(self, uri: str, experiment: str, name: str, tags: Mapping[str, str]) -> None:
        import mlflow  # noqa: PLC0415 - see above

        ensure_store(uri, experiment)
        self._client = mlflow.MlflowClient(uri)
        found = self._client.get_experiment_by_name(experiment)
        self._experiment_id = self._client.create_experiment(experiment) if found is None else found.experiment_id
        self.parent_id = self._create(name, tags)

    def start_job(self, name: str, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """The id of a child run that says what it was made with."""
        from mlflow.entities import Param  # noqa: PLC0415 - see above

        run_id = self._create(name, {**tags, "mlflow.parentRunId": self.parent_id})
        flat = pd.json_normalize(dict(parameters)).iloc[0]
        given = [Param(str(key), str(value)) for key, value in flat.items()]
        for start in range(0, len(given), MOST_PARAMETERS_AT_ONCE):
            self._client.log_batch(run_id, params=given[start : start + MOST_PARAMETERS_AT_ONCE])
        return run_id

    def end_job(self, run_id: str, figures: Mapping[str, float], failure: str | None = None) -> None:
        """Keep a job's finite figures; where it failed, why."""
        for key, figure in figures.items():
            if math.isfinite(figure):
                self._client.log_metric(run_id, key, figure)
        if failure is not None:
            self._client.set_tag(run_id, "failure", failure)
        self._client.set_terminated(run_id, "FINISHED" if failure is None else "FAILED")

    def end(self, status: RunEnd, folder: Path | None = None) -> None:
        """End the parent, with copies of the files that compare its children."""
        if folder is not None:
            self._client.log_artifacts(self.parent_id, str(folder), artifact_path=COMPARISON)
        self._client.set_terminated(self.parent_id, status)

    def _create(self, name: str, tags: Mapping[str, str]) -> str:
        run = self._client.create_run(self._experiment_id, run_name=name, tags=dict(tags))
        return str(run.info.run_id)
