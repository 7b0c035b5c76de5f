"""Which models may go to the registry: those that passed their gate, with where they come from."""

from typing import Any

import pandas as pd

from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.lifecycle.champions import Recipe, describe_target, learned_until
from lead_conversion.lifecycle.drift.reference import REFERENCE_FILE, to_parquet
from lead_conversion.pipelines.modelling.estimators import name_version


def nominate_models(
    trained_models: dict[str, dict[str, Any]],
    evaluation: dict[str, Any],
    raw_manifest: dict[str, Any],
    run_identity: dict[str, Any],
    references: pd.DataFrame,
    feature_recipe: Recipe,
    target: Targets,
) -> dict[str, dict[str, Any]]:
    """By target, the model that passed its gate and its lineage: data, code, configuration, environment, judgement.

    A target without a model that passed is absent; a verdict that is missing counts as not passed. With the model goes
    the sample of leads that drift is judged against.
    """
    made_of = {**_describe_run(raw_manifest, run_identity), "feature_recipe": dict(feature_recipe)}
    return {
        name: {
            "model": trained_models[name],
            "lineage": {**made_of, **_describe_model(name, spec, trained_models[name], result)},
            "files": {REFERENCE_FILE: to_parquet(references[references["target"] == name])},
        }
        for name, spec in sorted(target.items())
        if (result := evaluation["targets"][name])["status"] == "evaluated"
        and result.get("gate", {}).get("passed") is True
    }


def _describe_run(raw_manifest: dict[str, Any], run_identity: dict[str, Any]) -> dict[str, Any]:
    """What all models of a run have in common."""
    return {
        "snapshot_id": raw_manifest["snapshot_id"],
        "as_of": raw_manifest["as_of"],
        "snapshot_sha256": {entity: facts["sha256"] for entity, facts in raw_manifest["entities"].items()},
        "code": run_identity["code"],
        "config_sha256": run_identity["config"]["sha256"],
        "environment": run_identity["environment"],
        "run": run_identity["run"],
    }


def _describe_model(name: str, spec: Target, trained: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    chosen = result["models"][result["chosen_model"]]
    return {
        "target": name,
        "sentence": spec.sentence,
        "target_definition": describe_target(spec),
        "chosen_model": result["chosen_model"],
        "model_version": name_version(trained),
        "features": [feature["name"] for feature in trained["features"]],
        "learned_until": learned_until(result["split"], spec.window_days),
        "metrics": {metric: figure["value"] for metric, figure in chosen.items() if isinstance(figure, dict)},
        "champion": {"version": result["champion"]["version"]},
        "gate": result["gate"],
        "evaluation": {part: found for part, found in result.items() if part != "gate"},
    }
