"""How campaigns, sources, steps and prompts have done so far, as it was known at each moment.

A lead counts from the day after its window of the rated target ended, and not before: what is known is what became of
earlier leads. It looks rates up no later than the end of its own window, so its own outcome is never among them. What
happened within a window and was recorded only after it does not count: it would change what had been known.
"""

from functools import reduce

import ibis
from ibis import _
from ibis.expr.types import Table, Value

from lead_conversion.kernel.errors import ConfigurationError
from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.pipelines.feature_engineering.events import is_attempt
from lead_conversion.pipelines.feature_engineering.parameters import FeatureParameters

# Kind of rate, the column that names what it is of, and the features that it gives.
RATE_FEATURES = (
    ("campaign", "campaign_id", {"campaign_rate": "rate", "campaign_leads": "tried"}),
    ("campaign_reply", "campaign_id", {"campaign_reply_rate": "rate"}),
    ("source", "lead_source", {"source_rate": "rate"}),
    ("step", "last_step_id", {"step_rate": "rate"}),
    ("step_reply", "last_step_id", {"step_reply_rate": "rate"}),
    ("prompt", "last_prompt_id", {"prompt_rate": "rate"}),
    ("prompt_reply", "last_prompt_id", {"prompt_reply_rate": "rate"}),
)


def measure_rates(
    primary_labels: Table,
    primary_contacts: Table,
    primary_engagement_logs: Table,
    primary_outcomes: Table,
    target: Targets,
    features: FeatureParameters,
) -> Table:
    """The rates of each kind and name as they were known from each day on.

    Kinds: `campaign`, `source`, `step` and `prompt`, the share of leads that reached the rated target, of those whose
    first attempt it made, whom it brought in, or who were tried with it within the window; `campaign_reply`,
    `step_reply` and `prompt_reply`, the share of attempts within the window that were followed by a reply recorded
    within `reply_within_hours`. One row a kind, name and day on which something became known; it holds from
    `known_from_at` until `known_until_at`. The estimate is the posterior mean of a binomial with a beta prior of
    `rate_prior` leads or attempts at the rate of all of the kind until `known_from_at`.
    """
    name, spec = _rated_target(target, features)
    leads = primary_labels.filter((_.target == name) & (_.state != "immature")).select(
        "lead_key", "first_engaged_at", "window_end_at"
    )
    judged = _judge(leads, primary_outcomes.filter(_.outcome_type == spec.outcome), features.guard_seconds)
    attempts = _attempts_within_window(leads, primary_engagement_logs)
    judged_attempts = attempts.join(judged.select("lead_key", "reached"), "lead_key")
    known = [
        _of_sources(judged, primary_contacts),
        _of_first_attempts(judged_attempts),
        *_of_tried(judged_attempts),
        *_of_answered(attempts, primary_engagement_logs, features.reply_within_hours),
    ]
    return _accumulate(reduce(lambda left, right: left.union(right), known), features.rate_prior)


def look_up_rates(rows: Table, rates: Table) -> Table:
    """The rows with the rates in RATE_FEATURES that were known on their `lookup_day`; null where nothing was.

    Args:
        rows: with `lookup_day`, the start of a day, and the names by which rates are looked up.
        rates: as from `measure_rates`.
    """
    # By day, so that the joins are of equal values: a join on spans would try every span of a name.
    days = rows.select("lookup_day").distinct()
    holds = [
        rates.known_from_at <= days.lookup_day,
        rates.known_until_at.isnull() | (days.lookup_day < rates.known_until_at),
    ]
    daily = rates.join(days, holds).select("kind", "name", "lookup_day", "tried", "rate")
    for kind, by, columns in RATE_FEATURES:
        known = daily.filter(_.kind == kind).select(
            "name", "lookup_day", **{feature: _[column] for feature, column in columns.items()}
        )
        rows = rows.left_join(known, [rows[by].cast("string") == known.name, "lookup_day"])
        rows = rows.drop("name", "lookup_day_right")
    return rows


def _rated_target(target: Targets, features: FeatureParameters) -> tuple[str, Target]:
    """The target whose rates are known; never chosen by what was recorded, for that would be known only later."""
    candidates = dict(target.items())
    name = features.rated_target or next(iter(candidates))
    if name not in candidates:
        raise ConfigurationError(f"features.rated_target: expected one of {', '.join(candidates)}, found '{name}'.")
    return name, candidates[name]


def _judge(leads: Table, outcomes: Table, guard_seconds: int) -> Table:
    """Leads of which it was known, when their window ended, whether they had reached the target.

    Not those known to have reached it before they were engaged, nor those whose window ended before any such outcome
    was recorded at all. Labels leave out more, but by what was recorded since.
    """
    known = [
        leads.lead_key == outcomes.lead_key,
        outcomes.occurred_at < leads.window_end_at,
        outcomes.logged_at < leads.window_end_at,
    ]
    reached = leads.left_join(outcomes, known).group_by(leads.columns).agg(reached_at=_.occurred_at.min())
    guard = ibis.interval(seconds=guard_seconds)
    return (
        reached.cross_join(outcomes.agg(recording_began_at=_.logged_at.min()))
        .filter(_.recording_began_at < _.window_end_at)
        .filter(_.reached_at.isnull() | (_.reached_at >= _.first_engaged_at + guard))
        .select("lead_key", "window_end_at", reached=_.reached_at.notnull().cast("int64"))
    )


def _attempts_within_window(leads: Table, events: Table) -> Table:
    attempts = events.filter(is_attempt(events)).select(
        "event_key", "lead_key", "campaign_id", "step_id", "prompt_id", "occurred_at", "logged_at"
    )
    joined = attempts.join(leads.select("lead_key", "window_end_at"), "lead_key")
    return joined.filter((_.occurred_at < _.window_end_at) & (_.logged_at < _.window_end_at))


def _of_sources(leads: Table, contacts: Table) -> Table:
    """Rates of leads, by what brought them in."""
    sourced = leads.join(contacts.select("lead_key", "lead_source"), "lead_key")
    return _daily(sourced, "source", _.lead_source, _.window_end_at)


def _of_first_attempts(attempts: Table) -> Table:
    """Rates of leads, by the campaign that tried them first."""
    in_order = ibis.window(group_by="lead_key", order_by=["occurred_at", "event_key"])
    first = attempts.mutate(position=ibis.row_number().over(in_order)).filter(_.position == 0)
    return _daily(first, "campaign", _.campaign_id, _.window_end_at)


def _of_tried(attempts: Table) -> list[Table]:
    """Rates of leads, by each step and prompt that they were tried with."""
    return [
        _daily(attempts.select(by, "lead_key", "window_end_at", "reached").distinct(), kind, _[by], _.window_end_at)
        for kind, by in {"step": "step_id", "prompt": "prompt_id"}.items()
    ]


def _of_answered(attempts: Table, events: Table, within_hours: float) -> list[Table]:
    """Rates of attempts that were answered."""
    within = ibis.interval(seconds=int(within_hours * SECONDS_AN_HOUR))
    replies = events.filter(_.direction == "inbound").select(
        "lead_key", reply_at=_.occurred_at, reply_known_at=ibis.greatest(_.occurred_at, _.logged_at)
    )
    answers = [
        attempts.lead_key == replies.lead_key,
        replies.reply_at > attempts.occurred_at,
        replies.reply_known_at <= attempts.occurred_at + within,
    ]
    tried = ["event_key", "campaign_id", "step_id", "prompt_id", "occurred_at", "window_end_at"]
    judged = attempts.left_join(replies, answers).group_by(tried).agg(reached=_.reply_at.notnull().max().cast("int64"))
    known_at = ibis.greatest(_.window_end_at, _.occurred_at + within)
    kinds = {"campaign_reply": "campaign_id", "step_reply": "step_id", "prompt_reply": "prompt_id"}
    return [_daily(judged, kind, _[by], known_at) for kind, by in kinds.items()]


def _daily(rows: Table, kind: str, name: Value, known_at: Value) -> Table:
    """Rows tried and reached, by name and the start of the day after which they were known."""
    return (
        rows.mutate(name=name.cast("string"), known_from_at=known_at.truncate("D") + ibis.interval(days=1))
        .filter(_.name.notnull())
        .group_by(["name", "known_from_at"])
        .agg(tried=_.count(), reached=_.reached.sum())
        .mutate(kind=ibis.literal(kind))
        .select("kind", "name", "known_from_at", "tried", "reached")
    )


def _accumulate(daily: Table, prior: float) -> Table:
    of_name = ibis.cumulative_window(group_by=["kind", "name"], order_by="known_from_at")
    of_kind = ibis.range_window(preceding=None, following=0, group_by="kind", order_by="known_from_at")
    following = ibis.window(group_by=["kind", "name"], order_by="known_from_at")
    so_far = daily.mutate(
        tried=_.tried.sum().over(of_name),
        reached=_.reached.sum().over(of_name),
        all_tried=_.tried.sum().over(of_kind),
        all_reached=_.reached.sum().over(of_kind),
        known_until_at=_.known_from_at.lead().over(following),
    )
    return (
        so_far.mutate(rate=(_.reached + prior * _.all_reached / _.all_tried) / (_.tried + prior))
        .select("kind", "name", "known_from_at", "known_until_at", "tried", "reached", "rate")
        .order_by(["kind", "name", "known_from_at"])
    )
