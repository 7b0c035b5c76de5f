"""The one door to the model registry (MLflow)."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

CHALLENGER = "challenger"
MODEL_FILE = "model.json"
LINEAGE_FILE = "lineage.json"
SQLITE = "sqlite:///"


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
