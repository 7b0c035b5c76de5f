import re
from copy import deepcopy
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from lead_conversion.reports.page import render_report
from lead_conversion.reports.recommendations_page import render_recommendations
from lead_conversion.reports.sections import SECTIONS, most_telling

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Checks that elements nest, and collects ids, addresses and visible text."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.addresses += [attributes[name] for name in ("src", "href") if name in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)


def outline(html):
    parsed = Outline()
    parsed.feed(re.sub(r"(<script[^>]*>).*?</script>", r"\1</script>", html, flags=re.DOTALL))
    assert not parsed.open
    return parsed


def words(html):
    return " ".join(" ".join(outline(html).text).split())


@pytest.fixture(scope="module")
def full_html(full_run):
    return render_report(full_run)


@pytest.fixture(scope="module")
def empty_html(empty_run):
    return render_report(empty_run)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.id)
def test_each_section_stands_in_the_report_and_in_its_contents(section, full_html):
    found = outline(full_html)
    assert section.id in found.ids
    assert f"#{section.id}" in found.addresses


def test_ids_are_unique_and_links_lead_somewhere(full_html):
    found = outline(full_html)
    assert len(found.ids) == len(set(found.ids))
    assert {address.removeprefix("#") for address in found.addresses} <= set(found.ids)


def test_nothing_is_fetched_from_anywhere(full_html):
    assert all(address.startswith("#") for address in outline(full_html).addresses)
    assert "default-src 'none'" in full_html
    style = full_html[full_html.index("<style>") : full_html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_the_same_results_give_the_same_bytes(full_run, full_html):
    assert render_report(full_run) == full_html


def test_the_time_of_the_run_is_not_in_the_report(full_html):
    assert "2026-09-02" not in full_html


def test_every_figure_has_its_data_and_a_description(full_html):
    charts = re.findall(r'<div class="chart" id="([^"]+)" role="img" aria-label="[^"]+">', full_html)
    assert len(charts) == 3 * 4 + 3 + 3 + 3 * 2 + 2 + 1 + 1 + 1
    assert all(f'<script type="application/json" id="{chart}-data">{{' in full_html for chart in charts)


def test_verdicts_and_trials_are_said(full_html):
    text = words(full_html)
    assert "It passes all 7 conditions of the gate." in text
    assert (
        "It fails 1 of 7 conditions of the gate, so it must not be relied on: Interval of the paired difference" in text
    )
    assert "No approved model can score T2, T3" in text


def test_drift_is_told_with_its_verdict_and_advice_and_a_new_model_as_such(full_html):
    text = words(full_html)
    assert "✗ act Changed by more than chance explains and than matters: n_replies. Look at the feeds" in text
    assert "new model The model was trained in this run." in text
    assert "trained at another hour of the week" in text
    assert "lead_source = <paid>" in text


def test_a_note_says_that_grade_c_is_association_only(full_html):
    assert "Grade C is association only." in words(full_html)


def test_grade_c_is_not_spoken_of_where_there_is_none(full_run):
    html = render_report(replace(full_run, effects=full_run.effects.assign(evidence_grade="A")))
    assert "Grade C is association only." not in words(html)


def test_a_gain_that_assumes_something_is_nowhere_without_its_if(full_html):
    text = words(full_html)
    assert text.count("booked calls a month") == text.count("booked calls a month, if the association were the cause")
    assert text.count("if the association were the cause") == 3 + 1


def test_a_proved_gain_has_no_if(full_run):
    recommendations = deepcopy(full_run.recommendations)
    for item in recommendations["recommendations"]:
        item["expected_impact"] |= {"assumes": None, "if_causal": False}
    assert "if the association" not in words(render_report(replace(full_run, recommendations=recommendations)))


def test_changes_of_wording_are_marked(full_html):
    assert "<del>" in full_html
    assert "<ins>Did you get a chance" in full_html
    assert '<span class="removed">-I hope this message' in full_html


def test_each_change_of_wording_stands_with_its_reason_and_evidence(full_html):
    text = words(full_html)
    assert "Shorten: value. Shorten from 120 to 40 words." in text
    assert "Rule of the trade: Not measured: nobody tried it here." in text
    assert "Add: ask. Add a clear ask." in text
    assert "Expected of the proposed wording: between 0.0 points and +4.9 points" in text
    assert "Machine-written" not in text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("proposed", "Written by the language model m-1"),
        ("refused", "m-1 gave an answer that was refused: it claims: guaranteed."),
        ("failed", "m-1 was not heard: it claims: guaranteed."),
    ],
)
def test_machine_written_text_is_marked_as_such_and_a_failure_is_said(full_run, status, said):
    recommendations = deepcopy(full_run.recommendations)
    text = "Hi {{first_name}}, is it machine-made?" if status == "proposed" else None
    written = {"status": status, "model": "m-1", "why": ["it claims: guaranteed"], "text": text, "diff": text}
    recommendations["recommendations"][0]["machine_written"] = written
    run = replace(full_run, recommendations=recommendations)
    html = render_report(run)
    assert "Machine-written alternative" in words(html)
    assert said in words(html)
    assert ("<ins>Hi {{first_name}}, is it machine-made?" in html) == (status == "proposed")
    page = render_recommendations(recommendations, run.experiment_plan)
    assert f"**Machine-written alternative, {status}.**" in page


def test_hostile_text_is_shown_and_not_run(full_run):
    hostile = "<script>alert(1)</script><img src=http://x onerror=y>"
    fields = ("title", "action", "current_text", "proposed_text", "diff")
    recommendations = deepcopy(full_run.recommendations)
    recommendations["recommendations"][0] |= {**dict.fromkeys(fields, hostile), "reasons": [hostile]}
    html = render_report(replace(full_run, recommendations=recommendations))
    assert "<script>alert" not in html
    assert "<img" not in html
    # The title stands in the summary too; equal texts make one redline.
    assert words(html).count("alert(1)") == len(fields) + 1


def test_hostile_evidence_is_shown_and_not_run(full_run):
    hostile = "<script>alert(1)</script>"
    recommendations = deepcopy(full_run.recommendations)
    change = recommendations["recommendations"][0]["edit"]["changes"][0]
    change |= {"reason": hostile, "evidence": [change["evidence"][0] | {"words": hostile}]}
    html = render_report(replace(full_run, recommendations=recommendations))
    assert "<script>alert" not in html
    assert words(html).count("alert(1)") == 2


def test_rules_that_met_nothing_are_folded_away(full_html):
    folded = full_html[full_html.index("<summary>2 rules looked for and not met") :].partition("</details>")[0]
    assert "country spelling" in folded
    assert full_html.count("country spelling</td>") + full_html.count("country spelling<span") == 1


def test_completeness_is_told_beside_the_snapshot_it_was_compared_with(full_html, empty_html):
    assert "1 warning 4 checks passed. Compared with the snapshot as of 31 Aug 2026, 06:00 UTC." in words(full_html)
    assert "no gate is broken 1 check passed. There is no earlier snapshot to compare with." in words(empty_html)


def test_hostile_text_cannot_leave_the_data_of_a_figure(full_run):
    effects = full_run.effects.assign(label="</script><script>alert(1)</script>")
    html = render_report(replace(full_run, effects=effects))
    assert "<script>alert" not in html


def test_schedule_of_the_tests_is_told_with_their_conflicts_and_limits(full_html):
    text = words(full_html)
    assert "1 test begins at once. The last outcome is known after 25 weeks." in text
    assert "11 to 25" in text
    assert "Conflicts not beside test-prompt-1" in text
    assert "Conflicts none: no other test takes in its leads" in text
    assert "Sample ratio looked at first: below 0.001 the test stops" in text


def test_what_nobody_can_tell_stands_apart_from_the_changes(full_run, full_html):
    before, _, after = words(full_html).partition("What nobody can tell yet Of 2 places nobody can tell yet")
    assert "test-prompt-1" in before
    assert "test-wait-9-48h" not in before
    assert "These are no changes" in after
    assert "+0.2 points -1.8 to +2.2 +1.37".replace("-", "\N{MINUS SIGN}") in after
    assert "26 to 36, after test-prompt-2 ends" in after
    plan = full_run.experiment_plan | {"experiments": full_run.experiment_plan["experiments"][:3], "open_questions": ""}
    assert "What nobody can tell yet" not in words(render_report(replace(full_run, experiment_plan=plan)))


def test_whole_sequences_are_spoken_of_only_where_one_is_tested(full_run, full_html):
    first, *others = full_run.experiment_plan["experiments"]
    plan = full_run.experiment_plan | {"experiments": [first | {"change": "change_sequence"}, *others]}
    said = "at once have a test of their own"
    assert said in words(render_report(replace(full_run, experiment_plan=plan)))
    assert said not in words(full_html)
    assert "fewer leads to prove" not in words(full_html)


def test_where_no_change_is_proposed_the_first_question_stands_in_the_summary(full_run):
    nothing = full_run.recommendations | {"recommendations": [], "status": "nothing_to_change"}
    plan = full_run.experiment_plan | {"experiments": full_run.experiment_plan["experiments"][3:]}
    text = words(render_report(replace(full_run, recommendations=nothing, experiment_plan=plan)))
    assert "Nobody can tell yet: Autumn · step 9: do more leads book a call where the wait is 24 h" in text
    assert "To know would be worth +1.37 calls a month." in text


def running_test(name, **changes):
    look = {"number": 2, "information": 0.5, "due": "2026-10-03T00:00:00"}
    return {
        "id": name, "hypothesis": "More leads book.", "start": "2026-08-03T00:00:00", "was_stopped": False,
        "next_look": look, "leads_taken_in": 1210, "leads_needed": 2400, "weeks_left": 14, "campaign_id": 1,
        "step_id": 4,
    } | changes  # fmt: skip


def test_tests_that_run_are_listed_with_how_long_they_hold_their_leads(full_run):
    plan = full_run.experiment_plan | {"running": [running_test("test-step-4")]}
    text = words(render_report(replace(full_run, experiment_plan=plan)))
    look = "look 2, at 50 % of the leads, is due about 3 Oct 2026"
    assert f"test-step-4 More leads book. {look} 3 Aug 2026 1,210 2,400 14" in text
    assert "Running now" in text
    assert "Running now" not in words(render_report(full_run))


def test_change_whose_test_runs_says_since_when_and_when_the_next_look_is(full_run):
    change = full_run.recommendations["recommendations"][0]
    name = change["experiment_id"]
    planned = [test for test in full_run.experiment_plan["experiments"] if test["id"] != name]
    plan = full_run.experiment_plan | {"running": [running_test(name)], "experiments": planned}
    says = "runs since 3 Aug 2026: 1,210 of 2,400 leads are in; look 2, at 50 % of the leads, is due about 3 Oct 2026."
    assert f"{name} {says}" in words(render_report(replace(full_run, experiment_plan=plan)))
    page = render_recommendations(full_run.recommendations, plan).replace("\N{NO-BREAK SPACE}", " ")
    assert f"**Test `{name}`** {says}" in page


def test_change_that_a_test_has_proven_names_it(full_run):
    changes = [change | {"proven_by": "test-order-9-B"} for change in full_run.recommendations["recommendations"][:1]]
    proven = full_run.recommendations | {"recommendations": changes}
    assert "Test test-order-9-B decided it." in words(render_report(replace(full_run, recommendations=proven)))
    assert "**Test `test-order-9-B`** decided it." in render_recommendations(proven, full_run.experiment_plan)


def test_whole_sequence_whose_test_runs_says_so(full_run):
    name = f"test-sequence-{full_run.recommendations['sequences'][0]['campaign_id']}"
    plan = full_run.experiment_plan | {"running": [running_test(name)]}
    page = render_recommendations(full_run.recommendations, plan)
    assert f"Test of all at once, {name}: runs since" in page


def test_running_test_that_was_stopped_is_to_be_ended(full_run):
    name = full_run.recommendations["recommendations"][0]["experiment_id"]
    plan = full_run.experiment_plan | {"running": [running_test(name, was_stopped=True)]}
    text = words(render_report(replace(full_run, experiment_plan=plan)))
    assert "stopped: chance does not explain how its leads fell to the arms. End it" in text
    assert "look 2, at 50 % of the leads" not in text


def test_too_little_data_is_said_in_every_section(empty_html):
    text = words(empty_html)
    for sentence in (
        "Not enough data: 26 leads, 1 conversion; 30 conversions are needed before a model can be trained.",
        "There is nobody to rank.",
        "no model that uses features was trained",
        "No element could be compared",
        "Too early to tell.",
        "There is no experiment to run",
        "No row was rejected.",
        "No lead has been engaged yet",
    ):
        assert sentence in text
    assert 'class="chart"' not in empty_html


def test_leads_that_all_carry_the_base_rate_are_not_ranked(empty_run, full_run):
    scores = full_run.scored_leads.head(12).assign(probability=0.038, is_trial=True)
    text = words(render_report(replace(empty_run, scored_leads=scores)))
    assert (
        "12 active leads, all with the base rate of 3.8\N{NO-BREAK SPACE}%".replace("\N{NO-BREAK SPACE}", " ") in text
    )
    assert "Trial" not in text


def test_nothing_to_change_is_a_finding_of_its_own(empty_run):
    said = {"status": "nothing_to_change", "message": "Nothing to change: none of 40 is worse."}
    page = words(render_report(replace(empty_run, recommendations=empty_run.recommendations | said)))
    assert page.count("Nothing to change: none of 40 is worse.") == page.count("Nothing to change") == 1


def test_a_source_without_steps_is_reported_without_them(full_run):
    effects = full_run.effects.head(0)
    nothing = {**full_run.recommendations, "status": "not_enough_data", "recommendations": []}
    plan = {**full_run.experiment_plan, "experiments": []}
    html = render_report(replace(full_run, effects=effects, recommendations=nothing, experiment_plan=plan))
    assert "there are no steps or prompts with alternatives" in words(html)
    assert 'id="t1-gain"' in html


@pytest.fixture(scope="module")
def leads_only_html(full_run):
    """The report on a source with leads and sales and nothing else: one target, no steps, no messages."""
    unrecorded = {"status": "not_recorded", "message": "Not estimable: none of 9,000 leads is recorded as it."}
    targets = {**full_run.evaluation["targets"], "t1": unrecorded, "t2": unrecorded}
    models = {name: m for name, m in targets["t3"]["models"].items() if m["role"] != "comparator"}
    targets["t3"] = targets["t3"] | {"models": models}
    entities = full_run.data_quality["entities"]
    none = dict.fromkeys(("rows_read", "rows_clean", "rows_rejected"), 0)
    return render_report(
        replace(
            full_run,
            evaluation=full_run.evaluation | {"targets": targets},
            scored_leads=full_run.scored_leads[full_run.scored_leads["target"] == "t3"],
            feature_attribution=full_run.feature_attribution[full_run.feature_attribution["target"] == "t3"],
            effects=full_run.effects.head(0),
            recommendations=full_run.recommendations
            | {"status": "nothing_to_compare", "message": "There are no steps.", "recommendations": []},
            experiment_plan=full_run.experiment_plan | {"experiments": []},
            data_quality=full_run.data_quality
            | {"entities": entities | {"campaign_steps": entities["campaign_steps"] | none}},
        )
    )


def test_target_that_is_not_recorded_is_said_so_wherever_it_stands(leads_only_html):
    text = words(leads_only_html)
    # In short, in the comparison of models and in place of its ranking.
    assert text.count("Not estimable: none of 9,000 leads is recorded as it.") == 3 * 2
    assert text.count("not recorded Not estimable") == 2 * 2
    assert "not enough data" not in text


def test_what_a_source_does_not_hold_is_not_counted_or_compared(leads_only_html):
    text = words(leads_only_html)
    for sentence in ("0 campaign steps", "0 of 0 comparisons", "Too early to tell", "own rate. All intervals"):
        assert sentence not in text
    assert "There are no steps." in text
    assert "<h3>Effects</h3>" not in leads_only_html


def test_feature_that_moves_nothing_is_no_driver(full_run):
    attribution = full_run.feature_attribution
    first = attribution["feature"] == attribution["feature"].iloc[0]
    moving = attribution.assign(mean_abs_contribution=attribution["mean_abs_contribution"].where(first, 0.0))
    text = words(render_report(replace(full_run, feature_attribution=moving)))
    assert f"The 1 strongest of {attribution['feature'].nunique()} features." in text
    still = words(render_report(replace(full_run, feature_attribution=moving.assign(mean_abs_contribution=0.0))))
    assert "There is no attribution for this target" in still


def test_curves_that_cannot_be_drawn_are_said(full_run):
    html = render_report(replace(full_run, holdout_predictions=full_run.holdout_predictions.head(0)))
    assert "so no gain or precision" in words(html)


def test_a_plan_without_any_feasible_test_draws_no_bars(full_run):
    experiments = [{**e, "feasible": False, "reason": None} for e in full_run.experiment_plan["experiments"]]
    plan = {**full_run.experiment_plan, "experiments": experiments, "schedule": "No test is feasible."}
    html = render_report(replace(full_run, experiment_plan=plan))
    assert words(html).count("No test is feasible.") == 1
    assert 'id="experiment-durations"' not in html


def test_flagged_effects_do_not_crowd_out_the_others(full_run):
    effects = full_run.effects.assign(flagged=[n < 15 for n in range(len(full_run.effects))])
    assert most_telling(effects, 6)["flagged"].sum() == 4


def test_where_nothing_else_was_compared_flagged_effects_fill_the_list(full_run):
    assert len(most_telling(full_run.effects.assign(flagged=True), 6)) == 6


def test_first_change_whose_test_is_infeasible_says_so_at_once(full_run):
    first = full_run.recommendations["recommendations"][0]["experiment_id"]
    for feasible in (True, False):
        plan = deepcopy(full_run.experiment_plan)
        for test in plan["experiments"]:
            test["feasible"] = feasible if test["id"] == first else test["feasible"]
        told = "Too few leads come in to test it" in words(render_report(replace(full_run, experiment_plan=plan)))
        assert told is not feasible


def test_negative_control_is_told_with_the_effects(full_run):
    effects = full_run.effects
    whole = f"of {effects['bounce_q'].count()} comparisons"
    assert f"arms differ beyond chance in what bounced in none {whole}." in words(render_report(full_run))
    apart = effects.assign(bounces_differ=np.arange(len(effects)) == 0)
    assert f"in what bounced in 1 {whole}, graded C." in words(render_report(replace(full_run, effects=apart)))
    without = effects.assign(bounce_q=np.nan)
    assert "Negative control" not in words(render_report(replace(full_run, effects=without)))


def test_q_is_told_apart_from_flags_that_count_the_wording(full_run):
    counted = full_run.effects.assign(text_doubt=0.04)
    said = "Prompts are flagged by what like wording does at other steps, too"
    assert said in words(render_report(replace(full_run, effects=counted)))
    assert said not in words(render_report(full_run))


def test_effort_and_what_changes_exclude_are_told(full_run):
    text = words(render_report(full_run))
    assert "Small: one text is written anew." in text
    assert "order-1-B: both change the same step." in text
    assert full_run.recommendations["portfolio"]["sentence"] in text
