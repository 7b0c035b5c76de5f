"""Labels with their states: only leads whose window is over are positive or negative."""

from functools import reduce

import ibis
from ibis import _
from ibis.expr.types import Table

from lead_conversion.kernel.targets import Target, Targets
from lead_conversion.kernel.windows import MOMENT
from lead_conversion.pipelines.feature_engineering.parameters import FeatureParameters

# Chance and a change of campaigns halve a rate, not divide it by ten.
FEW_OF_EXPECTED = 0.1


def label_conversions(
    primary_contacts: Table,
    primary_outcomes: Table,
    primary_as_of: dict[str, str],
    target: Targets,
    features: FeatureParameters,
) -> Table:
    """One row an engaged lead and target: positive, negative, immature or excluded, with the reason.

    A lead is left-truncated where outcomes began to be recorded only after it was engaged. That is taken to be so when
    the leads before the first recorded outcome should have reached more of them than chance lets go missing. A target
    that none of many mature leads reached is not recorded: nobody is known to have failed it, so all are excluded.
    """
    engaged = primary_contacts.filter(_.first_engaged_at.notnull())
    as_of = ibis.literal(primary_as_of["as_of"]).cast(MOMENT)
    labelled = [_label_target(name, spec, engaged, primary_outcomes, as_of, features) for name, spec in target.items()]
    return reduce(lambda left, right: left.union(right), labelled).order_by(["target", "lead_key"])


def summarise_labels(primary_labels: Table) -> dict[str, dict[str, dict[str, int]]]:
    """Leads by target: by state, and of the excluded by reason."""
    counts = primary_labels.group_by(["target", "state", "reason"]).agg(leads=_.count())
    summary: dict[str, dict[str, dict[str, int]]] = {}
    for row in counts.order_by(["target", "state", "reason"]).to_pandas().to_dict("records"):
        found = summary.setdefault(row["target"], {"states": {}, "reasons": {}})
        found["states"][row["state"]] = found["states"].get(row["state"], 0) + int(row["leads"])
        if row["state"] == "excluded":
            found["reasons"][row["reason"]] = int(row["leads"])
    return summary


def _label_target(
    name: str, spec: Target, engaged: Table, outcomes: Table, as_of: ibis.Value, features: FeatureParameters
) -> Table:
    reached = outcomes.filter(_.outcome_type == spec.outcome).group_by("lead_key").agg(outcome_at=_.occurred_at.min())
    leads = (
        engaged.select("lead_key", "first_engaged_at", "opted_out_at")
        .left_join(reached, "lead_key")
        .drop("lead_key_right")
        .mutate(
            target=ibis.literal(name),
            window_end_at=_.first_engaged_at + ibis.interval(days=spec.window_days),
            guard_end_at=_.first_engaged_at + ibis.interval(seconds=features.guard_seconds),
        )
    )
    reason = ibis.cases(
        (~_.is_recorded, "not_recorded"),
        (_.outcome_at < _.guard_end_at, "outcome_before_first_event"),
        (_.first_engaged_at < _.recording_began_at, "left_truncated"),
    )
    state = ibis.cases(
        (_.reason.notnull(), "excluded"),
        (_.window_end_at > as_of, "immature"),
        (_.outcome_at < _.window_end_at, "positive"),
        else_="negative",
    )
    return (
        leads.cross_join(_start_of_recording(leads, as_of, features))
        .mutate(reason=reason)
        .mutate(state=state)
        .select(
            "lead_key", "target", "first_engaged_at", "window_end_at", "outcome_at", "opted_out_at", "state", "reason"
        )
    )


def _start_of_recording(leads: Table, as_of: ibis.Value, features: FeatureParameters) -> Table:
    """One row: whether outcomes are recorded at all, and when that began in earnest where too many earlier ones miss.

    The start is an early quantile of the outcomes, so that a stray first one does not hide a gap. Outcomes are missing
    where leads whose window ended before the start reached less than a tenth of what leads since then reach, and the
    difference is more than chance lets go missing.
    """
    outcomes = leads.filter(_.outcome_at.notnull()).mutate(
        position=ibis.row_number().over(order_by=["outcome_at", "lead_key"]),
        last=_.count().over() - 1,
    )
    start = outcomes.filter(_.position <= _.last * features.stray_outcome_share).agg(start_at=_.outcome_at.max())
    is_before, is_since = _.window_end_at <= _.start_at, _.first_engaged_at >= _.start_at
    is_reached = _.outcome_at < _.window_end_at
    counted = leads.cross_join(start).agg(
        start_at=_.start_at.min(),
        mature=(_.window_end_at <= as_of).sum().fill_null(0),
        reached=_.outcome_at.notnull().sum().fill_null(0),
        before=is_before.sum().fill_null(0),
        reached_before=(is_before & is_reached).sum().fill_null(0),
        since=is_since.sum().fill_null(0),
        reached_since=(is_since & is_reached).sum().fill_null(0),
    )
    expected = _.before * _.reached_since / _.since.nullif(0)
    is_missing = (expected - _.reached_before > features.left_truncation_missing) & (
        _.reached_before < expected * FEW_OF_EXPECTED
    )
    return counted.select(
        recording_began_at=is_missing.ifelse(_.start_at, None),
        is_recorded=(_.reached > 0) | (_.mature < features.unrecorded_from_leads),
    )
