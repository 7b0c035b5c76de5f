import pytest
from configured import QUALITY
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from lead_conversion.pipelines.data_engineering.completeness import at_least, at_most, judge_completeness

SURE = 0.99


def entity(rows=1000, *, rules=(), nulls=None, unknown=None, categories=None):
    return {
        "rows_read": rows,
        "rules": [{"rule": rule, "kind": "rejected", "rows": count} for rule, count in rules],
        "nulls": nulls or {},
        "unknown_labels": unknown or {},
        "categories": categories or {},
    }


def figures(*, key="k", **entities):
    return {"entities": entities, "pseudonym_key": key}


def verdict(gate, now, last=None, *, age_days=None, column=None):
    verdicts = judge_completeness(now, last, age_days, QUALITY)
    (found,) = [item for item in verdicts if item.gate == gate and (column is None or item.column == column)]
    return found


@given(st.integers(1, 5000), st.data())
def test_bounds_hold_the_share_and_are_exact(of, data):
    rows = data.draw(st.integers(0, of))
    low, high = at_least(rows, of, SURE), at_most(rows, of, SURE)
    assert low <= rows / of <= high
    if rows:
        assert binomtest(rows, of, low, alternative="greater").pvalue == pytest.approx(1 - SURE)
    if rows < of:
        assert binomtest(rows, of, high, alternative="less").pvalue == pytest.approx(1 - SURE)


@pytest.mark.parametrize(("rows", "refused", "passed"), [(10, 3, True), (1000, 300, False), (1000, 190, True)])
def test_few_rows_break_no_limit_and_many_do(rows, refused, passed):
    now = figures(outcomes=entity(rows, rules=[("void_booking", refused)]))
    assert verdict("refused", now).passed is passed


def test_copies_are_no_reason_to_stop():
    now = figures(engagement_logs=entity(rules=[(QUALITY.copies[0], 500)]))
    assert verdict("refused", now).figure == 0


def test_entity_that_lost_its_rows_is_refused():
    lost = verdict("lost_rows", figures(contacts=entity(0)), figures(contacts=entity(1000)))
    assert (lost.passed, lost.figure, lost.entity) == (False, 1.0, "contacts")


def test_entity_that_was_empty_before_has_nothing_to_compare_with():
    verdicts = judge_completeness(figures(contacts=entity(5)), figures(contacts=entity(0)), None, QUALITY)
    assert not {"lost_rows", "grown"} & {item.gate for item in verdicts}


def test_without_an_earlier_snapshot_comparisons_are_not_judged():
    now = figures(contacts=entity())
    assert [verdict(gate, now).passed for gate in ("lost_rows", "grown", "more_nulls", "new_categories")] == [None] * 4


@pytest.mark.parametrize(("had", "read", "passed"), [(1000, 2900, True), (1000, 3500, False), (2, 8, True)])
def test_growth_is_judged_by_what_the_counts_leave_no_doubt_about(had, read, passed):
    assert verdict("grown", figures(contacts=entity(read)), figures(contacts=entity(had))).passed is passed


def test_references_that_lead_nowhere_are_counted_by_link():
    lead = QUALITY.gates.unknown_links.links[0]
    now = figures(engagement_logs=entity(rules=[(rule, 100) for rule in lead.rules[:2]]))
    found = verdict("unknown_links", now, column=lead.link)
    assert (found.figure, found.passed) == (0.2, False)


def test_column_that_every_row_must_have_is_judged_by_its_own_limit():
    now = figures(contacts=entity(nulls={"created_at": 50, "industry": 900}))
    verdicts = [item for item in judge_completeness(now, None, None, QUALITY) if item.gate == "nulls"]
    assert {item.column: item.passed for item in verdicts}["created_at"] is False
    assert "industry" not in {item.column for item in verdicts}


@pytest.mark.parametrize(("before", "now", "passed"), [(0, 300, False), (800, 900, True), (300, 0, True)])
def test_column_that_goes_missing_is_refused(before, now, passed):
    last = figures(contacts=entity(nulls={"industry": before}))
    assert verdict("more_nulls", figures(contacts=entity(nulls={"industry": now})), last).passed is passed


def test_column_that_the_last_snapshot_did_not_have_is_not_compared():
    verdicts = judge_completeness(
        figures(contacts=entity(nulls={"added_since": 1000})), figures(contacts=entity()), None, QUALITY
    )
    assert "more_nulls" not in {item.gate for item in verdicts}


def test_column_that_was_missing_by_chance_of_few_rows_is_not():
    last = figures(contacts=entity(4, nulls={"industry": 0}))
    assert verdict("more_nulls", figures(contacts=entity(nulls={"industry": 300})), last).passed


@pytest.mark.parametrize(
    "how", [{"unknown": {"channel": 100}}, {"rules": [("unknown_channel", 100)]}], ids=["at the door", "by cleaning"]
)
def test_spellings_that_nobody_knows_are_refused(how):
    found = verdict("unknown_values", figures(engagement_logs=entity(**how)), column="channel")
    assert (found.figure, found.passed) == (0.1, False)


def test_missing_values_are_no_unknown_ones():
    now = figures(engagement_logs=entity(nulls={"channel": 900}, unknown={"channel": 4}))
    assert verdict("unknown_values", now, column="channel").figure == 0.04


def of_industry(values, key="k"):
    return figures(key=key, contacts=entity(categories={"industry": values}))


def test_values_that_the_last_snapshot_did_not_have_are_refused():
    last = of_industry({"software": 900, "edtech": 100})
    assert verdict("new_categories", of_industry({"software": 700, "other:3fa9c12b": 300}), last).passed is False
    assert verdict("new_categories", of_industry({"software": 10, "edtech": 990}), last).figure == 0


def test_tokens_under_another_key_are_not_new():
    last = of_industry({"other:00000000": 1000})
    assert verdict("new_categories", of_industry({"other:3fa9c12b": 1000}, key="another"), last).figure == 0


@pytest.mark.parametrize(("now", "last"), [(None, {"software": 1}), ({"software": 1}, None)])
def test_column_of_too_many_values_is_not_judged(now, last):
    verdicts = judge_completeness(of_industry(now), of_industry(last), None, QUALITY)
    assert "new_categories" not in {item.gate for item in verdicts}


def test_gate_without_a_limit_is_not_judged():
    assert verdict("freshness", figures(), age_days=99.0).passed is None
