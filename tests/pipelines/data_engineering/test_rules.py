import ibis
import pandas as pd
import pytest
from ibis import _

from lead_conversion.pipelines.data_engineering.rules import has_name, join_names, names_of


def value(expression, **columns):
    row = ibis.memtable(
        pd.DataFrame({name: [given] for name, given in columns.items()}, dtype=object),
        schema=ibis.schema(dict.fromkeys(columns, "string")),
    )
    found = row.select(found=expression).to_pandas()["found"].iloc[0]
    return None if pd.isna(found) else found


@pytest.mark.parametrize(("holds", "names"), [("yes", "a,b"), ("no", "a"), (None, "a")])
def test_rules_that_hold_are_named_in_order_and_an_unknown_condition_does_not_hold(holds, names):
    rules = {"b": _.holds == "yes", "a": _.sound == "yes", "c": _.sound == "no"}
    assert value(names_of(rules), holds=holds, sound="yes") == names


def test_row_that_no_rule_touched_names_none():
    assert value(names_of({"a": _.x == "y"}), x="x") is None


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [("a,c", "b", "a,b,c"), ("a", "a", "a"), (None, "b", "b"), ("a", None, "a"), (None, None, None)],
)
def test_names_of_two_layers_are_joined_in_order_each_once(first, second, both):
    assert value(join_names(_.first, _.second), first=first, second=second) == both


@pytest.mark.parametrize(("names", "is_named"), [("long,html", True), ("longer", False), (None, False)])
def test_a_name_is_a_whole_word(names, is_named):
    assert bool(value(has_name(_.names, "long"), names=names)) is is_named
