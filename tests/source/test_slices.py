from datetime import date

import pytest

from lead_conversion.guard.pseudonyms import PseudonymKey
from lead_conversion.kernel.windows import Span, parse_moment
from lead_conversion.source.protocol import DaySummary
from lead_conversion.source.row_hash import MODULUS
from lead_conversion.source.slices import slices_of

KEY = PseudonymKey("k" * 32)


def contents_of(*days, entity="contacts", key=KEY):
    return [part.content for part in slices_of(entity, days, key)]


def test_days_fold_into_calendar_months():
    days = [
        DaySummary(date(2025, 12, 31), 2, 5),
        DaySummary(date(2026, 1, 1), 3, 7),
        DaySummary(date(2026, 1, 31), 4, 9),
    ]
    parts = slices_of("contacts", days, KEY)
    assert [(part.name, part.rows) for part in parts] == [("2025-12", 2), ("2026-01", 7)]
    assert parts[0].span == Span(parse_moment("2025-12-01"), parse_moment("2026-01-01"))


def test_contents_of_days_add_up_modulo_2_to_the_64():
    whole = contents_of(DaySummary(date(2026, 1, 1), 2, 3))
    assert contents_of(DaySummary(date(2026, 1, 1), 1, MODULUS - 1), DaySummary(date(2026, 1, 2), 1, 4)) == whole
    assert contents_of(DaySummary(date(2026, 1, 1), 2, 4)) != whole


def test_equal_sums_of_other_months_entities_or_keys_differ():
    day = DaySummary(date(2026, 1, 1), 2, 3)
    others = [
        contents_of(DaySummary(date(2026, 2, 1), 2, 3)),
        contents_of(day, entity="outcomes"),
        contents_of(day, key=PseudonymKey("x" * 32)),
    ]
    assert contents_of(day) not in others


def test_counts_are_compared_by_day():
    one, other = DaySummary(date(2026, 1, 1), 1, None), DaySummary(date(2026, 1, 2), 1, None)
    moved = DaySummary(date(2026, 1, 3), 1, None)
    assert contents_of(one, other) == contents_of(one, other)
    assert contents_of(one, other) != contents_of(one, moved)


@pytest.mark.parametrize(
    ("entity", "days"), [("campaign_steps", [DaySummary(date(2026, 1, 1), 4, 9)]), ("outcomes", [])]
)
def test_what_is_read_whole_or_has_no_row_is_one_slice(entity, days):
    (part,) = slices_of(entity, days, KEY)
    assert (part.name, part.span, part.rows) == ("all", None, sum(day.rows for day in days))
    assert part.ends_after(parse_moment("2999-01-01"))


def test_month_ends_where_the_next_begins():
    (part,) = slices_of("contacts", [DaySummary(date(2026, 1, 31), 1, 1)], KEY)
    assert part.ends_after(parse_moment("2026-01-31T23:59:59"))
    assert not part.ends_after(parse_moment("2026-02-01"))
