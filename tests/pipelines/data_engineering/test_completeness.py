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


def entity(rows=1000, *, rules=(), did="rejected", nulls=None, unknown=None, categories=None, by_kind=None, kept=None):
    categories = categories or {}
    by_kind = by_kind or {"": (rows, nulls or {})}
    return {
        "rows_read": rows,
        "rules": [{"rule": rule, "kind": did, "rows": count} for rule, count in rules],
        "nulls": nulls or {},
        "unknown_labels": unknown or {},
        "kinds_read": {kind: {"rows": read, "nulls": missing} for kind, (read, missing) in by_kind.items()},
        "kinds_kept": kept or {},
        "values": {column: 999 if values is None else len(values) for column, values in categories.items()},
        "categories": categories,
    }


def figures(*, key="k", **entities):
    return {"entities": entities, "pseudonym_key": key, "looked_for": sorted(QUALITY.rules)}


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


def test_refused_rows_are_told_by_the_rules_that_refused_most():
    rules = [("no_wait", 5), ("no_position", 1), ("no_campaign", 900), ("unknown_channel", 9), (QUALITY.copies[0], 950)]
    told = verdict("refused", figures(campaign_steps=entity(rules=rules))).in_words()
    assert f"most by no_campaign 900 ({QUALITY.rules['no_campaign']}); unknown_channel 9 (" in told
    assert "no_wait 5" in told
    assert not any(rule in told for rule in ("no_position", QUALITY.copies[0]))


def test_copies_are_no_reason_to_stop():
    now = figures(engagement_logs=entity(rules=[(QUALITY.copies[0], 500)]))
    assert verdict("refused", now).figure == 0


@pytest.mark.parametrize(("merged", "passed"), [(780, False), (30, True)])
def test_contacts_that_are_merged_away_in_masses_are_refused(merged, passed):
    now = figures(contacts=entity(rules=[("same_person_twice", merged)]))
    found = verdict("merged", now)
    assert (found.passed, found.figure, found.entity) == (passed, merged / 1000, "contacts")


@pytest.mark.parametrize(
    ("rule", "rows", "broken"),
    [("time_far_off", 900, ["time_far_off"]), ("time_far_off", 400, []), ("channel_spelling", 1000, [])],
)
def test_rule_that_mends_most_rows_is_refused_but_where_mending_loses_nothing(rule, rows, broken):
    now = figures(engagement_logs=entity(rules=[(rule, rows)], did="mended"))
    verdicts = [item for item in judge_completeness(now, None, None, QUALITY) if item.gate == "mended"]
    assert [item.column for item in verdicts if item.passed is False] == broken


@pytest.mark.parametrize(
    ("rule", "did", "had", "rows", "passed"),
    [
        ("time_far_off", "mended", 10, 300, False),
        ("repeated_message_id", "rejected", 10, 300, False),
        ("time_far_off", "mended", 10, 200, True),
        ("time_far_off", "mended", 300, 300, True),
    ],
)
def test_rule_that_comes_to_touch_many_more_rows_is_refused(rule, did, had, rows, passed):
    last, now = (figures(engagement_logs=entity(rules=[(rule, n)], did=did)) for n in (had, rows))
    found = verdict("more_touched", now, last)
    assert (found.column, found.kind, found.passed, found.stops_the_run) == (rule, did, passed, True)
    assert found.before == had / 1000


def test_share_that_a_rule_gains_is_judged_by_what_few_rows_leave_no_doubt_about():
    last, now = (figures(outcomes=entity(10, rules=[("void_booking", n)])) for n in (1, 5))
    assert verdict("more_touched", now, last).passed


@pytest.mark.parametrize(("rule", "did"), [("paused_campaign", "noted"), ("channel_spelling", "mended")])
def test_rule_that_loses_nothing_warns_only_where_it_touches_more(rule, did):
    now = figures(campaign_steps=entity(rules=[(rule, 900)], did=did))
    found = verdict("more_touched", now, figures(campaign_steps=entity()))
    assert (found.passed, found.stops_the_run) == (False, False)


@pytest.mark.parametrize(("rule", "looked_for"), [("late_rows_left_out", None), ("time_far_off", [])])
def test_rule_of_other_rows_or_that_is_new_is_not_compared(rule, looked_for):
    now = figures(outcomes=entity(rules=[(rule, 5000)], did="noted"))
    last = figures(outcomes=entity())
    last["looked_for"] = last["looked_for"] if looked_for is None else looked_for
    assert "more_touched" not in {item.gate for item in judge_completeness(now, last, None, QUALITY)}


def active(until, *, rows=200, days=57, with_rows=57, longest=1.0):
    """A kind whose newest row is of a day in June, and how often it had rows in the days before."""
    return {
        "newest_at": f"2026-06-{until:02}T00:00:00", "rows": rows, "days": days, "days_with_rows": with_rows,
        "longest_silence_days": longest,
    }  # fmt: skip


def silences(*, quality=QUALITY, **outcomes):
    now = figures(
        engagement_logs=entity() | {"activity": {"outbound sms": active(30)}},
        outcomes=entity() | {"activity": outcomes},
    )
    verdicts = [item for item in judge_completeness(now, None, None, quality) if item.gate == "silence"]
    return {item.kind: item for item in verdicts}


@pytest.mark.parametrize(
    ("kind", "passed"),
    [
        (active(27), False),
        (active(29), True),
        (active(27, longest=1.6), True),  # twice the longest silence before
        (active(18, with_rows=29), False),
        (active(18, with_rows=14), True),  # one day of four had rows: twelve without are likely enough
        (active(1, rows=9), None),
    ],
)
def test_kind_that_fell_silent_for_longer_than_its_own_days_explain_is_refused(kind, passed):
    found = silences(call_booked=kind).get("call_booked")
    assert (found and found.passed) is passed


def test_silence_is_told_with_what_was_expected_and_the_longest_one_before():
    told = silences(call_booked=active(20, rows=570))["call_booked"].in_words()
    assert "silence at outcomes, call_booked: 10.0 days (0 rows where 100 were expected, before 1.0 days)" in told


def test_more_kinds_need_more_certainty():
    few = silences(call_booked=active(20, with_rows=29))["call_booked"].limit
    many = silences(call_booked=active(20, with_rows=29), qualified=active(30), converted=active(30))
    assert many["call_booked"].limit > few


def test_kind_that_ended_long_ago_warns_and_one_that_is_named_is_not_judged():
    gate = QUALITY.gates.silence
    ended = gate.model_copy(update={"ended_after_days": 20, "besides": ("qualified",)})
    gates = QUALITY.gates.model_copy(update={"silence": ended})
    found = silences(
        quality=QUALITY.model_copy(update={"gates": gates}),
        converted=active(1), call_booked=active(20), qualified=active(1),
    )  # fmt: skip
    assert {kind: (item.passed, item.stops_the_run) for kind, item in found.items()} == {
        "outbound sms": (True, True), "converted": (False, False), "call_booked": (False, True),
    }  # fmt: skip


def test_silence_without_a_limit_is_not_judged():
    silence = QUALITY.gates.silence.model_copy(update={"limit": None})
    off = QUALITY.model_copy(update={"gates": QUALITY.gates.model_copy(update={"silence": silence})})
    assert silences(quality=off, call_booked=active(1))["call_booked"].passed is None


@given(st.integers(5, 56), st.integers(0, 10_000))
def test_kind_that_goes_on_as_before_is_hardly_ever_taken_for_stopped(days_with_rows, seed):
    """Days are drawn with the share that the kind has; silences from then on stay within the limit."""
    limit = silences(call_booked=active(30, with_rows=days_with_rows))["call_booked"].limit
    until_the_next = np.random.default_rng(seed).geometric(days_with_rows / 57, 300) - 1
    assert (until_the_next > limit).mean() <= 0.01


def test_entity_that_lost_its_rows_is_refused():
    lost = verdict("lost_rows", figures(contacts=entity(0)), figures(contacts=entity(1000)))
    assert (lost.passed, lost.figure, lost.entity) == (False, 1.0, "contacts")


def test_entity_that_was_empty_before_has_nothing_to_compare_with():
    verdicts = judge_completeness(figures(contacts=entity(5)), figures(contacts=entity(0)), None, QUALITY)
    assert not {"lost_rows", "grown"} & {item.gate for item in verdicts}


def test_without_an_earlier_snapshot_comparisons_are_not_judged():
    now = figures(contacts=entity())
    gates = ("lost_rows", "lost_kinds", "grown", "more_touched", "more_nulls", "new_categories", "many_categories")
    assert [verdict(gate, now).passed for gate in gates] == [None] * 7


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
