import shutil
from pathlib import Path

import click
import pytest
import yaml
from configured import PARAMETERS

from lead_conversion.cli import project as cli_project
from lead_conversion.cli.project import (
    access_rules_of,
    catalog_of,
    conf_folder,
    filepath_of,
    parameters_of,
    read_configuration,
)
from lead_conversion.kernel.errors import ConfigurationError
from project import PROJECT, SQL_SERVER


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with the project's configuration."""
    shutil.copytree(PROJECT / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("pseudonym*", "local"))
    (tmp_path / "conf/local").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_catalog_has_the_named_entries_only():
    assert list(catalog_of(None, "pseudonym_key", "scored_leads")) == ["pseudonym_key", "scored_leads"]


def test_entry_that_a_pattern_declares_is_resolved():
    described = str(catalog_of(None, "rejected_contacts").get("rejected_contacts"))
    assert "data/02_intermediate/rejected_contacts.parquet" in described


def test_nothing_is_written_by_asking(folder):
    before = sorted(folder.rglob("*"))
    catalog = catalog_of(None, "agent_cory@source", "scored_leads", "nominated_models")
    assert not catalog.exists("scored_leads")
    assert sorted(folder.rglob("*")) == before


def test_environment_has_its_own_entries_and_credentials(monkeypatch):
    for name, value in SQL_SERVER.items():
        monkeypatch.setenv(name, value)
    names = [type(catalog_of(env, "agent_cory@source").get("agent_cory@source")).__name__ for env in (None, "prod")]
    assert names == ["EmbeddedSourceDataset", "SQLServerSourceDataset"]


def test_environment_of_kedros_own_variable_counts(monkeypatch):
    monkeypatch.setenv("KEDRO_ENV", "prod")
    assert type(catalog_of(None, "agent_cory@demo").get("agent_cory@demo")).__name__ == "NoDemoDatabaseDataset"


def test_parameters_are_those_of_a_run():
    assert parameters_of(None) == PARAMETERS
    assert parameters_of("prod")["seed"] == PARAMETERS["seed"]


def test_configuration_is_read_once_in_a_command_and_anew_in_the_next(folder):
    with click.Context(click.Command("first")):
        members = dict(read_configuration(None, "access")["members"])
        read_configuration(None, "access")["members"].clear()
        (folder / "conf/local/access.yml").write_text(yaml.safe_dump({"members": {"operator": ["ada"]}}))
        assert read_configuration(None, "access")["members"] == members
    with click.Context(click.Command("second")):
        assert read_configuration(None, "access")["members"] == {"operator": ["ada"]} != members


def test_unknown_environment_is_refused_with_the_nearest_name():
    for ask in (parameters_of, lambda env: catalog_of(env, "scored_leads")):
        with pytest.raises(ConfigurationError, match="Did you mean 'prod'"):
            ask("prd")


def test_unknown_entry_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigurationError, match=r"environment 'local' has no entry 'score_leads'.*'scored_leads'"):
        catalog_of(None, "score_leads")


def test_file_of_an_entry_stands_where_the_catalog_says():
    assert filepath_of(None, "scored_leads") == Path("data/07_model_output/scored_leads.parquet")


def test_environment_replaces_the_members_and_keeps_the_roles(folder):
    (folder / "conf/local/access.yml").write_text("members: {operator: [anna]}")
    rules = access_rules_of(None)
    assert rules.members == {"operator": ("anna",)}
    assert "scores.export" in rules.roles["operator"]
    assert access_rules_of("prod").members["operator"] == ()


def test_configuration_without_access_rules_lets_nobody_do_anything(folder):
    (folder / "conf/base/access.yml").unlink()
    with pytest.raises(ConfigurationError, match=r"has no base/access\.yml"):
        access_rules_of(None)


def test_folder_conf_counts_before_what_the_package_carries(folder, monkeypatch, tmp_path_factory):
    carried = tmp_path_factory.mktemp("package") / "conf"
    (carried / "base").mkdir(parents=True)
    monkeypatch.setattr(cli_project, "CARRIED", carried)
    assert conf_folder() == folder / "conf"
    shutil.rmtree(folder / "conf/base")  # what is left, such as a key that a run made, is no configuration
    assert conf_folder() == carried


def test_folder_without_any_configuration_is_refused(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setattr(cli_project, "CARRIED", Path("nowhere"))
    with pytest.raises(ConfigurationError, match="Change to the project's folder"):
        conf_folder()
