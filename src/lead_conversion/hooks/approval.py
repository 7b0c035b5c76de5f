"""Refuses to score with what nobody approved, before anything is read."""

from typing import Any, cast

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from lead_conversion.contracts.features import FEATURES
from lead_conversion.lifecycle.champions import require_champions
from lead_conversion.pipelines.feature_engineering.features import describe_recipe

SCORES_WITH_CHAMPIONS = "score_with_champions"


class ApprovalHooks:
    """A run that scores with champions only begins if each target has one that this code can score with."""

    # First of all: a run that cannot score takes no lock, starts no run in MLflow and asks no database.
    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Look at the champions."""
        if any(node.name == SCORES_WITH_CHAMPIONS for node in pipeline.nodes):
            target, features = (cast("Any", catalog.load(f"params:{name}")) for name in ("target", "features"))
            require_champions(catalog.load("champion_models"), target, describe_recipe(features), FEATURES)
