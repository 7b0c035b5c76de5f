from lead_conversion.contracts.features import FEATURES
from lead_conversion.reports.leakage_table import audited_words, replayed_words, suspect_table
from lead_conversion.reports.page import render_report


def texts(content):
    return [[cell.text for cell in row] for row in content.rows]


def test_open_suspects_come_before_accepted_ones(full_run):
    rows = texts(suspect_table(full_run.leakage_audit["targets"]["t3"]))
    assert [(row[0], row[1]) for row in rows] == [
        ("✗ suspect", "call seconds"), ("✗ suspect", "industry"), ("accepted", "crm score"),
    ]  # fmt: skip
    assert rows[0][3:] == ["0.118", "0.050"]


def test_reason_for_accepting_stands_beneath_the_suspect(full_run):
    content = suspect_table(full_run.leakage_audit["targets"]["t3"])
    assert [row[2].note for row in content.rows] == ["", "", "Accepted: set when the lead comes in, and never changed"]


def test_nothing_found_says_what_was_looked_at_and_what_tells_most(full_run):
    words = audited_words(full_run.leakage_audit["targets"]["t1"])
    assert "13,518 leads" in words
    assert "1,791 of them winners" in words
    assert "prompt reply rate tells most: 0.6" in words
    assert f"{len(FEATURES)} features" in words


def test_replay_says_how_much_was_compared_and_what_differs(full_run):
    replay = full_run.leakage_audit["replay"]
    assert "1,500 landmarks" in replayed_words(replay)
    assert "11 Feb 2026, 11 May 2026, 11 Aug 2026" in replayed_words(replay)
    assert "the same to the last digit" in replayed_words(replay)
    assert "2 features differ" in replayed_words({**replay, "differing": {"n_outbound": 3, "n_replies": 1}})
    assert "No landmark could be replayed" in replayed_words({"moments": [], "landmarks": 0, "differing": {}})


def test_report_shows_suspects_the_way_out_and_where_nothing_was_found(full_run, empty_run):
    html = render_report(full_run)
    assert html.count("✓ nothing found") == 2
    assert "2 open suspects" in html
    assert "leakage.accepted" in html
    assert render_report(empty_run).count("Not judged: 1 of 26 leads") == 3
