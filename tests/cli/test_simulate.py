import duckdb
import pytest
from click.testing import CliRunner

from lead_conversion.cli.simulate import simulate
from lead_conversion.kernel.errors import ConfigurationError


def ask(*arguments):
    return CliRunner().invoke(simulate, list(map(str, arguments)))


def test_simulate_writes_a_database_and_tells_its_tables_and_where_the_truth_lies(tmp_path):
    out = tmp_path / "demo.duckdb"
    answer = ask("--leads", 60, "--days", 60, "--seed", 3, "--out", out)
    assert answer.exit_code == 0
    assert "education.contacts" in answer.output
    assert str(tmp_path / "demo.truth.duckdb") in answer.output
    with duckdb.connect(out, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM education.contacts").fetchone()[0] >= 60


def test_simulate_refuses_to_replace_a_file_unless_it_is_told_to(tmp_path):
    out = tmp_path / "demo.duckdb"
    out.write_text("mine")
    refused = ask("--leads", 30, "--out", out)
    assert isinstance(refused.exception, ConfigurationError)
    assert "--force" in str(refused.exception)
    assert out.read_text() == "mine"
    assert ask("--leads", 30, "--out", out, "--force").exit_code == 0


def test_simulate_refuses_to_replace_a_truth_that_lies_where_its_own_would(tmp_path):
    (tmp_path / "demo.truth.duckdb").write_text("mine")
    assert isinstance(ask("--out", tmp_path / "demo.duckdb").exception, ConfigurationError)


@pytest.mark.parametrize("option", ["--leads=0", "--days=5", "--assignment=fair", "--hidden-confounding=-1"])
def test_simulate_refuses_numbers_that_make_no_world(option):
    assert ask(option).exit_code == 2
