import pytest
from kedro.io.core import DatasetError

from lead_conversion.cli import find_refusal
from lead_conversion.datasets.agent_cory import (
    DemoDatabaseDataset,
    EmbeddedSourceDataset,
    NoDemoDatabaseDataset,
    SQLServerSourceDataset,
)
from lead_conversion.kernel.errors import AccessError, ConfigurationError
from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation.world import World

WORLD = World(WorldSpec(leads=60, seed=1))


def refusal(action, *arguments):
    with pytest.raises(DatasetError) as caught:
        action(*arguments)
    return find_refusal(caught.value)


def test_demo_world_is_written_where_it_is_missing_with_its_truth_beside_it(tmp_path):
    demo = DemoDatabaseDataset(filepath=str(tmp_path / "demo" / "cory.duckdb"))
    demo.save(WORLD)
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["cory.duckdb", "cory.truth.duckdb"]


def test_database_that_is_there_is_not_written_again(tmp_path):
    path = tmp_path / "cory.duckdb"
    path.write_bytes(b"somebody's own")
    DemoDatabaseDataset(filepath=str(path)).save(WORLD)
    assert path.read_bytes() == b"somebody's own"


def test_database_that_the_environment_names_is_never_written(tmp_path, monkeypatch):
    monkeypatch.setenv("CORY_DUCKDB_PATH", str(tmp_path / "own.duckdb"))
    DemoDatabaseDataset(filepath=str(tmp_path / "demo.duckdb")).save(WORLD)
    assert list(tmp_path.iterdir()) == []


def test_real_database_is_never_simulated():
    dataset = NoDemoDatabaseDataset()
    dataset.save(WORLD)
    assert isinstance(refusal(dataset.load), ConfigurationError)


@pytest.mark.parametrize(
    "source",
    [
        EmbeddedSourceDataset(filepath="cory.duckdb", statements={}, batch_rows=10),
        SQLServerSourceDataset(credentials={}, statements={}, batch_rows=10),
    ],
)
def test_nothing_may_be_saved_to_a_source(source):
    assert isinstance(refusal(source.save, WORLD), AccessError)


def test_demo_database_is_read_through_its_read_only_entry(tmp_path):
    assert isinstance(refusal(DemoDatabaseDataset(filepath=str(tmp_path / "x.duckdb")).load), ConfigurationError)
