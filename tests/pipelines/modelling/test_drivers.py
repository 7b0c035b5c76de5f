from typing import Any

import pandas as pd

from lead_conversion.pipelines.modelling.drivers import NOTHING_STANDS_OUT, name_drivers

Stability = dict[str, Any]


def _feature(name: str, family: str = "timing", kind: str = "numeric") -> dict[str, str]:
    return {"name": name, "kind": kind, "unit": "events", "sentence": f"Sentence of {name}.", "family": family}


def _trust(names: str, *, kin: list[list[str]] | None = None, raises: float = 1.0, lowers: float = 1.0) -> Stability:
    """Bootstrap models that agree with whatever sign a contribution has, unless told otherwise."""
    table = {"edges": [], "raises": [raises, raises], "lowers": [lowers, lowers]}
    return {"least_agreement": 0.9, "features": dict.fromkeys(names, table), "kin": kin or []}


def _say(contributions: dict[str, float], families: dict[str, str], stability: Stability) -> str:
    rows = pd.DataFrame({name: [3.0] for name in contributions})
    features = [_feature(name, families[name]) for name in contributions]
    moves = pd.DataFrame({name: [move] for name, move in contributions.items()})
    return name_drivers(moves, rows, features, stability)[0]


def test_families_come_strongest_first_with_their_direction() -> None:
    said = _say({"a": 0.2, "b": -0.6, "c": 0.4}, {"a": "timing", "b": "content", "c": "interaction"}, _trust("abc"))
    assert said == (
        "Sentence of b: 3: lowers the chance; Sentence of c: 3: raises the chance; Sentence of a: 3: raises the chance"
    )


def test_what_pulls_one_way_in_a_family_is_added_up_before_families_are_ranked() -> None:
    moves = {"a": 0.25, "b": 0.25, "c": 0.2, "d": -0.6}
    said = _say(moves, {"a": "timing", "b": "timing", "c": "timing", "d": "content"}, _trust("abcd"))
    first, second = said.split("; ")
    assert first == "Sentence of a: 3 and Sentence of b: 3: raise the chance"
    assert second == "Sentence of d: 3: lowers the chance"


def test_family_that_pulls_both_ways_is_named_for_each() -> None:
    said = _say({"a": 0.5, "b": -0.4}, {"a": "timing", "b": "timing"}, _trust("ab"))
    assert said == "Sentence of a: 3: raises the chance; Sentence of b: 3: lowers the chance"


def test_versions_of_one_thing_are_added_up_and_said_once() -> None:
    families = {"a": "timing", "b": "timing", "c": "content"}
    said = _say({"a": 0.2, "b": 0.3, "c": 0.4}, families, _trust("abc", kin=[["a", "b"]]))
    assert said == "Sentence of b: 3: raises the chance; Sentence of c: 3: raises the chance"


def test_versions_of_one_thing_that_cancel_out_are_not_said() -> None:
    said = _say({"a": 0.5, "b": -0.48}, {"a": "timing", "b": "timing"}, _trust("ab", kin=[["a", "b"]]))
    assert said == NOTHING_STANDS_OUT


def test_driver_whose_sign_the_bootstrap_models_do_not_share_is_not_shown() -> None:
    assert _say({"a": 0.5}, {"a": "timing"}, _trust("a", raises=0.8, lowers=0.2)) == NOTHING_STANDS_OUT
    assert _say({"a": -0.5}, {"a": "timing"}, _trust("a", raises=0.95, lowers=0.05)) == NOTHING_STANDS_OUT
    assert _say({"a": 0.5}, {"a": "timing"}, _trust("a", raises=0.95, lowers=0.05)) != NOTHING_STANDS_OUT


def test_feature_that_no_bootstrap_model_uses_is_not_shown() -> None:
    assert _say({"a": 0.5}, {"a": "timing"}, _trust("")) == NOTHING_STANDS_OUT


def test_small_contributions_are_not_called_drivers() -> None:
    assert _say({"a": 0.01}, {"a": "timing"}, _trust("a")) == NOTHING_STANDS_OUT


def test_category_with_a_semicolon_does_not_break_the_list() -> None:
    rows = pd.DataFrame({"lead_source": ["ads; paid"], "b": [1.0]})
    features = [_feature("lead_source", "attribution", "categorical"), _feature("b")]
    stability = _trust("b")
    stability["features"]["lead_source"] = {"categories": [], "raises": [1.0], "lowers": [1.0]}
    (said,) = name_drivers(pd.DataFrame({"lead_source": [0.5], "b": [0.4]}), rows, features, stability)
    assert said.split("; ") == ["came in through ads, paid: raises the chance", "Sentence of b: 1: raises the chance"]
