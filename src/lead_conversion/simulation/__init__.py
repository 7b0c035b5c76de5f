"""The demo database: an invented agency, its leads, and the truth that was planted in them."""

from lead_conversion.simulation.personal import personal_values
from lead_conversion.simulation.spec import WorldSpec, WorldSummary, truth_path_of
from lead_conversion.simulation.writer import chances_as_seen, write_world

__all__ = ["WorldSpec", "WorldSummary", "chances_as_seen", "personal_values", "truth_path_of", "write_world"]
