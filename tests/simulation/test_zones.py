from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lead_conversion.simulation import WorldSpec
from lead_conversion.simulation import behaviour as law
from lead_conversion.simulation.zones import ZONES, hour_of_day, utc_offset

# From winter over both changes of the clocks of a year; not begun at a whole hour.
YEAR = WorldSpec(days=364, end=datetime(2026, 12, 31, 10, 40, tzinfo=UTC))


@pytest.mark.parametrize("name", ZONES)
def test_offset_is_that_of_the_time_zone_at_that_moment(name):
    hours = np.random.default_rng(3).uniform(0, YEAR.hours, 500)
    zone = np.array(ZONES.index(name))
    offsets, shown = utc_offset(YEAR, zone, hours), hour_of_day(YEAR, zone, hours)
    for hour, offset, clock in zip(hours, offsets, shown, strict=True):
        local = (YEAR.start + timedelta(hours=hour)).replace(tzinfo=UTC).astimezone(ZoneInfo(name))
        assert local.utcoffset() == timedelta(hours=offset)
        assert clock == pytest.approx(local.hour + local.minute / 60 + local.second / 3600, abs=0.001)


@pytest.mark.parametrize(
    ("name", "due", "sent"),
    [
        ("America/New_York", "2026-07-01T11:30", "2026-07-01T12:00"),  # 7:30 in summer
        ("America/New_York", "2026-01-15T11:30", "2026-01-15T13:00"),  # 6:30 in winter
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T12:00"),  # clocks are put forward in the night
        ("Europe/Berlin", "2026-10-24T19:00", "2026-10-25T07:00"),  # and set back
        ("Australia/Brisbane", "2026-01-15T11:00", "2026-01-15T22:00"),
        ("Europe/London", "2026-07-01T12:00", "2026-07-01T12:00"),
    ],
)
def test_what_is_due_at_night_goes_out_at_eight_by_the_clock_of_the_morning(name, due, sent):
    def hours(moment):
        return (datetime.fromisoformat(moment) - YEAR.start) / timedelta(hours=1)

    found = law.send_time(YEAR, np.array([hours(due)]), np.array([ZONES.index(name)]))
    assert found == pytest.approx([hours(sent)])
