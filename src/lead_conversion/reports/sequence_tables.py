"""Campaigns' sequences as tables and sentences: where leads are lost, what each step adds, what would do better."""

from collections.abc import Mapping, Sequence
from typing import Any

from lead_conversion.reports.experiment_result import say_prospect, say_running
from lead_conversion.reports.formats import MISSING, count, interval, percent, plural, points, sent_from_words
from lead_conversion.reports.tables import Cell, Table, estimate_cell, table

VERDICTS = {
    "harmful": Cell("✗ does harm", tone="bad"),
    "dead": Cell("adds nothing worth a test", tone="quiet"),
    "works": Cell("✓ works", tone="good"),
    "drives away": Cell("books, but drives leads away", tone="quiet"),
    "can't tell": Cell("can't tell yet", tone="quiet"),
}


def sequence_views(sequences: Sequence[Mapping[str, Any]], experiment_plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each campaign's funnel, its proposal with the test of it, and where to stop, in the order of the campaigns."""
    tests = {test["id"]: say_prospect(test) for test in experiment_plan["experiments"]}
    tests |= {test["id"]: say_running(test, experiment_plan["as_of"]) for test in experiment_plan["running"]}
    return [
        {
            "name": sequence["name"],
            "funnel": funnel_table(sequence["funnel"]),
            "changes": [change_words(change) for change in sequence["proposal"]["changes"]],
            "value": value_words(sequence["proposal"]),
            "test": test_words(f"test-sequence-{sequence['campaign_id']}", tests),
            "stopping": stopping_words(sequence["stopping"], sequence["funnel"]),
            "waits": [wait_words(wait) for wait in sequence["waits"]],
        }
        for sequence in sequences
    ]


def funnel_table(funnel: Sequence[Mapping[str, Any]]) -> Table:
    """One row a step in the order in which leads come there; after the last one all that are left have ended."""
    rows: list[list[Cell | str]] = [
        [
            f"{stage['step_order']} ({stage['channel']})",
            count(stage["leads"]),
            percent(stage["share_of_entered"], 0),
            MISSING if stage["hours_since_enrolment"] is None else f"{count(stage['hours_since_enrolment'])} h",
            percent(stage["booked_here"]),
            percent(stage["opted_out_here"]),
            MISSING if stage is funnel[-1] else percent(stage["ended_otherwise"]),
            _keeping(stage["keeping"]),
            VERDICTS[stage["verdict"]],
        ]
        for stage in funnel
    ]
    heads = ["Step", "#Leads", "#Of all", "#After", "#Booked here", "#Opted out", "#Ended otherwise"]
    return table([*heads, "#Keeping it (95 % interval)", "Verdict"], rows)


def change_words(change: Mapping[str, Any]) -> str:
    """What to do at a decision point, and for how much."""
    words = {
        "step": "leave out {label}",
        "wait": "wait {to} instead: {label}",
        "prompt": "send every lead the best version: {label}",
    }
    sentence = words[change["decision"]].format(to=change["to"], label=change["label"])
    gain = f"{sentence} ({points(change['gain'])} among the leads who come there, noise taken off)."
    return f"{gain} {sent_from_words(change['sent_from'])}".rstrip()


def value_words(proposal: Mapping[str, Any]) -> str:
    """What the changes are worth together, beside the sum of their parts."""
    value = proposal["value"]
    if value is None:
        return str(proposal["reason"])
    whole, added = (
        interval(each["effect"], each["ci_low"], each["ci_high"], points) for each in (value, value["sum_of_parts"])
    )
    return (
        f"All at once {whole} in the share of incoming leads that book a call; one by one and added {added}. "
        f"Told from {plural(value['leads'], 'lead')}, the same that the changes were chosen by, which neither figure "
        "nor interval allows for. With noise taken off the parts add up to "
        f"{points(proposal['expected_sum_of_parts'])}."
    )


def test_words(name: str, tests: Mapping[str, str]) -> str:
    """How all changes at once could be proved, or that they are; nothing where no such test is planned or runs."""
    return f"Test of all at once, {name}: {tests[name].rstrip('.')}." if name in tests else ""


def stopping_words(stopping: Mapping[str, Any], funnel: Sequence[Mapping[str, Any]]) -> str:
    """Whether writing on pays to the last step."""
    if stopping["effect"] is None:
        return "Nothing tells yet whether writing on does harm."
    last = {stage["step_id"]: stage["step_order"] for stage in funnel}.get(stopping["after_step_id"])
    if not stopping["later_steps"]:
        return f"Nothing tells that writing on stops paying up to step {last}, the last one that can be judged."
    gain = interval(stopping["effect"], stopping["ci_low"], stopping["ci_high"], points)
    sureness = "beyond chance" if stopping["ci_high"] < 0 else "which may be chance"
    later = plural(stopping["later_steps"], "step")
    if last is None:
        return f"Writing brings nothing from the first step on: {later} together {gain} of the leads, {sureness}."
    return (
        f"After step {last} writing on brings nothing: the later "
        f"{later} together {gain} of the leads who come in, {sureness}."
    )


def wait_words(wait: Mapping[str, Any]) -> str:
    """What a wait does against the one on trial."""
    gain = interval(wait["effect"], wait["ci_low"], wait["ci_high"], points)
    return f"Step {wait['step_order']}: {wait['own']} against {wait['other']}: {gain}."


def _keeping(effect: Mapping[str, float] | None) -> Cell | str:
    return estimate_cell(effect["effect"], effect["ci_low"], effect["ci_high"], points) if effect else MISSING
