from datetime import UTC, datetime, timedelta, timezone

import pytest

from lead_conversion.kernel.windows import parse_moment, to_naive_utc, window_end


def test_moment_with_a_zone_becomes_naive_utc():
    madrid = timezone(timedelta(hours=2))
    assert to_naive_utc(datetime(2026, 5, 1, 12, tzinfo=madrid)) == datetime(2026, 5, 1, 10)  # noqa: DTZ001


def test_text_without_a_zone_is_read_as_utc():
    assert parse_moment("2026-05-01T10:00:00") == parse_moment("2026-05-01T12:00:00+02:00")


def test_text_that_is_no_moment_is_refused():
    with pytest.raises(ValueError, match="isoformat"):
        parse_moment("next Tuesday")


def test_window_ends_at_its_first_moment_outside():
    start = datetime(2026, 5, 1, tzinfo=UTC)
    assert window_end(start, days=7) == datetime(2026, 5, 8, tzinfo=UTC)
