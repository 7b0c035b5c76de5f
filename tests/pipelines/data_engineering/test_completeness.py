import numpy as np
import pytest
from configured import QUALITY
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from lead_conversion.pipelines.data_engineering.completeness import (
    at_least,
    at_most,
    judge_completeness,
    ratio_at_least,
    ratio_at_most,
)

SURE = 0.99


def entity(rows=1000, *, rules=(), nulls=None, unknown=None, categories=None, by_kind=None, kept=None):
    categories = categories or {}
    by_kind = by_kind or {"": (rows, nulls or {})}
    return {
        "rows_read": rows,
        "rules": [{"rule": rule, "kind": "rejected", "rows": count} for rule, count in rules],
        "nulls": nulls or {},
        "unknown_labels": unknown or {},
        "kinds_read": {kind: {"rows": read, "nulls": missing} for kind, (read, missing) in by_kind.items()},
        "kinds_kept": kept or {},
        "values": {column: 999 if values is None else len(values) for column, values in categories.items()},
        "categories": categories,
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
    gates = ("lost_rows", "lost_kinds", "grown", "more_nulls", "new_categories", "many_categories")
    assert [verdict(gate, now).passed for gate in gates] == [None] * 6


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


def test_rule_that_refuses_missing_words_too_counts_the_unknown_ones_only():
    now = figures(engagement_logs=entity(nulls={"channel": 900}, rules=[("unknown_channel", 904)]))
    assert verdict("unknown_values", now, column="channel").figure == 0.04


@pytest.mark.parametrize(("unknown", "passed"), [(100, False), (8, True)])
def test_outcomes_of_types_that_no_target_knows_are_refused_where_they_are_many(unknown, passed):
    now = figures(outcomes=entity(rules=[("unknown_outcome_type", unknown)]))
    assert verdict("unknown_values", now, column="outcome_type").passed is passed


def test_missing_values_are_no_unknown_ones():
    now = figures(engagement_logs=entity(nulls={"channel": 900}, unknown={"channel": 4}))
    assert verdict("unknown_values", now, column="channel").figure == 0.04


def kept(**kinds):
    """Events of which so many of each kind were kept; the total is the same whatever the kinds."""
    return figures(engagement_logs=entity(100_000, kept={kind.replace("_", " "): n for kind, n in kinds.items()}))


def test_kind_that_vanishes_inside_a_total_is_refused_by_name():
    found = verdict("lost_kinds", kept(outbound_sms=99_000), kept(outbound_voice=900))
    assert (found.kind, found.passed, found.figure, found.rows, found.rows_of) == (
        "outbound voice", False, 1.0, 900, 900,
    )  # fmt: skip
    assert "lost_kinds at engagement_logs, outbound voice: 100.0% (900 of 900 rows), limit 20.0%" in found.in_words()


def test_type_of_outcome_that_vanishes_is_refused():
    last = figures(outcomes=entity(5000, kept={"call_booked": 60, "opted_out": 4940}))
    now = figures(outcomes=entity(5000, kept={"opted_out": 5000}))
    verdicts = [item for item in judge_completeness(now, last, None, QUALITY) if item.gate == "lost_kinds"]
    assert {item.kind: item.passed for item in verdicts} == {"call_booked": False, "opted_out": True}


@pytest.mark.parametrize(
    ("had", "kept_now", "passed"),
    [(10, 0, False), (10, 5, True), (60, 40, True), (6000, 4000, False), (6000, 5900, True)],
)
def test_loss_of_a_kind_is_judged_by_what_two_counts_leave_no_doubt_about(had, kept_now, passed):
    assert verdict("lost_kinds", kept(inbound_sms=kept_now), kept(inbound_sms=had)).passed is passed


@given(st.integers(10, 400), st.integers(0, 10_000))
def test_counts_of_one_rate_raise_no_more_alarms_than_the_confidence_allows(rate, seed):
    draws = np.random.default_rng(seed).poisson(rate, (200, 2))
    alarms = [1 - ratio_at_most(now, had, SURE) > 0 for had, now in draws.tolist() if had]
    assert sum(alarms) <= 12  # of 200 at 1 %, beyond what chance allows


def test_kinds_of_few_rows_and_those_that_pass_into_others_are_not_judged():
    assert "lost_kinds" not in {item.gate for item in judge_completeness(kept(), kept(inbound_sms=9), None, QUALITY)}
    assert "lost_kinds" not in {item.gate for item in judge_completeness(kept(), kept(sent=5000), None, QUALITY)}


@given(st.integers(0, 500), st.integers(1, 500))
def test_bounds_hold_the_ratio_of_two_counts(count, before):
    assert ratio_at_least(count, before, SURE) <= count / before <= ratio_at_most(count, before, SURE)


def test_column_is_compared_within_the_kind_of_rows_that_has_it():
    def events(replies_without_words):
        kinds = {
            "inbound sms": (300, {"reply_words": replies_without_words}),
            "outbound sms": (9700, {"reply_words": 9700}),
        }
        return figures(engagement_logs=entity(10_000, by_kind=kinds))

    found = verdict("more_nulls", events(200), events(3))
    assert (found.kind, found.column, found.passed, found.rows, found.rows_of, found.before) == (
        "inbound sms", "reply_words", False, 200, 300, 0.01,
    )  # fmt: skip
    assert "engagement_logs, inbound sms, reply_words: 65.7% (200 of 300 rows, before 1.0%)" in found.in_words()


def test_snapshot_of_before_kinds_were_counted_is_compared_by_its_totals():
    before = entity()
    for part in ("kinds_read", "kinds_kept", "values"):
        del before[part]
    gates = {
        item.gate for item in judge_completeness(figures(contacts=entity(100)), figures(contacts=before), None, QUALITY)
    }
    assert "lost_rows" in gates
    assert not gates & {"lost_kinds", "more_nulls"}


def of_industry(values, key="k"):
    return figures(key=key, contacts=entity(categories={"industry": values}))


def test_values_that_the_last_snapshot_did_not_have_are_refused():
    last = of_industry({"software": 900, "edtech": 100})
    assert verdict("new_categories", of_industry({"software": 700, "other:3fa9c12b": 300}), last).passed is False
    assert verdict("new_categories", of_industry({"software": 10, "edtech": 990}), last).figure == 0


def test_tokens_under_another_key_are_not_new():
    last = of_industry({"other:00000000": 1000})
    assert verdict("new_categories", of_industry({"other:3fa9c12b": 1000}, key="another"), last).figure == 0


def test_column_that_comes_to_have_too_many_categories_is_refused_with_their_number():
    found = verdict("many_categories", of_industry(None), of_industry({"software": 1}))
    assert (found.passed, found.figure, found.before, found.limit) == (False, 999, 1, 200)
    assert "many_categories at contacts, industry: 999 values (before 1 values), limit 200 values" in found.in_words()
    assert verdict("many_categories", of_industry({"software": 1}), of_industry({"edtech": 1})).passed


@pytest.mark.parametrize("now", [None, {"software": 1}])
def test_column_that_was_none_of_categories_before_is_not_judged(now):
    gates = {item.gate for item in judge_completeness(of_industry(now), of_industry(None), None, QUALITY)}
    assert not gates & {"new_categories", "many_categories"}


def test_gate_without_a_limit_is_not_judged():
    assert verdict("freshness", figures(), age_days=99.0).passed is None
