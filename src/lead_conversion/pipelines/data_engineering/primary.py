"""The entities together: events and outcomes of leads that are there, and where each lead's story begins and ends."""

import ibis
from ibis import _
from ibis.expr.types import Table

from lead_conversion.kernel.windows import SECONDS_AN_HOUR
from lead_conversion.pipelines.data_engineering.parameters import CleanParameters
from lead_conversion.pipelines.data_engineering.rules import join_names, names_of

HOURS_OF_ROUNDING = 0.01  # waits are kept with two decimals


def resolve_engagement_logs(
    clean_engagement_logs: Table,
    clean_contacts: Table,
    clean_campaign_steps: Table,
    clean_shifts: Table,
    clean: CleanParameters,
) -> dict[str, Table]:
    """Events whose lead is there and that do not come before the lead did.

    A local time that an import wrote as UTC becomes UTC. An attempt whose step or prompt is not there did happen: it is
    kept without that link. An event from just before its lead was created counts as of the creation.
    """
    linked = _link(_in_utc(clean_engagement_logs, clean_shifts), clean_contacts, clean_campaign_steps)
    earliest = _.contact_created_at - ibis.interval(seconds=int(clean.max_hours_before_contact * SECONDS_AN_HOUR))
    mended = {
        "event_before_contact": _.occurred_at < _.contact_created_at,
        "local_time_as_utc": _.is_local_time,
        "unknown_prompt": _.prompt_id.notnull() & _.prompt_is_known.isnull(),
        "unknown_step": _.step_id.notnull() & _.step_is_known.isnull(),
    }
    noted = {
        "maybe_local_time": ~_.is_local_time,
        "other_wait_than_step": (_.sequence_variant == "A")
        & ((_.planned_wait_hours - _.step_wait_hours).abs() > HOURS_OF_ROUNDING),
        "step_edited_in_place": (_.channel != _.step_channel) | (_.occurred_at < _.step_created_at),
    }
    judged = linked.mutate(
        reason=ibis.cases(
            (_.contact_created_at.isnull(), "orphan_lead"), (_.occurred_at < earliest, "event_before_contact")
        ),
        mended=join_names(_.mended, names_of(mended)),
        noted=join_names(_.noted, names_of(noted)),
        occurred_at=ibis.greatest(_.occurred_at, _.contact_created_at),
        step_id=_.step_is_known.ifelse(_.step_id, None),
        prompt_id=_.prompt_is_known.ifelse(_.prompt_id, None),
    )
    columns, order = clean_engagement_logs.columns, ["lead_key", "occurred_at", "event_key"]
    return {
        "primary_engagement_logs": judged.filter(_.reason.isnull()).select(columns).order_by(order),
        "orphan_engagement_logs": judged.filter(_.reason.notnull())
        .select(*columns, "reason")
        .order_by(["reason", *order]),
    }


def resolve_outcomes(clean_outcomes: Table, clean_contacts: Table, primary_engagement_logs: Table) -> dict[str, Table]:
    """Outcomes whose lead is there, with a note where they come before the lead's first event."""
    engaged = _first_engagement(primary_engagement_logs)
    known = clean_outcomes.left_join(engaged, "lead_key").mutate(
        noted=join_names(_.noted, names_of({"outcome_before_first_event": _.occurred_at < _.first_engaged_at}))
    )
    known = known.select(clean_outcomes.columns)
    is_known = _.lead_key.isin(clean_contacts.lead_key)
    order = ["lead_key", "occurred_at", "outcome_key"]
    return {
        "primary_outcomes": known.filter(is_known).order_by(order),
        "orphan_outcomes": clean_outcomes.filter(~is_known).mutate(reason=ibis.literal("orphan_lead")).order_by(order),
    }


def place_contacts_in_time(clean_contacts: Table, primary_engagement_logs: Table, primary_outcomes: Table) -> Table:
    """Leads with their first engagement, the campaign of their first attempt, and their opt-out.

    First engagement is the first event in either direction; a step that was skipped was not tried and starts nothing.
    It is known once that event is recorded.
    """
    by_time = ibis.window(group_by="lead_key", order_by=["occurred_at", "event_key"])
    attempts = (
        primary_engagement_logs.filter((_.outcome != "skipped") & (_.direction == "outbound"))
        .mutate(position=ibis.row_number().over(by_time))
        .filter(_.position == 0)
    )
    left = (
        primary_outcomes.filter(_.outcome_type == "opted_out")
        .group_by("lead_key")
        .agg(opted_out_at=_.occurred_at.min())
    )
    return (
        clean_contacts.left_join(_first_engagement(primary_engagement_logs), "lead_key")
        .drop("lead_key_right")
        .left_join(attempts.select("lead_key", first_campaign_id="campaign_id"), "lead_key")
        .drop("lead_key_right")
        .left_join(left, "lead_key")
        .drop("lead_key_right")
        .order_by("lead_key")
    )


def _first_engagement(events: Table) -> Table:
    began = events.filter(_.outcome != "skipped").mutate(
        is_first=_.occurred_at == _.occurred_at.min().over(ibis.window(group_by="lead_key"))
    )
    return (
        began.filter(_.is_first)
        .group_by("lead_key")
        .agg(first_engaged_at=_.occurred_at.min(), engagement_logged_at=_.logged_at.min())
    )


def _in_utc(events: Table, shifts: Table) -> Table:
    """The events with the times in UTC that an import is known to have written in local time.

    Not where the event would then come after its record, whatever is known of the import.
    """
    found = events.left_join(shifts, "event_key").drop("event_key_right")
    in_utc = _.occurred_at - _.shift_seconds.as_interval("s")
    return found.mutate(is_local_time=_.is_local_time & (in_utc <= _.logged_at)).mutate(
        occurred_at=_.is_local_time.fill_null(False).ifelse(in_utc, _.occurred_at).cast("timestamp(6)")
    )


def _link(events: Table, contacts: Table, campaign_steps: Table) -> Table:
    """The events with what is known of their lead, step and prompt; null where that is not there."""
    known_since = contacts.select("lead_key", contact_created_at="created_at")
    steps = campaign_steps.group_by("step_id").agg(
        step_is_known=ibis.literal(value=True),
        step_channel=_.channel.min(),
        step_wait_hours=_.wait_hours.min(),
        step_created_at=_.step_created_at.min(),
    )
    prompts = campaign_steps.filter(_.prompt_id.notnull()).select("prompt_id").distinct()
    return (
        events.left_join(known_since, "lead_key")
        .drop("lead_key_right")
        .left_join(steps, "step_id")
        .drop("step_id_right")
        .left_join(prompts.mutate(prompt_is_known=True), "prompt_id")
        .drop("prompt_id_right")
    )
