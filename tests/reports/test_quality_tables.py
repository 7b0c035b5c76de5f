import pytest

from lead_conversion.reports.formats import MISSING, TIMES
from lead_conversion.reports.page import spark_points
from lead_conversion.reports.quality_tables import (
    completeness_table,
    gate_place_table,
    idle_rule_table,
    met_rules,
    rule_table,
    waterfall_table,
)


def texts(content):
    return [[cell.text.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in content.rows]


def rule(name="void_booking", *, entity="outcomes", kind="rejected", rows=4, share=0.02, before=(), **more):
    trend = [{"snapshot_id": str(n), "as_of": "2026-06-01", "share": value} for n, value in enumerate(before)]
    sentence = f"About {name}"
    found = {"rule": name, "entity": entity, "kind": kind, "rows": rows, "share": share}
    return {**found, "sentence": sentence, "trend": trend, **more}


def gate(name="refused", *, figure=0.1, limit=0.2, **more):
    passed = None if figure is None or limit is None else figure <= limit
    return {
        "gate": name, "sentence": f"About {name}", "limit": limit, "entity": "contacts", "column": None,
        "kind": None, "before": None,
        "unit": "share", "figure": figure, "bound": figure, "rows": None, "rows_of": None, "stops_the_run": True,
        "passed": passed,
    } | more  # fmt: skip


def test_rows_lead_from_read_to_kept_with_the_most_frequent_reason_first():
    entities = {"outcomes": {"rows_read": 10, "rows_clean": 4, "rows_rejected": 6, "reasons": {"a_few": 1, "many": 5}}}
    assert texts(waterfall_table(entities)) == [
        ["outcomes", "read", "10", ""],
        ["", "less many", "5", "50.00 %"],
        ["", "less a few", "1", "10.00 %"],
        ["", "kept", "4", "40.00 %"],
    ]


def test_kept_share_of_nothing_read_is_a_dash():
    entities = {"outcomes": {"rows_read": 0, "rows_clean": 0, "rows_rejected": 0, "reasons": {}}}
    assert texts(waterfall_table(entities))[-1] == ["", "kept", "0", MISSING]


def test_rules_that_met_rows_come_by_what_they_did_and_the_others_apart():
    rules = [rule("c", kind="noted"), rule("b", kind="rejected"), rule("d", rows=0), rule("a", kind="mended", rows=9)]
    assert [found["rule"] for found in met_rules(rules)] == ["b", "a", "c"]
    assert [row[0] for row in texts(idle_rule_table(rules))] == ["d"]


@pytest.mark.parametrize(
    ("before", "now", "trend"),
    [((), 0.02, MISSING), ((0.5, 0.01), 0.02, "▲ 1.00 % before"), ((0.03,), 0.02, "▼ 3.00 % before"),
     ((0.020001,), 0.02, "= 2.00 % before")],
)  # fmt: skip
def test_trend_tells_the_share_before_and_whether_it_rose(before, now, trend):
    content = rule_table([rule(share=now, before=before)])
    assert texts(content)[0][-1] == trend
    assert content.rows[0][-1].spark == ((*before, now) if before else ())


def test_rule_has_its_sentence_beneath_it_and_unknown_words_their_columns():
    ((named, _entity, what, *_rest),) = rule_table(
        [rule("unknown_label", kind="noted", unknown_labels={"region": 3, "industry": 1200})]
    ).rows
    assert named.note == "About unknown_label"
    assert what.note == "industry 1,200, region 3"


def test_rule_that_was_never_met_has_no_entity_and_no_trend():
    assert texts(idle_rule_table([rule(entity=None, kind=None, rows=0)])) == [["void booking", MISSING, MISSING]]


def test_gate_is_shown_at_the_place_closest_to_its_limit_and_failed_ones_first():
    gates = [
        gate("a", figure=0.1),
        gate("a", figure=0.15, entity="outcomes"),
        gate("b", figure=0.3, rows=3, rows_of=10),
        gate("c", figure=None, entity=None),
    ]
    content = completeness_table(gates)
    assert [(row[0], row[2], row[3], row[-1]) for row in texts(content)] == [
        ("✗ failed", "contacts", "30.00 %", "1"),
        ("✓ passed", "outcomes", "15.00 %", "2"),
        ("not judged", MISSING, MISSING, MISSING),
    ]
    assert content.rows[0][3].note == "3 of 10"


def test_limit_of_zero_is_passed_by_none_only():
    assert texts(completeness_table([gate(figure=0.0, limit=0.0)]))[0][0] == "✓ passed"


def test_every_place_of_a_gate_can_be_looked_up():
    grown = gate("grown", figure=4.0, limit=3.0, unit="ratio", rows=8, rows_of=2, stops_the_run=False)
    gates = [gate(column="created_at"), grown]
    assert gate_place_table(gates).rows[0][3].note == "8 after 2"
    assert texts(gate_place_table(gates)) == [
        ["! warns", "About grown", "contacts", f"4.0 {TIMES}", f"3.0 {TIMES}"],
        ["✓ passed", "About refused", "contacts, created at", "10.00 %", "20.00 %"],
    ]


def test_ages_are_told_in_days():
    assert texts(gate_place_table([gate("freshness", figure=2.5, limit=3.0, unit="days")]))[0][3:] == [
        "2.5 days",
        "3.0 days",
    ]


def test_silence_is_told_beside_the_rows_that_were_expected():
    silence = gate("silence", figure=10.0, limit=4.0, unit="days", kind="call_booked", rows=0, rows_of=100, before=1.5)
    (row,) = gate_place_table([silence]).rows
    assert row[3].note == "0 where 100 were expected, before 1.5 days"


@pytest.mark.parametrize(
    ("values", "points"), [((0.0, 0.5, 1.0), "0.0,10.0 20.0,5.0 40.0,0.0"), ((0.0, 0.0), "0.0,10.0 40.0,10.0")]
)
def test_line_runs_from_zero_to_its_highest_value(values, points):
    assert spark_points(values, 40, 10) == points


def test_kind_of_rows_and_figure_of_before_are_told_with_a_gate():
    places = [
        gate("more_nulls", figure=0.5, kind="inbound sms", column="reply_words", rows=6, rows_of=10, before=0.1),
        gate("many_categories", figure=250, limit=200, unit="values", column="industry", before=12),
    ]
    content = gate_place_table(places)
    assert [row[2:] for row in texts(content)] == [
        ["contacts, inbound sms, reply words", "50.00 %", "20.00 %"],
        ["contacts, industry", "250", "200"],
    ]
    assert [row[3].note.replace("\N{NO-BREAK SPACE}", " ") for row in content.rows] == [
        "6 of 10, before 10.00 %",
        "before 12",
    ]
