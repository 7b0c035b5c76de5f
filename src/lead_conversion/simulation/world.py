"""A world that has not been written yet."""

from dataclasses import dataclass
from pathlib import Path

from lead_conversion.simulation.spec import WorldSpec, WorldSummary
from lead_conversion.simulation.writer import write_world


@dataclass(frozen=True)
class World:
    """A simulated world, decided by its spec alone; `write` makes the database and the truth beside it."""

    spec: WorldSpec

    def write(self, path: Path, truth_path: Path) -> WorldSummary:
        """Write the database and the truth file; what was written."""
        return write_world(self.spec, path, truth_path)
