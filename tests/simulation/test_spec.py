from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from lead_conversion.simulation import WorldSpec, truth_path_of


def test_a_misspelt_knob_is_refused():
    with pytest.raises(ValidationError, match="lead_count"):
        WorldSpec.model_validate({"lead_count": 5})


def test_the_end_is_kept_as_naive_utc():
    brisbane = timezone(timedelta(hours=10))
    end = WorldSpec(end=datetime(2026, 1, 1, 10, tzinfo=brisbane)).end
    assert end.tzinfo is None
    assert end.isoformat() == "2026-01-01T00:00:00"


def test_the_truth_lies_beside_the_database():
    assert truth_path_of(Path("a/x.duckdb")) == Path("a/x.truth.duckdb")


def test_hours_become_moments_to_the_millisecond_and_nothing_stays_nothing():
    spec = WorldSpec(end=datetime(2026, 3, 2, tzinfo=UTC), days=60)
    moments = spec.moments(np.array([0.0, 1.5, np.nan]))
    assert moments[0] == np.datetime64("2026-01-01")
    assert moments[1] == np.datetime64("2026-01-01T01:30")
    assert np.isnat(moments[2])
