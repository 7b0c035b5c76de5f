from datetime import datetime

import pytest

from lead_conversion.kernel.zones import zone_spans

START, END = datetime(2026, 5, 1), datetime(2026, 6, 1)  # noqa: DTZ001, times are naive UTC


@pytest.mark.parametrize(
    "name", ["localtime", "posixrules", "Factory", "right/Europe/Berlin", "posix/Europe/Berlin", "Europe", "", "\0"]
)
def test_file_among_the_zones_that_is_no_zone_of_iana_has_no_span(name):
    # Of those that machines have, some hold the machine's own clock: features would differ from one to another.
    (berlin,) = zone_spans([name, "Europe/Berlin"], START, END)
    assert (berlin.timezone, berlin.offset_seconds) == ("Europe/Berlin", 7200)
