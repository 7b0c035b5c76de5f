import numpy as np
import pandas as pd
import pytest

from lead_conversion.pipelines.modelling.drivers import NOTHING_STANDS_OUT, name_drivers


def _feature(name: str, kind: str = "numeric", unit: str = "events") -> dict[str, str]:
    return {"name": name, "kind": kind, "unit": unit, "sentence": f"Sentence of {name}.", "family": "timing"}


def _say(value: object, contribution: float, **kind: str) -> str:
    rows, contributions = pd.DataFrame({"a": [value]}), pd.DataFrame({"a": [contribution]})
    return name_drivers(contributions, rows, [_feature("a", **kind)])[0]


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (3.0, {}, "3"),
        (1234.0, {}, "1,234"),
        (2.345, {"unit": "hours"}, "2.35 hours"),
        (0.25, {"unit": "share"}, "25 %"),
        ("ads; paid", {"kind": "categorical", "unit": "category"}, "ads, paid"),
        (np.nan, {}, "not known"),
        (None, {"kind": "categorical", "unit": "category"}, "not known"),
    ],
)
def test_value_is_said_in_its_unit(value: object, kind: dict[str, str], said: str) -> None:
    assert _say(value, 0.5, **kind) == f"Sentence of a: {said} (raises the chance)"


def test_direction_is_that_of_the_contribution() -> None:
    assert _say(3.0, -0.5).endswith("(lowers the chance)")


def test_three_strongest_are_named_strongest_first() -> None:
    contributions = pd.DataFrame({"a": [0.1], "b": [-0.4], "c": [0.3], "d": [0.2]})
    rows = pd.DataFrame({name: [1.0] for name in "abcd"})
    (said,) = name_drivers(contributions, rows, [_feature(name) for name in "abcd"])
    assert [phrase.split(":")[0][-1] for phrase in said.split("; ")] == ["b", "c", "d"]


def test_small_contributions_are_not_called_drivers() -> None:
    assert _say(3.0, 0.01) == NOTHING_STANDS_OUT
