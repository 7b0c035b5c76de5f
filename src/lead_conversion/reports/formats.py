"""Numbers as a reader meets them.

One way to write each kind of number: a share is "12.3 %", a change of a probability is "+1.8 points", an estimate is
followed by its 95 % interval, "12.3 % (11.0 to 13.5)", and what could not be computed is a dash.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from lead_conversion.kernel.windows import parse_moment

NumberFormat = Callable[[float | None], str]

MISSING = "\N{EN DASH}"
NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
SHORT_KEY_DIGITS = 8
SMALLEST_P_VALUE = 0.001
RARE = 0.01


def is_known(value: float | None) -> TypeGuard[float]:
    """Whether a figure could be computed (neither None nor NaN nor infinite)."""
    return value is not None and math.isfinite(value)


def decimal(value: float | None, digits: int = 3) -> str:
    """A plain figure with a fixed number of decimals, thousands apart: "1,234.500"."""
    if not is_known(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    # "-0.000" would claim a sign that the rounded figure does not have.
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", MINUS)


def count(value: float | None) -> str:
    """A number of things, rounded to whole ones: "12,345"."""
    return decimal(value, digits=0)


def percent(value: float | None, digits: int = 1) -> str:
    """A share in [0, 1] as "12.3 %"."""
    return f"{decimal(100 * value, digits)}{NBSP}%" if is_known(value) else MISSING


def points(value: float | None, digits: int = 1) -> str:
    """A change of a probability in percentage points, always signed: "+1.8 points"."""
    return f"{signed(100 * value, digits)}{NBSP}points" if is_known(value) else MISSING


def signed(value: float | None, digits: int = 1) -> str:
    """A difference, always with its sign: "+1.8", "0.0"."""
    text = decimal(value, digits)
    is_positive = is_known(value) and text[0] != MINUS and any(digit in text for digit in "123456789")
    return f"+{text}" if is_positive else text


def p_value(value: float | None) -> str:
    """A p- or q-value with three decimals; below that, "< 0.001"."""
    if is_known(value) and value < SMALLEST_P_VALUE:
        return f"<{NBSP}{SMALLEST_P_VALUE}"
    return decimal(value)


def chance(value: float | None) -> str:
    """The chance of something that data tell of, never told as none or certain: "below 1 %", "37 %", "above 99 %"."""
    if is_known(value) and not RARE <= value <= 1 - RARE:
        return f"below {percent(RARE, 0)}" if value < RARE else f"above {percent(1 - RARE, 0)}"
    return percent(value, 0)


def hours(value: float) -> str:
    """Hours, or days where they are whole: "6 h", "3 d"."""
    days = value / 24
    return f"{days:.0f} d" if days >= 1 and days == int(days) else f"{value:g} h"


def times(value: float | None) -> str:
    """A ratio to what chance would give, followed by a multiplication sign."""
    return f"{decimal(value, 1)}{NBSP}{TIMES}" if is_known(value) else MISSING


def bounds(low: float | None, high: float | None, form: NumberFormat) -> str:
    """The ends of an interval without their unit: "11.0 to 13.5"; nothing where they are not known."""
    if not (is_known(low) and is_known(high)):
        return ""
    return " to ".join(form(end).partition(NBSP)[0] for end in (low, high))


def interval(value: float | None, low: float | None, high: float | None, form: NumberFormat) -> str:
    """An estimate and its 95 % interval, the unit said once: "12.3 % (11.0 to 13.5)"."""
    ends = bounds(low, high, form)
    return f"{form(value)} ({ends})" if ends and is_known(value) else form(value)


def estimate(figure: Mapping[str, Any] | None, form: NumberFormat) -> str:
    """The same, from a figure of evaluation.json: {"value", "ci_low", "ci_high"}."""
    figure = figure or {}
    return interval(figure.get("value"), figure.get("ci_low"), figure.get("ci_high"), form)


def moment(value: str) -> str:
    """A moment in UTC: "1 Sep 2026, 06:00 UTC"."""
    at = parse_moment(value)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def day(value: str | None) -> str:
    """A day: "1 Sep 2026"."""
    return MISSING if value is None else moment(value).partition(",")[0]


def short_key(key: str) -> str:
    """A pseudonym's or hash's first digits, enough to find it again."""
    return key if len(key) <= SHORT_KEY_DIGITS else key[:SHORT_KEY_DIGITS] + ELLIPSIS


def in_words(name: str) -> str:
    """An identifier as words: "orphan_contact" as "orphan contact"."""
    return name.replace("_", " ").strip()


def plural(number: float, noun: str) -> str:
    """A counted noun: "1 row", "2 rows", "3 entities"."""
    if round(number) == 1:
        return f"{count(number)} {noun}"
    return f"{count(number)} {noun[:-1] + 'ies' if noun.endswith(('ty', 'ry')) else noun + 's'}"


def after_words(tests: Sequence[str]) -> str:
    """When a test begins that waits for others: "after test-a and test-b end"; nothing where it waits for none."""
    if not tests:
        return ""
    return f"after {_in_a_row(tests)} {'ends' if len(tests) == 1 else 'end'}"


def sent_from_words(places: Sequence[int]) -> str:
    """What has to be mended before a step goes to which the decision points of others send leads; nothing without."""
    if not places:
        return ""
    names = _in_a_row([str(place) for place in places])
    if len(places) == 1:
        return f"The decision point of step {names} sends leads here: it has to name another step first."
    return f"The decision points of steps {names} send leads here: they have to name another step first."


def _in_a_row(names: Sequence[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
