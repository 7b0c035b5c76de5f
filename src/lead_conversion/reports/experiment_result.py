"""What a test on leads shows, in words and figures for a person at a terminal."""

from collections.abc import Mapping
from typing import Any

from lead_conversion.reports.formats import (
    after_words,
    bounds,
    count,
    day,
    decimal,
    interval,
    percent,
    plural,
    points,
    signed,
)

# More leads than this that got neither arm are worth a look.
MANY = 0.1
VERDICTS = {
    "stopped_sample_ratio": "STOP: sample ratio",
    "stopped_guardrail": "STOP: guardrail",
    "b_better": "stop: B is better",
    "a_better": "stop: A is better",
    "no_difference": "finished: no difference shown",
    "go_on": "go on",
    "not_mature": "not mature yet",
}
ADVICE = {
    "stopped_sample_ratio": "Chance does not explain how leads fell to the arms, so no difference between them can be "
    "trusted and none is told. Look for leads that one arm loses: an address that is missing, a send that fails, a "
    "lead dealt twice. Then `end` this test and register a new one.",
    "stopped_guardrail": "Treatment does harm beyond chance. Send everyone what A sends.",
    "b_better": "More leads book under B. Have the change approved, then send everyone what B sends.",
    "a_better": "More leads book under A. Keep things as they are.",
    "no_difference": "The planned leads are in, and the difference is too small to be told from chance. The interval "
    "says how large it can be.",
    "go_on": "The boundary of this look is not crossed. Do not stop early, whatever the figures look like.",
    "not_mature": "No look is due. Between looks no difference is told, so that nobody can stop at a lucky one.",
}
NOT_SAFE = " Whether guardrails keep their limit is open: watch them while it is rolled out."
LATE = "  caution     registered after its leads had been looked at: it proves less than a test planned blind"


def say_prospect(experiment: Mapping[str, Any]) -> str:
    """When a planned test can run, on how many leads, to detect what; or why it cannot."""
    if not experiment["feasible"]:
        return str(experiment["reason"])
    leads, detected = 2 * experiment["sample_size_per_arm"], points(experiment["minimal_detectable_effect"])
    weeks = f"weeks {experiment['first_week']} to {experiment['last_week']}"
    after = after_words(experiment["runs_after"])
    return ", ".join(filter(None, [weeks, after, f"{count(leads)} leads", f"detects {detected}"]))


def say_running(test: Mapping[str, Any], as_of: str) -> str:
    """Since when a test runs, how many of its leads are in, and when to look next."""
    if test["was_stopped"]:
        return (
            f"is registered, from {day(test['start'])} on, and stopped: chance does not explain how its leads fell to "
            "the arms. End it and register it anew"
        )
    begun = "runs since" if test["start"] <= as_of else "is registered and begins on"
    leads = f"{count(test['leads_taken_in'])} of {count(test['leads_needed'])} leads are in"
    return f"{begun} {day(test['start'])}: {leads}; {say_next_look(test['next_look'], as_of)}"


def say_next_look(look: Mapping[str, Any], as_of: str) -> str:
    """Which look comes next, at how many of the leads, and when: "look 2, at 50 % of the leads, is due now"."""
    due = look["due"]
    when = "when leads come again" if due is None else "now" if due <= as_of else f"about {day(due)}"
    return f"look {look['number']}, at {percent(look['information'], 0)} of the leads, is due {when}"


def say_planned(experiment: Mapping[str, Any]) -> list[str]:
    """A planned test; one line a fact."""
    looks = [
        f"  look {look['look']}      at {percent(look['information'], 0)} of the leads: stop beyond z "
        f"{decimal(look['z'], 2)}"
        for look in experiment["stopping_boundaries"]
    ]
    return [
        f"{experiment['id']}: {experiment['hypothesis']}",
        *(f"  arm         {arm}" for arm in experiment["arms"]),
        f"  leads       {experiment['allocation']}",
        f"  metric      {experiment['primary_metric']}",
        *([_say_so_far(experiment["so_far"])] if experiment["so_far"] else []),
        f"  sample      {experiment['reason']}",
        *([f"  schedule    {say_prospect(experiment)}"] if experiment["feasible"] else []),
        *(f"  conflict    {conflict['rule']}" for conflict in experiment["conflicts"]),
        f"  ratio       {experiment['sample_ratio_check']['rule']}",
        *(f"  guardrail   {rail['rule']}" for rail in experiment["guardrails"]),
        *looks,
    ]


def _say_so_far(so_far: Mapping[str, Any]) -> str:
    difference = interval(so_far["effect"], so_far["ci_low"], so_far["ci_high"], points)
    return f"  so far      A against B {difference}; to know would be worth {signed(so_far['worth'], 2)} calls a month"


def say_result(test: Mapping[str, Any], result: Mapping[str, Any], *, is_late: bool = False) -> list[str]:
    """The analysis of a registered test, verdict first; one line a fact.

    Args:
        test: as it was registered, plain.
        result: of its analysis.
        is_late: whether it was registered after data of its leads had been looked at.
    """
    verdict = result["verdict"]
    is_open = verdict == "b_better" and any(rail["verdict"] == "open" for rail in result["guardrails"])
    since = f"leads from {day(test['start'])} on, each by the arm it was first dealt"
    return [
        f"{test['experiment_id']}: {VERDICTS[verdict]}",
        f"  {ADVICE[verdict]}{NOT_SAFE if is_open else ''}",
        f"  data        as of {day(result['as_of'])}; {since}",
        *([LATE] if is_late else []),
        *_say_leads(result),
        *([_say_information(test, result)] if "information" in result else []),
        *(_say_look(result["look"], result["mature_leads"], test) if result["look"] else []),
        *map(_say_guardrail, result["guardrails"]),
    ]


def _say_leads(result: Mapping[str, Any]) -> list[str]:
    leads, ratio = result["leads"], result["sample_ratio"]
    dealt = leads["A"] + leads["B"]
    explained = (
        "chance explains it" if ratio["is_chance"] else f"below {ratio['p_below']:g}: chance does not explain it"
    )
    shares = f"{percent(ratio['share_treatment'])} got B, {percent(ratio['planned_share'])} were to"
    lines = [f"  sample      A {count(leads['A'])}, B {count(leads['B'])}: {shares}; {explained}"]
    if leads["neither"]:
        many = leads["neither"] > MANY * (dealt + leads["neither"])
        warning = ". Are more versions live, or is an arm told wrongly?" if many else ""
        lines.append(f"  left out    {plural(leads['neither'], 'lead')} got neither arm{warning}")
    return lines


def _say_information(test: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    mature, days = result["mature_leads"], test["horizon_days"]
    goes_on = result["verdict"] in {"go_on", "not_mature"}
    due = f"; the next look is at {percent(result['next_look_at'], 0)}" if goes_on else ""
    return (
        f"  mature      A {count(mature['A'])}, B {count(mature['B'])} leads whose {days} days are over: "
        f"{percent(result['information'], 0)} of the planned information{due}"
    )


def _say_look(look: Mapping[str, Any], mature: Mapping[str, int], test: Mapping[str, Any]) -> list[str]:
    sides = ", ".join(
        f"{arm} {percent(look['rates'][arm])} ({count(look['booked'][arm])} of {count(mature[arm])})"
        for arm in ("A", "B")
    )
    last = ", the last look" if look["is_last"] else ""
    difference = interval(look["effect"], look["ci_low"], look["ci_high"], points)
    level, corrected = f"{percent(1 - test['alpha'], 0)} interval", look.get("corrected")
    overstates = not look["is_last"] and not corrected
    caution = "; of a test that stops early the difference itself is rather too large" if overstates else ""
    return [
        f"  look {look['number']}      booked: {sides}{last}",
        f"  difference  {difference}: {level}, of all looks together{caution}",
        *([_say_corrected(corrected, level, is_early=not look["is_last"])] if corrected else []),
        f"  boundary    z {decimal(look['z'], 2)}, stops beyond {decimal(look['boundary'], 2)}",
    ]


def _say_corrected(corrected: Mapping[str, float], level: str, *, is_early: bool) -> str:
    difference = interval(corrected["effect"], corrected["ci_low"], corrected["ci_high"], points)
    reason = "; the difference above is of a test that stopped early, and rather too large" if is_early else ""
    return f"  corrected   {difference}: {level}, allowing for the looks{reason}"


def _say_guardrail(rail: Mapping[str, Any]) -> str:
    leads, events = rail["leads"], rail["events"]
    rates = ", ".join(f"{arm} {percent(events[arm] / leads[arm] if leads[arm] else None)}" for arm in ("A", "B"))
    ends = bounds(rail["ci_low"], rail["ci_high"], _ratio) or f"{_ratio(rail['ci_low'])} or more"
    ratio = f"ratio {_ratio(rail['ratio'])} ({ends}, however often one looks), limit {rail['limit_ratio']:g}"
    return f"  guardrail   {rail['guardrail']} within {rail['days']} days: {rates}; {ratio}: {rail['verdict']}"


def _ratio(value: float | None) -> str:
    return decimal(value, 2)
