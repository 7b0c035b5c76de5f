import pytest
from pydantic import BaseModel

from lead_conversion.configuration import HydraConfigLoader
from project import PROJECT, registered, session


def test_the_default_is_the_full_run():
    names = {pipeline: {node.name for node in registered()[pipeline].nodes} for pipeline in ("__default__", "full")}
    assert names["__default__"] == names["full"]


def test_every_composition_of_the_architecture_is_there():
    five = {"data_engineering", "feature_engineering", "modelling", "recommendation", "reporting"}
    assert five | {"full", "training", "scoring"} <= set(registered())


def test_scoring_trains_nothing_and_takes_no_model_but_the_champions():
    scoring = registered()["scoring"]
    assert {"train_models", "evaluate_models", "nominate_models"}.isdisjoint(node.name for node in scoring.nodes)
    models = {name for name in scoring.datasets() if "model" in name and not name.startswith("model_input")}
    assert models == {"champion_models"}
    assert scoring.inputs() - registered()["full"].inputs() == set()


@pytest.mark.parametrize(
    "node", [*registered()["full"].nodes, registered()["scoring"].nodes[-1]], ids=lambda node: node.name
)
def test_node_is_named_as_its_function(node):
    assert node.name == node.func.__name__


def test_every_parameter_is_read_by_a_node_or_is_refused():
    parameters = HydraConfigLoader(PROJECT / "conf", base_env="base", default_run_env="local")["parameters"]
    read = {name.removeprefix("params:") for name in registered()["full"].inputs() if name.startswith("params:")}
    assert set(parameters) == read


def test_every_group_of_parameters_is_a_typed_model_that_forbids_unknown_keys(tmp_path):
    with session(tmp_path) as created:
        parameters = created.load_context().params
    groups = {name: value for name, value in parameters.items() if name != "seed"}
    for name, value in groups.items():
        assert isinstance(value, BaseModel), name
        if name != "target":
            assert type(value).model_config["extra"] == "forbid", name
            assert type(value).model_config["frozen"], name
