"""Bad input ends with one clear message and an exit code of its own; too little data with a complete report."""

import json

import click
import duckdb
import pytest
from click.testing import CliRunner
from kedro.framework.project import configure_project

from lead_conversion.cli import commands, explain_refusals, find_refusal, run
from lead_conversion.kernel.errors import AccessError, ConfigurationError, DataError, SourceError
from lead_conversion.simulation import WorldSpec, truth_path_of, write_world
from project import PROJECT, QUICK_MODELS


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A small world; a test that changes it copies it."""
    path = tmp_path_factory.mktemp("world") / "cory.duckdb"
    write_world(WorldSpec(leads=400, seed=3), path, truth_path_of(path))
    return path


@pytest.fixture
def kedro_run(tmp_path, monkeypatch):
    """Run the command in an empty folder, against a database where one is named."""
    monkeypatch.chdir(tmp_path)
    configure_project("lead_conversion")

    def ask(*words, database=None):
        if database is not None:
            monkeypatch.setenv("CORY_DUCKDB_PATH", str(database))
        return CliRunner().invoke(run, [f"--conf-source={PROJECT / 'conf'}", *words])

    return ask


def changed(world, tmp_path, *statements):
    path = tmp_path / "changed.duckdb"
    path.write_bytes(world.read_bytes())
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_database_that_is_not_there_is_a_source_error_that_says_what_to_do(kedro_run, tmp_path):
    outcome = kedro_run(database=tmp_path / "missing.duckdb")
    assert outcome.exit_code == SourceError.exit_code
    assert "No database" in outcome.stderr
    assert "lead-conversion simulate" in outcome.stderr
    assert not (tmp_path / "missing.duckdb").exists()


def test_file_that_is_no_database_is_a_source_error(kedro_run, tmp_path):
    (tmp_path / "notes.txt").write_text("this is no database")
    assert kedro_run(database=tmp_path / "notes.txt").exit_code == SourceError.exit_code


def test_wrong_schema_is_a_data_error_that_names_the_column(kedro_run, world, tmp_path):
    renamed = changed(world, tmp_path, "ALTER TABLE education.contacts RENAME COLUMN crm_score TO crm_points")
    outcome = kedro_run(database=renamed)
    assert outcome.exit_code == DataError.exit_code
    assert "crm_score" in outcome.stderr


def test_empty_table_is_a_data_error_that_names_the_entity(kedro_run, world, tmp_path):
    outcome = kedro_run(database=changed(world, tmp_path, "DELETE FROM education.contacts"))
    assert outcome.exit_code == DataError.exit_code
    assert "'contacts'" in outcome.stderr


@pytest.mark.parametrize("params", ["model=lightgmb", "split.holdout_shar=0.3", "split.holdout_share=2", "seed=abc"])
def test_misspelt_or_impossible_parameter_is_a_configuration_error(kedro_run, world, params):
    outcome = kedro_run(f"--params={params}", database=world)
    assert outcome.exit_code == ConfigurationError.exit_code


@pytest.mark.parametrize(
    ("pipeline", "missing"), [("reporting", "01_raw/manifest.json"), ("modelling", "03_primary/labels.parquet")]
)
def test_part_of_a_run_before_any_whole_one_is_a_data_error_that_says_what_to_run(kedro_run, pipeline, missing):
    outcome = kedro_run(f"--pipeline={pipeline}")
    assert outcome.exit_code == DataError.exit_code
    assert missing in outcome.stderr
    assert "Run the pipeline 'full' first" in outcome.stderr


@pytest.mark.parametrize("option", ["--pipeline=ful", "--pipelines=training,ful"])
def test_misspelt_pipeline_is_a_configuration_error_that_names_the_nearest(kedro_run, option):
    outcome = kedro_run(option)
    assert outcome.exit_code == ConfigurationError.exit_code
    assert "Unknown pipeline 'ful'" in outcome.stderr
    assert "Did you mean 'full'?" in outcome.stderr


@pytest.mark.parametrize(
    ("option", "near"),
    [
        ("--nodes=train_model", "train_models"),
        ("--from-nodes=train_model", "train_models"),
        ("--to-outputs=scored_lead", "scored_leads"),
        ("--namespaces=nobody", ""),
        ("--runner=SequentialRuner", "SequentialRunner"),
    ],
)
def test_misspelt_part_of_a_run_is_a_configuration_error_that_names_the_nearest(kedro_run, option, near):
    outcome = kedro_run(option)
    assert outcome.exit_code == ConfigurationError.exit_code
    assert option.partition("=")[2] in outcome.stderr
    assert f"Did you mean '{near}'?" in outcome.stderr or not near


def test_part_of_a_run_that_needs_what_stands_in_no_file_is_told_where_to_begin(kedro_run):
    outcome = kedro_run("--nodes=request_rewrites")
    assert outcome.exit_code == ConfigurationError.exit_code
    assert "'draft_recommendations' is kept in memory only" in outcome.stderr
    assert "--from-nodes=recommend_changes" in outcome.stderr


def test_real_database_without_its_settings_is_a_configuration_error_that_names_them(kedro_run):
    outcome = kedro_run("--env=prod")
    assert outcome.exit_code == ConfigurationError.exit_code
    assert "LEAD_CONVERSION_PSEUDONYM_KEY" in outcome.stderr or "CORY_SQL_HOST" in outcome.stderr


def test_contracts_switched_off_are_refused(kedro_run, world, monkeypatch):
    monkeypatch.setenv("KEDRO_DATASET_VALIDATION", "0")
    assert kedro_run(database=world).exit_code == AccessError.exit_code


def test_refused_run_leaves_nothing_published(kedro_run, world, tmp_path):
    tables = ("education.campaign_activities", "dbo.Education_Cory_Communication_Log")
    kedro_run(database=changed(world, tmp_path, *[f"DELETE FROM {table}" for table in tables]))
    published = [path for path in (tmp_path / "data").rglob("*.parquet") if "snapshots" not in path.parts]
    assert published == []


def test_26_leads_give_a_complete_report_that_says_not_enough_data(kedro_run, tmp_path):
    path = tmp_path / "begun.duckdb"
    write_world(WorldSpec(leads=26, seed=1), path, truth_path_of(path))
    keys = {"education.booking_appointments": "appointment_id", "education.contact_status_history": "status_id"}
    keep_one = [f"DELETE FROM {table} WHERE {key} > (SELECT MIN({key}) FROM {table})" for table, key in keys.items()]
    outcome = kedro_run("--pipeline=full", database=changed(path, tmp_path, *keep_one))
    assert outcome.exit_code == 0, outcome.stderr
    evaluation = json.loads((tmp_path / "data/07_model_output/evaluation.json").read_text())
    recommendations = json.loads((tmp_path / "data/07_model_output/recommendations.json").read_text())
    assert {target["status"] for target in evaluation["targets"].values()} == {"not_enough_data"}
    assert recommendations["status"] == "not_enough_data"
    assert recommendations["recommendations"] == []
    assert "not enough data" in (tmp_path / "data/08_reporting/report.html").read_text().lower()


@pytest.mark.no_cover
def test_target_that_nobody_reached_is_reported_and_the_others_are_evaluated(kedro_run, tmp_path):
    path = tmp_path / "cory.duckdb"
    write_world(WorldSpec(leads=1500, seed=3), path, truth_path_of(path))
    without = changed(path, tmp_path, "DELETE FROM education.contact_status_history WHERE new_status = 'customer'")
    outcome = kedro_run("--pipeline=training", f"--params={QUICK_MODELS}", database=without)
    assert outcome.exit_code == 0, outcome.stderr
    targets = json.loads((tmp_path / "data/07_model_output/evaluation.json").read_text())["targets"]
    assert targets["t3"]["status"] == "not_recorded"
    assert targets["t1"]["status"] == "evaluated"


def test_refusal_is_found_behind_the_exceptions_of_the_framework():
    outer = RuntimeError("dataset failed")
    outer.__cause__ = DataError("contract broken")
    assert isinstance(find_refusal(outer), DataError)
    assert find_refusal(RuntimeError("a bug")) is None


def test_file_of_another_account_is_an_access_error_that_names_it():
    refusal = find_refusal(PermissionError(13, "Permission denied", "data/audit/access.jsonl"))
    assert refusal.exit_code == AccessError.exit_code
    assert "data/audit/access.jsonl: Permission denied" in str(refusal)


def test_bug_is_not_dressed_up_as_a_refusal():
    @click.command()
    @explain_refusals
    def broken():
        raise RuntimeError("a bug")

    outcome = CliRunner().invoke(broken)
    assert isinstance(outcome.exception, RuntimeError)


def test_four_kinds_of_refusal_have_four_exit_codes():
    assert len({kind.exit_code for kind in (DataError, SourceError, AccessError, ConfigurationError)}) == 4


def test_help_names_every_command():
    outcome = CliRunner().invoke(commands, ["--help"])
    assert outcome.exit_code == 0
    assert "simulate" in outcome.output
