"""The entities together: events and outcomes of leads that are there, and where each lead's story begins and ends."""

import ibis
from ibis import _
from ibis.expr.types import Table

from lead_conversion.pipelines.data_engineering.parameters import CleanParameters


def resolve_engagement_logs(
    clean_engagement_logs: Table, clean_contacts: Table, clean_campaign_steps: Table, clean: CleanParameters
) -> dict[str, Table]:
    """Events whose lead, step and prompt are there and that do not come before the lead did."""
    known_since = clean_contacts.select("lead_key", contact_created_at="created_at")
    steps = clean_campaign_steps.select("step_id").distinct().mutate(step_is_known=True)
    prompts = clean_campaign_steps.filter(_.prompt_id.notnull()).select("prompt_id").distinct()
    joined = (
        clean_engagement_logs.left_join(known_since, "lead_key")
        .drop("lead_key_right")
        .left_join(steps, "step_id")
        .drop("step_id_right")
        .left_join(prompts.mutate(prompt_is_known=True), "prompt_id")
        .drop("prompt_id_right")
    )
    earliest = _.contact_created_at - ibis.interval(seconds=int(clean.max_hours_before_contact * 3600))
    reason = ibis.cases(
        (_.contact_created_at.isnull(), "orphan_lead"),
        ((_.direction == "outbound") & _.campaign_id.isnull(), "orphan_enrollment"),
        ((_.direction == "outbound") & _.step_is_known.isnull(), "orphan_step"),
        (_.prompt_id.notnull() & _.prompt_is_known.isnull(), "orphan_prompt"),
        (_.occurred_at < earliest, "before_contact_created"),
    )
    judged = joined.mutate(reason=reason).drop("contact_created_at", "step_is_known", "prompt_is_known")
    order = ["lead_key", "occurred_at", "event_key"]
    return {
        "primary_engagement_logs": judged.filter(_.reason.isnull()).drop("reason").order_by(order),
        "orphan_engagement_logs": judged.filter(_.reason.notnull()).order_by(["reason", *order]),
    }


def resolve_outcomes(clean_outcomes: Table, clean_contacts: Table) -> dict[str, Table]:
    """Outcomes whose lead is there."""
    is_known = _.lead_key.isin(clean_contacts.lead_key)
    order = ["lead_key", "occurred_at", "outcome_key"]
    return {
        "primary_outcomes": clean_outcomes.filter(is_known).order_by(order),
        "orphan_outcomes": clean_outcomes.filter(~is_known).mutate(reason=ibis.literal("orphan_lead")).order_by(order),
    }


def place_contacts_in_time(clean_contacts: Table, primary_engagement_logs: Table, primary_outcomes: Table) -> Table:
    """Leads with their first engagement, the campaign of their first attempt, and their opt-out.

    First engagement is the first event in either direction; a step that was skipped was not tried and starts nothing.
    """
    tried = primary_engagement_logs.filter(_.outcome != "skipped")
    by_time = ibis.window(group_by="lead_key", order_by=["occurred_at", "event_key"])
    attempts = tried.filter(_.direction == "outbound").mutate(position=ibis.row_number().over(by_time))
    first_campaign = attempts.filter(_.position == 0).select("lead_key", first_campaign_id="campaign_id")
    engaged = tried.group_by("lead_key").agg(first_engaged_at=_.occurred_at.min())
    left = (
        primary_outcomes.filter(_.outcome_type == "opted_out")
        .group_by("lead_key")
        .agg(opted_out_at=_.occurred_at.min())
    )
    return (
        clean_contacts.left_join(engaged, "lead_key")
        .drop("lead_key_right")
        .left_join(first_campaign, "lead_key")
        .drop("lead_key_right")
        .left_join(left, "lead_key")
        .drop("lead_key_right")
        .order_by("lead_key")
    )
