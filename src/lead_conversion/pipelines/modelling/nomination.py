"""Which models may go to the registry: those that passed their gate, with where they come from."""

from typing import Any


def nominate_models(
    trained_models: dict[str, Any], evaluation: dict[str, Any], raw_manifest: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """By target, the model that passed its gate and its lineage: snapshot, as-of, hashes and the gate's figures.

    A target without a model that passed is absent; a verdict that is missing counts as not passed.
    """
    passed = {
        name: result
        for name, result in evaluation["targets"].items()
        if result["status"] == "evaluated" and result.get("gate", {}).get("passed") is True
    }
    return {
        name: {
            "model": trained_models[name],
            "lineage": {
                "target": name,
                "chosen_model": result["chosen_model"],
                "snapshot_id": raw_manifest["snapshot_id"],
                "as_of": raw_manifest["as_of"],
                "snapshot_sha256": {entity: facts["sha256"] for entity, facts in raw_manifest["entities"].items()},
                "code_version": raw_manifest["code_version"],
                "gate": result["gate"],
                "metrics": result["models"][result["chosen_model"]],
            },
        }
        for name, result in sorted(passed.items())
    }
