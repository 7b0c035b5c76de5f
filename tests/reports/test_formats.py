import math

import pytest

from lead_conversion.reports import formats
from lead_conversion.reports.formats import MISSING, NBSP


def plain(text):
    return text.replace(NBSP, " ").replace(formats.MINUS, "-").replace(formats.TIMES, "x")


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (formats.percent, 0.1234, "12.3 %"),
        (formats.points, 0.018, "+1.8 points"),
        (formats.points, -0.018, "-1.8 points"),
        (formats.points, -0.0001, "0.0 points"),
        (formats.count, 12345.4, "12,345"),
        (formats.times, 2.71, "2.7 x"),
        (formats.p_value, 0.0004, "< 0.001"),
        (formats.p_value, 0.0312, "0.031"),
        (formats.chance, 0.37, "37 %"),
        (formats.chance, 0.9999, "above 99 %"),
        (formats.chance, 0.0001, "below 1 %"),
        (formats.signed, 14.2, "+14.2"),
        (formats.signed, 0.0, "0.0"),
    ],
)
def test_each_kind_of_number_is_written_in_one_way(form, value, text):
    assert plain(form(value)) == text


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
@pytest.mark.parametrize(
    "form", [formats.percent, formats.points, formats.count, formats.times, formats.p_value, formats.chance]
)
def test_a_figure_that_could_not_be_computed_is_a_dash(form, value):
    assert form(value) == MISSING


def test_interval_says_its_unit_once():
    assert plain(formats.interval(0.123, 0.11, 0.135, formats.percent)) == "12.3 % (11.0 to 13.5)"


def test_interval_with_an_unknown_end_is_left_out():
    assert plain(formats.interval(0.123, None, 0.135, formats.percent)) == "12.3 %"


def test_interval_without_a_value_is_a_dash_even_where_its_ends_are_known():
    assert formats.interval(None, 0.1, 0.2, formats.percent) == MISSING


def test_moment_with_an_offset_is_shown_in_utc():
    assert formats.moment("2026-09-01T08:00:00+02:00") == "1 Sep 2026, 06:00 UTC"


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "row", "1 row"), (2, "row", "2 rows"), (0, "day", "0 days"), (2, "entity", "2 entities")],
)
def test_counted_nouns_agree_with_their_number(number, noun, text):
    assert formats.plural(number, noun) == text


@pytest.mark.parametrize(
    ("tests", "text"),
    [
        ((), ""),
        (("test-a",), "after test-a ends"),
        (("test-a", "test-b"), "after test-a and test-b end"),
        (("test-a", "test-b", "test-c"), "after test-a, test-b and test-c end"),
    ],
)
def test_what_a_test_waits_for_is_named(tests, text):
    assert formats.after_words(tests) == text


def test_steps_that_send_leads_to_one_that_goes_are_named_in_a_sentence():
    assert formats.sent_from_words([]) == ""
    assert formats.sent_from_words([1, 2, 4]) == (
        "The decision points of steps 1, 2 and 4 send leads here: they have to name another step first."
    )
