import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from lineages import TARGET, lineage

from lead_conversion.cli.project import parameters_of
from lead_conversion.contracts.features import FEATURES
from lead_conversion.hooks import ApprovalHooks
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.kernel.targets import Targets
from lead_conversion.pipelines.feature_engineering.features import describe_recipe
from lead_conversion.pipelines.feature_engineering.parameters import FeatureParameters
from project import registered

READ = [{"name": feature.name, "kind": feature.kind, "unit": feature.unit} for feature in FEATURES]
MADE = FeatureParameters.model_validate(parameters_of(None)["features"])
LINEAGE = lineage(feature_recipe=describe_recipe(MADE))
CHAMPION = {"version": "3", "model": {"features": READ}, "lineage": LINEAGE, "files": {}}
GONE = CHAMPION | {"model": {"features": [*READ, {"name": "gone", "kind": "numeric", "unit": "h"}]}}
UNLIKE = CHAMPION | {"lineage": lineage(feature_recipe=describe_recipe(MADE.model_copy(update={"settling_hours": 0})))}


def begin(pipeline: Pipeline, champions: dict) -> None:
    values = {"params:target": Targets(root={"t1": TARGET}), "params:features": MADE, "champion_models": champions}
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in values.items()})
    ApprovalHooks().before_pipeline_run(pipeline, catalog)


def test_scoring_begins_where_each_target_has_a_champion():
    begin(registered()["scoring"], {"t1": CHAMPION})


@pytest.mark.parametrize(
    ("champions", "refusal"),
    [
        ({}, AccessError),
        ({"t2": CHAMPION}, AccessError),
        ({"t1": GONE}, ConfigurationError),
        ({"t1": UNLIKE}, ConfigurationError),
    ],
    ids=["none", "of_another_target", "features_gone", "features_made_in_another_way"],
)
def test_scoring_is_refused_before_anything_is_read(champions, refusal):
    with pytest.raises(refusal):
        begin(registered()["scoring"], champions)


def test_training_begins_without_a_champion():
    begin(registered()["training"], {})
