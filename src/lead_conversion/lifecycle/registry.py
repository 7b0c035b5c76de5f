"""The one door to the model registry (MLflow)."""

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pandas as pd

CHALLENGER = "challenger"
MODEL_FILE = "model.json"
LINEAGE_FILE = "lineage.json"
SQLITE = "sqlite:///"
COMPARISON = "comparison"
MOST_PARAMETERS_AT_ONCE = 100
RunEnd = Literal["FINISHED", "FAILED", "KILLED"]


def register_model(name: str, model: Mapping[str, Any], lineage: Mapping[str, Any]) -> str:
    """The registry's version number of a model that passed its gate; the alias `challenger` points to it.

    A model that is the challenger already, to the byte, is not registered again.

    What is registered is a folder of text: the model as JSON (trees as LightGBM's own text inside) and its lineage,
    with the sha256 of the model file. Nothing is pickled.
    """
    import mlflow  # noqa: PLC0415 - two seconds, and most commands never register

    client = mlflow.MlflowClient()
    text = json.dumps(model, sort_keys=True)
    digest = sha256(text.encode()).hexdigest()
    challenger = _challenger(client, name)
    if challenger is not None and challenger.tags.get("model_sha256") == digest:
        return str(challenger.version)
    run = mlflow.active_run() or mlflow.start_run()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / MODEL_FILE).write_text(text, encoding="utf-8")
        described = json.dumps({**lineage, "model_sha256": digest}, indent=1, sort_keys=True)
        (Path(folder) / LINEAGE_FILE).write_text(described, encoding="utf-8")
        mlflow.log_artifacts(folder, artifact_path=name)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    version = client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/{name}",
        run_id=run.info.run_id,
        tags={"model_sha256": digest, **{key: str(value) for key, value in lineage.items() if isinstance(value, str)}},
    )
    client.set_registered_model_alias(name, CHALLENGER, version.version)
    return str(version.version)


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


def _challenger(client: Any, name: str) -> Any:
    """The registered version that the alias points to, or None."""
    if not client.search_registered_models(f"name = '{name}'"):
        return None
    aliases = client.get_registered_model(name).aliases
    return client.get_model_version(name, aliases[CHALLENGER]) if CHALLENGER in aliases else None


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
