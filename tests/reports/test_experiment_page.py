import pandas as pd
import pytest

from lead_conversion.reports.experiment_page import (
    comparison_frame,
    comparison_table,
    render_comparison,
    render_figure,
    say_comparison,
    seed_table,
    text_table,
)


def figure(value, spread=0.01):
    return {"value": value, "ci_low": value - spread, "ci_high": value + spread}


def result(job, configuration, pr_auc, ahead, **changes):
    return {
        "job": job,
        "configuration": configuration,
        "without_seed": configuration.split(" seed")[0],
        "target": "t1",
        "status": "compared",
        "is_reference": job == 1,
        "chosen": "logistic",
        "pr_auc": figure(pr_auc),
        "pr_auc_ahead": figure(ahead),
        "log_loss_ahead": figure(ahead / 10, 0.001),
        "message": "enough",
        **changes,
    }


@pytest.fixture
def results():
    failed = {"job": 5, "configuration": "model=<b>", "without_seed": "model=<b>", "target": "t1", "status": "failed"}
    return [
        result(1, "model=a seed=1", 0.20, 0),
        result(2, "model=a seed=2", 0.22, 0.02),
        result(3, "model=b seed=1", 0.15, -0.05),
        result(4, "model=b seed=2", 0.207, 0.007),
        {**failed, "message": "no such | feature"},
    ]


def test_verdict_is_by_the_interval_of_the_difference(results):
    verdicts = [row[5].text for row in comparison_table(results).rows]
    assert verdicts == ["first", "better", "worse", "can be chance", "failed"]


def test_seeds_of_one_configuration_stand_together(results):
    rows = [[cell.text for cell in row] for row in seed_table(results).rows]
    assert rows == [
        ["t1", "model=a", "2", "0.210", "0.200 to 0.220"],
        ["t1", "model=b", "2", "0.178", "0.150 to 0.207"],
    ]
    assert seed_table(results[::2]) is None
    assert seed_table(results[4:]) is None


def test_columns_of_the_terminal_stand_in_line(results):
    lines = text_table(comparison_table(results)).splitlines()
    verdict = lines[0].index("Verdict")
    assert [line[verdict:].split("  ")[0] for line in lines[1:]] == [
        "first", "better", "worse", "can be chance", "failed",
    ]  # fmt: skip


def test_best_of_many_is_said_to_look_better_than_it_is(results):
    assert "3 comparisons" in say_comparison(results)[-1]
    assert "comparisons" not in " ".join(say_comparison(results[:2]))


def test_markdown_and_page_tell_what_failed_and_hold_no_markup_of_the_data(results):
    text, page = render_comparison("T", ["S"], results), render_figure("T", ["S"], results)
    assert "no such \\| feature" in text
    assert "no such | feature" in page
    assert "model=<b>" not in page
    assert "model=&lt;b&gt;" in page


def test_page_stands_alone_and_is_the_same_each_time(results):
    page = render_figure("T", ["S"], results)
    assert page == render_figure("T", ["S"], results)
    assert "<script src=" not in page
    assert "Plotly.newPlot" in page


def test_page_without_figures_still_says_why(results):
    page = render_figure("T", [], results[4:])
    assert "Plotly" not in page
    assert "no such | feature" in page


def test_frame_has_a_column_for_each_end_of_an_interval(results):
    frame = comparison_frame(results)
    assert frame["pr_auc_low"].tolist()[:2] == pytest.approx([0.19, 0.21])
    assert pd.isna(frame["pr_auc"].iloc[4])
