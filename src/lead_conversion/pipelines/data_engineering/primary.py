"""The entities together: events and outcomes of leads that are there, and where each lead's story begins and ends."""

import ibis
from ibis import _
from ibis.expr.types import Table

from lead_conversion.pipelines.data_engineering.parameters import CleanParameters


def resolve_engagement_logs(
    clean_engagement_logs: Table, clean_contacts: Table, clean_campaign_steps: Table, clean: CleanParameters
) -> dict[str, Table]:
    """Events whose lead is there and that do not come before the lead did.

    An attempt whose step or prompt is not there did happen: it is kept without that link. An event from just before its
    lead was created counts as of the creation.
    """
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
    judged = joined.mutate(
        reason=ibis.cases(
            (_.contact_created_at.isnull(), "orphan_lead"), (_.occurred_at < earliest, "before_contact_created")
        ),
        link_was_mended=(_.step_id.notnull() & _.step_is_known.isnull())
        | (_.prompt_id.notnull() & _.prompt_is_known.isnull()),
        step_id=_.step_is_known.ifelse(_.step_id, None),
        prompt_id=_.prompt_is_known.ifelse(_.prompt_id, None),
    ).drop("step_is_known", "prompt_is_known")
    order = ["lead_key", "occurred_at", "event_key"]
    kept = judged.filter(_.reason.isnull()).mutate(
        occurred_at=ibis.greatest(_.occurred_at, _.contact_created_at),
        time_was_mended=_.time_was_mended | (_.occurred_at < _.contact_created_at),
    )
    return {
        "primary_engagement_logs": kept.drop("reason", "contact_created_at").order_by(order),
        "orphan_engagement_logs": judged.filter(_.reason.notnull())
        .drop("contact_created_at")
        .order_by(["reason", *order]),
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
