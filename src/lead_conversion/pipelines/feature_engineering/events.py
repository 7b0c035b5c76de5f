"""Which events a lead's moment can see, and what is to be read off each of them.

One join brings the landmarks to the events; everything else is decided row by row, so that all features are filtered
aggregates of one pass.
"""

from typing import Annotated

import ibis
from ibis.expr.schema import Schema
from ibis.expr.types import BooleanValue, IntegerValue, Table, TimestampValue

from lead_conversion.contracts.features import COUNTED_OVER
from lead_conversion.contracts.intermediate import VOID_BOOKING
from lead_conversion.kernel.windows import SECONDS_A_DAY, SECONDS_AN_HOUR
from lead_conversion.pipelines.feature_engineering.parameters import EngagementPoints, FeatureParameters

DELIVERED = ("delivered", "opened", "clicked", "connected")
OPENED = ("opened", "clicked")
FAILED = ("failed", "bounced")
BOOKED = ("call_booked", VOID_BOOKING)
MILESTONES = (*BOOKED, "qualified")
BUSINESS_HOURS = (9, 17)
SATURDAY = 5
THURSDAY = 3  # 1970-01-01
MICRO = 1_000_000

Seen = Annotated[Table, "seen"]
"""One row a landmark and event known at it: `see_events`."""
Times = Annotated[Table, "times"]
"""One row a landmark, with the ordered times of the events known at it: `measures.order_times`."""
Leads = Annotated[Table, "leads"]
"""One row a landmark, with its contact, its moment and the rates that were known at it."""


def describe_events(
    primary_engagement_logs: Table, primary_outcomes: Table, primary_campaign_steps: Table, feature_prompts: Table
) -> Table:
    """Events with the position of their step and the text features of their prompt, and the milestones; one row each.

    What was said before the prompt's text was written is not known: the source overwrites a prompt that is edited.
    A milestone is an outcome on the way to another: neither an attempt nor a reply, `milestone` says what was reached.
    A booking is one, though it was made void since: nobody could know then.
    """
    orders = primary_campaign_steps.group_by("step_id").agg(step_order=primary_campaign_steps.step_order.min())
    placed = primary_engagement_logs.left_join(orders, "step_id").drop("step_id_right")
    joined = placed.left_join(feature_prompts, "prompt_id").drop("prompt_id_right")
    # Not a condition of the join: with an inequality it takes half as long again.
    was_written = joined.prompt_created_at.isnull() | (joined.occurred_at >= joined.prompt_created_at)
    said = [name for name in feature_prompts.columns if name not in {"prompt_id", "prompt_created_at"}]
    described = joined.mutate(**{name: was_written.ifelse(joined[name], None) for name in said}).drop(
        "prompt_created_at", "org_id", "enrolled_at", "tags", "mended", "noted"
    )
    events = described.mutate(milestone=ibis.null("string"))
    return events.union(_milestones(primary_outcomes, events.schema()))


def see_events(landmarks: Table, described: Table, features: FeatureParameters) -> Seen:
    """One row a landmark and event known at it, and one empty row where none is; what the families read.

    Known is an event that had happened and had been recorded strictly before the landmark, to the millisecond; how long
    ago, and which of two comes first, is told in whole seconds.
    """
    is_known = [
        described.lead_key == landmarks.lead_key,
        described.occurred_at < landmarks.landmark_at,
        described.logged_at < landmarks.landmark_at,
    ]
    seen = landmarks.left_join(described, is_known).drop("lead_key_right", "logged_at")
    seen = seen.mutate(
        order=ibis.struct({"at": seen.occurred_at, "key": seen.event_key}),
        second=second_of(seen.occurred_at),
        age_seconds=second_of(seen.landmark_at) - second_of(seen.occurred_at),
        is_attempt=is_attempt(seen),
        is_skipped=(seen.direction == "outbound") & (seen.outcome == "skipped"),
        is_reply=_is_reply(seen),
        is_settled=_is_settled(seen, features.settling_hours),
        is_business_hours=is_business_hours(local_second(seen, seen.occurred_at)),
        local_hour=hour_of_day(local_second(seen, seen.occurred_at)),
        **{
            f"is_within_{span}": seen.landmark_at - seen.occurred_at <= ibis.interval(seconds=hours * SECONDS_AN_HOUR)
            for span, hours in COUNTED_OVER.items()
        },
    )
    seen = seen.mutate(
        is_positive_reply=seen.is_reply & (seen.reply_intent == "positive"),
        is_negative_reply=seen.is_reply & (seen.reply_intent == "negative"),
        is_objection=seen.is_reply & seen.reply_objection.notnull(),
        is_settled_message=seen.is_attempt & seen.is_settled & (seen.channel != "voice"),
        is_ended_call=seen.is_attempt & seen.is_settled & (seen.channel == "voice"),
        is_delivered=seen.is_settled & seen.outcome.isin(DELIVERED),
        is_opened=seen.is_settled & seen.outcome.isin(OPENED),
        is_clicked=seen.is_settled & (seen.outcome == "clicked"),
        is_failed=seen.is_settled & seen.outcome.isin(FAILED),
        is_connected=seen.is_settled & (seen.outcome == "connected"),
    )
    points = _points(seen, features.engagement.points)
    return seen.mutate(
        micro_points=_decayed(points, seen.age_seconds, features.engagement.half_life_hours),
        micro_points_now=_decayed(points, seen.age_seconds, features.engagement.short_half_life_hours),
    )


def is_attempt(events: Table) -> BooleanValue:
    """What the agent tried: an outbound event that was not skipped."""
    return (events.direction == "outbound") & (events.outcome != "skipped")


def second_of(moment: TimestampValue) -> IntegerValue:
    """Whole seconds since 1970. Some engines would give fractions, whose sums depend on the order of addition."""
    return moment.epoch_seconds().floor().cast("int64")


def hour_of_day(second: IntegerValue) -> IntegerValue:
    """0 to 23."""
    return second % SECONDS_A_DAY // SECONDS_AN_HOUR


def weekday(second: IntegerValue) -> IntegerValue:
    """0 Monday to 6 Sunday."""
    return (second // SECONDS_A_DAY + THURSDAY) % 7


def is_business_hours(second: IntegerValue) -> BooleanValue:
    """Whether it is Monday to Friday, 9 to 17."""
    begin, end = BUSINESS_HOURS
    return (weekday(second) < SATURDAY) & (hour_of_day(second) >= begin) & (hour_of_day(second) < end)


def local_second(located: Table, moment: TimestampValue) -> IntegerValue:
    """Seconds of the lead's own clock at a moment up to the landmark; null where the time zone is not known."""
    is_since = located.offset_changed_at.isnull() | (moment >= located.offset_changed_at)
    return second_of(moment) + ibis.ifelse(is_since, located.offset_seconds, located.earlier_offset_seconds)


def _milestones(outcomes: Table, schema: Schema) -> Table:
    """Outcomes that are on the way to others, as rows of events with all else missing."""
    reached = outcomes.filter(outcomes.outcome_type.isin(MILESTONES))
    given = {
        "event_key": reached.outcome_key,
        "milestone": reached.outcome_type,
        **{name: reached[name] for name in ("lead_key", "occurred_at", "logged_at")},
    }
    return reached.select(**{name: given.get(name, ibis.null(kind)) for name, kind in schema.items()})


def _is_reply(seen: Table) -> BooleanValue:
    """An inbound event that answers or says something; the mere contact by which a lead came in does neither."""
    return (seen.direction == "inbound") & ((seen.occurred_at > seen.first_engaged_at) | seen.reply_words.notnull())


def _is_settled(seen: Table, settling_hours: float) -> BooleanValue:
    """Whether what became of an attempt was known: a call's its length after it, a message's a settling time after it.

    The source changes a message from sent to opened to clicked in place and does not say when. The time of a call is
    its end, or its start where no end is recorded; which of both is not known here, and by then it is over in any case.
    """
    over_by = seen.occurred_at + seen.duration_seconds.fill_null(0).as_interval("s")
    settling = ibis.interval(seconds=int(settling_hours * SECONDS_AN_HOUR))
    return ibis.ifelse(
        seen.channel == "voice", over_by < seen.landmark_at, seen.landmark_at - seen.occurred_at >= settling
    )


def _points(seen: Table, points: EngagementPoints) -> IntegerValue:
    earned = [
        (seen.is_opened, points.opened),
        (seen.is_clicked, points.clicked),
        (seen.is_connected, points.connected),
        (seen.is_reply, points.reply),
        (seen.is_positive_reply, points.positive_reply),
        (seen.is_negative_reply, points.negative_reply),
        (seen.is_reply & seen.reply_is_opt_out, points.opt_out_reply),
    ]
    return sum((condition.fill_null(False).cast("int64") * worth for condition, worth in earned), ibis.literal(0))


def _decayed(points: IntegerValue, age_seconds: IntegerValue, half_life_hours: float) -> IntegerValue:
    """Whole millionths of a point: sums of floating-point numbers depend on the thread count."""
    halvings = age_seconds / (half_life_hours * SECONDS_AN_HOUR)
    return (points * MICRO * ibis.literal(2.0) ** -halvings).round().cast("int64")
