from typing import get_args

import pandas as pd
import pytest

from lead_conversion.contracts.features import Family
from lead_conversion.reports import palette, tables
from lead_conversion.reports.formats import MISSING
from lead_conversion.reports.markdown import markdown_fence, markdown_table, markdown_text


def texts(content):
    return [[cell.text for cell in row] for row in content.rows]


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="2 cells"):
        tables.table(["One", "Two"], [["only one"]])


def test_every_feature_family_has_words_and_a_colour():
    assert set(get_args(Family)) == set(tables.FAMILY_WORDS) == set(palette.FAMILIES)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "missing"),
        (True, "yes"),
        (False, "no"),
        (100, "100"),
        (0.05, "0.050"),
        ([0.8, 1.25], "0.800 to 1.250"),
        ("A", "A"),
    ],
)
def test_gate_figures_of_every_type_are_written_out(value, text):
    assert tables.gate_figure(value) == text


def test_the_chosen_model_leads_the_table_even_where_another_ranks_better():
    models = {
        "rule": {"role": "baseline", "pr_auc": {"value": 0.9, "ci_low": 0.8, "ci_high": 1.0}},
        "logistic": {"role": "candidate", "pr_auc": {"value": 0.2, "ci_low": 0.1, "ci_high": 0.3}},
    }
    content = tables.metric_table({"chosen_model": "logistic", "models": models}, ("pr_auc", "brier"))
    assert texts(content) == [["logistic", "chosen", "0.200", MISSING], ["rule", "baseline", "0.900", MISSING]]
    assert content.rows[0][2].note == "0.100 to 0.300"


def test_share_rejected_of_nothing_read_is_a_dash():
    entities = {"outcomes": {"rows_read": 0, "rows_clean": 0, "rows_rejected": 0, "reasons": {}}}
    assert texts(tables.entity_table(entities))[0][-1] == MISSING


def test_entities_stand_in_the_order_of_the_contract():
    entity = {"rows_read": 1, "rows_clean": 1, "rows_rejected": 0, "reasons": {}}
    content = tables.entity_table({"campaign_steps": entity, "contacts": entity})
    assert [row[0] for row in texts(content)] == ["contacts", "campaign steps"]


def test_rate_is_taken_among_mature_leads_only():
    summary = {"t1": {"states": {"positive": 1, "negative": 3, "immature": 96}, "reasons": {}}}
    assert texts(tables.state_table(summary))[0][-1].startswith("25.0")


def test_only_hashes_of_the_manifest_are_shown_and_no_time_of_the_run():
    manifest = {
        "extracted_at": "2026-09-02",
        "statements": [{"sha256": "ab"}],
        "entities": {"contacts": {"sha256": "cd", "rows": 3}},
    }
    assert texts(tables.file_table(manifest)) == [["statements.0.sha256", "ab"], ["entities.contacts.sha256", "cd"]]


def test_a_lead_without_drivers_has_a_dash():
    top = pd.DataFrame({"rank": [1], "lead_key": ["a" * 32], "probability": [0.4], "top_drivers": [""]})
    assert texts(tables.lead_table(top))[0][3] == MISSING


def test_markup_in_a_text_is_shown_not_obeyed():
    assert markdown_text("a | <b>*x*</b>\n`y`") == r"a \| \<b\>\*x\*\</b\> \`y\`"


def test_markdown_table_puts_intervals_behind_their_figures():
    content = tables.table(["Model", "#Figure"], [["a|b", tables.Cell("0.2", note="0.1 to 0.3")]])
    assert markdown_table(content).splitlines() == [
        "| Model | Figure |",
        "| --- | ---: |",
        r"| a\|b | 0.2 (0.1 to 0.3) |",
    ]


def test_a_fence_is_longer_than_any_inside_it():
    assert markdown_fence("a\n````\nb", "diff").startswith("`````diff\n")


def test_segments_go_by_the_campaigns_name_where_it_is_known():
    cell = dict.fromkeys(("positives", "base_rate", "mean_probability", "pr_auc", "baseline", "baseline_pr_auc"))
    places = [("campaign", "1"), ("campaign", "2"), ("source", "1")]
    rows = [{"dimension": dimension, "segment": segment, "n": 9, **cell} for dimension, segment in places]
    named = [row[0] for row in texts(tables.segment_table(rows, {"1": "Spring intake"}))]
    assert named == ["campaign: Spring intake", "campaign: 2", "source: 1"]
