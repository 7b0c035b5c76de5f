import duckdb
import pytest

from lead_conversion.simulation import WorldSpec, truth_path_of, write_world


class Written:
    """A world on disk, opened for reading."""

    def __init__(self, folder, **knobs):
        self.path = folder / "agency.duckdb"
        self.summary = write_world(WorldSpec(**knobs), self.path, truth_path_of(self.path))
        self.database = duckdb.connect(self.path, read_only=True)
        self.truth = duckdb.connect(self.summary.truth_path, read_only=True)

    def ask(self, question):
        return self.database.execute(question).fetchall()

    def ask_truth(self, question):
        return self.truth.execute(question).fetchall()


@pytest.fixture(scope="session")
def small_world(tmp_path_factory):
    """Many faults in few leads."""
    return Written(tmp_path_factory.mktemp("small"), leads=2500, days=150, fault_rate=3.0)


@pytest.fixture(scope="session")
def clean_world(tmp_path_factory):
    return Written(tmp_path_factory.mktemp("clean"), leads=1500, days=150, fault_rate=0.0)
