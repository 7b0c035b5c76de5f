import tarfile

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf.errors import InterpolationResolutionError

from lead_conversion.configuration import HydraConfigLoader
from lead_conversion.kernel.errors import ConfigurationError


@pytest.fixture
def conf(tmp_path):
    """A small project: two models, one environment that picks the other."""
    files = {
        "base/parameters/config.yaml": "defaults:\n  - model: trees\n  - _self_\nseed: 1\n",
        "base/parameters/model/trees.yaml": "name: trees\nleaves: 31\n",
        "base/parameters/model/linear.yaml": "name: linear\npenalty: 0.5\n",
        "base/source/contacts.sql": "SELECT 1 AS base",
        "base/catalog.yml": "contacts: {type: MemoryDataset, metadata: {sql: '${statement:contacts}'}}\n",
        "prod/parameters/env/prod.yaml": "# @package _global_\ndefaults:\n  - override /model: linear\nseed: 9\n",
        "prod/source/contacts.sql": "SELECT 1 AS prod",
        "local/.gitkeep": "",
    }
    for name, text in files.items():
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "conf"


def loader(conf, **options):
    return HydraConfigLoader(conf, base_env="base", default_run_env="local", **options)


def test_defaults_are_composed_from_the_groups(conf):
    assert loader(conf)["parameters"] == {"model": {"name": "trees", "leaves": 31}, "seed": 1}


def test_runtime_parameter_that_names_an_option_picks_it(conf):
    picked = loader(conf, runtime_params={"model": "linear"})["parameters"]
    assert picked["model"] == {"name": "linear", "penalty": 0.5}


def test_option_that_yaml_reads_as_a_truth_value_is_still_an_option(conf):
    (conf / "base/parameters/model/off.yaml").write_text("name: nothing\n")
    assert loader(conf, runtime_params={"model": False})["parameters"]["model"] == {"name": "nothing"}
    with pytest.raises(ConfigurationError, match="Unknown option 'on' for 'model'"):
        loader(conf, runtime_params={"model": True})["parameters"]


def test_runtime_parameter_replaces_a_single_value(conf):
    changed = loader(conf, runtime_params={"model": {"leaves": 7}, "seed": 3})["parameters"]
    assert changed == {"model": {"name": "trees", "leaves": 7}, "seed": 3}


def test_environment_picks_other_options_and_values(conf):
    assert loader(conf, env="prod")["parameters"] == {"model": {"name": "linear", "penalty": 0.5}, "seed": 9}


def test_runtime_parameter_beats_the_environment(conf):
    chosen = loader(conf, env="prod", runtime_params={"model": "trees", "seed": 2})["parameters"]
    assert chosen == {"model": {"name": "trees", "leaves": 31}, "seed": 2}


def test_unknown_option_is_refused_with_the_nearest_name(conf):
    with pytest.raises(ConfigurationError, match="Did you mean 'linear'"):
        loader(conf, runtime_params={"model": "lineer"})["parameters"]


@pytest.mark.parametrize("parameters", [{"sede": 3}, {"model": {"leafs": 3}}])
def test_key_that_the_configuration_lacks_is_refused(conf, parameters):
    with pytest.raises(ConfigurationError, match="Unknown parameter"):
        loader(conf, runtime_params=parameters)["parameters"]


def test_statement_of_the_environment_beats_that_of_base(conf):
    assert loader(conf)["catalog"]["contacts"]["metadata"]["sql"] == "SELECT 1 AS base"
    assert loader(conf, env="prod")["catalog"]["contacts"]["metadata"]["sql"] == "SELECT 1 AS prod"


def test_statement_that_is_not_there_is_refused(conf):
    (conf / "base/source/contacts.sql").unlink()
    with pytest.raises(InterpolationResolutionError, match="No statement for 'contacts'"):
        loader(conf)["catalog"]


def test_statement_with_a_byte_order_mark_is_read_without_it(conf):
    (conf / "base/source/contacts.sql").write_text("SELECT 'Ω' AS base", encoding="utf-8-sig")
    assert loader(conf).statement("contacts") == "SELECT 'Ω' AS base"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_statement_in_another_encoding_is_refused_with_how_to_save_it(conf, encoding, found):
    (conf / "base/source/contacts.sql").write_text("SELECT 'é' AS base", encoding=encoding)
    with pytest.raises(ConfigurationError, match=rf"contacts\.sql: expected .* UTF-8, found .*{found}.*Save it as"):
        loader(conf).statement("contacts")


@pytest.mark.parametrize(
    "name", ["base/parameters/model/trees.yaml", "prod/parameters/env/prod.yaml", "base/catalog.yml"]
)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
@pytest.mark.parametrize("kind", ["parameters", "catalog"])
def test_configuration_in_another_encoding_is_refused_with_how_to_save_it(conf, name, encoding, kind):
    (conf / name).write_text((conf / name).read_text(), encoding=encoding)
    with pytest.raises(ConfigurationError, match=rf"{name}: expected .* UTF-8, found UTF-16.*Save it as.*utf8\.ya?ml"):
        loader(conf, env="prod")[kind]


def test_configuration_with_a_byte_order_mark_is_read(conf):
    for name in ("base/parameters/model/trees.yaml", "base/parameters/config.yaml", "base/catalog.yml"):
        (conf / name).write_text((conf / name).read_text(), encoding="utf-8-sig")
    assert loader(conf)["parameters"]["model"]["leaves"] == 31
    assert list(loader(conf)["catalog"]) == ["contacts"]


def test_packaged_archive_gives_the_same_parameters(conf, tmp_path):
    archive = tmp_path / "conf.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(conf, arcname="conf")
    assert loader(archive)["parameters"] == loader(conf)["parameters"]


def test_hydra_application_around_is_left_as_it_was(conf):
    with initialize_config_dir(str(conf / "base" / "parameters"), version_base="1.3"):
        around = GlobalHydra.instance().hydra
        loader(conf)["parameters"]
        assert GlobalHydra.instance().hydra is around


def test_text_where_a_number_is_expected_is_refused(conf):
    with pytest.raises(ConfigurationError, match=r"'model\.leaves': expected a number like 31"):
        loader(conf, runtime_params={"model": {"leaves": "many"}})["parameters"]


def test_unknown_environment_is_refused_with_the_nearest_name(conf):
    with pytest.raises(ConfigurationError, match=r"Unknown environment 'prd'.*Did you mean 'prod'"):
        loader(conf, env="prd")
