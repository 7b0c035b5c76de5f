"""A small world, and the servers that hold it."""

import pytest
from sql_servers import GIVEN, LiveServer, StandIn

from lead_conversion.simulation import WorldSpec, truth_path_of, write_world

# Enough for a full run to train a model in seconds.
LEADS = 1_500


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The file of a world."""
    path = tmp_path_factory.mktemp("world") / "agent_cory.duckdb"
    write_world(WorldSpec(leads=LEADS), path, truth_path_of(path))
    return path


@pytest.fixture(scope="module", params=["stand-in", "live"])
def server(request, world, tmp_path_factory):
    """A server that holds the world: one that reads T-SQL here, and the one that the environment names."""
    if request.param == "stand-in":
        made = StandIn(world, tmp_path_factory.mktemp("stand_in"))
    elif GIVEN.get("CORY_SQL_HOST"):
        made = LiveServer(world)
    else:
        pytest.skip("No server: set CORY_SQL_HOST, _USER, _PASSWORD (README.md) of a login that may create a database")
    yield made
    made.close()
